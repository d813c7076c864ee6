"""Talking: what agents say and keep in a conversation, and how they end it."""

from collections.abc import Mapping
from dataclasses import dataclass

from commands.bus import NOTHING, Command, Context, handles
from commands.inbound import EndSession
from commands.last_channel import inactivity_s_of, reminder_s_of
from domain.agents.agent import Agent
from domain.channels.messages import Body
from domain.conversations.conversation import Conversation
from domain.customers.customer import Customer
from domain.ids import AgentId, ConversationId, CustomerId, MessageId
from domain.kernel import Position
from domain.sessions.facts import SessionEndReason
from domain.tasks.task import Task


@dataclass(frozen=True, slots=True)
class PostAgentMessage(Command):
    conversation_id: ConversationId
    agent_id: AgentId
    message_id: MessageId
    body: Body


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
class ExpireCustomerInactivity(Command):
    """The customer has been silent since `message_id` (routing 56)."""

    conversation_id: ConversationId
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class RenameCustomer(Command):
    customer_id: CustomerId
    name: str


@handles(PostAgentMessage)
async def post_agent_message(cmd: PostAgentMessage, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    name = (await ctx.load(Agent, cmd.agent_id)).name or await _name_of(cmd.agent_id, conversation, ctx)
    inactivity_s, reminder_s = inactivity_s_of(conversation, ctx), reminder_s_of(conversation, ctx)
    return await ctx.change(
        Conversation,
        cmd.conversation_id,
        lambda it: it.say_as_agent(cmd.agent_id, name, cmd.message_id, cmd.body, ctx.now, inactivity_s, reminder_s),
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


@handles(ExpireCustomerInactivity)
async def expire_customer_inactivity(cmd: ExpireCustomerInactivity, ctx: Context) -> Position:
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.end_silence(cmd.message_id))


@handles(RenameCustomer)
async def rename_customer(cmd: RenameCustomer, ctx: Context) -> Position:
    return await ctx.change(Customer, cmd.customer_id, lambda it: it.rename(cmd.name))


async def _name_of(supervisor: AgentId, conversation: Conversation, ctx: Context) -> str:
    """Of somebody who is here without being an agent."""
    part = conversation.agents.get(supervisor)
    monitoring = (await ctx.load(Task, part.task_id)).monitoring if part else None
    return monitoring.name if monitoring else ""
