"""Talking, joining, leaving, closing: what people and bots do in a conversation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from commands.bus import NOTHING, Command, Context, handles
from commands.inbound import EndSession
from commands.lists import AbandonListItem
from commands.tasks import BeginWrapUp, CancelTask, TakeTaskAway, current_task
from domain.agents.agent import Agent
from domain.channels.bots import BotAnswer
from domain.channels.messages import Body
from domain.configuration.settings import Channel, ChannelMode, RoutingMode
from domain.conversations.conversation import Conversation, ConversationOver, CustomerGone
from domain.conversations.facts import AgentRequested, CloseReason, ParticipantRole, RequestListed, RequestReason
from domain.customers.customer import Customer
from domain.ids import AgentId, BotId, ConversationId, CustomerId, ListItemId, MessageId, QueueId, SessionId, TaskId
from domain.kernel import Invalid, Position, Refused, derived_id
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskCloseReason
from domain.tasks.task import REROUTE_PRIORITY, Task


@dataclass(frozen=True, slots=True)
class PostAgentMessage(Command):
    conversation_id: ConversationId
    agent_id: AgentId
    message_id: MessageId
    body: Body


@dataclass(frozen=True, slots=True)
class AssignBot(Command):
    """Let the channel's bot answer, where it has one and nobody else does."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class WelcomeCustomer(Command):
    """Somebody hears the customer: the channel's bot, or a human where the channel has none. Nothing if one does."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class TakeBotAnswer(Command):
    conversation_id: ConversationId
    bot_id: BotId
    turn: str
    answer: BotAnswer


@dataclass(frozen=True, slots=True)
class RequestAgent(Command):
    """Ask for a human in the queue or on the list of the customer's channel, or in `queue_id`."""

    conversation_id: ConversationId
    reason: RequestReason
    queue_id: QueueId | None = None
    priority: int = 1


@dataclass(frozen=True, slots=True)
class EndAgentRequest(Command):
    """`task_id`: the task that the request had come to, which need not be the one that it began with."""

    conversation_id: ConversationId
    task_id: TaskId
    reason: str


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
class ReplaceAgent(Command):
    """The customer's agent is gone for good: another is asked for, first in line (routing 37)."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class LeaveConversation(Command):
    """`task_id`: only if they are here for that one."""

    conversation_id: ConversationId
    agent_id: AgentId
    reason: str = ""
    task_id: TaskId | None = None


@dataclass(frozen=True, slots=True)
class EndConversation(Command):
    """An agent ends it for everybody: the customer's sessions close, then all that follows from that."""

    conversation_id: ConversationId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class SetConversationData(Command):
    conversation_id: ConversationId
    data: Mapping[str, str]


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
class ExpireCustomerInactivity(Command):
    """The customer has been silent since `message_id` (routing 56)."""

    conversation_id: ConversationId
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class ReleaseCustomer(Command):
    customer_id: CustomerId
    conversation_id: ConversationId
    last_agent_id: AgentId | None = None


@dataclass(frozen=True, slots=True)
class RenameCustomer(Command):
    customer_id: CustomerId
    name: str


@handles(PostAgentMessage)
async def post_agent_message(cmd: PostAgentMessage, ctx: Context) -> Position:
    name = (await ctx.load(Agent, cmd.agent_id)).name
    inactivity_s = _inactivity_s(await ctx.load(Conversation, cmd.conversation_id), ctx)
    return await ctx.change(
        Conversation,
        cmd.conversation_id,
        lambda it: it.say_as_agent(cmd.agent_id, name, cmd.message_id, cmd.body, ctx.now, inactivity_s),
    )


@handles(AssignBot)
async def assign_bot(cmd: AssignBot, ctx: Context) -> Position:
    channel = _channel(await ctx.load(Conversation, cmd.conversation_id), ctx)
    if channel is None or channel.mode is ChannelMode.AGENT or channel.bot_id is None:
        return NOTHING
    bot_id = channel.bot_id
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.assign_bot(bot_id))


@handles(WelcomeCustomer)
async def welcome_customer(cmd: WelcomeCustomer, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    channel = _channel(conversation, ctx)
    if channel is None or conversation.bot or conversation.talking or conversation.human_comes:
        return NOTHING
    if channel.mode is ChannelMode.AGENT:
        return await ctx.then(RequestAgent(cmd.conversation_id, RequestReason.CHANNEL_MODE))
    return await ctx.then(AssignBot(cmd.conversation_id))


@handles(TakeBotAnswer)
async def take_bot_answer(cmd: TakeBotAnswer, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    bot = ctx.catalog.bots.get(cmd.bot_id)
    due = _reply_due(conversation, ctx)
    request = _request(conversation, ctx, cmd.conversation_id, RequestReason.CUSTOMER_ASKED)
    try:
        return await ctx.change(
            Conversation,
            cmd.conversation_id,
            lambda it: it.take_bot_answer(cmd.bot_id, bot.name if bot else "", cmd.turn, cmd.answer, request, due),
        )
    except Invalid:  # a bot that speaks nonsense is a bot that failed: a human takes over
        return await ctx.then(RequestAgent(cmd.conversation_id, RequestReason.BOT_FAILED))


@handles(RequestAgent)
async def request_agent(cmd: RequestAgent, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    wanted = _request(conversation, ctx, cmd.conversation_id, cmd.reason, cmd.queue_id, cmd.priority)
    if wanted is None:
        return NOTHING
    if isinstance(wanted, RequestListed):
        return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.list_request(wanted))
    return await ctx.change(
        Conversation,
        cmd.conversation_id,
        lambda it: it.request_agent(
            wanted.task_id, wanted.queue_id, wanted.mrd_id, wanted.session_id, wanted.priority, wanted.reason
        ),
    )


@handles(EndAgentRequest)
async def end_agent_request(cmd: EndAgentRequest, ctx: Context) -> Position:
    routing = (await ctx.load(Task, cmd.task_id)).routing
    root = routing.root_request_id if routing else cmd.task_id
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.end_request(root, cmd.reason))


@handles(AdmitAgent)
async def admit_agent(cmd: AdmitAgent, ctx: Context) -> Position:
    """An agent who accepted after the customer left, or came for a closed item, is sent away again (routing 49)."""
    name = (await ctx.load(Agent, cmd.agent_id)).name
    pulled = (await ctx.load(Task, cmd.task_id)).pulled
    item_id = pulled.item_id if pulled else None
    try:
        return await ctx.change(
            Conversation,
            cmd.conversation_id,
            lambda it: it.admit(cmd.agent_id, name, cmd.task_id, ParticipantRole.PRIMARY, item_id),
        )
    except (CustomerGone, ConversationOver):
        return await ctx.then(TakeTaskAway(cmd.task_id, TaskCloseReason.CANCELLED))


@handles(RetireAgentToWrapUp)
async def retire_agent_to_wrap_up(cmd: RetireAgentToWrapUp, ctx: Context) -> Position:
    return await ctx.change(
        Conversation, cmd.conversation_id, lambda it: it.change_role(cmd.agent_id, ParticipantRole.WRAP_UP, cmd.task_id)
    )


@handles(ReplaceAgent)
async def replace_agent(cmd: ReplaceAgent, ctx: Context) -> Position:
    if not (await ctx.load(Conversation, cmd.conversation_id)).sessions:
        return NOTHING
    return await ctx.then(RequestAgent(cmd.conversation_id, RequestReason.AGENT_GONE, priority=REROUTE_PRIORITY))


@handles(LeaveConversation)
async def leave_conversation(cmd: LeaveConversation, ctx: Context) -> Position:
    return await ctx.change(
        Conversation, cmd.conversation_id, lambda it: it.leave(cmd.agent_id, cmd.reason, cmd.task_id)
    )


@handles(EndConversation)
async def end_conversation(cmd: EndConversation, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    conversation.check_takes_part(cmd.agent_id)
    position = NOTHING
    for session_id in conversation.sessions:
        position = await ctx.then(EndSession(session_id, SessionEndReason.AGENT))
    return position


@handles(SetConversationData)
async def set_conversation_data(cmd: SetConversationData, ctx: Context) -> Position:
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.set_data(cmd.data))


@handles(LoseSession)
async def lose_session(cmd: LoseSession, ctx: Context) -> Position:
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.lose_session(cmd.session_id, cmd.reason))


@handles(SettleDeparture)
async def settle_departure(cmd: SettleDeparture, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    if conversation.closed is not None or conversation.sessions:
        return NOTHING
    if conversation.request is not None:
        task_id = await current_task(conversation.request.task_id, ctx)
        await ctx.then(CancelTask(task_id, TaskCloseReason.CANCELLED))
    if conversation.listed is not None:
        await ctx.then(AbandonListItem(conversation.listed.item_id))
    for part in conversation.agents.values():
        await ctx.then(BeginWrapUp(part.task_id))
    reason = CloseReason.EVERYBODY_LEFT
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.close_if_everybody_left(reason))


@handles(ExpireCustomerInactivity)
async def expire_customer_inactivity(cmd: ExpireCustomerInactivity, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    if conversation.awaiting_reply_to != cmd.message_id:  # answered meanwhile (routing 42)
        return NOTHING
    position = NOTHING
    for session_id in conversation.sessions:
        position = await ctx.then(EndSession(session_id, SessionEndReason.INACTIVITY))
    return position


@handles(ReleaseCustomer)
async def release_customer(cmd: ReleaseCustomer, ctx: Context) -> Position:
    return await ctx.change(Customer, cmd.customer_id, lambda it: it.release(cmd.conversation_id, cmd.last_agent_id))


@handles(RenameCustomer)
async def rename_customer(cmd: RenameCustomer, ctx: Context) -> Position:
    return await ctx.change(Customer, cmd.customer_id, lambda it: it.rename(cmd.name))


def _channel(conversation: Conversation, ctx: Context) -> Channel | None:
    """The channel that the customer used last, as it is configured now."""
    if conversation.last_session is None or conversation.last_session not in conversation.sessions:
        return None
    return ctx.catalog.channels.get(conversation.sessions[conversation.last_session])


def _inactivity_s(conversation: Conversation, ctx: Context) -> int:
    channel = _channel(conversation, ctx)
    return channel.customer_inactivity_s if channel else 0


def _reply_due(conversation: Conversation, ctx: Context) -> datetime | None:
    inactivity_s = _inactivity_s(conversation, ctx)
    return ctx.now + timedelta(seconds=inactivity_s) if inactivity_s else None


def _request(
    conversation: Conversation,
    ctx: Context,
    conversation_id: ConversationId,
    reason: RequestReason,
    queue_id: QueueId | None = None,
    priority: int = 1,
) -> AgentRequested | RequestListed | None:
    """What asking for a human would mean now; none where the channel has no queue or the customer is gone."""
    channel, session = _channel(conversation, ctx), conversation.last_session
    if queue_id is None and channel is not None and channel.routing.mode is RoutingMode.PULL:
        return _listed(conversation, channel, ctx, conversation_id, reason)
    wanted = queue_id or (channel.routing.queue_id if channel else None)
    if wanted is None or session is None:
        return None
    try:
        queue = ctx.catalog.queue(wanted)
    except Refused:
        return None
    task_id = TaskId(derived_id("task", conversation_id, ctx.cause.command_id))
    return AgentRequested(task_id, wanted, queue.mrd_id, session, priority, reason)


def _listed(
    conversation: Conversation, channel: Channel, ctx: Context, conversation_id: ConversationId, reason: RequestReason
) -> RequestListed | None:
    """routing 60: the same on a channel from which agents pull; the request is never offered to anybody."""
    list_id, session = channel.routing.list_id, conversation.last_session
    known = ctx.catalog.lists.get(list_id) if list_id else None
    if list_id is None or known is None or session is None:
        return None
    item_id = ListItemId(derived_id("list item", conversation_id, ctx.cause.command_id))
    return RequestListed(item_id, list_id, known.mrd_id, session, reason)
