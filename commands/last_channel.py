"""By which channel does this customer talk, as it is configured now?"""

from datetime import datetime, timedelta

from commands.bus import Context
from domain.configuration.settings import Channel
from domain.conversations.answering import ResponseTime
from domain.conversations.conversation import Conversation
from domain.ids import MrdId


def channel_of(conversation: Conversation, ctx: Context) -> Channel | None:
    """The channel that the customer used last, as it is configured now."""
    if conversation.last_session is None or conversation.last_session not in conversation.sessions:
        return None
    return ctx.catalog.channels.get(conversation.sessions[conversation.last_session])


def inactivity_s_of(conversation: Conversation, ctx: Context) -> int:
    channel = channel_of(conversation, ctx)
    return channel.customer_inactivity_s if channel else 0


def reply_due(conversation: Conversation, ctx: Context) -> datetime | None:
    inactivity_s = inactivity_s_of(conversation, ctx)
    return ctx.now + timedelta(seconds=inactivity_s) if inactivity_s else None


def response_time(conversation: Conversation, ctx: Context) -> ResponseTime:
    """Within which an agent is to reply to the customer (routing 56)."""
    channel = channel_of(conversation, ctx)
    return ResponseTime(ctx.now, channel.response_timeout_s if channel else 0)


def reminder_s_of(conversation: Conversation, ctx: Context) -> float | None:
    """After how much silence the customer is first reminded."""
    channel = channel_of(conversation, ctx)
    if channel is None or not channel.inactivity_reminders:
        return None
    return channel.inactivity_reminders[0].percent * channel.customer_inactivity_s / 100


def mrd_of(conversation: Conversation, ctx: Context) -> MrdId | None:
    """The media routing domain of the talk: whoever is to come into it must work in that (routing 63)."""
    channel = channel_of(conversation, ctx)
    kind = ctx.catalog.channel_types.get(channel.channel_type_id) if channel else None
    return kind.mrd_id if kind else None
