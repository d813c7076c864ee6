"""Do the pictures of the states show what the models do, and does every rule of routing have a test?"""

import re

import pytest

from domain.agents.facts import AgentState, MrdState
from domain.conversations.facts import ConversationState
from domain.lists.facts import ListItemState
from domain.tasks.facts import MediaState, TaskState
from tests.docs.machines import MACHINES, Machine
from tests.docs.pictures import PAGE, PICTURES, PLACES, drawn, page, svg
from tests.docs.rules import OPEN, ROOT, RULES, citations
from tests.docs.rules import PAGE as RULES_PAGE

AGAIN = "run `python -m tests.docs.pictures`, and look at them"
NEVER = {
    "agent": {AgentState.LOGIN: "passed through at once"},
    "mrd": {},
    "media_state": {},
    "task": {},
    "item": {},
    "conversation": {},
}
"""States that no decision of the small world leads to, and why."""
STATES = {
    "agent": AgentState,
    "mrd": MrdState,
    "media_state": MediaState,
    "task": TaskState,
    "item": ListItemState,
    "conversation": ConversationState,
}


@pytest.mark.parametrize("name", MACHINES)
def test_the_picture_is_that_of_the_code(name: str) -> None:
    assert (PICTURES / f"{name}.svg").read_text() == svg(drawn(name, MACHINES[name])), AGAIN


def test_the_tables_are_those_of_the_code() -> None:
    assert PAGE.read_text() == page(PAGE.read_text()), AGAIN


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_is_reached_or_said_to_be_out_of_reach(name: str) -> None:
    found = {state for source, _, target in MACHINES[name].steps() for state in (source, target)}
    assert found == {str(state) for state in STATES[name]} - set(NEVER[name])
    assert found == set(PLACES[name]), "each has a place in the picture"


def test_the_published_ways_between_states_of_a_domain_are_there() -> None:  # routing 32
    pairs = {(source, target) for source, _, target in MACHINES["mrd"].steps()}
    for way in (
        "NOT_READY READY",
        "READY ACTIVE",
        "ACTIVE BUSY",
        "BUSY ACTIVE",
        "ACTIVE READY",
        "READY NOT_READY",
        "ACTIVE PENDING_NOT_READY",
        "BUSY PENDING_NOT_READY",
        "PENDING_NOT_READY NOT_READY",
        "PENDING_NOT_READY ACTIVE",
        "PENDING_NOT_READY BUSY",
        "READY INTERRUPTED",
        "ACTIVE INTERRUPTED",
        "BUSY INTERRUPTED",
        "INTERRUPTED READY",
        "INTERRUPTED ACTIVE",
        "INTERRUPTED BUSY",
    ):
        assert tuple(way.split()) in pairs
    assert ("READY", "BUSY") not in pairs, "with two at once"


def test_a_model_that_changes_changes_its_picture() -> None:
    machine = MACHINES["task"]
    fewer = {label: decides for label, decides in machine.actions.items() if label != "wrap-up done"}
    changed = Machine(machine.title, machine.start, fewer, machine.view)
    assert svg(drawn("task", changed)) != svg(drawn("task", machine))


def test_every_rule_is_proved_or_said_to_be_open() -> None:
    proved = citations("tests")
    open_rules = [number for number in RULES if number not in proved]
    assert open_rules == sorted(OPEN), (
        "name the rule in the test that proves it (`# routing 24`), or say why it is open"
    )


def test_nobody_names_a_rule_that_is_not_there() -> None:
    named = set(citations("domain", "commands", "projections", "api", "infra", "connectors", "tests"))
    assert named <= set(RULES)


def test_what_the_page_of_rules_points_at_is_there() -> None:
    text = RULES_PAGE.read_text()
    found = citations("domain", "commands", "projections", "api", "infra", "connectors", "tests")
    for number in RULES:
        (row,) = re.findall(rf"^\| {number} \|.*$", text, re.MULTILINE)
        for path in re.findall(r"\]\(\.\./([^)]+)\)", row):
            assert (ROOT / path).exists(), f"{path}: run `python -m tests.docs.rules`"
            assert path in found[number], f"{path} does not name routing {number}: run `python -m tests.docs.rules`"
