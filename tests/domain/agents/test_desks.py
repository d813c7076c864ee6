"""Is somebody at their desk, and have they anything to do? routing 25, 31, 39, 40."""

from datetime import timedelta

from domain.agents.agent import Agent, NotRoutable
from domain.agents.facts import (
    AgentState,
    DeskConnected,
    DeskDisconnected,
    IdleWarned,
    IdlingBegan,
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MrdMadeNotReady,
    MrdMadeReady,
    MrdState,
    SlotReleased,
    SlotReserved,
)
from domain.configuration.settings import RonaAction
from domain.ids import OfferId
from domain.kernel import NotFound
from tests.domain.agents.situations import (
    CHAT,
    EMAIL,
    LOGGED_IN,
    READY,
    REGISTERED,
    RESTED,
    answered,
    offered,
    task,
    working,
)
from tests.domain.scenario import given

AT_DESK = (*READY, DeskConnected("a"))
LATER = RESTED + timedelta(seconds=60)


def reserve(agent: Agent):
    return agent.reserve(CHAT, task(1), OfferId("o"), 0)


def test_whoever_loses_the_connection_keeps_their_state_and_gets_no_offers() -> None:  # routing 39
    lost = given(Agent, *AT_DESK).when(lambda agent: agent.disconnect("a", RESTED))
    lost.then(DeskDisconnected("a", RESTED)).twice()
    agent = lost.leaves(lambda agent: agent)
    assert (agent.state, agent.mrd_state(CHAT)) == (AgentState.READY, MrdState.READY)
    given(Agent, *AT_DESK, DeskDisconnected("a", RESTED)).when(reserve).refused(NotRoutable)


def test_whoever_comes_back_in_time_goes_on() -> None:  # routing 39
    gone = (*AT_DESK, DeskDisconnected("a", RESTED))
    given(Agent, *gone).when(lambda agent: agent.connect("b", several=False)).then(DeskConnected("b")).twice()
    given(Agent, *gone, DeskConnected("b")).when(reserve).then(SlotReserved(CHAT, task(1), OfferId("o"), 0))


def test_a_second_desk_takes_over_from_the_first() -> None:  # routing 39
    given(Agent, *AT_DESK).when(lambda agent: agent.connect("b", several=False)).then(
        DeskConnected("b", ("a",))
    ).twice()
    taken_over = (*AT_DESK, DeskConnected("b", ("a",)))
    given(Agent, *taken_over).when(lambda agent: agent.disconnect("a", RESTED)).then()
    given(Agent, *taken_over).when(reserve).leaves(lambda agent: agent)


def test_where_several_desks_are_permitted_the_last_one_counts() -> None:
    two = given(Agent, *AT_DESK).when(lambda agent: agent.connect("b", several=True)).then(DeskConnected("b"))
    agent = two.leaves(lambda agent: agent)
    assert list(agent.disconnect("a", RESTED)) == [DeskDisconnected("a")]
    one_left = agent.evolve(DeskDisconnected("a"))
    assert one_left.takes_offers
    assert list(one_left.disconnect("b", RESTED)) == [DeskDisconnected("b", RESTED)]


def test_whoever_is_signed_out_loses_nothing_with_the_connection() -> None:
    given(Agent, *REGISTERED, DeskConnected("a")).when(lambda agent: agent.disconnect("a", RESTED)).then(
        DeskDisconnected("a")
    )
    back = given(Agent, *AT_DESK, DeskDisconnected("a", RESTED), LoggedOut(""), LoggedIn())
    assert back.when(lambda agent: agent.make_ready()).leaves(lambda agent: agent.takes_offers)


def test_a_stranger_has_no_desk() -> None:
    given(Agent).when(lambda agent: agent.connect("a", several=False)).refused(NotFound)


def test_idleness_begins_where_there_is_no_work() -> None:  # routing 40
    given(Agent, *LOGGED_IN).when(lambda agent: agent.begin_idling(RESTED, LATER)).then(
        IdlingBegan(RESTED, LATER)
    ).twice()
    for history in (REGISTERED, working(1), (*READY, offered(1))):
        given(Agent, *history).when(lambda agent: agent.begin_idling(RESTED, LATER)).then()


def test_the_warning_comes_once_and_only_while_they_are_idle() -> None:  # routing 40
    idle = (*READY, IdlingBegan(RESTED, LATER))
    given(Agent, *idle).when(lambda agent: agent.warn_of_idling(LATER)).then(IdleWarned(LATER)).twice()
    for more in ([offered(1)], [LoggedOut("")], [IdlingBegan(LATER, LATER + timedelta(60))]):
        given(Agent, *idle, *more).when(lambda agent: agent.warn_of_idling(LATER)).then()


def test_a_missed_offer_may_mean_a_rest_until_a_time() -> None:  # routing 25
    missed = given(Agent, *READY, offered(1)).when(lambda agent: agent.miss(task(1), RonaAction.COOL_DOWN, 1, RESTED))
    missed.then(SlotReleased(CHAT, task(1), "RONA"), MrdMadeNotReady(CHAT, "RONA", RESTED)).twice()
    resting = missed.leaves(lambda agent: agent)
    assert resting.mrd_state(CHAT) is MrdState.NOT_READY
    assert list(resting.end_cool_down(CHAT, RESTED)) == [MrdMadeReady(CHAT)]
    assert list(resting.end_cool_down(CHAT, LATER)) == []  # routing 42


def test_whoever_says_something_else_meanwhile_ends_the_rest() -> None:  # routing 25
    resting = (*READY, MrdMadeNotReady(CHAT, "RONA", RESTED))
    for fact in (MrdMadeReady(CHAT), MrdMadeNotReady(CHAT, "enough"), MadeNotReady("lunch"), LoggedOut("")):
        given(Agent, *resting, fact).when(lambda agent: agent.end_cool_down(CHAT, RESTED)).then()
    given(Agent, *resting).when(lambda agent: agent.make_mrd_not_ready(CHAT, "enough")).then(
        MrdMadeNotReady(CHAT, "enough")
    ).twice()


def test_only_so_many_missed_offers_in_a_row_count() -> None:  # routing 25
    missed_once = (*READY, offered(1), SlotReleased(CHAT, task(1), "RONA"))
    twice = RonaAction.MRD_NOT_READY, 2
    given(Agent, *READY, offered(1)).when(lambda agent: agent.miss(task(1), *twice)).then(
        SlotReleased(CHAT, task(1), "RONA")
    )
    second = given(Agent, *missed_once, offered(2)).when(lambda agent: agent.miss(task(2), *twice))
    second.then(SlotReleased(CHAT, task(2), "RONA"), MrdMadeNotReady(CHAT, "RONA"))
    for between in (answered(2), (offered(2), SlotReleased(CHAT, task(2), "RONA"), MrdMadeReady(CHAT))):
        given(Agent, *missed_once, *between, offered(3)).when(lambda agent: agent.miss(task(3), *twice)).then(
            SlotReleased(CHAT, task(3), "RONA")
        )


def test_each_domain_has_a_row_of_its_own() -> None:  # routing 25
    missed_once = (*READY, offered(1), SlotReleased(CHAT, task(1), "RONA"), *answered(2, EMAIL), offered(3))
    second = given(Agent, *missed_once).when(lambda agent: agent.miss(task(3), RonaAction.MRD_NOT_READY, 2))
    second.then(SlotReleased(CHAT, task(3), "RONA"), MrdMadeNotReady(CHAT, "RONA"))


def test_a_domain_that_only_rests_is_not_off() -> None:  # routing 25, 31
    resting = (*READY, MrdMadeNotReady(EMAIL, "RONA", RESTED))
    given(Agent, *resting).when(lambda agent: agent.make_mrd_not_ready(CHAT, "enough", last_one_off=True)).then(
        MrdMadeNotReady(CHAT, "enough")
    )


def test_whoever_switches_the_last_domain_off_may_be_not_ready_at_all() -> None:  # routing 31
    one_left = (*READY, MrdMadeNotReady(EMAIL, ""))
    given(Agent, *one_left).when(lambda agent: agent.make_mrd_not_ready(CHAT, "enough", last_one_off=True)).then(
        MrdMadeNotReady(CHAT, "enough"), MadeNotReady("enough")
    ).twice()
    given(Agent, *READY).when(lambda agent: agent.make_mrd_not_ready(CHAT, "enough", last_one_off=True)).then(
        MrdMadeNotReady(CHAT, "enough")
    )
    given(Agent, *one_left, offered(1)).when(lambda agent: agent.miss(task(1), last_one_off=True)).then(
        SlotReleased(CHAT, task(1), "RONA"), MrdMadeNotReady(CHAT, "RONA"), MadeNotReady("RONA")
    )
