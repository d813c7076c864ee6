"""Two processes at once: one gives an agent what the other takes out. Nobody holds what is gone. routing 63."""

import asyncio
from uuid import uuid4

import pytest

from commands.agents import AssignAttribute, GrantMrd, RegisterAgent, WithdrawAttribute
from commands.configuration import Configure, Retire
from domain.agents.agent import Agent
from domain.configuration import settings as s
from domain.configuration.catalog import InUse
from domain.ids import AgentId, AttributeId, MrdId
from domain.kernel import NotFound
from infra.centre import Centre
from infra.checkpoints import MemoryCheckpoints
from tests.commands.office import RestlessLog
from tests.e2e.world import World

pytestmark = pytest.mark.anyio
ADA, LATIN, FAX = AgentId("ada"), AttributeId("latin"), MrdId("fax")


@pytest.mark.parametrize("seed", range(12))
async def test_nobody_holds_what_is_gone(seed: int) -> None:
    log = RestlessLog(seed)
    async with World(log) as world:
        other = Centre(log, MemoryCheckpoints(), world.clock)
        await other.start()
        there = await world.send(Configure(LATIN, s.RoutingAttribute("Latin", s.AttributeType.BOOLEAN, 1)))
        there = max(there, await world.send(Configure(FAX, s.MediaRoutingDomain("Fax"))))
        await other.live.reached(max(there, await world.send(RegisterAgent(ADA, "ada", "Ada"))))
        one, two = (world.centre, other) if seed % 2 else (other, world.centre)
        done = await asyncio.gather(
            one.commands.send(AssignAttribute(ADA, LATIN), uuid4()),
            two.commands.send(Retire(s.RoutingAttribute, LATIN), uuid4()),
            one.commands.send(GrantMrd(ADA, FAX), uuid4()),
            two.commands.send(Retire(s.MediaRoutingDomain, FAX), uuid4()),
            return_exceptions=True,
        )
        assert all(isinstance(it, int | tuple | NotFound | InUse) for it in done), done

        async def settled() -> bool:
            ada, catalog = await world.centre.store.load(Agent, ADA), world.centre.catalog
            latin, fax = LATIN in ada.attributes, FAX in ada.mrds and ada.mrds[FAX].tasks_max > 0
            return latin <= (LATIN in catalog.attributes) and fax <= (FAX in catalog.mrds)

        await world.centre.live.reached(await log.head())
        await world.until(settled)
        await other.stop()


async def test_what_is_withdrawn_may_be_retired_at_once() -> None:
    async with World() as world:
        await world.send(Configure(LATIN, s.RoutingAttribute("Latin", s.AttributeType.BOOLEAN, 1)))
        await world.send(RegisterAgent(ADA, "ada", "Ada"))
        await world.send(AssignAttribute(ADA, LATIN))
        with pytest.raises(InUse, match="1 agent: Ada"):
            await world.send(Retire(s.RoutingAttribute, LATIN))
        await world.send(WithdrawAttribute(ADA, LATIN))
        await world.send(Retire(s.RoutingAttribute, LATIN))
        assert LATIN not in world.centre.catalog.attributes
