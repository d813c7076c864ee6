"""An agent at a desk: takes what rings, says their part of each dialogue, leaves when the customer has left, wraps up."""

import asyncio
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from bench.dialogues.customers import AGENT_TO_ACK, OPEN_TO_OFFER, POST_TO_DESK, Talk
from bench.dialogues.ledger import Ledger, Pace, now
from bench.dialogues.wire import Address, WebSocket

AT_ONCE_MAX = 16
"""Mutations under way on one socket; Parley takes 20 operations, and the subscription is one of them."""

DESK = """subscription {
  desk {
    cursor at
    event {
      __typename
      ... on MessagePosted { message { id conversationId cursor at sender { type id name } body { type markdownText } } }
      ... on TaskOffered { taskId offerId due task { conversationId queueId priority firstEnqueuedAt } }
      ... on TaskAccepted { taskId conversationId }
      ... on AgentJoined { conversationId agentId name role taskId }
      ... on AgentLeft { conversationId agentId taskId }
      ... on SessionLeft { conversationId sessionId }
      ... on OfferEnded { taskId conversationId }
      ... on WrapUpStarted { taskId conversationId }
      ... on TaskClosed { taskId conversationId }
    }
  }
}"""
TRANSCRIPT = """query ($id: ID!, $before: Cursor) {
  conversation(id: $id) {
    customerId state participants { agentId name role }
    messages(last: 100, before: $before) {
      nodes { id conversationId cursor at sender { type id name } body { type markdownText } }
    }
  }
}"""


class Sender(msgspec.Struct):
    type: str


class Body(msgspec.Struct, rename="camel"):
    markdown_text: str = ""


class Message(msgspec.Struct, rename="camel"):
    id: str
    conversation_id: str
    sender: Sender
    body: Body


class Task(msgspec.Struct, rename="camel"):
    conversation_id: str


class Event(msgspec.Struct, rename="camel"):
    kind: str = msgspec.field(name="__typename")
    message: Message | None = None
    task_id: str = ""
    offer_id: str = ""
    conversation_id: str = ""
    agent_id: str = ""
    task: Task | None = None


class Item(msgspec.Struct):
    cursor: str
    event: Event | None = None


class UserError(msgspec.Struct):
    code: str
    message: str


class Done(msgspec.Struct):
    errors: list[UserError] = []


class Page(msgspec.Struct):
    nodes: list[Message] = []


class Conversation(msgspec.Struct):
    messages: Page


class Data(msgspec.Struct):
    desk: Item | None = None
    done: Done | None = None
    conversation: Conversation | None = None


class Result(msgspec.Struct):
    data: Data | None = None
    errors: list[Any] = []


class Frame(msgspec.Struct):
    type: str
    id: str = ""
    payload: msgspec.Raw = msgspec.Raw()


FRAME, RESULT = msgspec.json.Decoder(Frame), msgspec.json.Decoder(Result)


def mutation(name: str) -> str:
    kind = name[0].upper() + name[1:]
    return f"mutation ($input: {kind}Input!) {{ done: {name}(input: $input) {{ position errors {{ code message }} }} }}"


class Socket:
    """graphql-transport-ws with callbacks: `items` gets what the subscription tells."""

    def __init__(self, address: Address, token: str, items: Callable[[Item], None], ledger: Ledger) -> None:
        self._address, self._token, self._items, self._ledger = address, token, items, ledger
        self._socket = WebSocket(self._hear, self._closed)
        self._waiting: dict[str, Callable[[Data | None], None]] = {}
        self._backlog: deque[tuple[str, dict[str, Any], Callable[[Data | None], None]]] = deque()
        self._count = 0
        self._ready: asyncio.Future[None] | None = None

    async def open(self) -> None:
        """Returns when the subscription has told where it begins."""
        self._ready = asyncio.get_running_loop().create_future()
        await self._socket.open(self._address, "/graphql", "graphql-transport-ws")
        init = {"type": "connection_init", "payload": {"authorization": f"Bearer {self._token}"}}
        self._socket.send(orjson.dumps(init))
        await asyncio.wait_for(self._ready, 10)

    def ask(self, query: str, variables: dict[str, Any], then: Callable[[Data | None], None]) -> None:
        """`then` gets None for what failed; the failure has been noted."""
        if len(self._waiting) >= AT_ONCE_MAX:
            self._backlog.append((query, variables, then))
            return
        self._count += 1
        id = str(self._count)
        self._waiting[id] = then
        payload = {"query": query, "variables": variables}
        self._socket.send(orjson.dumps({"id": id, "type": "subscribe", "payload": payload}))

    async def do(self, name: str, /, **given: Any) -> list[UserError]:
        """One mutation, and what it was refused for."""
        answer: asyncio.Future[Data | None] = asyncio.get_running_loop().create_future()
        self.ask(mutation(name), {"input": given}, answer.set_result)
        data = await answer
        return data.done.errors if data is not None and data.done is not None else [UserError("FAILED", name)]

    def close(self) -> None:
        self._socket.close()

    def _hear(self, text: bytes) -> None:
        frame = FRAME.decode(text)
        match frame.type:
            case "next":
                result = RESULT.decode(frame.payload)
                if result.errors:
                    self._ledger.error(f"GraphQL: {result.errors[0]}")
                if frame.id != "desk":
                    self._answer(frame.id, result.data)
                elif result.data is not None and result.data.desk is not None:
                    if self._ready is not None and not self._ready.done():
                        self._ready.set_result(None)
                    self._items(result.data.desk)
            case "error":
                self._ledger.error(f"GraphQL error: {bytes(frame.payload).decode()}")
                self._answer(frame.id, None)
            case "connection_ack":
                subscribe = {"id": "desk", "type": "subscribe", "payload": {"query": DESK}}
                self._socket.send(orjson.dumps(subscribe))
            case "ping":
                self._socket.send(b'{"type":"pong"}')
            case _:
                return

    def _answer(self, id: str, data: Data | None) -> None:
        then = self._waiting.pop(id, None)
        if self._backlog:
            self.ask(*self._backlog.popleft())
        if then is not None:
            then(data)

    def _closed(self, code: int, reason: str) -> None:
        self._ledger.error(f"desk socket closed: {code} {reason}")


class Desk:
    def __init__(self, address: Address, token: str, agent_id: str, ledger: Ledger, pace: Pace, talks: "Talks") -> None:
        self.agent_id = agent_id
        self._ledger, self._pace, self._talks = ledger, pace, talks
        self.socket = Socket(address, token, self._see, ledger)
        self._joined_at: dict[str, str] = {}

    async def begin(self) -> None:
        await self.socket.open()
        for name in ("logIn", "makeReady"):
            for no in await self.socket.do(name):
                raise RuntimeError(f"{name} was refused: {no.code} {no.message}")

    async def end(self) -> None:
        await self.socket.do("logOut")
        self.socket.close()

    def speak(self, talk: Talk) -> None:
        """Say the next thing, if it is the agent's turn."""
        n = len(talk.agent.posted)
        if talk.agent_busy or talk.customer_gone or n >= len(talk.script.agent):
            return
        if len(talk.customer.seen) >= talk.script.agent[n][1]:
            talk.agent_busy = True
            self._pace.do(lambda: self._post(talk))

    def _post(self, talk: Talk) -> None:
        way, said = talk.agent, talk.script.agent[len(talk.agent.posted)][0]
        id, at = str(uuid.uuid4()), now()
        way.texts.append(said.text)
        way.posted.append(at)

        def then(data: Data | None) -> None:
            talk.agent_busy = False
            if self._fine("postMessage", data):
                way.ids.append(id)
                self._ledger.took(AGENT_TO_ACK, at)
                self.speak(talk)

        given = {"conversationId": talk.conversation_id, "messageId": id, "text": said.text}
        self.socket.ask(POST_MESSAGE, {"input": given}, then)

    def _see(self, item: Item) -> None:
        event = item.event
        if event is None:
            return
        match event.kind:
            case "MessagePosted" if event.message is not None:
                self._see_message(event.message)
            case "TaskOffered" if event.task is not None:
                self._talks.offered(event.task.conversation_id)
                self._accept(event)
            case "AgentJoined" if event.agent_id == self.agent_id:
                self._read_back(event.conversation_id, item.cursor)
            case "SessionLeft":
                self._do("leaveConversation", conversationId=event.conversation_id)
            case "WrapUpStarted":
                self._do("finishWrapUp", taskId=event.task_id)
            case "TaskClosed":
                self._talks.closed(event.conversation_id)
            case "OfferEnded":
                self._ledger.error("an offer ended before it was taken")
            case _:
                return

    def _see_message(self, message: Message) -> None:
        if message.sender.type == "CUSTOMER":
            talk = self._talks.by_id.get(message.conversation_id)
            if talk is None:
                self._ledger.error("a message of an unknown conversation")
                return
            if self._joined_at.get(message.conversation_id) is not None:
                self._talks.early[message.conversation_id].append(message)
                return
            self._ledger.took(POST_TO_DESK, talk.customer.see(message.id, message.body.markdown_text))
            self.speak(talk)

    def _accept(self, event: Event) -> None:
        assert event.task is not None
        conversation, at = event.task.conversation_id, now()
        talk = self._talks.by_id.get(conversation)
        if talk is not None:
            talk.accepted_at = at
        else:
            self._talks.accepted[conversation] = at
        self._do("acceptTask", taskId=event.task_id, offerId=event.offer_id)

    def _read_back(self, conversation: str, cursor: str) -> None:
        """What was said before the desk came in: asked for once, put before what has come in live meanwhile."""
        self._joined_at[conversation] = cursor
        self._talks.early[conversation] = []

        def then(data: Data | None) -> None:
            del self._joined_at[conversation]
            live = self._talks.early.pop(conversation)
            talk = self._talks.by_id.get(conversation)
            if talk is None or data is None or data.conversation is None:
                self._ledger.error("a transcript could not be read")
                return
            before = [it for it in data.conversation.messages.nodes if it.sender.type == "CUSTOMER"]
            for message in before + live:
                talk.customer.see(message.id, message.body.markdown_text)
            talk.desk = self
            self.speak(talk)

        self.socket.ask(TRANSCRIPT, {"id": conversation, "before": cursor}, then)

    def _do(self, name: str, /, **given: Any) -> None:
        self.socket.ask(mutation(name), {"input": given}, lambda data: void(self._fine(name, data)))

    def _fine(self, name: str, data: Data | None) -> bool:
        if data is None or data.done is None:
            return False
        for no in data.done.errors:
            self._ledger.error(f"{name} refused: {no.code} {no.message}")
        return not data.done.errors


POST_MESSAGE = mutation("postMessage")


def void(_: object) -> None:
    return None


class Talks:
    """All conversations of a run, by their ids. A desk may hear of one before its customer has the answer in hands."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.by_id: dict[str, Talk] = {}
        self.early: dict[str, list[Message]] = {}
        self.accepted: dict[str, float] = {}
        self._offered: dict[str, float] = {}

    def add(self, talk: Talk) -> None:
        self.by_id[talk.conversation_id] = talk
        if (at := self._offered.pop(talk.conversation_id, None)) is not None:
            self._rang(talk, at)
        if (at := self.accepted.pop(talk.conversation_id, None)) is not None:
            talk.accepted_at = at

    def offered(self, conversation: str) -> None:
        talk = self.by_id.get(conversation)
        if talk is None:
            self._offered[conversation] = now()
        else:
            self._rang(talk, now())

    def closed(self, conversation: str) -> None:
        talk = self.by_id.get(conversation)
        if talk is not None:
            talk.desk_done.set()

    def _rang(self, talk: Talk, at: float) -> None:
        self._ledger.progress += 1
        if talk.offered_at is None and self._ledger.measuring:
            self._ledger.latencies[OPEN_TO_OFFER].append((at - talk.opened_at) * 1e3)
        talk.offered_at = at
