"""What happens to a customer, and to an identity by which a customer is known on a channel."""

from dataclasses import dataclass
from datetime import datetime

from domain.channels.inbound import ContactKind
from domain.ids import AgentId, ChannelId, ConversationId, CustomerId, IdentityId, MessageId, QueueId, SessionId, TaskId
from domain.kernel import Fact


@dataclass(frozen=True, slots=True)
class CustomerCreated(Fact, stored_as="customer.created"):
    name: str
    anonymous: bool


@dataclass(frozen=True, slots=True)
class IdentityAttached(Fact, stored_as="customer.identity-attached"):
    identity_id: IdentityId
    channel_id: ChannelId
    contact_kind: ContactKind
    contact: str


@dataclass(frozen=True, slots=True)
class CustomerRenamed(Fact, stored_as="customer.renamed"):
    name: str


@dataclass(frozen=True, slots=True)
class ConversationOpened(Fact, stored_as="customer.conversation-opened"):
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class ConversationReleased(Fact, stored_as="customer.conversation-released"):
    """`last_agent_id`: who talked with the customer in it last, if anybody did (routing 54)."""

    conversation_id: ConversationId
    last_agent_id: AgentId | None = None


@dataclass(frozen=True, slots=True)
class QueueVisited(Fact, stored_as="customer.queue-visited"):
    """They asked for somebody in a queue that puts those first who are back within a day (routing 55)."""

    queue_id: QueueId
    task_id: TaskId
    at: datetime
    came_back: bool


CustomerFact = (
    CustomerCreated | IdentityAttached | CustomerRenamed | ConversationOpened | ConversationReleased | QueueVisited
)


@dataclass(frozen=True, slots=True)
class IdentityRegistered(Fact, stored_as="identity.registered"):
    channel_id: ChannelId
    contact_kind: ContactKind
    contact: str
    customer_id: CustomerId


@dataclass(frozen=True, slots=True)
class SessionOpened(Fact, stored_as="identity.session-opened"):
    session_id: SessionId


@dataclass(frozen=True, slots=True)
class SessionReleased(Fact, stored_as="identity.session-released"):
    """`heard`: the last messages that came in this session, by which late repeats are known (routing 66)."""

    session_id: SessionId
    heard: tuple[MessageId, ...] = ()


IdentityFact = IdentityRegistered | SessionOpened | SessionReleased
