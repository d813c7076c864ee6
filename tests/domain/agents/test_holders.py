"""Is it said who holds what an administrator is about to take out or to change? routing 63."""

import pytest

from domain.agents.agent import Agent
from domain.agents.facts import AgentRegistered, AttributeAssigned, MrdGranted
from domain.agents.holders import check_unheld, check_values, holders, outlived, values
from domain.configuration.catalog import InUse
from domain.configuration.settings import AttributeType
from domain.ids import AgentId, AttributeId
from domain.kernel import replay
from tests.domain.configuration.situations import BUSINESS, catalog

SPANISH = AttributeId("spanish")


def person(name: str, *facts) -> Agent:
    return replay(Agent(), iter((AgentRegistered(name.lower(), name), *facts)))


def people(names: str, *facts) -> dict[AgentId, Agent]:
    return {AgentId(name.lower()): person(name, *facts) for name in names.split()}


def refused(category: str, subject: str, agents: dict[AgentId, Agent]) -> str:
    with pytest.raises(InUse) as no:
        check_unheld(category, subject, agents)
    assert no.value.field == "id"
    return no.value.detail


def test_an_attribute_that_agents_have_stays_and_three_of_them_are_named() -> None:
    has = AttributeAssigned(SPANISH, 7)
    one, five = people("Kim", has), people("Zoe Kim Ada Lee Bob", has)
    assert refused("attribute", SPANISH, one) == "It is held by 1 agent: Kim. Withdraw it from them first."
    assert "by 5 agents: Ada, Bob, Kim and 2 more. Withdraw" in refused("attribute", SPANISH, five)
    assert "by 1 agent: nameless." in refused(
        "attribute", SPANISH, {AgentId("nameless"): replay(Agent(), iter((has,)))}
    )
    check_unheld("attribute", "latin", five)


def test_a_domain_stays_while_agents_may_work_in_it() -> None:
    working, taken_away = people("Kim Ada", MrdGranted("chat", 3)), people("Lee", MrdGranted("chat", 0))
    assert refused("mrd", "chat", working | taken_away) == (
        "It is held by 2 agents: Ada, Kim. Grant them no tasks there first."
    )
    check_unheld("mrd", "chat", taken_away)
    check_unheld("mrd", "email", working)


def test_people_hold_nothing_else() -> None:
    assert holders("queue", SPANISH, people("Kim", AttributeAssigned(SPANISH, 7))) == []


def test_an_attribute_changes_where_all_values_fit_both_types() -> None:
    agents = people("Kim", AttributeAssigned(SPANISH, 1)) | people("Ada", AttributeAssigned(SPANISH, 7)) | people("Lee")
    for type_ in AttributeType:
        check_values(type_, values(SPANISH, people("Kim", AttributeAssigned(SPANISH, 1))))
    with pytest.raises(InUse) as no:
        check_values(AttributeType.BOOLEAN, values(SPANISH, agents))
    assert no.value.field == "type"
    assert no.value.detail.startswith(
        "Values that are none of a BOOLEAN attribute are held by 1 agent: Ada (7). Withdraw"
    )
    with pytest.raises(InUse):
        check_values(AttributeType.PROFICIENCY_LEVEL, [("Lee", 0)])


def test_what_an_agent_holds_outlives_its_attribute_or_its_type() -> None:
    there, gone = catalog(), catalog({id_: it for id_, it in BUSINESS.items() if id_ == "chat"})
    assert not outlived(person("Kim", AttributeAssigned(SPANISH, 7)), SPANISH, there)
    assert outlived(person("Kim", AttributeAssigned(SPANISH, 7)), SPANISH, gone)
    assert outlived(person("Kim", AttributeAssigned(SPANISH, 0)), SPANISH, there)
    assert not outlived(person("Kim"), SPANISH, gone)
