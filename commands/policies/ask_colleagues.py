"""An agent asks for a colleague, from a queue or by name; whoever does not come is not waited for."""

from collections.abc import Iterator

from commands.bus import Command
from commands.colleagues import CancelRequest, FallBack, NameTask, RedirectTask, ReserveNamedSlot
from commands.policies.registry import reacts_to
from commands.tasks import EnqueueTask
from domain.conversations.facts import AgentRequestEnded, AgentRoleChanged, ColleagueRequested
from domain.ids import ConversationId, TaskId
from domain.kernel import Recorded
from domain.tasks.facts import TaskClosed, TaskCloseReason, TaskNamed
from domain.tasks.task import GOES_ON

NOT_TAKEN = GOES_ON | {TaskCloseReason.NO_AGENT_AVAILABLE}


@reacts_to(ColleagueRequested)
def a_colleague_is_looked_for(event: Recorded[ColleagueRequested]) -> Iterator[Command]:
    """routing 43, 44, 46, 47: in the queue, where whoever asks is not who is looked for, or by name."""
    it, conversation_id = event.fact, ConversationId(event.subject)
    if it.agent_id is not None:
        yield NameTask(conversation_id, it)
    elif it.queue_id is not None:
        yield EnqueueTask(
            it.task_id,
            conversation_id,
            it.session_id,
            it.queue_id,
            it.mrd_id,
            it.priority,
            it.direction,
            it.by_task_id,
            it.by,
            it.note,
            excluded=frozenset({it.by}),
        )


@reacts_to(TaskNamed)
def a_named_colleague_is_asked_at_once(event: Recorded[TaskNamed]) -> Iterator[Command]:
    """routing 44"""
    yield ReserveNamedSlot(TaskId(event.subject), event.fact.agent_id, event.fact.mrd_id)


@reacts_to(TaskClosed)
def what_a_named_colleague_did_not_take_falls_back(event: Recorded[TaskClosed]) -> Iterator[Command]:
    """routing 44: to whoever asked, or to the queue where the customer had come from."""
    if event.fact.reason in NOT_TAKEN:
        yield FallBack(TaskId(event.subject))


@reacts_to(AgentRequestEnded)
def who_is_not_awaited_is_not_looked_for(event: Recorded[AgentRequestEnded]) -> Iterator[Command]:
    """routing 49: withdrawn, or nobody is left who would need them."""
    if event.fact.reason == TaskCloseReason.CANCELLED:
        yield CancelRequest(event.fact.task_id)


@reacts_to(AgentRoleChanged)
def a_task_is_for_what_its_agent_does_now(event: Recorded[AgentRoleChanged]) -> Iterator[Command]:
    """routing 2, 46, 47"""
    if event.fact.task_id is not None and event.fact.direction is not None:
        yield RedirectTask(event.fact.task_id, event.fact.direction)
