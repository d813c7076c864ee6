"""How does a task begin that an agent chose? routing 1, 2, 60, 61."""

from datetime import timedelta

import pytest

from domain.ids import ListId, ListItemId, MrdId, OfferId
from domain.tasks.facts import (
    MediaState,
    StepReached,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskMode,
    TaskPulled,
    TaskState,
    WrapUpStarted,
)
from domain.tasks.refusals import OfferGone, TaskOver
from domain.tasks.task import Task
from tests.domain.scenario import given
from tests.domain.tasks.situations import DUE, JOHN, MARIA, NOW, OFFER, PAUL, TALK

CHOSEN = TaskPulled(ListItemId("item"), ListId("comments"), MrdId("chat"), MARIA, TALK)
PULLED = (
    TaskCreated(TALK, JOHN, TaskDirection.INBOUND, TaskMode.AGENT),
    CHOSEN,
    TaskAccepted(OfferId(""), MARIA, TALK),
)


def test_it_is_the_agents_at_once() -> None:
    pull = given(Task).when(lambda task: task.pull(CHOSEN, JOHN)).then(*PULLED).twice()
    assert pull.leaves(lambda task: (task.state, task.media_state, task.agent_id)) == (
        TaskState.ACTIVE, MediaState.ACTIVE, MARIA,
    )  # fmt: skip


def test_it_is_never_offered_to_anybody() -> None:
    given(Task, *PULLED).when(lambda task: task.reserve(OFFER, PAUL, DUE, 0)).refused(TaskOver)
    given(Task, *PULLED).when(lambda task: task.accept(PAUL)).refused(OfferGone)
    given(Task, *PULLED).when(lambda task: task.widen(StepReached(1))).then()


@pytest.mark.parametrize("decide", [lambda task: task.cancel(), lambda task: task.expire(NOW + timedelta(days=9))])
def test_no_time_limit_and_no_cancelled_request_ends_it(decide) -> None:
    given(Task, *PULLED).when(decide).then()


def test_it_wraps_up_like_any_other() -> None:
    started = WrapUpStarted(MARIA, TALK, NOW + timedelta(seconds=60))
    given(Task, *PULLED).when(lambda task: task.begin_wrap_up(NOW, 60)).then(started).twice()
    over = TaskClosed(TaskCloseReason.WRAP_UP_NOT_APPLIED, TALK, MARIA)
    given(Task, *PULLED, started).when(lambda task: task.finish_wrap_up(MARIA)).then(over)


def test_whoever_signs_out_leaves_it() -> None:
    given(Task, *PULLED).when(lambda task: task.take_away(TaskCloseReason.AGENT_LOGOUT)).then(
        TaskClosed(TaskCloseReason.AGENT_LOGOUT, TALK, MARIA)
    ).twice()
