"""A customer turns up on a channel: who is it, which session, which conversation? The customer channel manager.

Every step is idempotent and its ids derive from (channel, provider message id), so that repeats, races and crashes in
between all end in one customer, one session, one conversation and one message. A known session costs one append.
"""

from dataclasses import dataclass, replace

from commands.bus import Command, Context, handles
from domain.channels.inbound import Inbound, Receipt
from domain.channels.messages import Sender, SenderType
from domain.conversations.answering import ResponseTime
from domain.conversations.conversation import Conversation, ConversationOver, CustomerGone
from domain.conversations.facts import MessagePosted
from domain.customers.customer import Customer
from domain.customers.identity import Identity, identity_id
from domain.ids import ChannelId, ConversationId, IdentityId, MessageId, SessionId
from domain.kernel import NotFound, Position, WrongState, derived_id
from domain.sessions.facts import SessionEndReason, SessionStarted
from domain.sessions.session import Session

ATTEMPTS_MAX = 4
"""How often a message meets a conversation that closes at that very moment before we give up."""


@dataclass(frozen=True, slots=True)
class ReceiveMessage(Command):
    inbound: Inbound


@dataclass(frozen=True, slots=True)
class OpenSession(Command):
    """The customer opened the channel and has said nothing yet. `inbound.body` does not count."""

    inbound: Inbound


@dataclass(frozen=True, slots=True)
class EndSession(Command):
    session_id: SessionId
    reason: SessionEndReason


@dataclass(frozen=True, slots=True)
class ReportReceipt(Command):
    """`conversation_id`: where the message stands; a connector that only knows the message asks the outbox first."""

    conversation_id: ConversationId
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class ReleaseIdentity(Command):
    identity_id: IdentityId
    session_id: SessionId


@handles(ReceiveMessage)
async def receive_message(cmd: ReceiveMessage, ctx: Context) -> Position:
    return await _receive(cmd.inbound, ctx, _message(cmd.inbound))


@handles(OpenSession)
async def open_session(cmd: OpenSession, ctx: Context) -> Position:
    return await _receive(cmd.inbound, ctx, None)


@handles(EndSession)
async def end_session(cmd: EndSession, ctx: Context) -> Position:
    return await ctx.change(Session, cmd.session_id, lambda session: session.end(cmd.reason))


@handles(ReleaseIdentity)
async def release_identity(cmd: ReleaseIdentity, ctx: Context) -> Position:
    heard = await _heard_in(cmd.session_id, ctx)
    return await ctx.change(Identity, cmd.identity_id, lambda identity: identity.release(cmd.session_id, heard))


@handles(ReportReceipt)
async def report_receipt(cmd: ReportReceipt, ctx: Context) -> Position:
    receipt = cmd.receipt
    return await ctx.change(
        Conversation,
        cmd.conversation_id,
        lambda it: it.report_delivery(
            MessageId(receipt.message_id), receipt.status, receipt.reason, receipt.provider_message_id
        ),
    )


def message_id(channel: ChannelId, provider_message_id: str) -> MessageId:
    return MessageId(derived_id("message", channel, provider_message_id))


async def _receive(inbound: Inbound, ctx: Context, message: MessagePosted | None) -> Position:
    ctx.catalog.channel(inbound.channel_id)
    identity = identity_id(inbound.channel_id, inbound.contact)
    attempt = ctx
    for number in range(1, ATTEMPTS_MAX + 1):
        opened = await _session_of(identity, inbound, attempt, message)
        if opened is None:  # a late repeat of what the closed conversation already holds
            return await ctx.change(Identity, identity, lambda it: iter(()))
        try:
            return await _deliver(opened, identity, inbound, attempt, message)
        except (ConversationOver, CustomerGone):
            await _let_go(opened[0], identity, ctx.step(f"let go {number}"))
            attempt = ctx.step(f"attempt {number}")
    raise WrongState("The conversation keeps closing while this message arrives; send it again.")


async def _session_of(
    identity: IdentityId, inbound: Inbound, ctx: Context, message: MessagePosted | None
) -> tuple[SessionId, bool] | None:
    """The identity's open session, and whether it was opened just now; none for a repeat from before (routing 66)."""
    known = Identity() if inbound.is_newcomer else await ctx.load(Identity, identity)
    if message is not None and message.message_id in known.heard:
        return None
    if message is not None and known.previous_session is not None:
        before = (await ctx.load(Session, known.previous_session)).started
        if before and message.message_id in (await ctx.load(Conversation, before.conversation_id)).posted:
            return None
    if known.session is not None:
        return known.session, False
    candidate = SessionId(derived_id("session", identity, inbound.provider_message_id, known.previous_session or ""))
    # A step for each candidate: a retry may come when the session of the first try has opened and ended.
    changed = await ctx.step(candidate).changed(
        Identity,
        identity,
        lambda it: it.open_session(inbound.channel_id, inbound.contact, candidate),
        newborn=inbound.is_newcomer,
    )
    if changed.model.session is None:  # another try of this command opened it, and it ended since we looked: look again
        return await _session_of(identity, replace(inbound, is_newcomer=False), ctx, message)
    return changed.model.session, bool(changed.facts)


async def _start(
    session_id: SessionId, identity: IdentityId, inbound: Inbound, ctx: Context, *, newborn: bool
) -> tuple[SessionStarted, bool]:
    """The session's beginning: customer, conversation, and whether that was opened just now."""
    if not newborn and (started := (await ctx.load(Session, session_id)).started) is not None:
        return started, False
    customer_id = (await ctx.load(Identity, identity)).customer_id
    if customer_id is None:
        raise AssertionError("an identity with a session has a customer")
    candidate = ConversationId(derived_id("conversation", session_id))
    meeting = await ctx.step(session_id).changed(
        Customer,
        customer_id,
        lambda it: it.meet(identity, inbound.channel_id, inbound.contact, inbound.customer_name, candidate),
        newborn=inbound.is_newcomer,
    )
    conversation_id = meeting.model.conversation or candidate
    contact, data = inbound.contact.value, inbound.channel_data
    opening = await ctx.changed(
        Session,
        session_id,
        lambda it: it.start(inbound.channel_id, identity, customer_id, conversation_id, contact, data),
        newborn=newborn,
    )
    if opening.model.started is None:
        raise AssertionError("a session has started once it was started")
    return opening.model.started, bool(meeting.facts) and conversation_id == candidate


async def _deliver(
    opened: tuple[SessionId, bool], identity: IdentityId, inbound: Inbound, ctx: Context, message: MessagePosted | None
) -> Position:
    session_id, newborn = opened
    started, first = await _start(session_id, identity, inbound, ctx, newborn=newborn)
    posted = replace(message, session_id=session_id) if message is not None else None
    channel = ctx.catalog.channel(inbound.channel_id)
    response, live_voice = ResponseTime(ctx.now, channel.response_timeout_s), ctx.catalog.is_voice(channel)
    change = await ctx.changed(
        Conversation,
        started.conversation_id,
        lambda it: it.receive(
            started.customer_id, session_id, inbound.channel_id, posted, response, live_voice=live_voice
        ),
        newborn=first,
    )
    return change.position


async def _let_go(session_id: SessionId, identity: IdentityId, ctx: Context) -> None:
    """The conversation closed under this session's feet: finish what its policies are about to do anyway."""
    started = (await ctx.load(Session, session_id)).started
    if started is None:
        raise NotFound("This channel session never started.")
    talk = await ctx.load(Conversation, started.conversation_id)
    silent = session_id in talk.ended_sessions  # all other ends are the session's own
    reason = SessionEndReason.INACTIVITY if silent else SessionEndReason.AGENT
    await ctx.change(Session, session_id, lambda session: session.end(reason))
    heard = await _heard_in(session_id, ctx)
    await ctx.change(Identity, identity, lambda it: it.release(session_id, heard))
    if talk.closed is not None:
        await ctx.change(Customer, started.customer_id, lambda it: it.release(started.conversation_id, talk.last_agent))


async def _heard_in(session_id: SessionId, ctx: Context) -> tuple[MessageId, ...]:
    """What the identity is to remember of a session that is over."""
    started = (await ctx.load(Session, session_id)).started
    if started is None:
        return ()
    return (await ctx.load(Conversation, started.conversation_id)).heard.get(session_id, ())


def _message(inbound: Inbound) -> MessagePosted:
    contact = inbound.contact.value
    return MessagePosted(
        message_id(inbound.channel_id, inbound.provider_message_id),
        Sender(SenderType.CUSTOMER, contact, inbound.customer_name),
        inbound.body,
        session_id=None,
        channel_id=inbound.channel_id,
        provider_message_id=inbound.provider_message_id,
        sent_at=inbound.sent_at,
    )
