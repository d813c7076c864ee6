"""Is a file carried out as it says, by the commands that everybody uses?"""

from collections.abc import Sequence

import pytest

from commands.agents import RegisterAgent
from domain.configuration.catalog import Catalog
from domain.ids import AgentId
from infra.configuration_change import Change, changes, check
from infra.configuration_file import Configuration, configured, parse, write
from tests.domain.configuration.situations import catalog
from tests.e2e.world import World

pytestmark = pytest.mark.anyio

ADA = AgentId("1")
WHOLE = write(configured(catalog(), {})) + "agents:\n  ada:\n    attributes: {spanish: 7}\n    mrds: {chat: 3}\n"


def now(world: World) -> Configuration:
    return configured(world.centre.catalog, world.centre.router.agents)


async def imported(world: World, text: str, *, prune: bool = False) -> Sequence[Change]:
    wanted, people = parse(text), {"ada": ADA}
    check(wanted, world.centre.catalog, people, now(world).agents, prune=prune)
    made = changes(now(world), wanted, people, prune=prune)
    for change in made:
        for command in change.commands:
            await world.centre.live.reached(await world.send(command))
    return made


async def test_what_was_imported_is_what_is_exported() -> None:
    async with World() as world:
        assert await imported(world, WHOLE)
        assert write(now(world)) == WHOLE.replace("ada:\n", "ada:\n    name: ada\n").replace(
            "attributes: {spanish: 7}", "attributes:\n      spanish: 7"
        ).replace("mrds: {chat: 3}", "mrds:\n      chat: 3")
        assert await imported(world, WHOLE) == ()
        assert await imported(world, write(now(world)), prune=True) == ()


async def test_what_could_not_be_changed_one_by_one_is_changed_together() -> None:  # routing 63
    async with World() as world:
        await imported(world, WHOLE)
        await imported(world, WHOLE.replace("mrd_id: chat", "mrd_id: email"))
        assert {queue.mrd_id for queue in world.centre.catalog.queues.values()} == {"email"}
        assert not any(map(world.centre.catalog.misfit, world.centre.catalog.channels.values()))


async def test_an_attribute_and_who_has_it_go_in_one_file() -> None:  # routing 63
    async with World() as world:
        await imported(world, WHOLE)
        without = "agents:\n  ada: {name: Ada, mrds: {chat: 3}}\n"
        whole = parse(WHOLE).entities
        kept = {
            section: those for section, those in whole.items() if section not in ("attributes", "queues", "channels")
        }
        made = await imported(world, write(Configuration(kept)) + without, prune=True)
        assert [change.entity for change in made if change.entity in ("ada", "spanish")] == ["ada", "spanish"]
        assert "spanish" not in world.centre.catalog.attributes
        assert world.centre.router.agents[ADA].attributes == {}


async def test_an_attribute_and_the_values_of_it_change_in_one_file() -> None:  # routing 63
    async with World() as world:
        await imported(world, WHOLE)
        changed = WHOLE.replace("PROFICIENCY_LEVEL", "BOOLEAN").replace("default_value: 5", "default_value: 1")
        await imported(world, changed.replace("spanish >= 5", "has spanish").replace("spanish: 7", "spanish: 0"))
        assert world.centre.router.agents[ADA].attributes == {"spanish": 0}


async def test_everything_can_be_pruned_and_set_up_again() -> None:
    async with World() as world:
        await world.centre.live.reached(await world.send(RegisterAgent(ADA, "ada", "Ada")))
        await imported(world, WHOLE)
        await imported(world, "", prune=True)
        assert Catalog(world.centre.catalog.version) == world.centre.catalog
        assert write(now(world)) == "agents:\n  ada:\n    name: Ada\n"
        await imported(world, WHOLE)
        assert await imported(world, WHOLE, prune=True) == ()
