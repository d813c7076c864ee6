"""Customers are answered in time, put on hold, and reminded (routing 56)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from commands.bus import NOTHING, Command, Context, handles
from commands.last_channel import channel_of, response_time
from commands.tasks import TakeTaskAway
from domain.configuration.channels import Reminder
from domain.conversations.conversation import Conversation
from domain.conversations.facts import ParticipantRole
from domain.ids import AgentId, ConversationId, MessageId
from domain.kernel import Position
from domain.tasks.facts import TaskCloseReason


@dataclass(frozen=True, slots=True)
class HoldConversation(Command):
    conversation_id: ConversationId
    agent_id: AgentId
    for_s: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ResumeConversation(Command):
    conversation_id: ConversationId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class EndHold(Command):
    """The hold that was to end at `due` ends."""

    conversation_id: ConversationId
    due: datetime


@dataclass(frozen=True, slots=True)
class WarnOfResponse(Command):
    """So much of the time to answer `message_id`, which ends at `due`, is over."""

    conversation_id: ConversationId
    message_id: MessageId
    percent: int
    due: datetime


@dataclass(frozen=True, slots=True)
class ExpireResponse(Command):
    """Nobody answered `message_id` until `due`."""

    conversation_id: ConversationId
    message_id: MessageId
    due: datetime


@dataclass(frozen=True, slots=True)
class RemoveAllAgents(Command):
    """Whoever still takes part loses their task; whoever wraps up is left alone."""

    conversation_id: ConversationId
    reason: TaskCloseReason


@dataclass(frozen=True, slots=True)
class RemindCustomer(Command):
    """They have not answered `message_id` for a while: the `number`-th reminder of their channel, from 0."""

    conversation_id: ConversationId
    message_id: MessageId
    number: int


@handles(HoldConversation)
async def hold_conversation(cmd: HoldConversation, ctx: Context) -> Position:
    return await ctx.change(
        Conversation, cmd.conversation_id, lambda it: it.hold(cmd.agent_id, ctx.now, cmd.for_s, cmd.reason)
    )


@handles(ResumeConversation)
async def resume_conversation(cmd: ResumeConversation, ctx: Context) -> Position:
    response = response_time(await ctx.load(Conversation, cmd.conversation_id), ctx)
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.resume(cmd.agent_id, response))


@handles(EndHold)
async def end_hold(cmd: EndHold, ctx: Context) -> Position:
    response = response_time(await ctx.load(Conversation, cmd.conversation_id), ctx)
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.end_hold(cmd.due, response))


@handles(WarnOfResponse)
async def warn_of_response(cmd: WarnOfResponse, ctx: Context) -> Position:
    return await ctx.change(
        Conversation, cmd.conversation_id, lambda it: it.warn_of_response(cmd.message_id, cmd.percent, cmd.due)
    )


@handles(ExpireResponse)
async def expire_response(cmd: ExpireResponse, ctx: Context) -> Position:
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.time_out_response(cmd.message_id, cmd.due))


@handles(RemoveAllAgents)
async def remove_all_agents(cmd: RemoveAllAgents, ctx: Context) -> Position:
    position = NOTHING
    for part in (await ctx.load(Conversation, cmd.conversation_id)).agents.values():
        if part.role is not ParticipantRole.WRAP_UP:
            position = await ctx.then(TakeTaskAway(part.task_id, cmd.reason))
    return position


@handles(RemindCustomer)
async def remind_customer(cmd: RemindCustomer, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    channel = channel_of(conversation, ctx)
    reminders: tuple[Reminder, ...] = channel.inactivity_reminders if channel else ()
    if channel is None or cmd.number >= len(reminders):  # there are fewer by now
        return NOTHING
    reminder, later = reminders[cmd.number], reminders[cmd.number + 1 : cmd.number + 2]
    apart = sum(it.percent - reminder.percent for it in later) * channel.customer_inactivity_s / 100
    again_at = ctx.now + timedelta(seconds=apart) if later else None
    return await ctx.change(
        Conversation,
        cmd.conversation_id,
        lambda it: it.remind(cmd.message_id, cmd.number, reminder.text, again_at),
    )
