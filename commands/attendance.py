"""Agents and sessions come into a conversation and leave it, and whoever remains without purpose goes too."""

from collections.abc import Mapping
from dataclasses import dataclass

from commands.bus import NOTHING, Command, Context, handles
from commands.last_channel import reply_due
from commands.lists import AbandonListItem
from commands.tasks import CancelTask, TakeTaskAway, current_task
from commands.wrap_up import BeginWrapUp
from domain.agents.agent import Agent
from domain.conversations.conversation import AlreadyInConversation, Conversation, ConversationOver, CustomerGone
from domain.conversations.facts import CloseReason, ParticipantRole
from domain.conversations.standing import WORKING
from domain.customers.customer import Customer
from domain.ids import AgentId, ChannelId, ConversationId, CustomerId, SessionId, TaskId
from domain.kernel import Position
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskCloseReason, TaskDirection
from domain.tasks.task import Task

ROLES: Mapping[TaskDirection | None, ParticipantRole] = {
    TaskDirection.CONSULT: ParticipantRole.ASSISTANT,
    TaskDirection.SILENT_MONITOR: ParticipantRole.SILENT_MONITOR,
}
"""Everybody else comes to talk with the customer."""
ASKED_BY_COLLEAGUES = frozenset({TaskDirection.CONSULT, TaskDirection.DIRECT_TRANSFER, TaskDirection.DIRECT_CONFERENCE})


@dataclass(frozen=True, slots=True)
class ShareSessions(Command):
    """All channel sessions of the customer belong to the tasks of those who work for them (routing 50)."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class AddTaskSession(Command):
    task_id: TaskId
    session_id: SessionId
    channel_id: ChannelId


@dataclass(frozen=True, slots=True)
class AdmitAgent(Command):
    conversation_id: ConversationId
    agent_id: AgentId
    task_id: TaskId


@dataclass(frozen=True, slots=True)
class RetireAgentToWrapUp(Command):
    """The agent stays to wrap up, and takes no further part. `task_id`: unless they are here for another by now."""

    conversation_id: ConversationId
    agent_id: AgentId
    task_id: TaskId | None = None


@dataclass(frozen=True, slots=True)
class LeaveConversation(Command):
    """`task_id`: only if they are here for that one. `ends`: what became of their task, where that is why they leave."""

    conversation_id: ConversationId
    agent_id: AgentId
    reason: str = ""
    task_id: TaskId | None = None
    ends: TaskCloseReason = TaskCloseReason.DONE


@dataclass(frozen=True, slots=True)
class LoseSession(Command):
    conversation_id: ConversationId
    session_id: SessionId
    reason: SessionEndReason


@dataclass(frozen=True, slots=True)
class SettleDeparture(Command):
    """A session or an agent left: whoever remains without purpose goes too (routing 48, 49)."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class ReleaseCustomer(Command):
    customer_id: CustomerId
    conversation_id: ConversationId
    last_agent_id: AgentId | None = None


@handles(ShareSessions)
async def share_sessions(cmd: ShareSessions, ctx: Context) -> Position:
    conversation, position = await ctx.load(Conversation, cmd.conversation_id), NOTHING
    for part in conversation.agents.values():
        if part.role in WORKING:
            for session_id, channel_id in conversation.sessions.items():
                position = await ctx.then(AddTaskSession(part.task_id, session_id, channel_id)) or position
    return position


@handles(AddTaskSession)
async def add_task_session(cmd: AddTaskSession, ctx: Context) -> Position:
    channel = ctx.catalog.channels.get(cmd.channel_id)
    kind = ctx.catalog.channel_types.get(channel.channel_type_id) if channel else None
    mrd = ctx.catalog.mrds.get(kind.mrd_id) if kind else None
    first = (await ctx.load(Task, cmd.task_id)).mrd_id
    mrd_id = first if kind is None or (mrd is not None and mrd.auto_join and first is not None) else kind.mrd_id
    if mrd_id is None:
        return NOTHING
    return await ctx.change(Task, cmd.task_id, lambda task: task.add_session(cmd.session_id, mrd_id))


@handles(AdmitAgent)
async def admit_agent(cmd: AdmitAgent, ctx: Context) -> Position:
    """An agent who accepted after the customer left, after the colleague who asked went, or after a list's item was
    closed, is sent away again (routing 49); one who is here already is not the one who was looked for (routing 12).
    """
    task = await ctx.load(Task, cmd.task_id)
    name = task.monitoring.name if task.monitoring else (await ctx.load(Agent, cmd.agent_id)).name
    item_id = task.pulled.item_id if task.pulled else None
    role, request = ROLES.get(task.direction, ParticipantRole.PRIMARY), None
    if task.direction in ASKED_BY_COLLEAGUES:
        request = task.root_request_id
    try:
        return await ctx.change(
            Conversation,
            cmd.conversation_id,
            lambda it: it.admit(cmd.agent_id, name, cmd.task_id, role, item_id, request),
        )
    except AlreadyInConversation:
        looked_for = task.root_request_id is not None
        reason = TaskCloseReason.REROUTE if looked_for else TaskCloseReason.CANCELLED
        return await ctx.then(TakeTaskAway(cmd.task_id, reason))
    except (CustomerGone, ConversationOver):
        return await ctx.then(TakeTaskAway(cmd.task_id, TaskCloseReason.CANCELLED))


@handles(RetireAgentToWrapUp)
async def retire_agent_to_wrap_up(cmd: RetireAgentToWrapUp, ctx: Context) -> Position:
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.retire(cmd.agent_id, cmd.task_id))


@handles(LeaveConversation)
async def leave_conversation(cmd: LeaveConversation, ctx: Context) -> Position:
    due = reply_due(await ctx.load(Conversation, cmd.conversation_id), ctx)
    return await ctx.change(
        Conversation, cmd.conversation_id, lambda it: it.leave(cmd.agent_id, cmd.reason, cmd.task_id, cmd.ends, due)
    )


@handles(LoseSession)
async def lose_session(cmd: LoseSession, ctx: Context) -> Position:
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.lose_session(cmd.session_id, cmd.reason))


@handles(SettleDeparture)
async def settle_departure(cmd: SettleDeparture, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    if conversation.closed is not None or conversation.sessions:
        return NOTHING
    for request in sorted(conversation.awaited):
        task_id = await current_task(request, ctx)
        await ctx.then(CancelTask(task_id, TaskCloseReason.CANCELLED, conversation.departure))
    if conversation.listed is not None:
        await ctx.then(AbandonListItem(conversation.listed.item_id))
    for part in conversation.agents.values():
        await ctx.then(BeginWrapUp(part.task_id))
    reason = CloseReason.EVERYBODY_LEFT
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.close_if_everybody_left(reason))


@handles(ReleaseCustomer)
async def release_customer(cmd: ReleaseCustomer, ctx: Context) -> Position:
    return await ctx.change(Customer, cmd.customer_id, lambda it: it.release(cmd.conversation_id, cmd.last_agent_id))
