"""What does an agent's board show? The whole table of routing 32 and 33: cause by cause, before and after."""

import pytest

from domain.agents.agent import Agent
from domain.agents.facts import (
    AgentState,
    DeskConnected,
    DeskDisconnected,
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MadeReady,
    MrdGranted,
    MrdMadeNotReady,
    MrdMadeReady,
    MrdMirrored,
    MrdState,
    SlotReleased,
    SlotReserved,
    SlotState,
    SlotWrappingUp,
    StateLost,
)
from domain.agents.states import ROUTABLE, Mrd, Slot
from domain.configuration.settings import InterruptionAction
from domain.ids import MrdId, OfferId
from domain.kernel import replay
from tests.domain.agents.situations import CHAT, LOGGED_IN, READY, REGISTERED, RESTED, answered, offered, task, working
from tests.domain.scenario import given

NOT_READY, ACTIVE, BUSY, PENDING, LOGOUT, INTERRUPTED = (
    MrdState.NOT_READY,
    MrdState.ACTIVE,
    MrdState.BUSY,
    MrdState.PENDING_NOT_READY,
    MrdState.LOGOUT,
    MrdState.INTERRUPTED,
)
OFF, ON = MrdMadeNotReady(CHAT, "rest"), MrdMadeReady(CHAT)
ONE_AT_A_TIME = (*READY, MrdGranted(CHAT, 1))


def ended(number: int) -> SlotReleased:
    return SlotReleased(CHAT, task(number), "DONE")


def call() -> SlotReserved:
    """Cannot be interrupted, and everything else gives way to it."""
    gives_way = {CHAT: InterruptionAction.HOLD}
    return SlotReserved(MrdId("voice"), task(9), OfferId("offer-9"), 0, interruptible=False, interrupts=gives_way)


def hung_up() -> SlotReleased:
    return SlotReleased(MrdId("voice"), task(9), "DONE")


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
    "ready, a call elsewhere": (READY, [call()], MrdState.READY, INTERRUPTED),  # routing 35
    "active, a call elsewhere": (working(1), [call()], ACTIVE, INTERRUPTED),
    "busy, a call elsewhere": (working(3), [call()], BUSY, INTERRUPTED),
    "not ready, a call elsewhere": ((*READY, OFF), [call()], NOT_READY, NOT_READY),
    "pending, a call elsewhere": ((*working(1), OFF), [call()], PENDING, PENDING),
    "interrupted, the call ends, idle": ((*READY, call()), [hung_up()], INTERRUPTED, MrdState.READY),
    "interrupted, the call ends, at work": ((*working(1), call()), [hung_up()], INTERRUPTED, ACTIVE),
    "interrupted, the call ends, all slots taken": ((*working(3), call()), [hung_up()], INTERRUPTED, BUSY),
    "interrupted, toggled off": ((*working(1), call()), [OFF], INTERRUPTED, PENDING),
    "interrupted, logged out": ((*working(1), call()), [LoggedOut("home")], INTERRUPTED, LOGOUT),
    "interrupted, a failure": ((*working(1), call()), [StateLost("crash")], INTERRUPTED, MrdState.UNKNOWN),
    "ready, a failure": (READY, [StateLost("crash")], MrdState.READY, MrdState.UNKNOWN),
    "active, a failure": (working(1), [StateLost("crash")], ACTIVE, MrdState.UNKNOWN),
    "busy, a failure": (working(3), [StateLost("crash")], BUSY, MrdState.UNKNOWN),
    "pending, a failure": ((*working(1), OFF), [StateLost("crash")], PENDING, MrdState.UNKNOWN),
    "unknown, ready again, idle": ((*READY, StateLost("")), [MadeReady(), ON], MrdState.UNKNOWN, MrdState.READY),
    "unknown, ready again, at work": ((*working(1), StateLost("")), [MadeReady(), ON], MrdState.UNKNOWN, ACTIVE),
    "unknown, not ready, idle": ((*READY, StateLost("")), [MadeNotReady("lunch")], MrdState.UNKNOWN, NOT_READY),
    "unknown, not ready, at work": ((*working(1), StateLost("")), [MadeNotReady("a")], MrdState.UNKNOWN, PENDING),
    "unknown, logged out": ((*READY, StateLost("")), [LoggedOut("home")], MrdState.UNKNOWN, LOGOUT),
    "a rest": (READY, [MrdMadeNotReady(CHAT, "RONA", RESTED)], MrdState.READY, NOT_READY),  # routing 25
    "a rest at work": (working(1), [MrdMadeNotReady(CHAT, "RONA", RESTED)], ACTIVE, PENDING),
    "cut off from the desk": (working(1), [DeskConnected("c"), DeskDisconnected("c", RESTED)], ACTIVE, ACTIVE),  # 39
    "nobody watches their desk": (
        (*working(1), DeskConnected("c")),
        [DeskDisconnected("c", RESTED, watched=False)],
        ACTIVE,
        MrdState.UNKNOWN,
    ),
    "watched again": (
        (*working(1), DeskConnected("c"), DeskDisconnected("c", RESTED, watched=False)),
        [DeskConnected("d")],
        MrdState.UNKNOWN,
        ACTIVE,
    ),
    "told by another system": (READY, [MrdMirrored(CHAT, BUSY)], MrdState.READY, BUSY),  # routing 34
    "told again": ((*READY, MrdMirrored(CHAT, BUSY)), [MrdMirrored(CHAT, INTERRUPTED)], BUSY, INTERRUPTED),
    "logged out with work, logged in": ((*working(1), LoggedOut("")), [LoggedIn()], LOGOUT, PENDING),
}


@pytest.mark.parametrize(("history", "causes", "before", "after"), TABLE.values(), ids=TABLE)
def test_each_cause_leads_to_its_state(history, causes, before, after) -> None:
    agent = given(Agent, *history).model
    assert agent.mrd_state(CHAT) is before
    assert replay(agent, iter(causes)).mrd_state(CHAT) is after


GLOBAL = {  # routing 29
    "logged in": (REGISTERED, [LoggedIn()], AgentState.LOGOUT, AgentState.NOT_READY),
    "ready": (LOGGED_IN, [MadeReady()], AgentState.NOT_READY, AgentState.READY),
    "not ready": (READY, [MadeNotReady("lunch")], AgentState.READY, AgentState.NOT_READY),
    "another reason": (LOGGED_IN, [MadeNotReady("b")], AgentState.NOT_READY, AgentState.NOT_READY),
    "ready, logged out": (READY, [LoggedOut("")], AgentState.READY, AgentState.LOGOUT),
    "not ready, logged out": (LOGGED_IN, [LoggedOut("")], AgentState.NOT_READY, AgentState.LOGOUT),
    "not ready, a failure": (LOGGED_IN, [StateLost("")], AgentState.NOT_READY, AgentState.UNKNOWN),
    "ready, a failure": (READY, [StateLost("")], AgentState.READY, AgentState.UNKNOWN),
    "a failure, ready": ((*READY, StateLost("")), [MadeReady()], AgentState.UNKNOWN, AgentState.READY),
    "a failure, not ready": ((*READY, StateLost("")), [MadeNotReady("a")], AgentState.UNKNOWN, AgentState.NOT_READY),
    "a failure, logged out": ((*READY, StateLost("")), [LoggedOut("")], AgentState.UNKNOWN, AgentState.LOGOUT),
    "nobody watches": (
        READY,
        [DeskConnected("c"), DeskDisconnected("c", RESTED, watched=False)],
        AgentState.READY,
        AgentState.UNKNOWN,
    ),
    "watched again": (
        (*READY, DeskConnected("c"), DeskDisconnected("c", RESTED, watched=False)),
        [DeskConnected("d")],
        AgentState.UNKNOWN,
        AgentState.READY,
    ),
    "cut off": (READY, [DeskConnected("c"), DeskDisconnected("c", RESTED)], AgentState.READY, AgentState.READY),
}


@pytest.mark.parametrize(("history", "causes", "before", "after"), GLOBAL.values(), ids=GLOBAL)
def test_each_cause_leads_to_its_global_state(history, causes, before, after) -> None:
    agent = given(Agent, *history).model
    assert agent.state is before
    assert replay(agent, iter(causes)).state is after


def test_every_state_has_its_cause() -> None:  # routing 32
    told = {state for *_, before, after in TABLE.values() for state in (before, after)}
    assert told == set(MrdState)
    told_globally = {state for *_, before, after in GLOBAL.values() for state in (before, after)}
    assert told_globally == set(AgentState) - {AgentState.LOGIN}  # passed through at once


def as_published(
    logged_in: bool, willing: bool, load: int, tasks_max: int, *, gives_way: bool = False, lost: bool = False
) -> MrdState:
    """routing 33, said a second time."""
    if not logged_in:
        return LOGOUT
    if lost:
        return MrdState.UNKNOWN
    if not willing:
        return PENDING if load else NOT_READY
    if gives_way:
        return INTERRUPTED
    if load >= tasks_max:
        return BUSY
    return ACTIVE if load else MrdState.READY


@pytest.mark.parametrize("logged_in", [False, True])
@pytest.mark.parametrize("ready", [False, True])
@pytest.mark.parametrize("toggle", [False, True])
@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("on_a_call", [False, True])
@pytest.mark.parametrize("load", range(4))
@pytest.mark.parametrize("tasks_max", range(4))
def test_the_state_is_a_function_of_its_causes_alone(
    logged_in, ready, toggle, load, tasks_max, on_a_call, lost
) -> None:
    slots = {task(n): Slot(CHAT, SlotState.ACTIVE, OfferId(f"offer-{n}")) for n in range(load)}
    if on_a_call:
        interrupts = {CHAT: InterruptionAction.REROUTE}
        slots[task(9)] = Slot(MrdId("voice"), SlotState.ACTIVE, OfferId("offer-9"), interrupts=interrupts)
    agent = Agent("maria", "Maria", logged_in, ready, mrds={CHAT: Mrd(tasks_max, toggle)}, slots=slots, state_lost=lost)
    state = as_published(logged_in, ready and toggle, load, tasks_max, gives_way=on_a_call, lost=lost)
    assert agent.mrd_state(CHAT) is state
    if agent.mrd_state(CHAT) in ROUTABLE:
        assert load < tasks_max  # routing 12


def test_a_domain_that_was_never_granted_is_not_ready() -> None:
    assert given(Agent, *READY).leaves(lambda agent: agent.mrd_state("voice")) is NOT_READY


def test_a_slot_in_one_domain_is_no_load_in_another() -> None:
    assert given(Agent, *working(3)).leaves(lambda agent: agent.mrd_state("email")) is MrdState.READY
