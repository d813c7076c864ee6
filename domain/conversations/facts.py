"""What happens in a conversation: who came, what was said, who left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.channels.messages import Body, DeliveryStatus, Sender
from domain.ids import (
    AgentId,
    BotId,
    ChannelId,
    CustomerId,
    ListId,
    ListItemId,
    MessageId,
    MrdId,
    QueueId,
    SessionId,
    TaskId,
)
from domain.kernel import Fact
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskCloseReason, TaskDirection


class ConversationState(StrEnum):
    CREATED = "CREATED"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    ON_HOLD = "ON_HOLD"
    CUSTOMER_LEFT = "CUSTOMER_LEFT"
    WRAP_UP = "WRAP_UP"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"


class ParticipantRole(StrEnum):
    PRIMARY = "PRIMARY"
    ASSISTANT = "ASSISTANT"
    CUSTOMER = "CUSTOMER"
    SILENT_MONITOR = "SILENT_MONITOR"
    WHISPER = "WHISPER"
    WRAP_UP = "WRAP_UP"


class RequestReason(StrEnum):
    """Why a human was asked for."""

    CHANNEL_MODE = "CHANNEL_MODE"
    CUSTOMER_ASKED = "CUSTOMER_ASKED"
    BOT_MISUNDERSTOOD = "BOT_MISUNDERSTOOD"
    BOT_FAILED = "BOT_FAILED"
    AGENT_GONE = "AGENT_GONE"
    TRANSFERRED = "TRANSFERRED"


class Release(StrEnum):
    """When is whoever transfers out of the talk (routing 44)?"""

    AT_ONCE = "AT_ONCE"
    ON_ACCEPT = "ON_ACCEPT"


class Holder(StrEnum):
    """Whose a hold is: an agent's, or that of other work which goes first (routing 36)."""

    AGENT = "AGENT"
    INTERRUPTION = "INTERRUPTION"


class ResumeReason(StrEnum):
    """Why a hold ended (routing 36, 45, 56)."""

    AGENT = "AGENT"
    AGENT_WROTE = "AGENT_WROTE"
    TIME = "TIME"
    TRANSFER = "TRANSFER"
    AGENT_FREE = "AGENT_FREE"


class CloseReason(StrEnum):
    """Why a conversation ended."""

    EVERYBODY_LEFT = "EVERYBODY_LEFT"
    INACTIVITY = "INACTIVITY"
    AGENT = "AGENT"
    FORCE_CLOSED = "FORCE_CLOSED"


@dataclass(frozen=True, slots=True)
class ConversationStarted(Fact, stored_as="conversation.started"):
    customer_id: CustomerId


@dataclass(frozen=True, slots=True)
class SessionJoined(Fact, stored_as="conversation.session-joined"):
    """`live_voice`: it is a call, in which the customer is answered without writing (routing 56)."""

    session_id: SessionId
    channel_id: ChannelId
    live_voice: bool = False


@dataclass(frozen=True, slots=True)
class SessionLeft(Fact, stored_as="conversation.session-left"):
    session_id: SessionId
    reason: SessionEndReason


@dataclass(frozen=True, slots=True)
class MessagePosted(Fact, stored_as="conversation.message-posted"):
    """`session_id`: where a customer's message came from, or where everybody else's goes; none for a whisper.

    `unheard`: nobody was there who answers it, neither bot nor agent, nor anybody on the way.
    `item_id`: the list item whose customer wrote this while no agent was in the talk; none everywhere else.
    `reply_due`: when the customer's silence after this message ends their session; none where nothing is awaited.
    `remind_at`: when they are reminded (again) before that. `reminds_of`: what this reminder, the `reminder`-th from 0, is of.
    """

    message_id: MessageId
    sender: Sender
    body: Body
    session_id: SessionId | None
    channel_id: ChannelId | None = None
    provider_message_id: str = ""
    sent_at: datetime | None = None
    reply_due: datetime | None = None
    unheard: bool = False
    item_id: ListItemId | None = None
    remind_at: datetime | None = None
    reminds_of: MessageId | None = None
    reminder: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryReported(Fact, stored_as="conversation.delivery-reported"):
    message_id: MessageId
    status: DeliveryStatus
    reason: str = ""
    provider_message_id: str = ""


@dataclass(frozen=True, slots=True)
class BotJoined(Fact, stored_as="conversation.bot-joined"):
    bot_id: BotId
    greets: bool


@dataclass(frozen=True, slots=True)
class BotAnswered(Fact, stored_as="conversation.bot-answered"):
    """The bot took its turn; what it said stands before this fact."""

    bot_id: BotId
    turn: MessageId
    misunderstood: bool


@dataclass(frozen=True, slots=True)
class BotLeft(Fact, stored_as="conversation.bot-left"):
    bot_id: BotId


@dataclass(frozen=True, slots=True)
class AgentRequested(Fact, stored_as="conversation.agent-requested"):
    """`task_id` is the first task of the request; a re-route continues under other tasks of the same request. `also_in`:
    further queues that were asked for by name, none for those of the customer's channel (routing 11).
    """

    task_id: TaskId
    queue_id: QueueId
    mrd_id: MrdId
    session_id: SessionId
    priority: int
    reason: RequestReason
    previous_task_id: TaskId | None = None
    also_in: tuple[QueueId, ...] = ()


@dataclass(frozen=True, slots=True)
class ColleagueRequested(Fact, stored_as="conversation.colleague-requested"):
    """An agent asks for another: in their place, beside them, or behind them (routing 43, 44, 46, 47).

    `task_id` is the first task of the request. `agent_id`: whom, by name; none for whoever serves `queue_id`. With a
    name, `queue_id` is the queue of the talk, to which a transfer returns that comes to nothing; none where it has none.
    """

    task_id: TaskId
    direction: TaskDirection
    by: AgentId
    by_task_id: TaskId
    mrd_id: MrdId
    session_id: SessionId
    queue_id: QueueId | None = None
    agent_id: AgentId | None = None
    priority: int = 1
    note: str = ""
    release: Release = Release.AT_ONCE

    @property
    def is_transfer(self) -> bool:
        """Does the customer wait for whoever comes? Of a consult or a conference they know nothing."""
        return self.direction is TaskDirection.DIRECT_TRANSFER


@dataclass(frozen=True, slots=True)
class AgentRequestEnded(Fact, stored_as="conversation.agent-request-ended"):
    """`reply_due`: when the customer's silence after this ends their session (routing 28)."""

    task_id: TaskId
    reason: str
    reply_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class RequestListed(Fact, stored_as="conversation.request-listed"):
    """A human is asked for on a list, where agents choose (routing 60). `unread`: messages that no agent saw yet."""

    item_id: ListItemId
    list_id: ListId
    mrd_id: MrdId
    session_id: SessionId
    reason: RequestReason
    unread: int = 0


@dataclass(frozen=True, slots=True)
class RequestUnlisted(Fact, stored_as="conversation.request-unlisted"):
    item_id: ListItemId
    reason: str


@dataclass(frozen=True, slots=True)
class AgentJoined(Fact, stored_as="conversation.agent-joined"):
    """`request_id`: the request of a colleague that this answers."""

    agent_id: AgentId
    task_id: TaskId
    role: ParticipantRole
    name: str = ""
    request_id: TaskId | None = None


@dataclass(frozen=True, slots=True)
class AgentRoleChanged(Fact, stored_as="conversation.agent-role-changed"):
    """`direction`: what their task is for from now on, where that changes."""

    agent_id: AgentId
    role: ParticipantRole
    task_id: TaskId | None = None
    direction: TaskDirection | None = None


@dataclass(frozen=True, slots=True)
class AgentLeft(Fact, stored_as="conversation.agent-left"):
    """`reason` is a text for people; `ends`: what becomes of their task, as the machinery sees it. `reply_due`: when the
    silence of a customer with whom nobody talks any more ends their session (routing 48).
    """

    agent_id: AgentId
    task_id: TaskId
    reason: str = ""
    ends: TaskCloseReason = TaskCloseReason.DONE
    reply_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResponseAwaited(Fact, stored_as="conversation.response-awaited"):
    """The customer wrote to an agent, who has until `due` to reply; `within_s` is the whole of that time (routing 56).
    `warned`: how many percent of it were over when that was told, before a hold.
    """

    message_id: MessageId
    session_id: SessionId
    due: datetime
    within_s: int
    warned: int = 0


@dataclass(frozen=True, slots=True)
class ResponseWarned(Fact, stored_as="conversation.response-warned"):
    """So much of the time to reply is over."""

    message_id: MessageId
    percent: int
    due: datetime
    within_s: int


@dataclass(frozen=True, slots=True)
class ResponseTimedOut(Fact, stored_as="conversation.response-timed-out"):
    """Nobody replied in time: whoever is here is removed (routing 56)."""

    message_id: MessageId


@dataclass(frozen=True, slots=True)
class ConversationHeld(Fact, stored_as="conversation.held"):
    """The customer waits on purpose, until `due` at the latest; without one until an agent is free for them again.
    `response_left_s`: what was left of the time to reply. `held_by`: by the agent, or by other work of theirs.
    """

    agent_id: AgentId
    due: datetime | None
    reason: str = ""
    response_left_s: float | None = None
    held_by: Holder = Holder.AGENT


@dataclass(frozen=True, slots=True)
class ConversationResumed(Fact, stored_as="conversation.resumed"):
    reason: ResumeReason


@dataclass(frozen=True, slots=True)
class ConversationDataSet(Fact, stored_as="conversation.data-set"):
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConversationClosed(Fact, stored_as="conversation.closed"):
    """`last_agent_id`: who talked with the customer last, if anybody did (routing 54)."""

    reason: CloseReason
    customer_id: CustomerId
    last_agent_id: AgentId | None = None


ConversationFact = (
    ConversationStarted
    | SessionJoined
    | SessionLeft
    | MessagePosted
    | DeliveryReported
    | BotJoined
    | BotAnswered
    | BotLeft
    | AgentRequested
    | ColleagueRequested
    | AgentRequestEnded
    | RequestListed
    | RequestUnlisted
    | AgentJoined
    | AgentRoleChanged
    | AgentLeft
    | ResponseAwaited
    | ResponseWarned
    | ResponseTimedOut
    | ConversationHeld
    | ConversationResumed
    | ConversationDataSet
    | ConversationClosed
)
