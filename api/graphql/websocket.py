"""How does GraphQL travel over a socket? By graphql-transport-ws, as its reference server speaks it.

    1012 restart (sent by the server)     1013 too slow a reader      1001 no answer to pings
    4400 not a message of the protocol    4401 not initialised        4403 token refused or expired
    4406 another sub-protocol             4408 initialisation late    4409 id in use    4429 initialised twice

The stock client tries again after 1001, 1012, 1013, 4403 and 4408, and gives up after the rest: only what no second try
can mend may end a socket with one of those. One task serves a socket, and none an idle subscription.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, Generic

import orjson
from graphql import GraphQLError, OperationType
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from strawberry.http.websocket_origin import normalize_origin

from api.graphql.attendance import Attendance, Leave
from api.graphql.doors import Authenticate, MakeContext, V, bearer
from api.graphql.engine import Engine, Operation
from api.graphql.errors import RequestRefused, Unauthenticated, internal, masked
from api.graphql.fanout import Fanout, Group, tail_of
from api.graphql.limits import Sockets
from api.graphql.link import Link
from api.graphql.messages import Message, NotOfTheProtocol, read

PROTOCOL = "graphql-transport-ws"


class WebSocketEndpoint(Generic[V]):
    """An ASGI application for the `websocket` scope."""

    def __init__(
        self,
        engine: Engine,
        fanout: Fanout[V],
        authenticate: Authenticate[V],
        make_context: MakeContext[V],
        bounds: Sockets,
        clock: Callable[[], float],
        attendance: Attendance[V],
    ) -> None:
        self.engine, self.fanout, self.bounds, self.clock = engine, fanout, bounds, clock
        self.attendance = attendance
        self.authenticate, self.make_context = authenticate, make_context
        self.mutating: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        if not self._welcome(HTTPConnection(scope)):
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the handshake answers 403
        elif PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
        else:
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            await Socket(self, scope, receive, send).serve()

    def _welcome(self, handshake: HTTPConnection) -> bool:
        """Browsers send an Origin and any page may open a socket to us; other clients send none."""
        origin = handshake.headers.get("origin")
        if origin is None or "*" in self.bounds.origins:
            return True
        own = f"{'https' if handshake.url.scheme == 'wss' else 'http'}://{handshake.headers.get('host', '')}"
        page = normalize_origin(origin)
        return page is not None and page in {normalize_origin(own), *map(normalize_origin, self.bounds.origins)}


class Socket(Link, Generic[V]):
    """One client, from its accepted handshake to its close."""

    __slots__ = ("_endpoint", "_init_seen", "_operations", "_scope", "_viewer")

    def __init__(self, endpoint: WebSocketEndpoint[V], scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(receive, send, endpoint.bounds, "Connection initialisation timeout")
        self._endpoint, self._scope = endpoint, scope
        self._operations: dict[str, Running[V]] = {}
        self._viewer: V | None = None
        self._init_seen = False

    def put(self, text: str) -> None:
        self._outlet.put(text)

    def send(self, message: Message) -> None:
        self._outlet.put(orjson.dumps(message).decode())

    def context(self) -> object:
        assert self._viewer is not None
        return self._endpoint.make_context(self._viewer, HTTPConnection(self._scope))

    def forget(self, operation: "Running[V]") -> None:
        self._operations.pop(operation.name, None)

    def _stop(self) -> None:
        super()._stop()
        for operation in tuple(self._operations.values()):
            operation.stop()

    async def _take(self, text: str | None) -> None:
        try:
            message = read(text, self.bounds.message_bytes)
        except NotOfTheProtocol as no:
            self.end(4400, str(no))
            return
        self._silent_beats = 0
        match message["type"]:
            case "connection_init":
                await self._init(message.get("payload") or {})
            case "ping":
                payload = message.get("payload")
                self.send({"type": "pong", "payload": payload} if payload is not None else {"type": "pong"})
            case "subscribe":
                self._subscribe(message["id"], message["payload"])
            case "complete":
                if running := self._operations.get(message["id"]):
                    running.stop()
            case _:  # pong: it was heard, and that is all
                pass

    async def _init(self, payload: Mapping[str, Any]) -> None:
        if self._init_seen:
            self.end(4429, "Too many initialisation requests")
            return
        self._init_seen = True
        self._timer.cancel()
        try:
            header = payload.get("authorization") or payload.get("Authorization")
            viewer = await self._endpoint.authenticate(bearer(header))
        except Unauthenticated as no:
            self.end(4403, str(no)[:100])
            return
        except Exception as bug:  # noqa: BLE001 - whatever it is, the client may try again
            internal(bug)
            self.end(1013, "Try again later")
            return
        self._viewer = viewer
        self._stay(None if viewer.expires_at is None else viewer.expires_at - self._endpoint.clock())
        self.send({"type": "connection_ack"})

    def _subscribe(self, name: str, payload: Mapping[str, Any]) -> None:
        if self._viewer is None:
            self.end(4401, "Unauthorized")
        elif name in self._operations:
            self.end(4409, f"Subscriber for {name[:40]} already exists")
        elif len(self._operations) >= self.bounds.operations:
            no = RequestRefused("TOO_MANY_OPERATIONS", "This socket holds as many operations as it may.")
            self.send({"id": name, "type": "error", "payload": no.errors})
        else:
            running = self._operations[name] = Running(self, self._endpoint, self._viewer, name)
            running.start(payload)


class Running(Generic[V]):
    """One operation of a socket; a `Member` of a group while it is a shared subscription."""

    __slots__ = ("_endpoint", "_group", "_head", "_leave", "_over", "_socket", "_task", "_viewer", "name")

    def __init__(self, socket: Socket[V], endpoint: WebSocketEndpoint[V], viewer: V, name: str) -> None:
        self._socket, self._endpoint, self._viewer, self.name = socket, endpoint, viewer, name
        self._head = '{"id":' + orjson.dumps(name).decode() + ',"type":"next","payload":'
        self._task: asyncio.Task[None] | None = None
        self._group: Group[V] | None = None
        self._leave: Leave | None = None
        self._over = False

    def start(self, payload: Mapping[str, Any]) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(payload))

    def stop(self) -> None:
        """End without a word to the client, who asked for it or is gone. A mutation under way is finished unheard."""
        self._finish()
        if self._task is not None and self._task not in self._endpoint.mutating:
            self._task.cancel()

    def next(self, tail: str) -> None:
        if not self._over:
            self._socket.put(self._head + tail)

    def complete(self) -> None:
        if not self._over:
            self._finish()
            self._socket.send({"id": self.name, "type": "complete"})

    def error(self, errors: list[Any]) -> None:
        if not self._over:
            self._finish()
            self._socket.send({"id": self.name, "type": "error", "payload": errors})

    async def drained(self) -> None:
        await self._socket.drained()

    def _finish(self) -> None:
        self._over = True
        self._socket.forget(self)
        if self._group is not None:
            self._group.leave(self)
            self._group = None
        if self._leave is not None:
            leave, self._leave = self._leave, None
            leave(restarts=self._socket.restarts)

    async def _run(self, payload: Mapping[str, Any]) -> None:
        try:
            operation = self._endpoint.engine.prepare(payload["query"], payload.get("operationName"))
            if operation.kind is OperationType.SUBSCRIPTION:
                await self._follow(operation, payload.get("variables"))
            else:
                await self._answer(operation, payload.get("variables"))
        except RequestRefused as no:
            self._refuse(no)
        except GraphQLError as refusal:
            self.error(masked([refusal]))
        except Exception as bug:  # noqa: BLE001 - a bug in one operation ends that operation
            self.error(internal(bug))
        finally:
            self._task = None

    async def _answer(self, operation: Operation, variables: Mapping[str, Any] | None) -> None:
        if self._task is not None and operation.kind is OperationType.MUTATION:
            self._endpoint.mutating.add(self._task)
            self._task.add_done_callback(self._endpoint.mutating.discard)
        self.next(tail_of(await self._endpoint.engine.execute(operation, variables, self._socket.context())))
        self.complete()

    def _refuse(self, no: RequestRefused) -> None:
        """As the reference does: variables that do not fit are a result, all else an error."""
        if no.code == "BAD_VARIABLES":
            self.next(tail_of({"errors": no.errors}))
            self.complete()
        else:
            self.error(no.errors)

    async def _follow(self, operation: Operation, variables: Mapping[str, Any] | None) -> None:
        wanted = await self._endpoint.fanout.subscription(operation, variables, self._viewer)
        if wanted is not None:
            self._group = await self._endpoint.fanout.join(wanted, self)
            if self._over and self._group is not None:  # it was ended by what it missed
                self._group.leave(self)
            elif not self._over:
                self._leave = self._endpoint.attendance.came(wanted.field, self._viewer, self._socket, self.error)
            return
        async with aclosing(self._endpoint.engine.stream(operation, variables, self._socket.context())) as items:
            async for item in items:
                self.next(tail_of(item))
                await self.drained()
        self.complete()
