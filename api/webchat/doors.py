"""Where does a browser reach the web chat?

POST /webchat/{channel}/sessions   who am I, and is somebody there: the visitor's token; the bot greets
POST /webchat/{channel}/messages   say something: answered when it is stored for good
GET  /webchat/{channel}/events     what was said, by long poll, for programs without a socket
GET  /webchat/{channel}/socket     all of it in one WebSocket (`socket.py`)
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from starlette.routing import BaseRoute, Route, WebSocketRoute

from api.lean import Answer, Door, HttpRefusal, Request, Work
from api.ports import Configuration, Live, Sender
from api.typists import Bus
from api.webchat.bounds import Bounds, Meter
from api.webchat.feed import Feed, Streams
from api.webchat.socket import SocketDoor
from api.webchat.tokens import Tokens
from commands.inbound import OpenSession, ReceiveMessage, message_id
from commands.ports import Store
from connectors.webchat import channel as webchat
from connectors.webchat import payloads as wire
from domain.configuration.catalog import UnknownChannel
from domain.conversations.conversation import Conversation
from domain.conversations.facts import MessagePosted
from domain.customers.identity import Identity, identity_id
from domain.ids import ChannelId, IdentityId, MessageId
from domain.kernel import Position, stream_of
from domain.routing.waits import Waits
from domain.sessions.facts import SessionStarted
from domain.sessions.session import Session

ACTOR = "customer"


class WebChat:
    """`tokens` knows visitors, `new_id` draws ids, `unavailable` is what the store raises when it cannot take writes."""

    def __init__(
        self,
        commands: Sender,
        store: Store,
        live: Live,
        streams: Streams,
        catalog: Configuration,
        bus: Bus,
        keys: list[bytes],
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
        unavailable: tuple[type[Exception], ...] = (),
        bounds: Bounds = Bounds(),
        waits: Callable[[], Waits] = Waits,
    ) -> None:
        self.commands, self.store, self.live, self.streams = commands, store, live, streams
        self.catalog, self.bus, self.clock, self.new_id = catalog, bus, clock, new_id
        self.unavailable, self.bounds, self.waits = unavailable, bounds, waits
        self.tokens = Tokens(keys, clock, bounds.token_lifetime_s)
        self.openings, self.messages, self.polls = map(Meter, (bounds.openings, bounds.messages, bounds.polls))
        self.open_sockets: Counter[str] = Counter()

    def routes(self) -> list[BaseRoute]:
        def door(method: str, name: str, work: Work) -> Route:
            return Route(f"/webchat/{{channel_id}}/{name}", Door(method, work, self.unavailable, self.bounds.origins))

        return [
            door("POST", "messages", self._post),
            door("POST", "sessions", self._open),
            door("GET", "events", self._events),
            WebSocketRoute("/webchat/{channel_id}/socket", SocketDoor(self)),
        ]

    def channel(self, channel_id: str) -> ChannelId:
        """Raises `UnknownChannel` for what is no web chat."""
        found = self.catalog().channels.get(ChannelId(channel_id))
        if found is None or found.connector != webchat.NAME:
            raise UnknownChannel(f"There is no web chat {channel_id!r}.", "channel_id")
        return ChannelId(channel_id)

    def feed(self, channel: ChannelId, visitor: str) -> Feed:
        names = {bot_id: bot.name for bot_id, bot in self.catalog().bots.items()}
        return Feed(self.live, self.streams, names, channel, visitor)

    async def sessions_of(self, channel: ChannelId, visitor: str) -> list[tuple[str, SessionStarted]]:
        """The sessions that this visitor used last, the newest first; it may be over."""
        known = await self.store.load(Identity, _identity_of(channel, visitor))
        ids = [id_ for id_ in (known.session, known.previous_session) if id_ is not None]
        sessions = [(id_, (await self.store.load(Session, id_)).started) for id_ in ids]
        return [(id_, started) for id_, started in sessions if started is not None]

    async def say(self, channel: ChannelId, visitor: str, message: wire.PostMessage) -> tuple[MessageId, Position]:
        """Store a message; the same again gives the same answer. Raises `Unreadable`, `Refused`, `Unavailable`."""
        inbound = webchat.inbound(channel, visitor, message)
        id_ = message_id(channel, inbound.provider_message_id)
        known = await self._position_of(channel, visitor, id_)
        if known is None:
            known = await self.commands.send(ReceiveMessage(inbound), UUID(id_), ACTOR)
        return id_, known

    async def _position_of(self, channel: ChannelId, visitor: str, id_: MessageId) -> Position | None:
        """Where a repeated message stands, if it is one."""
        for _, started in await self.sessions_of(channel, visitor):
            conversation_id = started.conversation_id
            if id_ in (await self.store.load(Conversation, conversation_id)).posted:
                facts = await self.streams.read(stream_of(Conversation, conversation_id))
                return next(it.position for it in facts if _is(it.fact, id_))
        return None

    async def _open(self, request: Request) -> Answer:
        channel = self.channel(request.path("channel_id"))
        _within(self.openings, request.address)
        asked = webchat.read_open(await request.body(self.bounds.body_bytes))
        known = self.tokens.open(asked.token, channel)[0] if asked.token else None
        visitor = known or str(self.new_id())
        opening = OpenSession(webchat.opening(channel, visitor, asked, is_newcomer=known is None))
        position = await self.commands.send(opening, self.new_id(), ACTOR)
        session_id, started = (await self.sessions_of(channel, visitor))[0]
        content = {
            "token": self.tokens.issue(channel, visitor),
            "sessionId": session_id,
            "conversationId": started.conversation_id,
            "cursor": str(position),
        }
        return Answer(content, 200 if known else 201)

    async def _post(self, request: Request) -> Answer:
        channel = self.channel(request.path("channel_id"))
        visitor, _ = self.tokens.open(request.bearer, channel)
        _within(self.messages, visitor)
        message = webchat.read_message(await request.body(self.bounds.body_bytes))
        id_, position = await self.say(channel, visitor, message)
        return Answer({"messageId": id_, "cursor": str(position)})

    async def _events(self, request: Request) -> Answer:
        """`?after=` a cursor, `&wait=` seconds at most. Answers as soon as there is something to tell."""
        channel = self.channel(request.path("channel_id"))
        visitor, _ = self.tokens.open(request.bearer, channel)
        _within(self.polls, visitor)
        asked = dict(pair.partition("=")[::2] for pair in request.scope["query_string"].decode("latin-1").split("&"))
        after, wait_s = _number(asked, "after"), _number(asked, "wait")
        limit_s = min(self.bounds.poll_s_max, self.bounds.poll_s_max if wait_s is None else wait_s)
        frames = await self._gather(self.feed(channel, visitor), None if after is None else Position(after), limit_s)
        newest = getattr(frames[-1], "cursor", None) if frames else None
        return Answer({"events": frames[1:], "cursor": newest})

    async def _gather(self, feed: Feed, after: Position | None, limit_s: float) -> list[wire.Push]:
        frames: list[wire.Push] = []
        try:
            async with asyncio.timeout(limit_s), aclosing(feed.batches(after)) as batches:
                async for batch in batches:
                    frames += batch
                    if len(frames) > 1:
                        break
        except TimeoutError:
            pass
        return frames


@lru_cache(50_000)
def _identity_of(channel: ChannelId, visitor: str) -> IdentityId:
    return identity_id(channel, webchat.contact_of(visitor))


def _is(fact: object, message: MessageId) -> bool:
    return isinstance(fact, MessagePosted) and fact.message_id == message


def _within(meter: Meter, key: str) -> None:
    wait_s = meter.wait_s(key)
    if wait_s:
        again = {"retry-after": str(int(wait_s) + 1)}
        raise HttpRefusal(429, "RATE_LIMITED", "Too much at once; wait a moment.", again)


def _number(asked: dict[str, str], name: str) -> int | None:
    value = asked.get(name)
    if not value:
        return None
    if not value.isdecimal() or not value.isascii() or len(value) > 18:
        raise HttpRefusal(422, "INVALID", f"`{name}` is a number.")
    return int(value)
