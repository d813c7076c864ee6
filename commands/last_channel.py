"""By which channel does this customer talk, as it is configured now?"""

from datetime import datetime, timedelta

from commands.bus import Context
from domain.configuration.settings import Channel
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


def mrd_of(conversation: Conversation, ctx: Context) -> MrdId | None:
    """The media routing domain of the talk: whoever is to come into it must work in that (routing 63)."""
    channel = channel_of(conversation, ctx)
    kind = ctx.catalog.channel_types.get(channel.channel_type_id) if channel else None
    return kind.mrd_id if kind else None
