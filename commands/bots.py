"""Somebody hears the customer: a bot where the channel has one, a human where it has none."""

from dataclasses import dataclass
from datetime import timedelta

from commands.bus import NOTHING, Command, Context, handles
from commands.last_channel import channel_of, reminder_s_of, reply_due
from commands.requests import RequestAgent, request_for
from domain.channels.bots import BotAnswer
from domain.configuration.settings import ChannelMode
from domain.conversations.conversation import Conversation
from domain.conversations.facts import RequestReason
from domain.ids import BotId, ConversationId
from domain.kernel import Invalid, Position


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


@handles(AssignBot)
async def assign_bot(cmd: AssignBot, ctx: Context) -> Position:
    channel = channel_of(await ctx.load(Conversation, cmd.conversation_id), ctx)
    if channel is None or channel.mode is ChannelMode.AGENT or channel.bot_id is None:
        return NOTHING
    bot_id = channel.bot_id
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.assign_bot(bot_id))


@handles(WelcomeCustomer)
async def welcome_customer(cmd: WelcomeCustomer, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    channel = channel_of(conversation, ctx)
    if channel is None or conversation.bot or conversation.talking or conversation.human_comes:
        return NOTHING
    if channel.mode is ChannelMode.AGENT:
        return await ctx.then(RequestAgent(cmd.conversation_id, RequestReason.CHANNEL_MODE))
    return await ctx.then(AssignBot(cmd.conversation_id))


@handles(TakeBotAnswer)
async def take_bot_answer(cmd: TakeBotAnswer, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    bot = ctx.catalog.bots.get(cmd.bot_id)
    due, reminder_s = reply_due(conversation, ctx), reminder_s_of(conversation, ctx)
    remind_at = ctx.now + timedelta(seconds=reminder_s) if due is not None and reminder_s is not None else None
    request = request_for(conversation, ctx, cmd.conversation_id, RequestReason.CUSTOMER_ASKED)
    try:
        return await ctx.change(
            Conversation,
            cmd.conversation_id,
            lambda it: it.take_bot_answer(
                cmd.bot_id, bot.name if bot else "", cmd.turn, cmd.answer, request, due, remind_at
            ),
        )
    except Invalid:  # a bot that speaks nonsense is a bot that failed: a human takes over
        return await ctx.then(RequestAgent(cmd.conversation_id, RequestReason.BOT_FAILED))
