"""Which conversations are there, and how does each stand? Newest first, by state, agent or customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.channels.messages import SenderType
from domain.conversations.facts import CloseReason, ConversationState, ParticipantRole, RequestReason
from domain.ids import AgentId, BotId, ChannelId, ConversationId, CustomerId, MessageId, QueueId, TaskId
from domain.kernel import Position
from projections.paging import FIRST, Connection, Listing, Page, Window


@dataclass(frozen=True, slots=True)
class Participant:
    agent_id: AgentId
    name: str
    role: ParticipantRole
    task_id: TaskId
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """A human is asked for. `task_id` is the first task of the request."""

    queue_id: QueueId
    task_id: TaskId
    reason: RequestReason
    since: datetime


@dataclass(frozen=True, slots=True)
class LastMessage:
    """`preview`: the first 120 characters."""

    message_id: MessageId
    preview: str
    sender_type: SenderType
    at: datetime


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """`unread`: what the customer wrote since an agent last did. `reply_due`: when the customer's silence ends it.
    `response_due`: when an agent is to have replied. `held_until`: when the hold ends by itself, if it does.
    """

    id: ConversationId
    customer_id: CustomerId | None
    state: ConversationState
    channel_ids: tuple[ChannelId, ...]
    participants: tuple[Participant, ...]
    bot_id: BotId | None
    request: Request | None
    created_at: datetime
    closed_at: datetime | None
    close_reason: CloseReason | None
    last_message: LastMessage | None
    customer_messages: int
    agent_messages: int
    bot_messages: int
    other_messages: int
    unread: int
    reply_due: datetime | None
    response_due: datetime | None
    held_until: datetime | None
    position: Position


def _summary(row: dict[str, Any]) -> ConversationSummary:
    return ConversationSummary(
        id=row["id"],
        customer_id=row["customer_id"],
        state=ConversationState(row["state"]),
        channel_ids=tuple(row["channel_ids"]),
        participants=tuple(_participant(**part) for part in row["participants"]),
        bot_id=row["bot_id"],
        request=_request(row) if row["queue_id"] else None,
        created_at=row["created_at"],
        closed_at=row["closed_at"],
        close_reason=CloseReason(row["close_reason"]) if row["close_reason"] else None,
        last_message=_last_message(row) if row["last_message_id"] else None,
        customer_messages=row["customer_messages"],
        agent_messages=row["agent_messages"],
        bot_messages=row["bot_messages"],
        other_messages=row["other_messages"],
        unread=row["unread"],
        reply_due=row["reply_due"],
        response_due=row["response_due"],
        held_until=row["held_until"],
        position=Position(row["position"]),
    )


def _participant(agent_id: str, name: str, role: str, task_id: str, joined_at: str) -> Participant:
    return Participant(
        AgentId(agent_id), name, ParticipantRole(role), TaskId(task_id), datetime.fromisoformat(joined_at)
    )


def _request(row: dict[str, Any]) -> Request:
    return Request(row["queue_id"], row["request_task_id"], RequestReason(row["request_reason"]), row["requested_at"])


def _last_message(row: dict[str, Any]) -> LastMessage:
    return LastMessage(
        row["last_message_id"],
        row["last_message_preview"],
        SenderType(row["last_message_sender_type"]),
        row["last_message_at"],
    )


_ALL = Listing("SELECT * FROM conversations.conversation", ("created_at", "id"), ("timestamptz", "text"), _summary)
_OF_AGENT = Listing(
    "SELECT c.* FROM conversations.participation p JOIN conversations.conversation c ON c.id = p.conversation_id",
    ("p.created_at", "p.conversation_id"),
    ("timestamptz", "text"),
    _summary,
    labels=("created_at", "id"),
)


async def conversation(connection: Connection, conversation_id: ConversationId) -> ConversationSummary | None:
    return await _ALL.one(connection, conversation_id)


async def all_conversations(
    connection: Connection, states: Sequence[ConversationState] = (), window: Window = FIRST
) -> Page[ConversationSummary]:
    """Newest first; in these states, or in all."""
    if not states:
        return await _ALL.page(connection, (), {}, window)
    if len(states) == 1:
        return await _ALL.page(connection, ("state = %(state)s",), {"state": states[0]}, window)
    return await _ALL.page(connection, ("state = ANY(%(states)s)",), {"states": list(states)}, window)


async def conversations_of_customer(
    connection: Connection, customer_id: CustomerId, window: Window = FIRST
) -> Page[ConversationSummary]:
    """Newest first."""
    return await _ALL.page(connection, ("customer_id = %(customer)s",), {"customer": customer_id}, window)


async def conversations_of_agent(
    connection: Connection, agent_id: AgentId, *, present: bool = True, window: Window = FIRST
) -> Page[ConversationSummary]:
    """Those that the agent is in, newest first; with `present=False` also those that they left."""
    where = ("p.agent_id = %(agent)s", "p.present") if present else ("p.agent_id = %(agent)s",)
    return await _OF_AGENT.page(connection, where, {"agent": agent_id}, window)


async def changed(connection: Connection, after: Position) -> tuple[ConversationSummary, ...]:
    """What is different since a position, each row as it is now."""
    return await _ALL.changed(connection, after)
