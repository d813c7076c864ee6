"""How does an offer end, other than by an accept? routing 21, 22, 27, 51, 59."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.ids import OfferId
from domain.kernel import Invalid, NotFound
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import (
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskReserved,
    TaskState,
    WrapUpApplied,
    WrapUpStarted,
)
from domain.tasks.refusals import CodesNeeded, OfferGone
from domain.tasks.task import DECLINE_REASON_MAX, GOES_ON, Task
from tests.domain.scenario import given
from tests.domain.tasks.situations import (
    ACTIVE,
    DONE,
    DUE,
    MARIA,
    NOW,
    OFFER,
    PAUL,
    QUEUED,
    RESERVED,
    ROUTING,
    TALK,
    WRAPPING_UP,
    closed,
)

TOO_LATE = ROUTING.expires_at
IN_TIME = TOO_LATE - timedelta(microseconds=1)
OWES_CODES = (*ACTIVE, WrapUpStarted(MARIA, TALK, None, needs_codes=True))


def test_an_agent_declines_what_rings_and_says_why() -> None:  # routing 21
    given(Task, *RESERVED).when(lambda task: task.decline(MARIA, "lunch", NOW)).then(
        replace(closed(TaskCloseReason.DECLINED), words="lunch")
    )


def test_a_declined_request_goes_on() -> None:  # routing 21
    assert TaskCloseReason.DECLINED in GOES_ON


@pytest.mark.parametrize("history", [QUEUED, ACTIVE, WRAPPING_UP, DONE])
def test_only_what_rings_is_declined(history) -> None:
    given(Task, *history).when(lambda task: task.decline(MARIA, "", NOW)).refused(OfferGone)


def test_nobody_declines_for_another_nor_an_offer_of_before() -> None:
    given(Task, *RESERVED).when(lambda task: task.decline(PAUL, "", NOW)).refused(OfferGone)
    given(Task, *RESERVED).when(lambda task: task.decline(MARIA, "", NOW, OfferId("offer-0"))).refused(OfferGone)
    given(Task).when(lambda task: task.decline(MARIA, "", NOW)).refused(NotFound)


def test_a_reason_is_short() -> None:
    given(Task, *RESERVED).when(lambda task: task.decline(MARIA, "x" * (DECLINE_REASON_MAX + 1), NOW)).refused(Invalid)


def test_where_work_is_answered_by_itself_both_facts_are_written() -> None:  # routing 22
    given(Task, *QUEUED).when(lambda task: task.reserve(OFFER, MARIA, DUE, 0, auto_answer=True)).then(
        TaskReserved(OFFER, MARIA, DUE, 0), TaskAccepted(OFFER, MARIA, TALK)
    ).twice()


ENDS = {
    "it rang out": lambda now: lambda task: task.expire_offer(OFFER, now),
    "it was declined": lambda now: lambda task: task.decline(MARIA, "", now),
    "its agent signed out": lambda now: lambda task: task.withdraw(now),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_an_offer_that_outlasts_its_request_ends_it(end) -> None:
    """routing 27: refused after the end of the wait, nobody was available; and nobody is to blame."""
    given(Task, *RESERVED).when(end(TOO_LATE)).then(closed(TaskCloseReason.NO_AGENT_AVAILABLE))
    (ended,) = given(Task, *RESERVED).when(end(IN_TIME)).decide(given(Task, *RESERVED).model)
    assert ended.reason in GOES_ON


def test_an_offer_that_outlasts_its_request_may_be_accepted() -> None:  # routing 27
    given(Task, *RESERVED).when(lambda task: task.expire(TOO_LATE)).then()
    given(Task, *RESERVED).when(lambda task: task.accept(MARIA)).then(TaskAccepted(OFFER, MARIA, TALK))


@pytest.mark.parametrize("left", SessionEndReason)
def test_how_a_waiting_customer_went_is_kept(left) -> None:  # routing 59
    given(Task, *QUEUED).when(lambda task: task.cancel(TaskCloseReason.CANCELLED, left)).then(
        TaskClosed(TaskCloseReason.CANCELLED, TALK, left=left)
    )


def test_a_mandatory_wrap_up_is_not_finished_without_a_code() -> None:  # routing 51
    given(Task, *ACTIVE).when(lambda task: task.begin_wrap_up(NOW, 0, needs_codes=True)).then(OWES_CODES[-1]).twice()
    given(Task, *OWES_CODES).when(lambda task: task.finish_wrap_up(MARIA)).refused(CodesNeeded)
    noted = (*OWES_CODES, WrapUpApplied(MARIA, (), "only a note"))
    given(Task, *noted).when(lambda task: task.finish_wrap_up(MARIA)).refused(CodesNeeded)
    coded = (*OWES_CODES, WrapUpApplied(MARIA, ("sale",), ""))
    given(Task, *coded).when(lambda task: task.finish_wrap_up(MARIA)).then(closed(TaskCloseReason.WRAP_UP_APPLIED))


def test_codes_of_mid_conversation_count_for_a_mandatory_wrap_up() -> None:  # routing 51
    history = (*ACTIVE, WrapUpApplied(MARIA, ("sale",), ""), OWES_CODES[-1])
    given(Task, *history).when(lambda task: task.finish_wrap_up(MARIA)).then(closed(TaskCloseReason.WRAP_UP_APPLIED))


def test_a_mandatory_wrap_up_with_a_limit_ends_at_it_without_codes() -> None:  # routing 51
    timed = (*ACTIVE, WrapUpStarted(MARIA, TALK, NOW + timedelta(seconds=60), needs_codes=True))
    given(Task, *timed).when(lambda task: task.expire_wrap_up()).then(closed(TaskCloseReason.WRAP_UP_EXPIRED))
    assert given(Task, *timed).leaves(lambda task: task.state) is TaskState.WRAP_UP
