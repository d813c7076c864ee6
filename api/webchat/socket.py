"""How does a browser chat through one WebSocket? Frames are JSON in text; the first one says who is there.

    1001 no answer to pings    1009 too large a frame    1012 restart (by the server)    1013 too slow, or try again
    4400 not a frame of ours   4401 not a hello first    4403 token refused or expired   4404 no such web chat
    4408 hello came late       4429 too many sockets of one visitor

A frame that cannot be taken is answered with `refused` first. A message that does not fit is only refused.
"""

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import structlog
from starlette.types import Receive, Scope, Send

from api.graphql.link import Link
from api.lean import allowed_origin
from api.ports import SlowReader
from api.typists import TypingNote, decode, encode, subject_of
from commands.inbound import EndSession, ReportReceipt
from connectors.errors import Malformed, Unreadable, Unverified
from connectors.webchat import channel as webchat
from connectors.webchat import payloads as wire
from domain.channels.inbound import Receipt
from domain.channels.messages import DeliveryStatus, SenderType
from domain.conversations.conversation import Conversation
from domain.customers.identity import Identity, identity_id
from domain.ids import ChannelId, ConversationId
from domain.kernel import NotFound, Position, Refused, derived_id
from domain.sessions.facts import SessionEndReason

if TYPE_CHECKING:
    from api.webchat.doors import WebChat

log = structlog.get_logger(__name__)


class SocketDoor:
    """An ASGI application for the `websocket` scope."""

    def __init__(self, chat: "WebChat") -> None:
        self._chat = chat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        origin = dict(scope["headers"]).get(b"origin")
        if origin is not None and not allowed_origin(origin, self._chat.bounds.origins):
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the handshake answers 403
            return
        await send({"type": "websocket.accept"})
        await Socket(self._chat, scope["path_params"]["channel_id"], receive, send).serve()


class Socket(Link):
    """One browser tab, from its accepted handshake to its close."""

    __slots__ = ("_channel_id", "_chat", "_visitor")

    def __init__(self, chat: "WebChat", channel_id: str, receive: Receive, send: Send) -> None:
        super().__init__(receive, send, chat.bounds.sockets, "Hello came late")
        self._chat, self._channel_id = chat, channel_id
        self._visitor: Visitor | None = None

    def push(self, frame: wire.Push) -> None:
        self._outlet.put(wire.encode(frame).decode())

    async def drained(self) -> None:
        """Return when the browser has taken what was pushed; one that takes too long is ended."""
        try:
            async with asyncio.timeout(self._chat.bounds.slow_s):
                await super().drained()
        except TimeoutError:
            raise SlowReader from None

    def _stop(self) -> None:
        super()._stop()
        if self._visitor is not None:
            self._visitor.stop()

    async def _take(self, text: str | None) -> None:
        self._silent_beats = 0
        if text is not None and len(text) > self._chat.bounds.body_bytes:
            self._refuse_and_end(1009, "TOO_LARGE", "The frame is too large.")
            return
        try:
            frame = webchat.read_frame(text or b"")
        except Unreadable as no:
            client_id = None if isinstance(no, Malformed) or text is None else _client_id(text)
            self.push(webchat.refusal(no, client_id))
            if client_id is None:
                self.end(4400, no.code)
            return
        if isinstance(frame, wire.Hello):
            self._greet(frame)
        elif self._visitor is None:
            self._refuse_and_end(4401, "UNVERIFIED", "The first frame is a hello.")
        else:
            await self._do(frame, self._visitor)

    def _greet(self, hello: wire.Hello) -> None:
        if self._visitor is not None:
            self._refuse_and_end(4400, "INVALID", "This socket has said hello already.")
            return
        try:
            channel = self._chat.channel(self._channel_id)
            name, expires_at = self._chat.tokens.open(hello.token, channel)
        except NotFound as no:
            self._refuse_and_end(4404, no.code, no.detail)
            return
        except Unverified as no:
            self._refuse_and_end(4403, no.code, no.detail)
            return
        if self._chat.open_sockets[name] >= self._chat.bounds.sockets_per_visitor:
            self._refuse_and_end(4429, "RATE_LIMITED", "This visitor has too many sockets open.")
            return
        self._timer.cancel()
        self._stay(expires_at - self._chat.clock().timestamp())
        self._visitor = Visitor(self, self._chat, channel, name)
        self._visitor.start(None if hello.after is None else Position(int(hello.after)))

    async def _do(self, frame: wire.Frame, visitor: "Visitor") -> None:
        client_id = frame.id if isinstance(frame, wire.SendMessage) else None
        try:
            match frame:
                case wire.SendMessage():
                    await visitor.say(frame)
                case wire.Typing(is_typing=is_typing):
                    await visitor.types(is_typing)
                case wire.Delivered(message_id=message_id):
                    await visitor.confirm(message_id, DeliveryStatus.DELIVERED)
                case wire.Read(message_id=message_id):
                    await visitor.confirm(message_id, DeliveryStatus.READ)
                case wire.Leave():
                    await visitor.leave()
                case wire.Ping():
                    self._outlet.put('{"type":"pong"}')
                case _:  # pong: it was heard, and that is all
                    pass
        except (Refused, Unreadable) as no:
            self.push(wire.NotTaken(no.code, no.detail, client_id, no.field))
        except self._chat.unavailable:
            self.push(wire.NotTaken("UNAVAILABLE", "The store cannot be reached; try again.", client_id))

    def _refuse_and_end(self, code: int, name: str, detail: str) -> None:
        self.push(wire.NotTaken(name, detail))
        self.end(code, detail)


class Visitor:
    """Who sits behind a socket: what they see is pushed, what they do becomes commands."""

    def __init__(self, socket: Socket, chat: "WebChat", channel: ChannelId, name: str) -> None:
        self._socket, self._chat, self._channel, self._name = socket, chat, channel, name
        self._feed = chat.feed(channel, name)
        self._pushing: asyncio.Task[None] | None = None
        self._hearing: list[asyncio.Task[None]] = []

    def start(self, after: Position | None) -> None:
        self._chat.open_sockets[self._name] += 1
        self._pushing = asyncio.get_running_loop().create_task(self._push(after), name="web chat")

    def stop(self) -> None:
        if self._pushing is None:
            return
        self._chat.open_sockets[self._name] -= 1
        if self._chat.open_sockets[self._name] <= 0:
            del self._chat.open_sockets[self._name]
        self._pushing.cancel()
        self._pushing = None
        self._hear(None)

    async def say(self, message: wire.SendMessage) -> None:
        if self._chat.messages.wait_s(self._name):
            refusal = wire.NotTaken("RATE_LIMITED", "Too much at once; wait a moment.", message.id)
            self._socket.push(refusal)
            return
        id_, position = await self._chat.say(self._channel, self._name, message)
        self._socket.push(wire.Ack(message.id, id_, str(position)))

    async def types(self, is_typing: bool) -> None:  # noqa: FBT001 - the word of the wire
        if self._feed.conversation is not None:
            note = TypingNote(SenderType.CUSTOMER, is_typing, self._name)
            await self._chat.bus.publish(subject_of(self._feed.conversation), encode(note))

    async def confirm(self, message_id: str, status: DeliveryStatus) -> None:
        conversation = self._feed.conversation_of(message_id)
        if conversation is None:
            raise NotFound("There is no such message to you.", "messageId")
        report = ReportReceipt(conversation, Receipt(self._channel, message_id, status))
        await self._chat.commands.send(report, UUID(derived_id("receipt", message_id, status)), "customer")

    async def leave(self) -> None:
        known = await self._chat.store.load(Identity, identity_id(self._channel, webchat.contact_of(self._name)))
        if known.session is not None:
            end = EndSession(known.session, SessionEndReason.CUSTOMER)
            await self._chat.commands.send(end, UUID(derived_id("leave", known.session)), "customer")

    async def _push(self, after: Position | None) -> None:
        conversation = None
        try:
            async with aclosing(self._feed.batches(after)) as batches:
                async for frames in batches:
                    if self._feed.conversation != conversation:
                        conversation = self._feed.conversation
                        self._hear(conversation)
                    for frame in frames:  # one by one: a long history is no reason to call its reader slow
                        self._socket.push(frame)
                        await self._socket.drained()
        except SlowReader:
            self._socket.end(1013, "Too slow a reader")
        except self._chat.unavailable:
            self._socket.end(1013, "Try again later")
        except Exception:
            log.exception("a web chat's feed failed", channel=self._channel)
            self._socket.end(1011, "Something went wrong on our side")

    def _hear(self, conversation: ConversationId | None) -> None:
        """What is no fact, and has no past."""
        for task in self._hearing:
            task.cancel()
        self._hearing = []
        if conversation is not None:
            loop = asyncio.get_running_loop()
            self._hearing.append(loop.create_task(self._typists(conversation), name="typing"))
            self._hearing.append(loop.create_task(self._place_in_line(conversation), name="waiting"))

    async def _typists(self, conversation: ConversationId) -> None:
        async with self._chat.bus.subscribe(subject_of(conversation)) as notes:
            async for raw in notes:
                note = decode(raw)
                if note.who is not SenderType.CUSTOMER:
                    self._socket.push(wire.SomebodyTypes(note.name, note.is_typing))

    async def _place_in_line(self, conversation: ConversationId) -> None:
        """Told when it changed, and not too often (routing 65)."""
        told: wire.Wait | None = None
        while True:
            now = await self._wait_of(conversation)
            if now is not None and now != told:
                self._socket.push(now)
            told = now
            await asyncio.sleep(self._chat.bounds.wait_news_s)

    async def _wait_of(self, conversation: ConversationId) -> wire.Wait | None:
        try:
            request = (await self._chat.store.load(Conversation, conversation)).request
        except self._chat.unavailable:
            return None
        estimate = self._chat.waits().of_request(request.task_id, self._chat.clock()) if request else None
        if estimate is None:
            return None
        return wire.Wait(estimate.position, None if estimate.wait_s is None else round(estimate.wait_s))


def _client_id(text: str) -> str | None:
    """The id of a message that does not fit otherwise, to tell the browser which one."""
    found: Any = msgspec.json.decode(text)
    if isinstance(found, dict) and found.get("type") == "message" and isinstance(found.get("id"), str):
        client_id: str = found["id"]
        return client_id[:100] or None
    return None
