"""Whoever asks for a human gets in line for one."""

from collections.abc import Iterator

from commands.bus import Command
from commands.policies.registry import reacts_to
from commands.requests import EndAgentRequest
from commands.tasks import EnqueueTask, RerouteTask
from domain.conversations.facts import AgentRequested
from domain.ids import ConversationId, TaskId
from domain.kernel import Recorded
from domain.tasks.facts import TaskClosed, TaskCloseReason
from domain.tasks.task import GOES_ON, UNWANTED

CAME_TO_NOTHING = frozenset(
    {
        TaskCloseReason.NO_AGENT_AVAILABLE,
        TaskCloseReason.CANCELLED,
        TaskCloseReason.AGENT_LOGOUT,
        TaskCloseReason.FORCE_CLOSED,
    }
)
"""Ends of a task with which its request ends too, where nobody had joined yet."""


@reacts_to(AgentRequested)
def a_request_becomes_a_task_in_the_queue(event: Recorded[AgentRequested]) -> Iterator[Command]:
    it = event.fact
    yield EnqueueTask(
        it.task_id,
        ConversationId(event.subject),
        it.session_id,
        it.queue_id,
        it.mrd_id,
        it.priority,
        previous_task_id=it.previous_task_id,
        also_in=it.also_in,
    )


@reacts_to(TaskClosed)
def a_request_that_rang_in_vain_goes_on_first_in_line(event: Recorded[TaskClosed]) -> Iterator[Command]:
    """routing 21, 24, 37: whoever let it ring or declined is left out, but nobody from whom it was withdrawn."""
    it = event.fact
    if it.reason in GOES_ON:
        yield RerouteTask(TaskId(event.subject), it.agent_id if it.reason in UNWANTED else None)


@reacts_to(TaskClosed)
def a_request_that_came_to_nothing_is_reported(event: Recorded[TaskClosed]) -> Iterator[Command]:
    """routing 28: also when its agent accepted and was gone before joining."""
    it = event.fact
    if it.reason in CAME_TO_NOTHING:
        yield EndAgentRequest(it.conversation_id, TaskId(event.subject), it.reason, it.words)
