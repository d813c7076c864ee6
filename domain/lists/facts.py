"""What happens to an item of a list: a request that waits there for agents who choose it (routing 60)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import AgentId, ConversationId, CustomerId, ListId, MessageId, MrdId, TaskId
from domain.kernel import Fact


class ListItemState(StrEnum):
    """routing 60"""

    UNREAD = "UNREAD"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    CLOSED = "CLOSED"


class ListItemCloseReason(StrEnum):
    AGENT = "AGENT"
    CUSTOMER_LEFT = "CUSTOMER_LEFT"


@dataclass(frozen=True, slots=True)
class ListItemArrived(Fact, stored_as="listitem.arrived"):
    """`unread`: what the customer had written until then."""

    list_id: ListId
    mrd_id: MrdId
    conversation_id: ConversationId
    customer_id: CustomerId
    arrived_at: datetime
    unread: int


@dataclass(frozen=True, slots=True)
class ListItemWritten(Fact, stored_as="listitem.written"):
    """The customer wrote while nobody worked on it."""

    list_id: ListId
    message_id: MessageId
    written_at: datetime


@dataclass(frozen=True, slots=True)
class ListItemJoined(Fact, stored_as="listitem.joined"):
    list_id: ListId
    agent_id: AgentId
    task_id: TaskId


@dataclass(frozen=True, slots=True)
class ListItemLeft(Fact, stored_as="listitem.left"):
    list_id: ListId
    agent_id: AgentId
    task_id: TaskId


@dataclass(frozen=True, slots=True)
class ListItemDismissed(Fact, stored_as="listitem.dismissed"):
    """An agent wants no notice of it; they may still join."""

    list_id: ListId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class ListItemClosed(Fact, stored_as="listitem.closed"):
    """`agent_id`: who closed it, none when the customer left."""

    list_id: ListId
    conversation_id: ConversationId
    reason: ListItemCloseReason
    agent_id: AgentId | None = None


ListItemFact = ListItemArrived | ListItemWritten | ListItemJoined | ListItemLeft | ListItemDismissed | ListItemClosed
