"""A customer at a web chat: opens it, says their part of a dialogue as it goes on, and leaves."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from bench.dialogues.corpus import Script
from bench.dialogues.ledger import Ledger, Pace, Way, now
from bench.dialogues.wire import Address, Pool, WebSocket

if TYPE_CHECKING:
    from bench.dialogues.desks import Desk

POST_TO_ACK = "customer post → stored (ack)"
POST_TO_DESK = "customer post → desk sees it"
AGENT_TO_CUSTOMER = "agent post → customer sees it"
AGENT_TO_ACK = "agent post → stored (payload)"
OPEN_TO_OFFER = "chat opened → offered at a desk"
ACCEPT_TO_JOINED = "offer accepted → customer sees the agent"


class Frame(msgspec.Struct, rename="camel"):
    """Whatever Parley pushes to a browser: only what this driver looks at is read."""

    type: str
    id: str | None = None
    message_id: str = ""
    from_: "From | None" = msgspec.field(default=None, name="from")
    body: "Body | None" = None
    code: str = ""
    detail: str = ""


class From(msgspec.Struct):
    type: str


class Body(msgspec.Struct):
    text: str = ""


class Opened(msgspec.Struct, rename="camel"):
    token: str
    conversation_id: str


FRAME, OPENED = msgspec.json.Decoder(Frame), msgspec.json.Decoder(Opened)


@dataclass(frozen=True, slots=True)
class Manner:
    """How customers behave. `in_flight`: how many messages they post without having an answer; `confirms`: they say
    that a message arrived; `asks_bot_first`: the first thing they say is that they want a human, then they wait.
    """

    in_flight: int = 1
    waits_for_agent: bool = True
    confirms: bool = False
    asks_bot_first: bool = False


@dataclass(eq=False, slots=True)
class Talk:
    """One conversation, from the customer's click to the agent's last one."""

    script: Script
    opened_at: float = 0.0
    conversation_id: str = ""
    stage: str = "opening"
    offered_at: float | None = None
    accepted_at: float | None = None
    customer: Way = field(default_factory=Way)
    agent: Way = field(default_factory=Way)
    desk: "Desk | None" = None
    joined: asyncio.Event = field(default_factory=asyncio.Event)
    customer_gone: bool = False
    desk_done: asyncio.Event = field(default_factory=asyncio.Event)
    agent_busy: bool = False

    def __str__(self) -> str:
        c, a = self.customer, self.agent
        return (
            f"{self.conversation_id or '(no id yet)'}: {self.stage}; customer posted {len(c.posted)} of "
            f"{len(self.script.customer)}, {len(c.ids)} stored, desk saw {len(c.seen)}; agent posted {len(a.posted)} "
            f"of {len(self.script.agent)}, {len(a.ids)} stored, customer saw {len(a.seen)}"
        )


class Customer:
    """`more` lengthens a script that has run out, as long as it returns True; else the customer is done talking.
    `known` hears of the talk once its conversation has an id.
    """

    def __init__(
        self,
        address: Address,
        pool: Pool,
        channel: str,
        ledger: Ledger,
        pace: Pace,
        manner: Manner,
        more: Callable[[Talk], bool],
        known: Callable[[Talk], None],
    ) -> None:
        self._address, self._pool, self._channel = address, pool, channel
        self._ledger, self._pace, self._manner, self._more, self._known = ledger, pace, manner, more, known
        self._talk = Talk(Script())
        self._may_post = False
        self._asked = 0
        self._socket = WebSocket(self._hear, self._cut_off)
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, talk: Talk) -> None:
        """The session, then the socket with its hello. Raises `Broken`, `OSError`."""
        self._talk, talk.opened_at = talk, now()
        status, body = await self._pool.ask("POST", f"/webchat/{self._channel}/sessions", b'{"name":"Customer"}')
        if status != 201:
            raise RuntimeError(f"a session was answered with {status}: {body[:200].decode()}")
        opened = OPENED.decode(body)
        talk.conversation_id = opened.conversation_id
        self._known(talk)
        self._over = asyncio.get_running_loop().create_future()
        self._socket = WebSocket(self._hear, self._cut_off)
        self._asked, self._may_post = 0, False
        await self._socket.open(self._address, f"/webchat/{self._channel}/socket")
        self._socket.send(b'{"type":"hello","token":"' + opened.token.encode() + b'"}')

    def talk(self) -> None:
        """Begin to say something; from now on what comes in decides what is said next."""
        self._may_post = True
        if self._talk.stage == "opening":
            self._talk.stage = "talking"
        self._go_on()

    async def leave(self) -> None:
        """Until Parley says that the session is over."""
        if not self._over.done():
            await self._over
        self._socket.close()

    def hang_up(self) -> None:
        self._socket.close()

    def _go_on(self) -> None:
        talk, way = self._talk, self._talk.customer
        while self._may_post and self._asked - len(way.ids) < self._manner.in_flight:
            if self._asked == len(talk.script.customer) and not self._more(talk):
                self._leave_when_done()
                return
            if self._manner.asks_bot_first and self._asked and not talk.joined.is_set():
                return
            waits_for = talk.script.customer[self._asked][1]
            if self._manner.waits_for_agent and len(talk.agent.seen) < waits_for:
                return
            self._asked += 1
            self._pace.do(self._post)

    def _post(self) -> None:
        way = self._talk.customer
        n = len(way.posted)
        said = self._talk.script.customer[n][0]
        way.texts.append(said.text)
        way.posted.append(now())
        self._socket.send(b'{"type":"message","id":"%d","text":%b}' % (n, said.json))

    def _leave_when_done(self) -> None:
        talk = self._talk
        if talk.customer_gone or len(talk.customer.ids) < self._asked:
            return
        if len(talk.agent.seen) >= len(talk.script.agent) and talk.joined.is_set():
            talk.customer_gone, talk.stage = True, "leaving"
            self._socket.send(b'{"type":"leave"}')

    def _hear(self, text: bytes) -> None:
        frame = FRAME.decode(text)
        match frame.type:
            case "ack":
                self._acknowledged(frame)
            case "message" if frame.from_ is not None and frame.from_.type == "AGENT":
                self._answered(frame)
            case "agentJoined":
                if not self._talk.joined.is_set():
                    self._ledger.took(ACCEPT_TO_JOINED, self._talk.accepted_at)
                    self._talk.joined.set()
                self._go_on()
            case "sessionEnded":
                if not self._over.done():
                    self._over.set_result(None)
                if not self._talk.customer_gone:
                    self._ledger.error("a session was ended from the other side")
            case "refused":
                self._ledger.error(f"web chat refused: {frame.code} {frame.detail}")
            case "ping":
                self._socket.send(b'{"type":"pong"}')
            case _:
                return

    def _acknowledged(self, frame: Frame) -> None:
        way = self._talk.customer
        if frame.id != str(len(way.ids)):
            self._ledger.error("acknowledged out of order")
        self._ledger.took(POST_TO_ACK, way.posted[len(way.ids)])
        way.ids.append(frame.message_id)
        self._go_on()

    def _answered(self, frame: Frame) -> None:
        text = frame.body.text if frame.body is not None else ""
        self._ledger.took(AGENT_TO_CUSTOMER, self._talk.agent.see(frame.message_id, text))
        if self._manner.confirms:
            self._socket.send(b'{"type":"delivered","messageId":"%b"}' % frame.message_id.encode())
        self._go_on()

    def _cut_off(self, code: int, reason: str) -> None:
        self._ledger.error(f"web chat socket closed: {code} {reason}")
        if not self._over.done():
            self._over.set_result(None)
