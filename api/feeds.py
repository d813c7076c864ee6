"""What can be followed? An agent's desk, a conversation, and the boards: the feeds behind the subscriptions.

A desk and a conversation are told every fact, in the order of the log. A board is told which rows are different now:
changes of a busy moment are one item, and whoever comes back late gets the rows that changed meanwhile, once each.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from api.auth import Viewer
from api.graphql.feeds import Feed, Item, ResyncRequired
from api.ports import Live
from api.schema.context import Behind, Histories
from api.schema.items import Changed, Marker, Resync
from api.schema.reach import may_follow
from domain.conversations.conversation import Conversation
from domain.ids import AgentId, ConversationId
from domain.kernel import Position, Recorded, stream_of
from projections.agents import reads as agents
from projections.conversations import reads as conversations
from projections.desk.audience import Audience
from projections.lists import reads as lists
from projections.paging import Connection
from projections.queues.reads import boards
from projections.tasks import reads as tasks

REPLAY_MAX = 100_000
"""Facts that a desk may be behind; who was away longer asks for everything again."""
BOARD_PAUSE_S = 0.1
"""A board is told ten times a second at the most."""

Rows = Callable[[Connection, Position], Awaitable[Sequence[Any]]]
"""The rows of a board that changed after a position."""


class Positions(Protocol):
    """How far the read models are (`infra.projector.Projector`)."""

    @property
    def positions(self) -> Mapping[str, Position]: ...

    async def wait_for(self, position: Position, *names: str) -> None: ...


def desk_topic(agent: AgentId) -> str:
    return f"desk of {agent}"


@dataclass(frozen=True, slots=True)
class _FromNow:
    """What all feeds have in common: where they resume, and where "now" is."""

    after: int | None
    source: Live
    scope: Hashable

    async def head(self) -> int:
        return self.source.position

    def marker(self, position: int) -> object:
        return Marker(Position(position))

    def _check_kept(self, after: int, upto: int) -> None:
        if upto - after > REPLAY_MAX:
            raise ResyncRequired(Resync(Position(upto)))


@dataclass(frozen=True, slots=True)
class DeskFeed(_FromNow):
    """Every fact that concerns one agent: their presence, offers, tasks, and the conversations they are in."""

    agent: AgentId
    audience: Audience

    async def replay(self, after: int, upto: int) -> AsyncIterator[Item]:
        self._check_kept(after, upto)
        if not self.audience.knows_since(Position(after)):
            raise ResyncRequired(Resync(Position(upto)))
        async for batch in self.source.history(Position(after), Position(upto)):
            for recorded in batch:
                if self._concerns(recorded):
                    yield recorded.position, recorded

    async def live(self, after: int) -> AsyncIterator[Item]:
        async for batch in self.source.topic(desk_topic(self.agent), Position(after), self._concerns):
            for recorded in batch:
                yield recorded.position, recorded

    def _concerns(self, recorded: Recorded[Any]) -> bool:
        return self.agent in self.audience.of(recorded)


@dataclass(frozen=True, slots=True)
class ConversationFeed(_FromNow):
    """Every fact of one conversation, whispers too."""

    conversation: ConversationId
    log: Histories

    async def replay(self, after: int, upto: int) -> AsyncIterator[Item]:
        for recorded in await self.log.read(self._stream):
            if after < recorded.position <= upto:
                yield recorded.position, recorded

    async def live(self, after: int) -> AsyncIterator[Item]:
        async for batch in self.source.stream(self._stream, Position(after)):
            for recorded in batch:
                yield recorded.position, recorded

    @property
    def _stream(self) -> str:
        return stream_of(Conversation, self.conversation)


@dataclass(frozen=True, slots=True)
class BoardFeed(_FromNow):
    """The changed rows of a read model, each as it is now."""

    board: str
    rows: Rows
    models: Positions
    behind: Behind

    async def head(self) -> int:
        return self.models.positions[self.board]

    async def replay(self, after: int, upto: int) -> AsyncIterator[Item]:
        rows = await self._changed(Position(after))
        if rows:
            yield upto, Changed(Position(upto), rows)

    async def live(self, after: int) -> AsyncIterator[Item]:
        seen = Position(after)
        told: Sequence[Any] = ()
        while True:
            await self.models.wait_for(Position(seen + 1), self.board)
            now = self.models.positions[self.board]
            rows = await self._changed(seen)
            seen = now
            news = [row for row in rows if row not in told]
            told = rows
            if news:
                yield now, Changed(now, news)
            await asyncio.sleep(BOARD_PAUSE_S)

    async def _changed(self, after: Position) -> Sequence[Any]:
        async with self.behind.pool.connection() as connection:
            return await self.rows(connection, after)


class AllFeeds:
    """`api.graphql.feeds.Feeds`: which feed is behind a root field of the subscription type, for this viewer."""

    def __init__(self, behind: Behind, live: Live, audience: Audience, models: Positions) -> None:
        self._behind, self._live, self._audience, self._models = behind, live, audience, models
        self._boards: Mapping[str, Rows] = {
            "agents": agents.changed,
            "conversations": conversations.changed,
            "lists": lists.changed,
            "queues": queue_rows(behind),
            "tasks": tasks.changed,
        }

    async def open(self, field: str, arguments: Mapping[str, Any], viewer: Viewer, /) -> Feed | None:
        """None for what is no fact and has no past: who is typing. Raises `GraphQLError`: FORBIDDEN, NOT_FOUND."""
        await may_follow(self._behind, viewer, field, arguments)
        if field == "typing":
            return None
        after: Position | None = arguments.get("after")
        if field == "desk":
            agent = AgentId(viewer.agent_id)
            return DeskFeed(after, self._live, agent, agent, self._audience)
        if field == "conversation":
            conversation = ConversationId(arguments["id"])
            return ConversationFeed(after, self._live, conversation, conversation, self._behind.log)
        return BoardFeed(after, self._live, field, field, self._boards[field], self._models, self._behind)


def queue_rows(behind: Behind) -> Rows:
    """All queues: there are few, and their counters are sums over rows of several tables."""

    async def rows(connection: Connection, _after: Position) -> Sequence[Any]:
        return await boards(connection, behind.day_began())

    return rows
