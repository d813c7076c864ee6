"""Does it hold together when everything happens at once? Whole centres over one log, several at a time, no lease."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from random import Random
from uuid import uuid4

import pytest

from commands.agents import MakeReady
from commands.attendance import LeaveConversation
from commands.configuration import Configure
from commands.conversations import EndConversation
from commands.inbound import EndSession, ReceiveMessage
from commands.tasks import AcceptTask
from commands.wrap_up import FinishWrapUp
from domain.agents.agent import Agent
from domain.agents.facts import SlotState
from domain.channels.inbound import Contact, ContactKind, Inbound
from domain.channels.messages import Body
from domain.configuration import settings as s
from domain.configuration.skip_conditions import read
from domain.conversations.facts import AgentJoined, MessagePosted
from domain.customers.facts import CustomerCreated
from domain.ids import AgentId, ChannelId, ChannelTypeId
from domain.kernel import Refused
from domain.routing.engine import Engine, Offer
from domain.routing.waits import Waits
from domain.sessions.facts import SessionEndReason, SessionStarted
from domain.tasks.facts import StepReached, StepReason, TaskCreated, TaskQueued, TaskReserved
from domain.tasks.task import Task
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import EventLog
from infra.eventlog.postgres import PostgresLog
from tests.e2e.world import ENGLISH, SUPPORT, World
from tests.infra.eventlog.notes import everything
from tests.infra.restless import RestlessLog
from tests.simulation.checker import Checker

pytestmark = pytest.mark.anyio

CUSTOMERS, AGENTS = 200, 20
PHONE = Contact(ContactKind.PHONE, "+49301234567")


@asynccontextmanager
async def two_centres(postgres_url: str) -> AsyncIterator[tuple[World, World]]:
    """Two processes, as far as they can tell: each its own log, models, engine and reactors; both lead."""
    async with AsyncExitStack() as stack:
        logs = [await stack.enter_async_context(PostgresLog(postgres_url)) for _ in range(2)]
        one, other = [await stack.enter_async_context(World(log)) for log in logs]
        yield one, other


async def know_the_same(*worlds: World) -> None:
    head = await worlds[0].log.head()
    await asyncio.gather(*(world.centre.live.reached(head) for world in worlds))


async def works(agent: AgentId, worlds: tuple[World, World], random: Random) -> None:
    """Take what is offered, now and then let it ring, leave or end the talk, and finish the wrap-up."""
    ignored: set[str] = set()
    while True:
        await asyncio.sleep(0.01 + random.random() * 0.02)
        world = random.choice(worlds)
        me = await world.centre.store.load(Agent, agent)
        if not all(mrd.willing for mrd in me.mrds.values()):
            await world.send(MakeReady(agent))
        for task_id, slot in me.slots.items():
            rings = slot.state is SlotState.RESERVED
            if rings and random.random() < 0.03:
                ignored.add(task_id)
            elif not (rings and task_id in ignored):
                with suppress(Refused):
                    await _goes_on(world, agent, task_id, slot.state, random)


async def _goes_on(world: World, agent: AgentId, task_id: str, state: SlotState, random: Random) -> None:
    match state:
        case SlotState.RESERVED:
            await world.send(AcceptTask(task_id, agent))
        case SlotState.ACTIVE:
            created = (await world.centre.store.load(Task, task_id)).created
            end = LeaveConversation if random.random() < 0.3 else EndConversation
            await world.send(end(created.conversation_id, agent))
        case SlotState.WRAP_UP:
            await world.send(FinishWrapUp(task_id, agent))


async def test_two_centres_that_lead_at_once_never_do_anything_twice(postgres_url: str) -> None:  # routing 18, 67
    random = Random(7)
    async with two_centres(postgres_url) as worlds, asyncio.timeout(40):
        await worlds[0].configure(mode=s.ChannelMode.AGENT, offer_timeout_s=1)
        await know_the_same(*worlds)
        for number in range(AGENTS):
            await random.choice(worlds).staff(f"agent {number}")
        working = [asyncio.create_task(works(AgentId(f"agent {n}"), worlds, random)) for n in range(AGENTS)]
        await asyncio.gather(*(_asks(f"customer {n}", random.choice(worlds), random) for n in range(CUSTOMERS)))
        checker = await _when_all_is_quiet(worlds[0].log, working)
        for agent in working:
            agent.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        assert checker.faults == []
        assert checker.unfinished() == []
        assert len(checker.created) == CUSTOMERS
        assert len(checker.answered) == CUSTOMERS
        assert set(checker.answered.values()) == {1}
        assert len(checker.customer_of) == len(set(checker.customer_of.values())) == CUSTOMERS
        engine = Engine()
        for recorded in await everything(worlds[0].log):
            engine.feed(recorded)
        assert not any(isinstance(move, Offer) for move in engine.decide(worlds[0].clock()))


async def _asks(who: str, world: World, random: Random) -> None:
    """Write once, wait for an agent, and leave when they have left."""
    await asyncio.sleep(random.random() * 2)
    conversation = await world.write(who, "Hello")

    async def somebody_came() -> bool:
        return any(isinstance(fact, AgentJoined) for fact in await world.facts(f"conversation-{conversation}"))

    async with asyncio.timeout(40):
        while not await somebody_came():
            await asyncio.sleep(0.2)
    with suppress(Refused):
        await world.send(EndSession(await world.session_of(who), SessionEndReason.CUSTOMER))


async def _when_all_is_quiet(log: EventLog, working: list[asyncio.Task[None]]) -> Checker:
    while True:
        for agent in working:
            if agent.done():
                agent.result()
        head = await log.head()
        checker = Checker().feed_all(await everything(log))
        await asyncio.sleep(0.3)
        if not checker.unfinished() and head == await log.head():
            return checker


# One centre on its way


async def test_a_request_widens_when_its_step_has_lasted() -> None:  # routing 7, 10
    nobody = s.Step((s.Expression((s.Term(ENGLISH, s.RelationalOperator.EQ, 0),)),), timeout_s=1)
    async with World() as world:
        await world.configure(mode=s.ChannelMode.AGENT, steps=(nobody, s.Step()))
        ada = await world.staff("ada")
        await world.write("john", "Hello")
        task = await world.offer_to(ada)
        facts = await world.facts(f"task-{task}")
        assert [type(fact) for fact in facts] == [TaskCreated, TaskQueued, StepReached, TaskReserved]


async def test_a_step_is_left_by_the_waits_that_are_told(monkeypatch: pytest.MonkeyPatch) -> None:  # routing 8, 65
    monkeypatch.setattr(Waits, "expected_s", lambda _, queue_id: 60 if queue_id == SUPPORT else None)
    nobody = s.Expression((s.Term(ENGLISH, s.RelationalOperator.EQ, 0),))
    first = s.Step((nobody,), 3_600, skip_when=read("estimated_wait_s >= 60 AND logged_in == 0"))
    async with World() as world:
        await world.configure(mode=s.ChannelMode.AGENT, steps=(first, s.Step()))
        ada = await world.staff("ada")
        await world.write("john", "Hello")
        task = await world.offer_to(ada)
        (left,) = [fact for fact in await world.facts(f"task-{task}") if isinstance(fact, StepReached)]
        assert (left.reason, left.measured) == (StepReason.CONDITION_HELD, {"estimated_wait_s": 60, "logged_in": 0})
        assert left.condition == "estimated_wait_s >= 60 AND logged_in == 0"


@pytest.mark.parametrize("seed", range(3))
async def test_a_centre_that_loses_the_lead_again_and_again_serves_everybody(seed: int) -> None:
    random = Random(seed)
    async with World(RestlessLog(seed)) as world:
        await world.configure(mode=s.ChannelMode.AGENT, offer_timeout_s=1)
        for number in range(4):
            await world.staff(f"agent {number}")
        working = [asyncio.create_task(works(AgentId(f"agent {n}"), (world, world), random)) for n in range(4)]
        asking = asyncio.gather(*(_asks(f"customer {n}", world, random) for n in range(20)))
        for _ in range(40):
            await asyncio.sleep(random.random() * 0.05)
            world.leading.cancel()
            await asyncio.gather(world.leading, return_exceptions=True)
            world.leading = asyncio.create_task(world.centre.lead())
        await asking
        async with asyncio.timeout(10):
            checker = await _when_all_is_quiet(world.log, working)
        for agent in working:
            agent.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        assert checker.faults == []
        assert len(checker.answered) == 20


# Fifty first messages at once


async def configure_two_lines(world: World) -> None:
    await world.configure(mode=s.ChannelMode.AGENT)
    for line in ("whatsapp", "sms"):
        await world.send(Configure(f"{line}type", s.ChannelType(line, "chat")))
        routing = s.RoutingPolicy(queue_id=SUPPORT)
        channel = s.Channel(line, ChannelTypeId(f"{line}type"), line, mode=s.ChannelMode.AGENT, routing=routing)
        await world.send(Configure(line, channel))


async def fifty_at_once(worlds: tuple[World, ...], seed: int) -> None:
    """Half of them by each line; some come twice, as vendors send them."""
    random = Random(seed)
    lines = {f"m{number}": ChannelId("whatsapp" if number % 2 else "sms") for number in range(50)}
    messages = [*lines, *random.sample(list(lines), 10)]
    random.shuffle(messages)

    async def one(name: str) -> None:
        for _ in range(random.randrange(4)):
            await asyncio.sleep(0)
        inbound = Inbound(lines[name], PHONE, name, Body(text=name), customer_name="John")
        await random.choice(worlds).centre.commands.send(ReceiveMessage(inbound), uuid4())

    await asyncio.gather(*map(one, messages))
    history = await everything(worlds[0].log)
    posted = [recorded for recorded in history if isinstance(recorded.fact, MessagePosted)]
    assert sum(isinstance(recorded.fact, CustomerCreated) for recorded in history) == 1
    started = [recorded.fact.channel_id for recorded in history if isinstance(recorded.fact, SessionStarted)]
    assert Counter(started) == {"whatsapp": 1, "sms": 1}
    assert len({recorded.stream for recorded in posted}) == 1
    assert Counter(recorded.fact.body.text for recorded in posted) == dict.fromkeys(lines, 1)
    assert Checker().feed_all(history).faults == []


@pytest.mark.parametrize("seed", range(5))
async def test_fifty_first_messages_are_one_customer_in_one_conversation(seed: int) -> None:
    async with World(MemoryLog()) as world:
        await configure_two_lines(world)
        await fifty_at_once((world,), seed)


@pytest.mark.parametrize("seed", range(5))
async def test_fifty_first_messages_at_two_processes_are_one_customer_too(seed: int, postgres_url: str) -> None:
    async with two_centres(postgres_url) as worlds:
        await configure_two_lines(worlds[0])
        await know_the_same(*worlds)
        await fifty_at_once(worlds, seed)
