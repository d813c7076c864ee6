"""May a slot be held, filled, wrapped up, freed? The one place where capacity is enforced: routing 12, 18, 20, 25, 52."""

import pytest

from domain.agents.agent import WITHOUT_SLOT, Agent, NotRoutable
from domain.agents.facts import (
    LoggedOut,
    MadeNotReady,
    MrdGranted,
    MrdMadeNotReady,
    MrdState,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotState,
    SlotWrappingUp,
    WrapUpEnded,
)
from domain.configuration.settings import RonaAction
from domain.ids import OfferId
from domain.routing.decisions import Grounds
from tests.domain.agents.situations import (
    CHAT,
    EMAIL,
    LOGGED_IN,
    READY,
    REGISTERED,
    TALK,
    offered,
    task,
    working,
)
from tests.domain.scenario import given


def reserve(number: int, mrd=CHAT):
    return lambda agent: agent.reserve(mrd, task(number), OfferId(f"offer-{number}"), 0)


def missed_once(agent: Agent, number: int, action: RonaAction = RonaAction.MRD_NOT_READY):
    return agent.miss(task(number), action)


def test_a_ready_agent_is_offered_a_task_once() -> None:
    given(Agent, *READY).when(reserve(1)).then(offered(1)).twice()


def test_an_active_agent_takes_more() -> None:
    given(Agent, *working(2)).when(reserve(3)).then(offered(3))


def test_a_busy_agent_takes_no_more_work() -> None:
    given(Agent, *working(3)).when(reserve(4)).refused(NotRoutable)


def test_a_pending_agent_takes_no_more_work() -> None:
    given(Agent, *working(1), MrdMadeNotReady(CHAT, "rest")).when(reserve(2)).refused(NotRoutable)


@pytest.mark.parametrize(
    "history",
    [
        REGISTERED,
        LOGGED_IN,
        (*READY, LoggedOut("")),
        (*READY, MadeNotReady("lunch")),
        (*READY, MrdMadeNotReady(CHAT, "")),
        (*READY, MrdGranted(CHAT, 0)),  # routing 33
    ],
)
def test_whoever_is_not_routable_is_offered_nothing(history) -> None:
    given(Agent, *history).when(reserve(1)).refused(NotRoutable)


def test_one_offer_at_a_time_in_a_domain() -> None:  # routing 20
    given(Agent, *READY, offered(1)).when(reserve(2)).refused(NotRoutable)


def test_an_offer_in_one_domain_leaves_another_free() -> None:
    given(Agent, *READY, offered(1)).when(reserve(2, EMAIL)).then(offered(2, EMAIL))


def test_wrap_up_holds_the_last_slot() -> None:  # routing 52
    given(Agent, *working(3), SlotWrappingUp(CHAT, task(1))).when(reserve(4)).refused(NotRoutable)


def test_a_freed_slot_is_offered_again() -> None:
    given(Agent, *working(3), SlotReleased(CHAT, task(2), "DONE")).when(reserve(4)).then(offered(4))


def test_a_lowered_maximum_drops_no_task_and_admits_none() -> None:  # routing 33
    history = (*working(3), MrdGranted(CHAT, 2), SlotReleased(CHAT, task(1), "DONE"))
    assert given(Agent, *history).leaves(lambda agent: agent.load(CHAT)) == 2
    given(Agent, *history).when(reserve(4)).refused(NotRoutable)


def test_an_accepted_offer_fills_its_slot_once() -> None:
    given(Agent, *READY, offered(1)).when(lambda agent: agent.fill(task(1), TALK)).then(
        SlotFilled(CHAT, task(1), TALK)
    ).twice()


def test_a_slot_that_is_gone_is_not_filled() -> None:
    given(Agent, *READY).when(lambda agent: agent.fill(task(1), TALK)).then()


def test_a_late_fill_does_not_undo_a_wrap_up() -> None:
    given(Agent, *working(1), SlotWrappingUp(CHAT, task(1))).when(lambda agent: agent.fill(task(1), TALK)).then()


def test_wrapping_up_keeps_the_slot_where_the_domain_says_so() -> None:  # routing 52
    given(Agent, *working(1)).when(lambda agent: agent.wrap_up(task(1), holds_slot=True)).then(
        SlotWrappingUp(CHAT, task(1))
    ).twice()


def test_wrapping_up_frees_the_slot_where_the_domain_says_so() -> None:  # routing 52
    wrap_up = given(Agent, *working(1)).when(lambda agent: agent.wrap_up(task(1), holds_slot=False)).twice()
    assert wrap_up.leaves(lambda agent: agent.mrd_state(CHAT)) is MrdState.READY


def test_a_wrap_up_without_a_slot_is_theirs_until_it_ends() -> None:  # routing 37, 52
    wraps_up = (*working(1), SlotReleased(CHAT, task(1), WITHOUT_SLOT))
    assert given(Agent, *wraps_up).leaves(lambda agent: agent.wrap_ups) == {task(1)}
    ended = given(Agent, *wraps_up).when(lambda agent: agent.release(task(1), "DONE"))
    ended.then(WrapUpEnded(task(1))).twice()


def test_several_wrap_ups_run_side_by_side() -> None:  # routing 52
    agent = given(Agent, *working(2), SlotWrappingUp(CHAT, task(1)), SlotWrappingUp(CHAT, task(2))).model
    assert [slot.state for slot in agent.slots.values()] == [SlotState.WRAP_UP, SlotState.WRAP_UP]


@pytest.mark.parametrize("history", [(*READY, offered(1)), working(1), (*working(1), SlotWrappingUp(CHAT, task(1)))])
def test_any_slot_is_released_once(history) -> None:
    given(Agent, *history).when(lambda agent: agent.release(task(1), "DONE")).then(
        SlotReleased(CHAT, task(1), "DONE")
    ).twice()


def test_a_missed_offer_frees_the_slot_and_rests_the_agent() -> None:  # routing 25
    missed = given(Agent, *READY, offered(1)).when(lambda agent: missed_once(agent, 1))
    missed.then(SlotReleased(CHAT, task(1), "RONA"), MrdMadeNotReady(CHAT, "RONA")).twice()
    assert missed.leaves(lambda agent: agent.mrd_state(CHAT)) is MrdState.NOT_READY
    assert missed.leaves(lambda agent: agent.mrd_state(EMAIL)) is MrdState.READY


def test_whoever_misses_an_offer_in_mid_talk_is_pending() -> None:  # routing 25
    missed = given(Agent, *working(1), offered(2)).when(lambda agent: missed_once(agent, 2))
    assert missed.leaves(lambda agent: agent.mrd_state(CHAT)) is MrdState.PENDING_NOT_READY


def test_a_missed_offer_may_leave_the_agent_ready() -> None:  # routing 25
    given(Agent, *READY, offered(1)).when(lambda agent: missed_once(agent, 1, RonaAction.NONE)).then(
        SlotReleased(CHAT, task(1), "RONA")
    )


def test_whoever_rests_already_is_not_made_to_rest_again() -> None:
    given(Agent, *READY, offered(1), MadeNotReady("lunch")).when(lambda agent: missed_once(agent, 1)).then(
        SlotReleased(CHAT, task(1), "RONA")
    )


def test_an_accepted_offer_cannot_be_missed_any_more() -> None:
    given(Agent, *working(1)).when(lambda agent: missed_once(agent, 1)).then()


def test_the_reasons_for_a_choice_are_kept_with_it() -> None:
    why = Grounds(policy="LONGEST_AVAILABLE")
    given(Agent, *READY).when(lambda agent: agent.reserve(CHAT, task(1), OfferId("o"), 2, why)).then(
        SlotReserved(CHAT, task(1), OfferId("o"), 2, why)
    )
