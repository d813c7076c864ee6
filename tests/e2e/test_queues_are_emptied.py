"""Can a queue be emptied while people work with it? routing 63, 64."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.configuration import Configure, Retire
from commands.queues import DrainQueue, FlushQueue
from commands.requests import RequestAgent
from commands.tasks import AcceptTask
from domain.channels.messages import SenderType
from domain.configuration import settings as s
from domain.configuration.catalog import InUse
from domain.conversations.facts import MessagePosted, RequestReason
from domain.ids import QueueId
from domain.kernel import Invalid, NotFound
from domain.lines.line import QueueDraining
from domain.routing.clearing import QUIET
from domain.tasks.facts import TaskClosed, TaskCloseReason, TaskQueued
from tests.e2e.world import BOT, CHAT, SUPPORT, World

pytestmark = pytest.mark.anyio
OTHER = QueueId("other")


async def waiting(world: World, who: str, queue: QueueId) -> tuple[str, str]:
    """A customer with whom a bot talked waits in this queue; returns the conversation and the task."""
    talk = await world.write(who, "hello")

    async def bot() -> bool:
        return (await world.conversation(talk)).bot == BOT

    await world.until(bot)
    await world.send(RequestAgent(talk, RequestReason.CUSTOMER_ASKED, queue))
    task = (await world.conversation(talk)).request.task_id

    async def queued() -> bool:
        return any(isinstance(fact, TaskQueued) for fact in await world.facts(f"task-{task}"))

    await world.until(queued)
    return talk, task


async def test_everybody_who_waits_is_sent_away_and_told() -> None:
    """routing 64: whoever rings too, and nobody let it ring; whoever talks goes on."""
    async with World() as world:
        await world.configure()
        await world.send(Configure(OTHER, s.Queue("Other", CHAT)))
        ada = await world.staff("ada")
        _, talking = await waiting(world, "kim", SUPPORT)
        assert await world.offer_to(ada) == talking
        await world.send(AcceptTask(talking, ada))
        _, ringing = await waiting(world, "lee", SUPPORT)
        _, elsewhere = await waiting(world, "ron", OTHER)
        await world.send(FlushQueue(SUPPORT, "We close now."))

        async def over() -> bool:
            return any(isinstance(fact, TaskClosed) for fact in await world.facts(f"task-{ringing}"))

        await world.until(over)
        ends = [it for it in await world.log.read_all(limit=10_000) if isinstance(it.fact, TaskClosed)]
        assert [(it.subject, it.fact.reason) for it in ends] == [(ringing, TaskCloseReason.FORCE_CLOSED)]
        told = [
            it.fact.body.text
            for it in await world.log.read_all(limit=10_000)
            if isinstance(it.fact, MessagePosted) and it.fact.sender.type is SenderType.SYSTEM
        ]
        assert told == ["We close now."]
        assert talking != elsewhere
        with pytest.raises(NotFound):
            await world.send(FlushQueue(QueueId("nowhere")))


async def test_a_queue_drains_and_is_gone() -> None:
    """routing 63: it is not deleted while somebody waits, takes nobody new, and goes with the last one."""
    async with World() as world:
        await world.configure()
        await world.send(Configure(OTHER, s.Queue("Other", CHAT)))
        with pytest.raises(InUse):  # a channel needs it
            await world.send(DrainQueue(SUPPORT))
        await waiting(world, "kim", OTHER)
        with pytest.raises(InUse):  # somebody waits in it
            await world.send(Retire(s.Queue, OTHER))
        await world.send(DrainQueue(OTHER))
        lee = await world.write("lee", "hello")
        with pytest.raises(QueueDraining):
            await world.send(RequestAgent(lee, RequestReason.CUSTOMER_ASKED, OTHER))
        await world.pass_time(2 * QUIET)
        assert OTHER in world.centre.catalog.queues
        ada = await world.staff("ada")
        task = await world.offer_to(ada)
        await world.send(AcceptTask(task, ada))

        async def gone() -> bool:
            await world.pass_time(QUIET + timedelta(seconds=1))
            await world.send(Configure("lunch", s.ReasonCode("Lunch", s.ReasonKind.NOT_READY)))
            return OTHER not in world.centre.catalog.queues

        await world.until(gone)


async def test_a_channel_is_not_led_to_a_queue_that_drains() -> None:  # routing 63
    async with World() as world:
        await world.configure()
        await world.send(Configure(OTHER, s.Queue("Other", CHAT)))
        channel = world.centre.catalog.channels["web"]
        await waiting(world, "kim", OTHER)
        await world.send(DrainQueue(OTHER))
        with pytest.raises(Invalid):
            await world.send(Configure("web", replace(channel, routing=s.RoutingPolicy(queue_id=OTHER))))
