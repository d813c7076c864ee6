"""Whoever asks for a human on a channel with a list waits there, and the agents come by themselves (routing 60)."""

from collections.abc import Iterator

from commands.bus import Command
from commands.lists import LeaveListItem, NoteListMessage, PullTask, PutOnList, SettleClosedItem, TakeUpSlot
from commands.policies.registry import reacts_to
from domain.conversations.facts import AgentLeft, MessagePosted, RequestListed
from domain.ids import ConversationId, ListItemId, TaskId
from domain.kernel import Recorded
from domain.lists.facts import ListItemClosed, ListItemJoined
from domain.tasks.facts import TaskClosed, TaskPulled


@reacts_to(RequestListed)
def a_listed_request_becomes_an_item(event: Recorded[RequestListed]) -> Iterator[Command]:
    yield PutOnList(ConversationId(event.subject), event.fact)


@reacts_to(MessagePosted)
def what_a_waiting_customer_writes_is_counted(event: Recorded[MessagePosted]) -> Iterator[Command]:
    if event.fact.item_id is not None:
        yield NoteListMessage(event.fact.item_id, event.fact.message_id)


@reacts_to(ListItemJoined)
def whoever_joins_an_item_has_a_task(event: Recorded[ListItemJoined]) -> Iterator[Command]:
    yield PullTask(ListItemId(event.subject), event.fact.agent_id, event.fact.task_id)


@reacts_to(TaskPulled)
def a_pulled_task_fills_a_slot(event: Recorded[TaskPulled]) -> Iterator[Command]:
    """Next comes `TaskAccepted`, which lets the agent into the talk like any other."""
    it = event.fact
    yield TakeUpSlot(it.agent_id, it.mrd_id, TaskId(event.subject), it.conversation_id)


@reacts_to(AgentLeft)
def whoever_left_the_talk_left_the_item(event: Recorded[AgentLeft]) -> Iterator[Command]:
    yield LeaveListItem(event.fact.task_id, event.fact.agent_id)


@reacts_to(TaskClosed)
def whoever_never_came_into_the_talk_leaves_the_item_too(event: Recorded[TaskClosed]) -> Iterator[Command]:
    if event.fact.agent_id is not None:
        yield LeaveListItem(TaskId(event.subject), event.fact.agent_id)


@reacts_to(ListItemClosed)
def a_closed_item_ends_its_conversation(event: Recorded[ListItemClosed]) -> Iterator[Command]:
    it = event.fact
    yield SettleClosedItem(ListItemId(event.subject), it.conversation_id, it.reason)
