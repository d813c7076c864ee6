"""May this agent come, go, want work, rest? routing 29 to 31, 33."""

import pytest

from domain.agents.agent import TASKS_MAX, Agent, NotLoggedIn
from domain.agents.facts import (
    AgentRegistered,
    AgentState,
    AttributeAssigned,
    AttributeWithdrawn,
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MadeReady,
    MrdGranted,
    MrdMadeNotReady,
    MrdMadeReady,
    MrdState,
)
from domain.ids import AttributeId
from domain.kernel import Invalid, NotFound, WrongState
from tests.domain.agents.situations import (
    CHAT,
    EMAIL,
    LOGGED_IN,
    READY,
    REGISTERED,
    working,
)
from tests.domain.scenario import given

SPANISH = AttributeId("spanish")


def test_an_agent_is_registered_once() -> None:
    given(Agent).when(lambda agent: agent.register("maria", "Maria")).then(AgentRegistered("maria", "Maria")).twice()


def test_an_agent_may_get_another_name() -> None:
    given(Agent, *REGISTERED).when(lambda agent: agent.register("maria", "Maria P.")).then(
        AgentRegistered("maria", "Maria P.")
    )


@pytest.mark.parametrize("value", [0, 1, 10])
def test_an_attribute_is_worth_0_to_10(value: int) -> None:
    given(Agent).when(lambda agent: agent.assign_attribute(SPANISH, value)).then(
        AttributeAssigned(SPANISH, value)
    ).twice()


@pytest.mark.parametrize("value", [-1, 11])
def test_an_attribute_is_worth_nothing_else(value: int) -> None:
    given(Agent).when(lambda agent: agent.assign_attribute(SPANISH, value)).refused(Invalid)


def test_an_attribute_is_withdrawn_once() -> None:
    given(Agent, AttributeAssigned(SPANISH, 7)).when(lambda agent: agent.withdraw_attribute(SPANISH)).then(
        AttributeWithdrawn(SPANISH)
    ).twice()


@pytest.mark.parametrize("tasks_max", [0, 1, TASKS_MAX])
def test_a_domain_is_granted_once(tasks_max: int) -> None:
    given(Agent).when(lambda agent: agent.grant_mrd(CHAT, tasks_max)).then(MrdGranted(CHAT, tasks_max)).twice()


@pytest.mark.parametrize("tasks_max", [-1, TASKS_MAX + 1])
def test_nobody_has_fewer_than_no_tasks_or_too_many(tasks_max: int) -> None:
    given(Agent).when(lambda agent: agent.grant_mrd(CHAT, tasks_max)).refused(Invalid)


def test_granting_again_keeps_an_agent_willing() -> None:
    again = given(Agent, *READY).when(lambda agent: agent.grant_mrd(CHAT, 5))
    assert again.leaves(lambda agent: agent.mrd_state(CHAT)) is MrdState.READY


def test_a_stranger_cannot_log_in() -> None:
    given(Agent).when(lambda agent: agent.log_in()).refused(NotFound)


def test_an_agent_logs_in_once_and_is_not_ready_without_a_reason() -> None:  # routing 29
    given(Agent, *REGISTERED).when(lambda agent: agent.log_in()).then(LoggedIn()).twice()
    assert given(Agent, *LOGGED_IN).leaves(lambda agent: (agent.state, agent.reason)) == (AgentState.NOT_READY, "")


def test_whoever_is_in_logs_out_once() -> None:
    given(Agent, *LOGGED_IN).when(lambda agent: agent.log_out("home")).then(LoggedOut("home")).twice()


def test_whoever_is_out_has_nothing_to_log_out_of() -> None:
    given(Agent, *REGISTERED).when(lambda agent: agent.log_out()).then()


def test_logging_out_is_allowed_with_work_at_hand_and_drops_none() -> None:  # routing 37
    agent = given(Agent, *working(2)).when(lambda agent: agent.log_out("home")).leaves(lambda agent: agent)
    assert agent.state is AgentState.LOGOUT
    assert agent.load(CHAT) == 2


def test_whoever_logs_in_again_does_not_want_work_yet() -> None:
    agent = given(Agent, *READY, LoggedOut("home"), LoggedIn()).model
    assert agent.state is AgentState.NOT_READY
    assert agent.mrd_state(CHAT) is MrdState.NOT_READY


def test_becoming_ready_makes_every_domain_ready() -> None:  # routing 31
    given(Agent, *LOGGED_IN).when(lambda agent: agent.make_ready()).then(
        MadeReady(), MrdMadeReady(CHAT), MrdMadeReady(EMAIL)
    ).twice()


def test_nobody_becomes_ready_in_a_domain_that_they_do_not_have() -> None:
    given(Agent, *LOGGED_IN).when(lambda agent: agent.make_ready(frozenset({CHAT, "fax"}))).refused(NotFound)


def test_becoming_ready_may_be_for_one_domain_alone() -> None:
    given(Agent, *LOGGED_IN).when(lambda agent: agent.make_ready(frozenset({CHAT}))).then(
        MadeReady(), MrdMadeReady(CHAT)
    ).twice()


def test_becoming_ready_again_readies_what_had_been_switched_off() -> None:
    given(Agent, *READY, MrdMadeNotReady(CHAT, "rest")).when(lambda agent: agent.make_ready()).then(MrdMadeReady(CHAT))


def test_becoming_not_ready_switches_every_domain_off() -> None:  # routing 30
    agent = given(Agent, *working(1)).when(lambda agent: agent.make_not_ready("lunch")).leaves(lambda agent: agent)
    assert (agent.state, agent.reason) == (AgentState.NOT_READY, "lunch")
    assert agent.mrd_state(CHAT) is MrdState.PENDING_NOT_READY
    assert agent.mrd_state(EMAIL) is MrdState.NOT_READY


def test_not_ready_is_asked_once_and_again_with_another_reason() -> None:  # routing 29
    given(Agent, *READY).when(lambda agent: agent.make_not_ready("lunch")).then(MadeNotReady("lunch")).twice()
    given(Agent, *READY, MadeNotReady("lunch")).when(lambda agent: agent.make_not_ready("training")).then(
        MadeNotReady("training")
    )


def test_ready_again_forgets_the_reason() -> None:
    assert given(Agent, *READY, MadeNotReady("lunch"), MadeReady()).leaves(lambda agent: agent.reason) == ""


def test_one_domain_is_switched_on_and_off_once() -> None:
    given(Agent, *READY).when(lambda agent: agent.make_mrd_not_ready(CHAT, "rest")).then(
        MrdMadeNotReady(CHAT, "rest")
    ).twice()
    given(Agent, *READY, MrdMadeNotReady(CHAT, "rest")).when(lambda agent: agent.make_mrd_ready(CHAT)).then(
        MrdMadeReady(CHAT)
    ).twice()


def test_a_domain_needs_a_ready_agent() -> None:  # routing 31
    given(Agent, *LOGGED_IN).when(lambda agent: agent.make_mrd_ready(CHAT)).refused(WrongState)


def test_switching_one_domain_off_leaves_the_others_on() -> None:
    states = given(Agent, *READY, MrdMadeNotReady(CHAT, "rest")).leaves(
        lambda agent: (agent.mrd_state(CHAT), agent.mrd_state(EMAIL))
    )
    assert states == (MrdState.NOT_READY, MrdState.READY)


@pytest.mark.parametrize("decide", [Agent.make_mrd_ready, lambda agent, mrd: agent.make_mrd_not_ready(mrd, "")])
def test_a_domain_that_was_never_granted_cannot_be_switched(decide) -> None:
    given(Agent, *READY).when(lambda agent: decide(agent, "voice")).refused(NotFound)


@pytest.mark.parametrize(
    "decide",
    [
        lambda agent: agent.make_ready(),
        lambda agent: agent.make_not_ready("lunch"),
        lambda agent: agent.make_mrd_ready(CHAT),
        lambda agent: agent.make_mrd_not_ready(CHAT, ""),
    ],
)
def test_whoever_is_out_changes_no_state(decide) -> None:
    given(Agent, *REGISTERED).when(decide).refused(NotLoggedIn)
