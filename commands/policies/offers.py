"""Reserve, ring, accept: the agent's slot, the task and the conversation follow each other."""

from collections.abc import Iterator

from commands.agents import FillSlot, MissOffer, ReleaseSlot, WrapUpSlot
from commands.attendance import AdmitAgent, LeaveConversation, RetireAgentToWrapUp
from commands.bus import Command
from commands.departures import CheckOffer
from commands.policies.registry import reacts_to
from commands.tasks import OfferTask
from domain.agents.facts import SlotReserved
from domain.ids import AgentId, TaskId
from domain.kernel import Recorded
from domain.tasks.facts import TaskAccepted, TaskClosed, TaskCloseReason, TaskReserved, WrapUpStarted


@reacts_to(SlotReserved)
def a_held_slot_rings(event: Recorded[SlotReserved]) -> Iterator[Command]:
    it = event.fact
    agent_id, queue_id = AgentId(event.subject), it.decision.queue_id
    yield OfferTask(it.task_id, agent_id, it.offer_id, it.step, queue_id, slot_version=event.version)


@reacts_to(TaskReserved)
def what_rings_where_no_slot_is_held_is_withdrawn(event: Recorded[TaskReserved]) -> Iterator[Command]:
    """routing 18, 37: of two processes one may have let it ring while the other gave the slot back."""
    yield CheckOffer(TaskId(event.subject), event.fact.agent_id)


@reacts_to(TaskAccepted)
def an_accepted_task_fills_the_slot_and_joins_the_agent(event: Recorded[TaskAccepted]) -> Iterator[Command]:
    it = event.fact
    yield AdmitAgent(it.conversation_id, it.agent_id, TaskId(event.subject))
    yield FillSlot(it.agent_id, TaskId(event.subject), it.conversation_id)


@reacts_to(WrapUpStarted)
def an_agent_in_wrap_up_is_out_of_the_talk(event: Recorded[WrapUpStarted]) -> Iterator[Command]:
    yield WrapUpSlot(event.fact.agent_id, TaskId(event.subject))
    yield RetireAgentToWrapUp(event.fact.conversation_id, event.fact.agent_id, TaskId(event.subject))


@reacts_to(TaskClosed)
def a_closed_task_frees_its_slot_and_its_agent(event: Recorded[TaskClosed]) -> Iterator[Command]:
    it = event.fact
    if it.agent_id is None:
        return
    if it.reason is TaskCloseReason.RONA:
        yield MissOffer(it.agent_id, TaskId(event.subject))
    else:
        yield ReleaseSlot(it.agent_id, TaskId(event.subject), it.reason)
        yield LeaveConversation(it.conversation_id, it.agent_id, it.reason, TaskId(event.subject), it.reason)
