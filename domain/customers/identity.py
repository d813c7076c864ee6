"""Which customer writes under this identity on this channel? The guard: one customer and one open session per identity."""

from dataclasses import dataclass
from typing import ClassVar, Self, assert_never

from domain.channels.inbound import Contact, ContactKind
from domain.customers.facts import IdentityFact, IdentityRegistered, SessionOpened, SessionReleased
from domain.ids import ChannelId, CustomerId, IdentityId, MessageId, SessionId
from domain.kernel import Decision, derived_id, replace

REMEMBERED_MAX = 200
"""Messages of earlier sessions that an identity remembers: providers repeat what is new, and nothing is kept for ever."""


@dataclass(frozen=True, slots=True)
class Identity:
    category: ClassVar[str] = "identity"

    customer_id: CustomerId | None = None
    session: SessionId | None = None
    previous_session: SessionId | None = None
    heard: tuple[MessageId, ...] = ()
    """The last messages of sessions that are over: who repeats one of them says nothing new (routing 66)."""

    def open_session(self, channel: ChannelId, contact: Contact, candidate: SessionId) -> Decision:
        """A message came: the identity has a customer and an open session afterwards, its own or `candidate`."""
        if self.customer_id is None:
            yield IdentityRegistered(channel, contact.kind, contact.value, customer_for(channel, contact))
        if self.session is None:
            yield SessionOpened(candidate)

    def release(self, session: SessionId, heard: tuple[MessageId, ...] = ()) -> Decision:
        if self.session == session:
            yield SessionReleased(session, heard)

    def evolve(self, fact: IdentityFact) -> Self:
        match fact:
            case IdentityRegistered(customer_id=customer_id):
                return replace(self, customer_id=customer_id)
            case SessionOpened(session_id=session):
                return replace(self, session=session)
            case SessionReleased(session_id=session, heard=heard):
                remembered = (*self.heard, *heard)[-REMEMBERED_MAX:]
                return replace(self, session=None, previous_session=session, heard=remembered)
            case _:
                assert_never(fact)


def identity_id(channel: ChannelId, contact: Contact) -> IdentityId:
    """The stream that decides for this contact on this channel; the contact itself does not show in it."""
    return IdentityId(f"{channel}-{derived_id('identity', channel, contact.kind, contact.value)}")


def customer_for(channel: ChannelId, contact: Contact) -> CustomerId:
    """The customer whom a never-seen contact belongs to: a phone number is the same person on every channel."""
    scope = channel if contact.kind is ContactKind.OPAQUE else "anywhere"
    return CustomerId(derived_id("customer", scope, contact.kind, contact.value))
