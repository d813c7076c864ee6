"""What may an agent pull, and which lists do they follow? routing 60, 61."""

import pytest

from domain.agents.agent import Agent, NotLoggedIn
from domain.agents.facts import ListSubscribed, ListUnsubscribed, LoggedOut, MadeNotReady, MrdState, SlotFilled
from domain.ids import ListId, MrdId
from domain.kernel import NotFound
from tests.domain.agents.situations import CHAT, EMAIL, LOGGED_IN, READY, REGISTERED, TALK, task, working
from tests.domain.scenario import given

COMMENTS = ListId("comments")
NOT_READY = (*READY, MadeNotReady("lunch"))


def pulled(number: int, mrd: MrdId = CHAT) -> SlotFilled:
    return SlotFilled(mrd, task(number), TALK)


@pytest.mark.parametrize("history", [LOGGED_IN, NOT_READY, READY, working(2)])
def test_whoever_is_here_pulls_ready_or_not(history) -> None:  # routing 61
    given(Agent, *history).when(lambda agent: agent.take_up(CHAT, task(7), TALK)).then(pulled(7)).twice()


def test_pulled_work_is_never_refused_and_may_be_more_than_the_maximum() -> None:  # routing 61
    full = given(Agent, *working(3))
    assert full.leaves(lambda agent: agent.mrd_state(CHAT)) is MrdState.BUSY
    more = full.when(lambda agent: agent.take_up(CHAT, task(7), TALK)).then(pulled(7))
    assert more.leaves(lambda agent: (agent.load(CHAT), agent.mrd_state(CHAT))) == (4, MrdState.BUSY)


def test_pulled_work_counts() -> None:  # routing 32, 61
    assert given(Agent, *READY, pulled(7)).leaves(lambda agent: agent.mrd_state(CHAT)) is MrdState.ACTIVE
    assert given(Agent, *READY, pulled(7, EMAIL)).leaves(lambda agent: agent.mrd_state(EMAIL)) is MrdState.BUSY
    assert given(Agent, *NOT_READY, pulled(7)).leaves(lambda agent: agent.mrd_state(CHAT)) is MrdState.PENDING_NOT_READY


def test_whoever_becomes_ready_with_pulled_work_is_active_or_busy() -> None:  # routing 32
    ready = given(Agent, *LOGGED_IN, pulled(7), pulled(8, EMAIL)).when(lambda agent: agent.make_ready())
    assert ready.leaves(lambda agent: agent.mrd_state(CHAT)) is MrdState.ACTIVE
    assert ready.leaves(lambda agent: agent.mrd_state(EMAIL)) is MrdState.BUSY


@pytest.mark.parametrize("history", [(), REGISTERED, (*READY, LoggedOut("home"))])
def test_only_who_is_signed_in_pulls(history) -> None:  # routing 61
    given(Agent, *history).when(lambda agent: agent.take_up(CHAT, task(7), TALK)).refused(NotLoggedIn)


def test_nobody_pulls_in_a_domain_that_is_not_theirs() -> None:
    given(Agent, *READY).when(lambda agent: agent.take_up(MrdId("voice"), task(7), TALK)).refused(NotFound)


def test_an_agent_follows_a_list_until_they_do_not() -> None:
    given(Agent, *REGISTERED).when(lambda agent: agent.subscribe(COMMENTS, CHAT)).then(ListSubscribed(COMMENTS)).twice()
    following = (*REGISTERED, ListSubscribed(COMMENTS))
    given(Agent, *following).when(lambda agent: agent.unsubscribe(COMMENTS)).then(ListUnsubscribed(COMMENTS)).twice()
    given(Agent, *REGISTERED).when(lambda agent: agent.unsubscribe(COMMENTS)).then()


def test_nobody_follows_a_list_of_a_domain_that_is_not_theirs() -> None:
    given(Agent, *REGISTERED).when(lambda agent: agent.subscribe(COMMENTS, MrdId("voice"))).refused(NotFound)


def test_a_subscription_outlives_the_shift() -> None:
    history = (*LOGGED_IN, ListSubscribed(COMMENTS), LoggedOut("home"))
    assert given(Agent, *history).leaves(lambda agent: agent.lists) == {COMMENTS}
