"""A small contact centre in memory, with the real write side, policies, engine and timers."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import uuid4

from commands.agents import AssignAttribute, GrantMrd, LogIn, MakeReady, RegisterAgent
from commands.bus import Command
from commands.configuration import Configure
from commands.inbound import ReceiveMessage
from connectors.bots.scripted.bot import scripted
from domain.channels.inbound import Contact, ContactKind, Inbound
from domain.channels.messages import Body
from domain.configuration import settings as s
from domain.conversations.conversation import Conversation
from domain.customers.customer import Customer
from domain.customers.identity import Identity, identity_id
from domain.ids import (
    AgentId,
    AttributeId,
    BotId,
    ChannelId,
    ChannelTypeId,
    ConversationId,
    ListId,
    ListItemId,
    MrdId,
    QueueId,
    TaskId,
)
from domain.kernel import Position
from domain.sessions.session import Session
from infra.centre import Centre
from infra.checkpoints import MemoryCheckpoints
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import EventLog
from infra.outbox import BotTurns

CHAT, WEB, BOT, ENGLISH = MrdId("chat"), ChannelId("web"), BotId("greeter"), AttributeId("english")
SUPPORT, COMMENTS = QueueId("support"), ListId("comments")


class Clock:
    """Time that a test can push forward; otherwise it passes as it does."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


class World:
    def __init__(self, log: EventLog | None = None) -> None:
        self.clock = Clock()
        self.checkpoints = MemoryCheckpoints()
        self.log = log or MemoryLog()
        self.centre = Centre(self.log, self.checkpoints, self.clock)
        self.centre.react("outbox", self._bots().reactions())

    async def __aenter__(self) -> Self:
        await self.centre.start()
        self.leading = asyncio.create_task(self.centre.lead())
        return self

    async def __aexit__(self, *_: object) -> None:
        failed = self.leading.done()
        self.leading.cancel()
        result = (await asyncio.gather(self.leading, return_exceptions=True))[0]
        await self.centre.stop()
        if failed:
            raise AssertionError("the centre stopped by itself") from result

    def _bots(self) -> BotTurns:
        centre = self.centre
        return BotTurns(centre.commands.send, centre.store, self.log, lambda: centre.catalog, {"scripted": scripted})

    async def send(self, command: Command) -> Position:
        return await self.centre.commands.send(command, uuid4(), "test")

    async def configure(self, mode: s.ChannelMode = s.ChannelMode.HYBRID, **queue: object) -> None:
        chat = s.MediaRoutingDomain("Chat", max_requests=3)
        await self.send(Configure("chat", chat))
        await self.send(Configure("english", s.RoutingAttribute("English", s.AttributeType.BOOLEAN, 1)))
        await self.send(Configure("greeter", s.Bot("Greeter")))
        await self.send(Configure("webtype", s.ChannelType("Web chat", CHAT)))
        term = s.Term(ENGLISH, s.RelationalOperator.EQ, 1)
        steps = (s.Step((s.Expression((term,)),)),)
        await self.send(Configure("support", s.Queue("Support", CHAT, **{"steps": steps, **queue})))
        await self.send(
            Configure(
                "web",
                s.Channel(
                    "Web",
                    ChannelTypeId("webtype"),
                    "webchat",
                    mode=mode,
                    bot_id=BOT,
                    routing=s.RoutingPolicy(queue_id=SUPPORT),
                ),
            )
        )

    async def configure_list(self, mode: s.ChannelMode = s.ChannelMode.AGENT, **settings: object) -> None:
        """After `configure`: the channel's requests stand on a list, from which agents pull."""
        await self.send(Configure("comments", s.RoutingList("Comments", CHAT, **settings)))
        routing = s.RoutingPolicy(s.RoutingMode.PULL, list_id=COMMENTS)
        channel = s.Channel("Web", ChannelTypeId("webtype"), "webchat", mode=mode, bot_id=BOT, routing=routing)
        await self.send(Configure("web", channel))

    async def staff(self, name: str) -> AgentId:
        """An agent who speaks English, signed in and ready."""
        agent = AgentId(name)
        await self.send(RegisterAgent(agent, name, name.title()))
        await self.send(AssignAttribute(agent, ENGLISH))
        await self.send(GrantMrd(agent, CHAT))
        await self.send(LogIn(agent))
        await self.send(MakeReady(agent))
        return agent

    def inbound(self, who: str, text: str, id: str | None = None, channel: ChannelId = WEB) -> Inbound:
        return Inbound(channel, Contact(ContactKind.OPAQUE, who), id or str(uuid4()), Body(text=text))

    async def write(self, who: str, text: str, id: str | None = None) -> ConversationId:
        await self.send(ReceiveMessage(self.inbound(who, text, id)))
        return await self.conversation_of(who)

    async def conversation_of(self, who: str) -> ConversationId:
        identity = await self.centre.store.load(Identity, identity_id(WEB, Contact(ContactKind.OPAQUE, who)))
        customer = await self.centre.store.load(Customer, identity.customer_id)
        return customer.conversation

    async def session_of(self, who: str) -> str:
        identity = await self.centre.store.load(Identity, identity_id(WEB, Contact(ContactKind.OPAQUE, who)))
        return identity.session

    async def conversation(self, id: ConversationId) -> Conversation:
        return await self.centre.store.load(Conversation, id)

    async def session(self, id: str) -> Session:
        return await self.centre.store.load(Session, id)

    async def pass_time(self, delta: timedelta) -> None:
        """Let the clock jump, and everybody who waits for a moment look again."""
        await asyncio.sleep(0.02)
        self.clock.offset += delta
        self.centre.timers.look_again()

    async def facts(self, stream: str) -> list[object]:
        return [recorded.fact for recorded in await self.log.read(stream)]

    async def until(self, what: Callable[[], object], within_s: float = 10.0) -> object:
        """Wait until something is so; policies and the engine act by themselves."""
        async with asyncio.timeout(within_s):
            while not (result := await what()):
                await asyncio.sleep(0.002)
            return result

    async def item_of(self, id: ConversationId) -> ListItemId:
        """The item under which this conversation stands on a list, once it does."""

        async def listed() -> ListItemId | None:
            for recorded in reversed(await self.log.read_all(limit=1_000_000)):
                if type(recorded.fact).__name__ == "ListItemArrived" and recorded.fact.conversation_id == id:
                    return ListItemId(recorded.subject)
            return None

        return await self.until(listed)

    async def offer_to(self, agent: AgentId) -> TaskId:
        async def rings() -> TaskId | None:
            for recorded in reversed(await self.log.read_all(limit=1_000_000)):
                if type(recorded.fact).__name__ == "TaskReserved" and recorded.fact.agent_id == agent:
                    return TaskId(recorded.subject)
            return None

        return await self.until(rings)
