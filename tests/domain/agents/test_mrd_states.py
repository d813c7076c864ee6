"""What does an agent's board show? The whole table of routing 32 and 33: cause by cause, before and after."""

import pytest

from domain.agents.agent import ROUTABLE, Agent, Mrd, Slot
from domain.agents.facts import (
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MadeReady,
    MrdGranted,
    MrdMadeNotReady,
    MrdMadeReady,
    MrdState,
    SlotReleased,
    SlotState,
    SlotWrappingUp,
)
from domain.ids import OfferId
from domain.kernel import replay
from tests.domain.agents.situations import CHAT, READY, REGISTERED, answered, offered, task, working
from tests.domain.scenario import given

NOT_READY, ACTIVE, BUSY, PENDING, LOGOUT = (
    MrdState.NOT_READY,
    MrdState.ACTIVE,
    MrdState.BUSY,
    MrdState.PENDING_NOT_READY,
    MrdState.LOGOUT,
)
OFF, ON = MrdMadeNotReady(CHAT, "rest"), MrdMadeReady(CHAT)
ONE_AT_A_TIME = (*READY, MrdGranted(CHAT, 1))


def ended(number: int) -> SlotReleased:
    return SlotReleased(CHAT, task(number), "DONE")


TABLE = {
    "not ready, toggled on, idle": ((*READY, OFF), [ON], NOT_READY, MrdState.READY),
    "ready, a first task of several": (READY, [*answered(1)], MrdState.READY, ACTIVE),
    "ready, a first task of one": (ONE_AT_A_TIME, [*answered(1)], MrdState.READY, BUSY),
    "ready, a first offer counts": (READY, [offered(1)], MrdState.READY, ACTIVE),
    "active, the last free slot": (working(2), [*answered(3)], ACTIVE, BUSY),
    "busy, one of several ends": (working(3), [ended(1)], BUSY, ACTIVE),
    "busy, the only one ends": ((*ONE_AT_A_TIME, *answered(1)), [ended(1)], BUSY, MrdState.READY),
    "busy, all end": (working(3), [ended(1), ended(2), ended(3)], BUSY, MrdState.READY),
    "active, the last one ends": (working(1), [ended(1)], ACTIVE, MrdState.READY),
    "active, wrap-up holds the slot": (working(1), [SlotWrappingUp(CHAT, task(1))], ACTIVE, ACTIVE),
    "busy, wrap-up holds the slot": (working(3), [SlotWrappingUp(CHAT, task(1))], BUSY, BUSY),
    "ready, toggled off": (READY, [OFF], MrdState.READY, NOT_READY),
    "active, toggled off": (working(1), [OFF], ACTIVE, PENDING),
    "busy, toggled off": (working(3), [OFF], BUSY, PENDING),
    "active, the agent goes not ready": (working(1), [MadeNotReady("lunch")], ACTIVE, PENDING),
    "ready, the agent goes not ready": (READY, [MadeNotReady("lunch")], MrdState.READY, NOT_READY),
    "pending, the last one ends": ((*working(1), OFF), [ended(1)], PENDING, NOT_READY),
    "pending, one of several ends": ((*working(2), OFF), [ended(1)], PENDING, PENDING),
    "pending, toggled on with room": ((*working(1), OFF), [ON], PENDING, ACTIVE),
    "pending, toggled on without room": ((*working(3), OFF), [ON], PENDING, BUSY),
    "pending, the agent is ready again": (
        (*working(1), MadeNotReady("lunch")),
        [MadeReady(), ON],
        PENDING,
        ACTIVE,
    ),
    "active, the maximum falls below": (working(2), [MrdGranted(CHAT, 1)], ACTIVE, BUSY),
    "busy, the maximum rises": (working(3), [MrdGranted(CHAT, 4)], BUSY, ACTIVE),
    "ready, the maximum is nothing": (READY, [MrdGranted(CHAT, 0)], MrdState.READY, BUSY),
    "busy above a lowered maximum, one ends": ((*working(3), MrdGranted(CHAT, 1)), [ended(1)], BUSY, BUSY),
    "ready, logged out": (READY, [LoggedOut("home")], MrdState.READY, LOGOUT),
    "busy, logged out": (working(3), [LoggedOut("home")], BUSY, LOGOUT),
    "pending, logged out": ((*working(1), OFF), [LoggedOut("home")], PENDING, LOGOUT),
    "logged out, logged in": (REGISTERED, [LoggedIn()], LOGOUT, NOT_READY),
    "logged out with work, logged in": ((*working(1), LoggedOut("")), [LoggedIn()], LOGOUT, PENDING),
}


@pytest.mark.parametrize(("history", "causes", "before", "after"), TABLE.values(), ids=TABLE)
def test_each_cause_leads_to_its_state(history, causes, before, after) -> None:
    agent = given(Agent, *history).model
    assert agent.mrd_state(CHAT) is before
    assert replay(agent, iter(causes)).mrd_state(CHAT) is after


def as_published(logged_in: bool, willing: bool, load: int, tasks_max: int) -> MrdState:
    """routing 33, said a second time."""
    if not logged_in:
        return LOGOUT
    if not willing:
        return PENDING if load else NOT_READY
    if load >= tasks_max:
        return BUSY
    return ACTIVE if load else MrdState.READY


@pytest.mark.parametrize("logged_in", [False, True])
@pytest.mark.parametrize("ready", [False, True])
@pytest.mark.parametrize("toggle", [False, True])
@pytest.mark.parametrize("load", range(4))
@pytest.mark.parametrize("tasks_max", range(4))
def test_the_state_is_a_function_of_its_causes_alone(logged_in, ready, toggle, load, tasks_max) -> None:
    slots = {task(n): Slot(CHAT, SlotState.ACTIVE, OfferId(f"offer-{n}")) for n in range(load)}
    agent = Agent("maria", "Maria", logged_in, ready, mrds={CHAT: Mrd(tasks_max, toggle)}, slots=slots)
    assert agent.mrd_state(CHAT) is as_published(logged_in, ready and toggle, load, tasks_max)
    if agent.mrd_state(CHAT) in ROUTABLE:
        assert load < tasks_max  # routing 12


def test_a_domain_that_was_never_granted_is_not_ready() -> None:
    assert given(Agent, *READY).leaves(lambda agent: agent.mrd_state("voice")) is NOT_READY


def test_a_slot_in_one_domain_is_no_load_in_another() -> None:
    assert given(Agent, *working(3)).leaves(lambda agent: agent.mrd_state("email")) is MrdState.READY
