"""What people hold is not taken out under them; where that is not known yet, they give it back. routing 63."""

from dataclasses import replace

import pytest

from commands.agents import AssignAttribute, GrantMrd, RegisterAgent
from commands.configuration import Configure, Retire
from domain.agents.agent import Agent
from domain.configuration.catalog import InUse
from domain.configuration.facts import Retired
from domain.configuration.settings import AttributeType, MediaRoutingDomain, RoutingAttribute
from domain.ids import AgentId, AttributeId, MrdId
from tests.commands.office import Office, an_office

pytestmark = pytest.mark.anyio
MARIA, LATIN, FAX = AgentId("maria"), AttributeId("latin"), MrdId("fax")
LEVELS = RoutingAttribute("Latin", AttributeType.PROFICIENCY_LEVEL, 5)
YES_OR_NO = RoutingAttribute("Latin", AttributeType.BOOLEAN, 1)


async def with_latin() -> Office:
    """An attribute and a domain that nothing but people could need."""
    office = an_office()
    there = office.catalog
    office.catalog = replace(
        there, attributes={**there.attributes, LATIN: LEVELS}, mrds={**there.mrds, FAX: MediaRoutingDomain("Fax")}
    )
    await office.sends(Configure(LATIN, LEVELS), Configure(FAX, MediaRoutingDomain("Fax")))
    await office.sends(RegisterAgent(MARIA, "maria", "Maria"))
    return office


async def hears_of_maria(office: Office) -> Agent:
    office.agents = {MARIA: await office.load(Agent, MARIA)}
    return office.agents[MARIA]


def forget(office: Office) -> None:
    """The process has heard that both are gone."""
    there = office.catalog
    office.catalog = replace(
        there,
        attributes={id_: it for id_, it in there.attributes.items() if id_ != LATIN},
        mrds={id_: it for id_, it in there.mrds.items() if id_ != FAX},
    )


async def test_what_somebody_holds_is_not_retired() -> None:
    office = await with_latin()
    await office.sends(AssignAttribute(MARIA, LATIN), GrantMrd(MARIA, FAX))
    await hears_of_maria(office)
    for kind, id_ in ((RoutingAttribute, LATIN), (MediaRoutingDomain, FAX)):
        with pytest.raises(InUse, match="1 agent: Maria"):
            await office.send(Retire(kind, id_))
    assert await office.facts(Retired) == []


async def test_a_type_does_not_change_under_a_value_unless_everything_is_checked_together() -> None:
    office = await with_latin()
    await office.sends(AssignAttribute(MARIA, LATIN, 7))
    await hears_of_maria(office)
    await office.send(Configure(LATIN, replace(LEVELS, name="Latin, spoken")))
    with pytest.raises(InUse, match=r"Maria \(7\)"):
        await office.send(Configure(LATIN, YES_OR_NO))
    await office.send(Configure(LATIN, YES_OR_NO, checked_as_a_whole=True))
    office.catalog = replace(office.catalog, attributes={**office.catalog.attributes, LATIN: YES_OR_NO})
    await office.settle()
    assert (await office.load(Agent, MARIA)).attributes == {}, "nobody gave her one that fits"


async def test_who_was_given_it_just_before_gives_it_back() -> None:
    office = await with_latin()
    await office.send(AssignAttribute(MARIA, LATIN))
    await office.send(GrantMrd(MARIA, FAX))
    await office.send(Retire(RoutingAttribute, LATIN))  # this process has not heard of Maria
    await office.send(Retire(MediaRoutingDomain, FAX))
    forget(office)
    await hears_of_maria(office)
    await office.settle()
    maria = await office.load(Agent, MARIA)
    assert (maria.attributes, maria.mrds[FAX].tasks_max) == ({}, 0)


async def test_who_is_given_it_just_after_gives_it_back() -> None:
    office = await with_latin()
    await office.send(Retire(RoutingAttribute, LATIN))
    await office.send(Retire(MediaRoutingDomain, FAX))
    await office.send(AssignAttribute(MARIA, LATIN))  # this process has not heard that they are gone
    await office.send(GrantMrd(MARIA, FAX))
    forget(office)
    await office.settle()
    maria = await office.load(Agent, MARIA)
    assert (maria.attributes, maria.mrds[FAX].tasks_max) == ({}, 0)


async def test_what_was_set_up_again_meanwhile_is_kept() -> None:
    office = await with_latin()
    await office.send(Retire(RoutingAttribute, LATIN))
    await office.send(Retire(MediaRoutingDomain, FAX))
    await office.send(Configure(LATIN, LEVELS))
    await office.send(AssignAttribute(MARIA, LATIN))
    await office.send(GrantMrd(MARIA, FAX))
    await hears_of_maria(office)
    await office.settle()
    maria = await office.load(Agent, MARIA)
    assert (maria.attributes, maria.mrds[FAX].tasks_max) == ({LATIN: 5}, 3)
