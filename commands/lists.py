"""Requests on lists: agents come to them, several at once if they like, and leave when they like (routing 60, 61)."""

from dataclasses import dataclass

from commands.agents import ReleaseSlot
from commands.bus import NOTHING, Command, Context, handles
from commands.domains import interruption
from commands.inbound import EndSession
from commands.tasks import TakeTaskAway
from domain.agents.agent import Agent, NotLoggedIn
from domain.conversations.conversation import Conversation
from domain.conversations.facts import RequestListed
from domain.ids import AgentId, ConversationId, ListId, ListItemId, MessageId, MrdId, SessionId, TaskId
from domain.kernel import NotFound, Position
from domain.lists.facts import ListItemArrived, ListItemCloseReason
from domain.lists.item import ListItem
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskCloseReason, TaskPulled
from domain.tasks.task import Task


@dataclass(frozen=True, slots=True)
class SubscribeList(Command):
    agent_id: AgentId
    list_id: ListId


@dataclass(frozen=True, slots=True)
class UnsubscribeList(Command):
    agent_id: AgentId
    list_id: ListId


@dataclass(frozen=True, slots=True)
class PutOnList(Command):
    conversation_id: ConversationId
    listed: RequestListed


@dataclass(frozen=True, slots=True)
class NoteListMessage(Command):
    item_id: ListItemId
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class JoinListItem(Command):
    item_id: ListItemId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class PullTask(Command):
    """The agent's share of the item: a task of their own, accepted as it begins."""

    item_id: ListItemId
    agent_id: AgentId
    task_id: TaskId


@dataclass(frozen=True, slots=True)
class TakeUpSlot(Command):
    """What an agent pulled fills their time. Whoever signed out in between gives it back."""

    agent_id: AgentId
    mrd_id: MrdId
    task_id: TaskId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class LeaveListItem(Command):
    """Whoever is out of the talk does not work on the item any more; nothing for a task that was not pulled."""

    task_id: TaskId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class DismissListItem(Command):
    item_id: ListItemId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class CloseListItem(Command):
    """Somebody closes the request for everybody: also the conversation ends, as with `EndConversation`."""

    item_id: ListItemId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class AbandonListItem(Command):
    """The customer left: nobody needs to come any more (routing 49)."""

    item_id: ListItemId


@dataclass(frozen=True, slots=True)
class SettleClosedItem(Command):
    item_id: ListItemId
    conversation_id: ConversationId
    reason: ListItemCloseReason


@handles(SubscribeList)
async def subscribe_list(cmd: SubscribeList, ctx: Context) -> Position:
    mrd_id = ctx.catalog.routing_list(cmd.list_id).mrd_id
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.subscribe(cmd.list_id, mrd_id))


@handles(UnsubscribeList)
async def unsubscribe_list(cmd: UnsubscribeList, ctx: Context) -> Position:
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.unsubscribe(cmd.list_id))


@handles(PutOnList)
async def put_on_list(cmd: PutOnList, ctx: Context) -> Position:
    it = cmd.listed
    customer_id = (await ctx.load(Conversation, cmd.conversation_id)).customer_id
    if customer_id is None:
        raise NotFound("There is no such conversation.")
    arrived = ListItemArrived(it.list_id, it.mrd_id, cmd.conversation_id, customer_id, ctx.now, it.unread)
    change = await ctx.changed(ListItem, it.item_id, lambda item: item.arrive(arrived), newborn=True)
    if (await ctx.load(Conversation, cmd.conversation_id)).sessions:
        return change.position
    return await ctx.then(AbandonListItem(it.item_id))  # whoever settled the departure found no item yet (routing 49)


@handles(NoteListMessage)
async def note_list_message(cmd: NoteListMessage, ctx: Context) -> Position:
    return await ctx.change(ListItem, cmd.item_id, lambda item: item.note(cmd.message_id, ctx.now))


@handles(JoinListItem)
async def join_list_item(cmd: JoinListItem, ctx: Context) -> Position:
    await _check_may_pull(cmd.item_id, cmd.agent_id, ctx)
    return await ctx.change(ListItem, cmd.item_id, lambda item: item.join(cmd.item_id, cmd.agent_id))


@handles(PullTask)
async def pull_task(cmd: PullTask, ctx: Context) -> Position:
    arrived = (await ctx.load(ListItem, cmd.item_id)).arrived
    if arrived is None:
        raise NotFound("There is no such request on any list.", "item_id")
    customer_id = arrived.customer_id
    pulled = TaskPulled(cmd.item_id, arrived.list_id, arrived.mrd_id, cmd.agent_id, arrived.conversation_id)
    return await ctx.change(Task, cmd.task_id, lambda task: task.pull(pulled, customer_id))


@handles(TakeUpSlot)
async def take_up_slot(cmd: TakeUpSlot, ctx: Context) -> Position:
    try:
        interruptible, interrupts = interruption(ctx, await ctx.load(Agent, cmd.agent_id), cmd.mrd_id)
        position = await ctx.change(
            Agent,
            cmd.agent_id,
            lambda agent: agent.take_up(
                cmd.mrd_id, cmd.task_id, cmd.conversation_id, interruptible=interruptible, interrupts=interrupts
            ),
        )
    except (NotLoggedIn, NotFound):
        return await ctx.then(TakeTaskAway(cmd.task_id, TaskCloseReason.AGENT_LOGOUT))
    if (await ctx.load(Task, cmd.task_id)).closed is not None:  # it ended before its slot began
        return await ctx.then(ReleaseSlot(cmd.agent_id, cmd.task_id, "the task had ended"))
    return position


@handles(LeaveListItem)
async def leave_list_item(cmd: LeaveListItem, ctx: Context) -> Position:
    pulled = (await ctx.load(Task, cmd.task_id)).pulled
    if pulled is None:
        return NOTHING
    return await ctx.change(ListItem, pulled.item_id, lambda item: item.leave(cmd.agent_id, cmd.task_id))


@handles(DismissListItem)
async def dismiss_list_item(cmd: DismissListItem, ctx: Context) -> Position:
    return await ctx.change(ListItem, cmd.item_id, lambda item: item.dismiss(cmd.agent_id))


@handles(CloseListItem)
async def close_list_item(cmd: CloseListItem, ctx: Context) -> Position:
    reason = ListItemCloseReason.AGENT
    return await ctx.change(ListItem, cmd.item_id, lambda item: item.close(reason, cmd.agent_id))


@handles(AbandonListItem)
async def abandon_list_item(cmd: AbandonListItem, ctx: Context) -> Position:
    if (await ctx.load(ListItem, cmd.item_id)).arrived is None:
        return NOTHING
    return await ctx.change(ListItem, cmd.item_id, lambda item: item.close(ListItemCloseReason.CUSTOMER_LEFT))


@handles(SettleClosedItem)
async def settle_closed_item(cmd: SettleClosedItem, ctx: Context) -> Position:
    """The conversation asks for nobody any more; closed by an agent, it ends like any that an agent ends.

    Its sessions leave it first: whoever is there when it is unlisted came later, and is welcomed anew.
    """
    if cmd.reason is ListItemCloseReason.AGENT:
        for session_id in (await ctx.load(Conversation, cmd.conversation_id)).sessions:
            await ctx.then(EndSession(session_id, SessionEndReason.AGENT))
            await _lose_session(session_id, cmd.conversation_id, ctx)
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.unlist_request(cmd.item_id, cmd.reason))


async def _lose_session(session_id: SessionId, conversation_id: ConversationId, ctx: Context) -> None:
    await ctx.step(f"lose {session_id}").change(
        Conversation, conversation_id, lambda it: it.lose_session(session_id, SessionEndReason.AGENT)
    )


async def _check_may_pull(item_id: ListItemId, agent_id: AgentId, ctx: Context) -> None:
    arrived = (await ctx.load(ListItem, item_id)).check_open()
    (await ctx.load(Agent, agent_id)).check_may_pull(arrived.mrd_id)
