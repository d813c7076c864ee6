"""What happens to a channel session: one stay of one customer on one channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.ids import ChannelId, ConversationId, CustomerId, IdentityId
from domain.kernel import Fact


class SessionEndReason(StrEnum):
    CUSTOMER = "CUSTOMER"
    INACTIVITY = "INACTIVITY"
    NETWORK = "NETWORK"
    AGENT = "AGENT"
    FORCE_CLOSED = "FORCE_CLOSED"


@dataclass(frozen=True, slots=True)
class SessionStarted(Fact, stored_as="session.started"):
    channel_id: ChannelId
    identity_id: IdentityId
    customer_id: CustomerId
    conversation_id: ConversationId
    contact: str
    channel_data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SessionEnded(Fact, stored_as="session.ended"):
    reason: SessionEndReason
    conversation_id: ConversationId
    identity_id: IdentityId


SessionFact = SessionStarted | SessionEnded
