"""How does a request go from the queue to its end? routing 1, 3, 19, 24, 27, 49, 51."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.ids import OfferId
from domain.kernel import Invalid, NotFound, WrongState
from domain.tasks.facts import (
    MediaState,
    StepReached,
    TaskAccepted,
    TaskCloseReason,
    TaskDirection,
    TaskQueued,
    TaskReserved,
    TaskState,
    WrapUpApplied,
    WrapUpStarted,
)
from domain.tasks.refusals import NotYourTask, OfferGone, TaskOver
from domain.tasks.task import WRAP_UP_CODES_MAX, Task
from tests.domain.scenario import given
from tests.domain.tasks.situations import (
    ACTIVE,
    DONE,
    DUE,
    JOHN,
    MARIA,
    NOW,
    OFFER,
    PAUL,
    QUEUED,
    RESERVED,
    ROUTING,
    SESSION,
    TALK,
    WRAPPING_UP,
    closed,
)

STATES = {
    "born": ((QUEUED[0],), TaskState.ACTIVE, MediaState.STARTED),
    "queued": (QUEUED, TaskState.ACTIVE, MediaState.QUEUED),
    "reserved": (RESERVED, TaskState.ACTIVE, MediaState.RESERVED),
    "active": (ACTIVE, TaskState.ACTIVE, MediaState.ACTIVE),
    "wrapping up": (WRAPPING_UP, TaskState.WRAP_UP, MediaState.CLOSED),
    "closed": (DONE, TaskState.CLOSED, MediaState.CLOSED),
}


@pytest.mark.parametrize(("history", "state", "media_state"), STATES.values(), ids=STATES)
def test_states_follow_from_what_happened(history, state, media_state) -> None:  # routing 1
    assert given(Task, *history).leaves(lambda task: (task.state, task.media_state)) == (state, media_state)


@pytest.mark.parametrize("reason", TaskCloseReason)
def test_every_wrap_up_ending_is_reported_as_done(reason: TaskCloseReason) -> None:  # routing 3
    is_done = reason is TaskCloseReason.DONE or reason.name.startswith("WRAP_UP")
    assert reason.disposition is (TaskCloseReason.DONE if is_done else reason)


def test_a_request_gets_in_line_once() -> None:
    given(Task).when(lambda task: task.enqueue(TALK, JOHN, SESSION, ROUTING)).then(*QUEUED).twice()


def test_a_rerouted_request_names_the_task_before() -> None:  # routing 4
    created, _ = (
        given(Task)
        .when(lambda task: task.enqueue(TALK, JOHN, SESSION, ROUTING, TaskDirection.INBOUND, "task-0"))
        .decide(Task())
    )
    assert created.previous_task_id == "task-0"


def test_a_request_widens_step_by_step_and_never_back() -> None:  # routing 7, 10
    given(Task, *QUEUED).when(lambda task: task.widen(StepReached(2))).then(StepReached(2)).twice()
    given(Task, *QUEUED, StepReached(2)).when(lambda task: task.widen(StepReached(1))).then()
    assert given(Task, *QUEUED, StepReached(2)).leaves(lambda task: task.routing.step) == 2


@pytest.mark.parametrize("history", [(), RESERVED, ACTIVE, WRAPPING_UP, DONE])
def test_only_a_waiting_request_widens(history) -> None:
    given(Task, *history).when(lambda task: task.widen(StepReached(1))).then()


def test_a_waiting_request_is_offered_once() -> None:  # routing 19
    given(Task, *QUEUED).when(lambda task: task.reserve(OFFER, MARIA, DUE, 0)).then(
        TaskReserved(OFFER, MARIA, DUE, 0)
    ).twice()


@pytest.mark.parametrize("history", [(), QUEUED[:1], RESERVED, ACTIVE, WRAPPING_UP, DONE])
def test_one_live_offer_at_a_time(history) -> None:  # routing 67
    given(Task, *history).when(lambda task: task.reserve(OfferId("another"), PAUL, DUE, 0)).refused(TaskOver)


def test_the_agent_who_is_asked_accepts_once() -> None:
    given(Task, *RESERVED).when(lambda task: task.accept(MARIA)).then(TaskAccepted(OFFER, MARIA, TALK)).twice()
    given(Task, *RESERVED).when(lambda task: task.accept(MARIA, OFFER)).then(TaskAccepted(OFFER, MARIA, TALK))


def test_nobody_accepts_for_another() -> None:
    given(Task, *RESERVED).when(lambda task: task.accept(PAUL)).refused(OfferGone)
    given(Task, *ACTIVE).when(lambda task: task.accept(PAUL)).refused(OfferGone)


def test_an_offer_of_before_is_not_the_offer_of_now() -> None:  # routing 19
    given(Task, *RESERVED).when(lambda task: task.accept(MARIA, OfferId("offer-0"))).refused(OfferGone)


def test_a_late_accept_is_refused() -> None:  # routing 19
    given(Task, *RESERVED, closed(TaskCloseReason.RONA)).when(lambda task: task.accept(MARIA)).refused(OfferGone)
    given(Task, *QUEUED).when(lambda task: task.accept(MARIA)).refused(OfferGone)


def test_nobody_accepts_what_never_was() -> None:
    given(Task).when(lambda task: task.accept(MARIA)).refused(NotFound)


def test_an_offer_that_nobody_takes_ends_the_task_with_rona() -> None:  # routing 4, 24
    given(Task, *RESERVED).when(lambda task: task.expire_offer(OFFER, NOW)).then(closed(TaskCloseReason.RONA)).twice()


@pytest.mark.parametrize("history", [(), QUEUED, ACTIVE, WRAPPING_UP, DONE])
def test_a_late_ring_timer_does_nothing(history) -> None:  # routing 42
    given(Task, *history).when(lambda task: task.expire_offer(OFFER, NOW)).then()


def test_the_timer_of_another_offer_does_nothing() -> None:  # routing 42
    given(Task, *RESERVED).when(lambda task: task.expire_offer(OfferId("offer-0"), NOW)).then()


def test_a_request_that_waited_too_long_ends() -> None:  # routing 27
    given(Task, *QUEUED).when(lambda task: task.expire(ROUTING.expires_at)).then(
        closed(TaskCloseReason.NO_AGENT_AVAILABLE, held=False)
    ).twice()


def test_a_request_does_not_end_a_moment_early() -> None:
    given(Task, *QUEUED).when(lambda task: task.expire(ROUTING.expires_at - timedelta(microseconds=1))).then()


def test_a_request_without_a_limit_waits_for_ever() -> None:
    endless = (QUEUED[0], TaskQueued(replace(ROUTING, expires_at=None), SESSION))
    given(Task, *endless).when(lambda task: task.expire(NOW + timedelta(days=365))).then()


@pytest.mark.parametrize("history", [(), RESERVED, ACTIVE, WRAPPING_UP, DONE])
def test_a_live_offer_may_finish_first(history) -> None:  # routing 27
    given(Task, *history).when(lambda task: task.expire(NOW + timedelta(days=1))).then()


@pytest.mark.parametrize(("history", "held"), [(QUEUED, False), (RESERVED, True)])
def test_a_request_is_cancelled_while_it_waits_or_rings(history, held) -> None:  # routing 49, 59
    given(Task, *history).when(lambda task: task.cancel()).then(closed(TaskCloseReason.CANCELLED, held=held)).twice()


@pytest.mark.parametrize("history", [(), ACTIVE, WRAPPING_UP, DONE])
def test_a_talk_is_not_cancelled(history) -> None:
    given(Task, *history).when(lambda task: task.cancel()).then()


def test_a_talk_ends_in_wrap_up() -> None:  # routing 51
    given(Task, *ACTIVE).when(lambda task: task.begin_wrap_up(NOW, 60)).then(
        WrapUpStarted(MARIA, TALK, NOW + timedelta(seconds=60))
    ).twice()


def test_wrap_up_may_have_no_limit() -> None:
    given(Task, *ACTIVE).when(lambda task: task.begin_wrap_up(NOW, 0)).then(WrapUpStarted(MARIA, TALK, None))


def test_where_wrap_up_is_off_a_talk_is_done_at_once() -> None:
    given(Task, *ACTIVE).when(lambda task: task.begin_wrap_up(NOW, None)).then(closed(TaskCloseReason.DONE)).twice()


@pytest.mark.parametrize("history", [(), QUEUED, RESERVED, WRAPPING_UP, DONE])
def test_only_a_talk_has_a_wrap_up(history) -> None:
    given(Task, *history).when(lambda task: task.begin_wrap_up(NOW, 60)).then()


@pytest.mark.parametrize("history", [ACTIVE, WRAPPING_UP])
def test_codes_are_given_in_the_talk_or_after_it(history) -> None:  # routing 51, 53
    given(Task, *history).when(lambda task: task.apply_wrap_up(MARIA, ("sale",), "called back")).then(
        WrapUpApplied(MARIA, ("sale",), "called back")
    ).twice()


def test_codes_may_be_corrected() -> None:
    given(Task, *WRAPPING_UP, WrapUpApplied(MARIA, ("sale",), "")).when(
        lambda task: task.apply_wrap_up(MARIA, ("no sale",), "")
    ).then(WrapUpApplied(MARIA, ("no sale",), ""))


def test_five_codes_are_enough() -> None:  # routing 51
    codes = tuple(map(str, range(WRAP_UP_CODES_MAX)))
    given(Task, *WRAPPING_UP).when(lambda task: task.apply_wrap_up(MARIA, codes, "")).then(
        WrapUpApplied(MARIA, codes, "")
    )
    given(Task, *WRAPPING_UP).when(lambda task: task.apply_wrap_up(MARIA, (*codes, "6"), "")).refused(Invalid)


def test_finishing_says_whether_codes_were_given() -> None:  # routing 3
    given(Task, *WRAPPING_UP).when(lambda task: task.finish_wrap_up(MARIA)).then(
        closed(TaskCloseReason.WRAP_UP_NOT_APPLIED)
    ).twice()
    for applied in (WrapUpApplied(MARIA, ("sale",), ""), WrapUpApplied(MARIA, (), "a note")):
        given(Task, *WRAPPING_UP, applied).when(lambda task: task.finish_wrap_up(MARIA)).then(
            closed(TaskCloseReason.WRAP_UP_APPLIED)
        )


def test_a_talk_is_left_before_its_wrap_up_is_finished() -> None:
    given(Task, *ACTIVE).when(lambda task: task.finish_wrap_up(MARIA)).refused(WrongState)


def test_a_wrap_up_that_takes_too_long_ends() -> None:  # routing 51
    given(Task, *WRAPPING_UP).when(lambda task: task.expire_wrap_up()).then(
        closed(TaskCloseReason.WRAP_UP_EXPIRED)
    ).twice()


@pytest.mark.parametrize("history", [(), QUEUED, RESERVED, ACTIVE, DONE])
def test_a_late_wrap_up_timer_does_nothing(history) -> None:  # routing 42
    given(Task, *history).when(lambda task: task.expire_wrap_up()).then()


@pytest.mark.parametrize(
    "decide",
    [lambda task, agent: task.apply_wrap_up(agent, (), "note"), lambda task, agent: task.finish_wrap_up(agent)],
)
def test_nobody_wraps_up_for_another(decide) -> None:
    given(Task, *WRAPPING_UP).when(lambda task: decide(task, PAUL)).refused(NotYourTask)
    given(Task, *RESERVED).when(lambda task: decide(task, MARIA)).refused(NotYourTask)
    given(Task).when(lambda task: decide(task, MARIA)).refused(NotFound)


def test_a_closed_task_takes_no_more_codes() -> None:
    given(Task, *DONE).when(lambda task: task.apply_wrap_up(MARIA, ("sale",), "")).refused(TaskOver)


@pytest.mark.parametrize(("history", "held"), [(QUEUED, False), (RESERVED, True), (ACTIVE, True), (WRAPPING_UP, True)])
def test_a_task_is_taken_away_whatever_it_is_at(history, held) -> None:  # routing 37
    given(Task, *history).when(lambda task: task.take_away(TaskCloseReason.AGENT_LOGOUT)).then(
        closed(TaskCloseReason.AGENT_LOGOUT, held=held)
    ).twice()


def test_what_never_was_is_not_taken_away() -> None:
    given(Task).when(lambda task: task.take_away(TaskCloseReason.FORCE_CLOSED)).then()
