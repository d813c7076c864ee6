"""What does a conversation's own stream tell? The model that decides, and beside it who said what when."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import strawberry

from api.schema.context import Context, not_found
from api.schema.types.messages import Message, delivery, message
from api.schema.words import doc
from domain.channels.messages import SenderType
from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    AgentJoined,
    AgentRequested,
    AgentRequestEnded,
    ColleagueRequested,
    ConversationClosed,
    DeliveryReported,
    MessagePosted,
    SessionJoined,
)
from domain.ids import AgentId, ChannelId, ConversationId, MessageId
from domain.kernel import BEGINNING, M, Position, Recorded, replay, stream_of
from domain.tasks.facts import TaskDirection


@strawberry.input(description="A moment of the past, by its place in the log or by the clock.", one_of=True)
class AsOf:
    cursor: strawberry.Maybe[Position] = doc("Everything up to this place in the log.")
    time: strawberry.Maybe[datetime] = doc("Everything up to this time.")

    def includes(self, recorded: Recorded[Any]) -> bool:
        if self.cursor is not None:
            return recorded.position <= self.cursor.value
        return self.time is not None and recorded.at <= self.time.value


@dataclass(slots=True)
class Transcript:
    """A conversation from its facts, read once."""

    model: Conversation
    created_at: datetime
    position: Position = BEGINNING
    messages: list[Message] = field(default_factory=list)
    channel_ids: list[ChannelId] = field(default_factory=list)
    names: dict[AgentId, str] = field(default_factory=dict)
    joined_at: dict[AgentId, datetime] = field(default_factory=dict)
    requested_at: datetime | None = None
    closed_at: datetime | None = None
    unread: int = 0
    _by_id: dict[MessageId, Message] = field(default_factory=dict)
    _ended_due: dict[str, datetime] = field(default_factory=dict)

    @property
    def reply_due(self) -> datetime | None:
        awaited = self.model.awaiting_reply_to
        if awaited is not None and awaited in self._ended_due:
            return self._ended_due[awaited]
        return self._by_id[awaited].reply_due if awaited in self._by_id else None

    def between(self, after: Position | None, before: Position | None) -> list[Message]:
        return [
            said
            for said in self.messages
            if (after is None or said.cursor > after) and (before is None or said.cursor < before)
        ]

    def hear(self, recorded: Recorded[Any]) -> None:
        fact = recorded.fact
        self.model = self.model.evolve(fact)
        self.position = recorded.position
        match fact:
            case MessagePosted(sender=sender):
                said = self._by_id[fact.message_id] = message(recorded)
                self.messages.append(said)
                self.unread = self.unread + 1 if sender.type is SenderType.CUSTOMER else self._still_unread(sender.type)
            case DeliveryReported(message_id=id) if id in self._by_id:
                self._by_id[id].delivery = delivery(recorded)
            case SessionJoined(channel_id=channel) if channel not in self.channel_ids:
                self.channel_ids.append(channel)
            case AgentJoined(agent_id=agent, name=name):
                self.names[agent], self.joined_at[agent] = name, recorded.at
            case AgentRequested() | ColleagueRequested(direction=TaskDirection.DIRECT_TRANSFER):
                self.requested_at = recorded.at
            case AgentRequestEnded(task_id=task, reply_due=due) if due is not None:
                self._ended_due[task] = due
            case ConversationClosed():
                self.closed_at = recorded.at
            case _:
                pass

    def _still_unread(self, sender: SenderType) -> int:
        return 0 if sender is SenderType.AGENT else self.unread


async def history_of(context: Context, stream: str, as_of: AsOf | None) -> list[Recorded[Any]]:
    """The facts of a stream, all or up to a moment."""
    history = await context.behind.log.read(stream)
    return [recorded for recorded in history if as_of is None or as_of.includes(recorded)]


async def model_at(context: Context, model: type[M], subject: str, as_of: AsOf | None) -> M:
    """A model now (warm) or as it was."""
    if as_of is None:
        return await context.behind.store.load(model, subject)
    history = await history_of(context, stream_of(model, subject), as_of)
    return replay(model(), (recorded.fact for recorded in history))


async def transcript_of(context: Context, id: ConversationId, as_of: AsOf | None = None) -> Transcript:
    """Raises `GraphQLError` with NOT_FOUND for a conversation that had not begun."""
    return transcript(await history_of(context, stream_of(Conversation, id), as_of))


def transcript(history: Iterable[Recorded[Any]]) -> Transcript:
    told: Transcript | None = None
    for recorded in history:
        if told is None:
            told = Transcript(Conversation(), recorded.at)
        told.hear(recorded)
    if told is None:
        raise not_found("conversation")
    return told
