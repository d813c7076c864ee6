"""The people around a server, each over the network alone: staff by GraphQL, desks that resume, visitors on web chat.

Whoever follows something does so like a good client: it answers pings, remembers the last cursor, and comes back with it
after every loss of the connection, for as long as it is wanted.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Self
from uuid import uuid4

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

PASSWORD = "parley-demo"
PATIENCE_S = 20.0
AGAIN_S = 0.05
GRAPHQL = "application/graphql-response+json"
LOST = (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError)
"""How it shows that a server is away, to whoever has a socket."""

Json = dict[str, Any]


class Refused(Exception):
    """The server said no, with a code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


async def until(what: Callable[[], Any], within_s: float = PATIENCE_S, why: str = "") -> Any:
    """Look again and again until something is so; returns it. `what` may be asynchronous."""
    last: Any = None
    try:
        async with asyncio.timeout(within_s):
            while True:
                last = what()
                if asyncio.iscoroutine(last):
                    last = await last
                if last:
                    return last
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not so within {within_s} s: {why or what}; at last {last!r}") from None


class Centre:
    """Everybody who uses one server; who signs in here is signed out of their sockets at the end."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.http = await self._stack.enter_async_context(httpx2.AsyncClient(base_url=self.url, timeout=30.0))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def staff(self, username: str) -> "Staff":
        return await Staff(self, username).sign_in()

    def visitor(self, channel: str = "web") -> "Visitor":
        return Visitor(self, channel)

    async def following(self, follower: "Follower") -> Any:
        await self._stack.enter_async_context(follower)
        return follower

    def at(self, url: str) -> "Centre":
        """The same people at another server."""
        return Centre(url)


class Staff:
    """Somebody with a token."""

    def __init__(self, centre: Centre, username: str) -> None:
        self._centre, self.username = centre, username
        self.token = ""

    async def sign_in(self) -> Self:
        form = {"grant_type": "password", "username": self.username, "password": PASSWORD}
        answer = await self._centre.http.post("/auth/token", data=form)
        answer.raise_for_status()
        self.token = answer.json()["access_token"]
        return self

    @property
    def headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.token}", "accept": GRAPHQL}

    async def ask(self, query: str, **variables: Any) -> Json:
        """The data of a query. Raises `Refused`."""
        answer = await self._centre.http.post(
            "/graphql", headers=self.headers, json={"query": query, "variables": variables}
        )
        content = answer.json()
        if errors := content.get("errors"):
            raise Refused(errors[0].get("extensions", {}).get("code", ""), errors[0]["message"])
        return content["data"]

    async def do(self, mutation: str, **given: Any) -> str:
        """Carry out a mutation; returns the position. Raises `Refused`."""
        type_ = f"{mutation[0].upper()}{mutation[1:]}Input"
        query = (
            f"mutation ($input: {type_}!) {{ it: {mutation}(input: $input) {{ position errors {{ code message }} }} }}"
        )
        payload = (await self.ask(query, input=given))["it"]
        if payload["errors"]:
            raise Refused(payload["errors"][0]["code"], payload["errors"][0]["message"])
        return payload["position"]

    async def do_surely(self, mutation: str, **given: Any) -> str:
        """Carry it out although the server may go away at any moment: the same again, until it is answered."""
        given.setdefault("clientMutationId", str(uuid4()))
        while True:
            try:
                return await self.do(mutation, **given)
            except Refused as no:
                if no.code not in ("UNAVAILABLE", "INTERNAL"):
                    raise
            except (httpx2.TransportError, json.JSONDecodeError):
                pass
            await asyncio.sleep(AGAIN_S)

    async def follow(self, field: str, selection: str, after: str | None = None, **arguments: str) -> "Subscription":
        """Follow a subscription for as long as the centre is open; returns once it is told that it does."""
        found: Subscription = await self._centre.following(Subscription(self, field, selection, after, arguments))
        await until(lambda: found.cursor or found.ended, why=f"{field} begins")
        found.check()
        return found

    async def desk(self, after: str | None = None) -> "Subscription":
        return await self.follow("desk", DESK, after)

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[ClientConnection]:
        """An acknowledged socket."""
        url = self._centre.url.replace("http", "ws", 1) + "/graphql"
        async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None) as socket:
            await socket.send(
                json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {self.token}"}})
            )
            ack = json.loads(await socket.recv())
            assert ack["type"] == "connection_ack", ack
            yield socket


DESK = """
event {
  __typename
  ... on TaskOffered { taskId offerId conversation { id } }
  ... on OfferEnded { taskId taskCloseReason }
  ... on TaskAccepted { taskId conversationId }
  ... on MessagePosted { message { id conversationId cursor sender { type name } body { markdownText } delivery { status } } }
  ... on DeliveryReported { messageId delivery { status } }
  ... on AgentJoined { conversationId agentId role }
  ... on AgentLeft { conversationId agentId }
  ... on WrapUpStarted { taskId }
  ... on TaskClosed { taskId taskCloseReason }
  ... on ConversationClosed { conversationId }
  ... on PresenceChanged { agent { state mrds { mrdId state load } } }
}
"""


class Follower:
    """Comes back after each loss of the connection. `losses` counts them."""

    def __init__(self) -> None:
        self.cursor: str | None = None
        self.losses = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.check()
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    @property
    def ended(self) -> bool:
        return self._task is not None and self._task.done()

    def check(self) -> None:
        """Raises what ended it, for it never ends by itself."""
        if self._task is not None and self._task.done():
            self._task.result()
            raise AssertionError("a follower has ended")

    async def _run(self) -> None:
        while True:
            with suppress(*LOST):
                await self._listen()
            self.losses += 1
            await asyncio.sleep(AGAIN_S)

    async def _listen(self) -> None:
        raise NotImplementedError


class Subscription(Follower):
    """One GraphQL subscription. `items` are all that came, the marker of a beginning left out."""

    def __init__(self, who: Staff, field: str, selection: str, after: str | None, arguments: Mapping[str, str]) -> None:
        super().__init__()
        self._who, self._field, self._arguments = who, field, arguments
        self.cursor = after
        given = "".join(f", {name}: ${name}" for name in arguments)
        declared = "".join(f", ${name}: ID!" for name in arguments)
        self._query = (
            f"subscription ($after: Cursor{declared}) {{ {field}(after: $after{given}) {{ cursor {selection} }} }}"
        )
        self.items: list[Json] = []
        self.taken_over = asyncio.Event()

    @property
    def events(self) -> list[Json]:
        return [item["event"] for item in self.items if item.get("event")]

    def of(self, type_: str) -> list[Json]:
        return [event for event in self.events if event["__typename"] == type_]

    async def first(self, type_: str, within_s: float = PATIENCE_S, **wanted: Any) -> Json:
        def found() -> Json | None:
            return next((it for it in self.of(type_) if all(it[k] == v for k, v in wanted.items())), None)

        return await until(found, within_s, f"{self._who.username} is told of {type_} {wanted}")

    async def _listen(self) -> None:
        async with self._who.socket() as socket:
            variables = {"after": self.cursor, **self._arguments}
            payload = {"query": self._query, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for text in socket:
                frame = json.loads(text)
                match frame["type"]:
                    case "ping":
                        await socket.send('{"type":"pong"}')
                    case "next":
                        assert not frame["payload"].get("errors"), frame
                        self._take(frame["payload"]["data"][self._field])
                    case "error" if frame["payload"][0]["extensions"]["code"] == "DESK_TAKEN_OVER":
                        self.taken_over.set()
                        await asyncio.Event().wait()  # who comes back by themselves would take over in turn
                    case "error":
                        raise AssertionError(f"the subscription was refused: {frame}")
                    case "complete":
                        return

    def _take(self, item: Json) -> None:
        self.cursor = item["cursor"]
        if item.get("event") or item.get("changed"):
            self.items.append(item)


class Visitor(Follower):
    """A customer in a browser: `open` the chat, then `say` things; `frames` are all that was pushed."""

    def __init__(self, centre: Centre, channel: str) -> None:
        super().__init__()
        self._centre, self._path = centre, f"/webchat/{channel}"
        self.token: str | None = None
        self.conversation = ""
        self.frames: list[Json] = []
        self.socket: ClientConnection | None = None
        self.acknowledged: list[str] = []
        """Client ids in the order in which the server promised to keep them."""
        self.confirms = True

    async def open(self, name: str = "") -> Self:
        answer = await self._centre.http.post(f"{self._path}/sessions", json={"name": name, "token": self.token})
        assert answer.status_code in (200, 201), answer.text
        content = answer.json()
        self.token, self.conversation = content["token"], content["conversationId"]
        return self

    async def listen(self) -> Self:
        """Connect the socket, for as long as the centre is open."""
        await self._centre.following(self)
        await until(lambda: self.socket, why="the visitor is heard")
        return self

    async def say(self, text: str, client_id: str | None = None) -> Json:
        """Post it once, over HTTP."""
        answer = await self.post({"id": client_id or str(uuid4()), "text": text})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, body: Json) -> httpx2.Response:
        return await self._centre.http.post(
            f"{self._path}/messages", headers={"authorization": f"Bearer {self.token}"}, json=body
        )

    async def say_surely(self, text: str, client_id: str) -> Json:
        """Post it until it is acknowledged."""
        while True:
            with suppress(httpx2.TransportError):
                answer = await self.post({"id": client_id, "text": text})
                if answer.status_code == 200:
                    self.acknowledged.append(client_id)
                    return answer.json()
                assert answer.status_code in (409, 503), answer.text
            await asyncio.sleep(AGAIN_S)

    async def send(self, **frame: Any) -> None:
        """Through the socket."""
        assert self.socket is not None
        await self.socket.send(json.dumps(frame))

    def of(self, type_: str) -> list[Json]:
        return [frame for frame in self.frames if frame["type"] == type_]

    async def first(self, type_: str, within_s: float = PATIENCE_S, **wanted: Any) -> Json:
        def found() -> Json | None:
            return next((it for it in self.of(type_) if all(it.get(k) == v for k, v in wanted.items())), None)

        return await until(found, within_s, f"the visitor is told of {type_} {wanted}; so far {self.frames}")

    async def hears(self, words: str, within_s: float = PATIENCE_S) -> Json:
        def found() -> Json | None:
            return next((it for it in self.of("message") if words in it["body"]["text"]), None)

        return await until(found, within_s, f"the visitor hears {words!r}; so far {self.frames}")

    async def _listen(self) -> None:
        url = self._centre.url.replace("http", "ws", 1) + f"{self._path}/socket"
        async with connect(url) as socket:
            await socket.send(json.dumps({"type": "hello", "token": self.token, "after": self.cursor}))
            try:
                async for text in socket:
                    await self._take(socket, json.loads(text))
            finally:
                self.socket = None

    async def _take(self, socket: ClientConnection, frame: Json) -> None:
        if frame["type"] == "ping":
            await socket.send('{"type":"pong"}')
            return
        if frame["type"] == "ready":
            self.socket = socket
        else:
            self.frames.append(frame)
        if frame["type"] != "ack":
            self.cursor = frame.get("cursor", self.cursor)
        if self.confirms and frame["type"] == "message" and frame["from"]["type"] != "CUSTOMER":
            await socket.send(json.dumps({"type": "delivered", "messageId": frame["messageId"]}))


async def history(auditor: Staff, stream: str | None = None, page: int = 100) -> list[Json]:
    """Every fact of a stream, or of the whole log, as an auditor reads it."""
    facts: list[Json] = []
    after: str | None = None
    query = """query ($stream: String, $after: Cursor, $first: Int!) { history(stream: $stream, after: $after, first: $first) {
        nodes { position stream version at type data } endCursor hasNextPage } }"""
    while True:
        found = (await auditor.ask(query, stream=stream, after=after, first=page))["history"]
        facts += found["nodes"]
        after = found["endCursor"]
        if not found["hasNextPage"]:
            return facts
