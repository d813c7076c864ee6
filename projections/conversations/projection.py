"""How do a conversation's facts become its row? The domain's own model says its state; texts stay in the log."""

from datetime import datetime
from typing import Any, LiteralString, get_args

import msgspec
from psycopg import AsyncConnection

from domain.channels.messages import SenderType
from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRequested,
    AgentRequestEnded,
    BotAnswered,
    ColleagueRequested,
    ConversationClosed,
    ConversationFact,
    DeliveryReported,
    MessagePosted,
    SessionJoined,
)
from domain.kernel import Fact, GrowingSet, Recorded, replace
from domain.tasks.facts import TaskDirection
from projections.table import Table, newcomers_apart

PREVIEW_MAX = 120
_NO_MESSAGES = GrowingSet()


class Part(msgspec.Struct):
    agent_id: str
    name: str
    role: str
    task_id: str
    joined_at: datetime


class Row(msgspec.Struct):
    id: str
    created_at: datetime
    position: int = 0
    customer_id: str | None = None
    state: str = ""
    channel_ids: list[str] = []
    participants: list[Part] = []
    bot_id: str | None = None
    queue_id: str | None = None
    request_task_id: str | None = None
    request_reason: str | None = None
    requested_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    last_message_id: str | None = None
    last_message_preview: str = ""
    last_message_sender_type: str | None = None
    last_message_at: datetime | None = None
    customer_messages: int = 0
    agent_messages: int = 0
    bot_messages: int = 0
    other_messages: int = 0
    unread: int = 0
    reply_due: datetime | None = None
    response_due: datetime | None = None
    held_until: datetime | None = None
    model: Conversation = Conversation()


class Participation(msgspec.Struct):
    agent_id: str
    conversation_id: str
    created_at: datetime
    present: bool


class Conversations:
    name: LiteralString = "conversations"
    version = 4
    # Receipts and the turns of bots change nothing that a list shows.
    facts: frozenset[type[Fact]] = frozenset(get_args(ConversationFact)) - {DeliveryReported, BotAnswered}

    def __init__(self) -> None:
        self.conversations = Table("conversation", Row, ("id",))
        self.participations = Table("participation", Participation, ("agent_id", "conversation_id"), warm_max=0)
        self.tables: tuple[Table[Any], ...] = (self.conversations, self.participations)

    async def load(self, events: list[Recorded[Any]], connection: AsyncConnection[Any]) -> None:
        await self.conversations.warm(newcomers_apart(events), connection)

    def fold(self, event: Recorded[Any]) -> None:
        subject, fact = event.subject, event.fact
        row = self.conversations.change(subject) or self.conversations.put(Row(subject, event.at))
        row.model = row.model.evolve(fact)
        row.position = event.position
        match fact:
            case MessagePosted():
                _heard(row, fact, event.at)
            case SessionJoined(channel_id=channel) if channel not in row.channel_ids:
                row.channel_ids.append(channel)
            case AgentRequested() | ColleagueRequested(direction=TaskDirection.DIRECT_TRANSFER):
                row.requested_at = event.at
            case AgentJoined(agent_id=agent, task_id=task, role=role, name=name):
                row.participants.append(Part(agent, name, role, task, event.at))
                self.participations.put(Participation(agent, subject, row.created_at, present=True))
            case AgentLeft(agent_id=agent):
                row.participants = [part for part in row.participants if part.agent_id != agent]
                self.participations.put(Participation(agent, subject, row.created_at, present=False))
            case AgentRequestEnded(reply_due=due) if due is not None:
                row.reply_due = due
            case ConversationClosed():
                row.closed_at = event.at
            case _:
                pass

    def settle(self) -> None:
        for row in self.conversations.dirty.values():
            _derive(row)


def _heard(row: Row, fact: MessagePosted, at: datetime) -> None:
    sender = fact.sender.type
    if sender is SenderType.CUSTOMER:
        row.customer_messages += 1
        row.unread += 1
    elif fact.session_id is None:
        return  # among agents: no part of what the customer and we said to each other
    elif sender is SenderType.AGENT:
        row.agent_messages += 1
        row.unread = 0
    elif sender is SenderType.BOT:
        row.bot_messages += 1
    else:
        row.other_messages += 1
    row.last_message_id = fact.message_id
    row.last_message_preview = fact.body.text[:PREVIEW_MAX]
    row.last_message_sender_type = sender
    row.last_message_at = at
    if fact.reply_due is not None:
        row.reply_due = fact.reply_due


def _derive(row: Row) -> None:
    # Which messages there were does not decide any state, and would make the row as long as the conversation.
    model = row.model = replace(row.model, posted=_NO_MESSAGES, heard={})
    row.customer_id = model.customer_id
    row.state = model.state
    row.bot_id = model.bot
    row.close_reason = model.closed
    request = model.waits_for
    if request is None:
        row.queue_id = row.request_task_id = row.request_reason = row.requested_at = None
    else:
        row.queue_id, row.request_task_id, row.request_reason = request.queue_id, request.task_id, request.reason
    if model.awaiting_reply_to is None:
        row.reply_due = None
    row.response_due = model.response.due if model.response is not None else None
    row.held_until = model.held.due if model.held is not None else None
    for part in row.participants:
        part.role = model.agents[part.agent_id].role  # type: ignore[index]  # an id is an id
