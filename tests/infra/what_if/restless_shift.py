"""An hour at a desk where nothing is plain, by the real commands, policies and engine in virtual time.

Agents miss what rings, decline, rest, switch single media off, go early and come late; some of the work is pulled from a
list; customers come back and want their last agent first; queues widen, send on and end the wait; mail gives way to chats.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import cache

from commands.agents import (
    AssignAttribute,
    GrantMrd,
    LogIn,
    LogOut,
    MakeMrdNotReady,
    MakeMrdReady,
    MakeNotReady,
    MakeReady,
    RegisterAgent,
)
from commands.configuration import Configure
from commands.conversations import EndConversation
from commands.inbound import EndSession, OpenSession
from commands.lists import JoinListItem
from commands.tasks import AcceptTask, DeclineTask
from commands.wrap_up import FinishWrapUp
from domain.agents.agent import Agent
from domain.agents.facts import SlotState
from domain.channels.inbound import Contact, ContactKind
from domain.configuration import settings as s
from domain.configuration.diversions import Diversion, DiversionAction, Overflow, OverflowCondition
from domain.configuration.domains import InterruptionAction
from domain.customers.customer import Customer
from domain.customers.identity import Identity, identity_id
from domain.ids import AgentId, ChannelId, ChannelTypeId, ListId, MrdId, QueueId, TaskId
from domain.kernel import Recorded, Refused
from domain.sessions.facts import SessionEndReason
from domain.tasks.task import Task
from tests.e2e.world import CHAT, ENGLISH, SUPPORT, WEB
from tests.infra.what_if.shift import BEGINS, Shift, lived

CLOSES = BEGINS + timedelta(hours=1)
MAIL, LETTERS, ANYBODY, WALL = MrdId("mail"), QueueId("letters"), QueueId("anybody"), ListId("comments")
MAILBOX, BOARD = ChannelId("mailbox"), ChannelId("board")
STAFF = {"ada": 1, "bela": 1, "cleo": 0, "dora": 0}
"""Who speaks English."""


class RestlessShift(Shift):
    async def goes_by(self) -> None:
        async with self.world:
            await self._opens()
            desks = [asyncio.create_task(work(AgentId(name))) for name in STAFF for work in (self._works, self._lives)]
            async with asyncio.TaskGroup() as customers:
                for number in range(10_000):
                    await asyncio.sleep(self._random.expovariate(1 / 14))
                    if self.world.clock() >= CLOSES:
                        break
                    channel = self._random.choices((WEB, MAILBOX, BOARD), (8, 3, 2))[0]
                    who = f"c{number if self._random.random() < 0.5 else number % 25}"
                    customers.create_task(self._asks(who, channel, f"{number}"))
            await asyncio.sleep(1200)
            for desk in desks:
                desk.cancel()
            await asyncio.gather(*desks, return_exceptions=True)

    async def _opens(self) -> None:
        world = self.world
        await world.configure(mode=s.ChannelMode.AGENT)
        speaks = (s.Expression((s.Term(ENGLISH, s.RelationalOperator.EQ, 1),)),)
        full = Overflow(OverflowCondition.QUEUE_LENGTH, Diversion(DiversionAction.OTHER_QUEUE, ANYBODY), 4)
        steps = (s.Step(speaks, timeout_s=25), s.Step())
        support = s.Queue(
            "Support", CHAT, steps, offer_timeout_s=10, request_ttl_s=120, overflow=(full,), decline_allowed=True
        )
        await world.send(Configure("anybody", s.Queue("Anybody", CHAT, offer_timeout_s=10, request_ttl_s=300)))
        await world.send(Configure("support", support))
        mail = s.MediaRoutingDomain("Mail", interruptible=True, interruption_action=InterruptionAction.HOLD)
        await world.send(Configure("mail", mail))
        await world.send(Configure("mailtype", s.ChannelType("Mail", MAIL)))
        await world.send(Configure("letters", s.Queue("Letters", MAIL, offer_timeout_s=20, request_ttl_s=1800)))
        await world.send(Configure("comments", s.RoutingList("Comments", CHAT)))
        web = s.RoutingPolicy(queue_id=SUPPORT, route_to_last_agent=True, last_agent_timeout_s=20)
        policies = {
            WEB: ("webtype", web),
            MAILBOX: ("mailtype", s.RoutingPolicy(queue_id=LETTERS)),
            BOARD: ("webtype", s.RoutingPolicy(s.RoutingMode.PULL, list_id=WALL)),
        }
        for id_, (kind, policy) in policies.items():
            channel = s.Channel(id_, ChannelTypeId(kind), id_, mode=s.ChannelMode.AGENT, routing=policy)
            await world.send(Configure(id_, channel))
        for name, english in STAFF.items():
            await world.send(RegisterAgent(AgentId(name), name, name.title()))
            await world.send(GrantMrd(AgentId(name), CHAT, 2))
            await world.send(GrantMrd(AgentId(name), MAIL, 1))
            if english:
                await world.send(AssignAttribute(AgentId(name), ENGLISH))

    async def _asks(self, who: str, channel: ChannelId = WEB, number: str = "") -> None:
        world = self.world
        with suppress(Refused):
            await world.send(OpenSession(world.inbound(f"{channel}-{who}", "", number, channel)))
        await asyncio.sleep(self._random.expovariate(1 / 150))
        with suppress(Refused, KeyError):
            contact = Contact(ContactKind.OPAQUE, f"{channel}-{who}")
            identity = await world.centre.store.load(Identity, identity_id(channel, contact))
            customer = await world.centre.store.load(Customer, identity.customer_id)
            talk = await world.conversation(customer.conversation)
            if not talk.agents and talk.sessions:
                for session in talk.sessions:
                    await world.send(EndSession(session, SessionEndReason.CUSTOMER))

    async def _lives(self, agent: AgentId) -> None:
        """Comes, rests, switches media off and on, pulls work, goes."""
        world, random = self.world, self._random
        await asyncio.sleep(random.uniform(0, 300))
        await world.send(LogIn(agent))
        await world.send(MakeReady(agent))
        while True:
            await asyncio.sleep(random.expovariate(1 / 200))
            with suppress(Refused):
                match random.randrange(6):
                    case 0:
                        await world.send(MakeNotReady(agent, "a cup of tea"))
                        await asyncio.sleep(random.uniform(20, 200))
                        await world.send(MakeReady(agent))
                    case 1:
                        await world.send(MakeMrdNotReady(agent, random.choice((CHAT, MAIL))))
                        await asyncio.sleep(random.uniform(20, 200))
                    case 2:
                        await world.send(LogOut(agent))
                        await asyncio.sleep(random.uniform(20, 400))
                        await world.send(LogIn(agent))
                        await world.send(MakeReady(agent))
                    case _:
                        items = [it.subject for it in world.log._log if it.stream.startswith("listitem-")]
                        if items:
                            await world.send(JoinListItem(items[-1], agent))
            for mrd in (CHAT, MAIL):
                with suppress(Refused):
                    await world.send(MakeMrdReady(agent, mrd))

    async def _works(self, agent: AgentId) -> None:
        begun: set[tuple[TaskId, SlotState]] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                await asyncio.sleep(0.25)
                me = await self.world.centre.store.load(Agent, agent)
                for task_id, slot in me.slots.items():
                    if (task_id, slot.state) not in begun:
                        begun.add((task_id, slot.state))
                        tasks.create_task(self._does(agent, task_id, slot.state))

    async def _does(self, agent: AgentId, task_id: TaskId, state: SlotState) -> None:
        world, random = self.world, self._random
        with suppress(Refused):
            match state:
                case SlotState.RESERVED:
                    await asyncio.sleep(random.uniform(1, 4))
                    how = random.random()
                    if how < 0.06:
                        await world.send(DeclineTask(task_id, agent))
                    elif how > 0.12:
                        await world.send(AcceptTask(task_id, agent))
                case SlotState.ACTIVE:
                    await asyncio.sleep(random.lognormvariate(0, 0.6) * 60)
                    task = await world.centre.store.load(Task, task_id)
                    await world.send(EndConversation(task.created.conversation_id, agent))
                case SlotState.WRAP_UP:
                    await asyncio.sleep(random.uniform(1, 15))
                    await world.send(FinishWrapUp(task_id, agent))


@cache
def a_restless_shift(seed: int) -> tuple[Recorded, ...]:
    """The log of such a shift, lived once."""
    return lived(RestlessShift, seed)
