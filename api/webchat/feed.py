"""What does one visitor see, from a cursor on? Their conversations one after the other, without gap or repeat.

A customer is in one conversation at a time, and in the next only when that one has closed: so following the one until
it closes, then the customer's stream until the next opens, gives everything in the order of the log.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol, cast

from api.ports import Batch, Live
from connectors.webchat import payloads as wire
from connectors.webchat.channel import Screen, contact_of
from domain.conversations.conversation import Conversation
from domain.conversations.facts import ConversationClosed
from domain.customers.customer import Customer
from domain.customers.facts import ConversationOpened, ConversationReleased
from domain.customers.identity import customer_for
from domain.ids import BotId, ChannelId, ConversationId
from domain.kernel import BEGINNING, Position, Recorded, stream_of

Opened = tuple[ConversationId, Position]
"""A conversation, and where the customer's stream says that it began."""


class Streams(Protocol):
    """The log itself (`infra.eventlog`)."""

    async def read(self, stream: str) -> Sequence[Recorded[Any]]: ...


class Feed:
    """Ask for `batches()` once. Who is on the screen now is known between batches."""

    def __init__(
        self, live: Live, streams: Streams, bot_names: Mapping[BotId, str], channel: ChannelId, visitor: str
    ) -> None:
        self._live, self._streams = live, streams
        self._bot_names, self._channel, self._visitor = bot_names, channel, visitor
        self._customer = stream_of(Customer, customer_for(channel, contact_of(visitor)))
        self._seen: list[tuple[ConversationId, Screen]] = []

    @property
    def conversation(self) -> ConversationId | None:
        return self._seen[-1][0] if self._seen else None

    def conversation_of(self, message_id: str) -> ConversationId | None:
        """Where a message to this visitor stands, of this conversation or the one before."""
        return next((id_ for id_, screen in self._seen if message_id in screen.to_confirm), None)

    async def batches(self, after: Position | None) -> AsyncGenerator[list[wire.Push], None]:
        """Frames by batches; an empty one says that another conversation began. Raises `SlowReader`."""
        opened, after, current = await self._start(after)
        yield [wire.Ready(str(after))]
        while True:
            conversation, opened = current or await self._next(opened)
            current = None
            screen = Screen(self._channel, self._visitor, self._bot_names)
            self._seen = [*self._seen[-1:], (conversation, screen)]
            yield []
            async with _closing(self._live.stream(stream_of(Conversation, conversation))) as batches:
                async for batch in batches:
                    yield [frame for recorded in _until_closed(batch) for frame in _new(screen, recorded, after)]
                    if any(isinstance(recorded.fact, ConversationClosed) for recorded in batch):
                        break

    async def _start(self, after: Position | None) -> tuple[Position, Position, "Opened | None"]:
        """Where in the customer's stream to begin, from where on to show, and the conversation to begin with."""
        last: Position = BEGINNING
        opened: Opened | None = None
        for recorded in await self._streams.read(self._customer):
            match recorded.fact:
                case ConversationOpened(conversation_id=conversation) if opened is None:
                    opened = conversation, recorded.position
                case ConversationReleased() if after is None or recorded.position <= after:
                    opened = None
                case _:
                    pass
            last = recorded.position
        begin = last if opened is None else Position(opened[1] - 1)
        return begin, begin if after is None else after, opened

    async def _next(self, after: Position) -> "Opened":
        async with _closing(self._live.stream(self._customer, after)) as batches:
            async for batch in batches:
                for recorded in batch:
                    if isinstance(recorded.fact, ConversationOpened):
                        return recorded.fact.conversation_id, recorded.position
        raise AssertionError("a live stream does not end by itself")


def _until_closed(batch: Batch) -> Sequence[Recorded[Any]]:
    """What comes after the end (late receipts) may be newer than the next conversation: nobody waits for it."""
    closed = next((n for n, recorded in enumerate(batch, 1) if isinstance(recorded.fact, ConversationClosed)), None)
    return batch[:closed]


def _new(screen: Screen, recorded: Recorded[Any], after: Position) -> list[wire.Push]:
    frames = screen.see(recorded)
    return frames if recorded.position > after else []


def _closing(batches: AsyncIterator[Batch]) -> aclosing[AsyncGenerator[Batch, None]]:
    """Live streams are asynchronous generators; whoever stops early closes them, or they would go on listening."""
    return aclosing(cast("AsyncGenerator[Batch, None]", batches))
