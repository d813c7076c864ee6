"""How does a request leave one of the several queues in which it waits (routing 11)?"""

import pytest

from domain.configuration.diversions import Diversion, DiversionAction
from domain.ids import QueueId
from domain.kernel import replace
from domain.tasks.facts import QueueLeft, TaskClosed, TaskCloseReason, TaskDiverted, TaskQueued
from domain.tasks.task import Task
from tests.domain.scenario import given
from tests.domain.tasks.situations import DUE, MARIA, OFFER, QUEUED, TALK

SALES, RETURNS, SPARE, ELSEWHERE = (QueueId(it) for it in ("sales", "returns", "spare", "elsewhere"))
AWAY = Diversion(DiversionAction.CLOSE, message="We are closed.")
ON = Diversion(DiversionAction.OTHER_QUEUE, ELSEWHERE, "One moment more.")
LEAVES = TaskClosed(TaskCloseReason.REROUTE, TALK)


def several(*also_in: QueueId) -> tuple:
    *before, queued = QUEUED
    return *before, replace(queued, routing=replace(queued.routing, queue_id=SALES, also_in=also_in))


def moved(to: QueueId, words: str = "", rule: str = "r") -> TaskDiverted:
    return TaskDiverted(rule, DiversionAction.OTHER_QUEUE, TALK, to, words, 3)


@pytest.mark.parametrize(
    ("queue", "diversion", "facts"),
    [
        (RETURNS, AWAY, [QueueLeft(RETURNS, "r", None, 3)]),
        (RETURNS, ON, [QueueLeft(RETURNS, "r", ELSEWHERE, 3)]),
        (RETURNS, replace(ON, queue_id=SPARE), [QueueLeft(RETURNS, "r", None, 3)]),
        (None, AWAY, [moved(RETURNS), LEAVES]),
        (None, ON, [moved(ELSEWHERE, "One moment more."), LEAVES]),
        (ELSEWHERE, AWAY, []),
    ],
)
def test_it_waits_on_in_the_others(queue, diversion, facts) -> None:  # routing 11, 57, 58
    given(Task, *several(RETURNS, SPARE)).when(lambda task: task.divert("r", diversion, 3, queue)).then(*facts).twice()


def test_the_last_one_does_with_it_what_it_does_with_everybody() -> None:  # routing 57, 58
    only = (*several(RETURNS), QueueLeft(RETURNS, "before"))
    told = TaskDiverted("r", AWAY.action, TALK, None, AWAY.message, 3)
    ended = TaskClosed(TaskCloseReason.NO_AGENT_AVAILABLE, TALK, words=AWAY.message)
    given(Task, *only).when(lambda task: task.divert("r", AWAY, 3)).then(told, ended)


def rings_by(queue: QueueId) -> tuple:
    model = given(Task, *several(RETURNS, SPARE))
    rings = tuple(model.model.reserve(OFFER, MARIA, DUE, 0, queue))
    return *several(RETURNS, SPARE), *rings


GIVEN_BACK = TaskClosed(TaskCloseReason.REROUTE, TALK, MARIA, OFFER)
OUT = QueueLeft(RETURNS, "returns: flushed")
ON_IN_RETURNS = TaskDiverted("sales: flushed", DiversionAction.OTHER_QUEUE, TALK, RETURNS)


@pytest.mark.parametrize(
    ("before", "queue", "facts"),
    [
        (several(RETURNS, SPARE), RETURNS, [OUT]),
        (several(RETURNS, SPARE), SALES, [ON_IN_RETURNS, LEAVES]),
        (several(), SALES, [TaskClosed(TaskCloseReason.FORCE_CLOSED, TALK, words="Go.")]),
        (several(), RETURNS, []),
        (rings_by(SPARE), RETURNS, [OUT]),
        (rings_by(RETURNS), RETURNS, [OUT, GIVEN_BACK]),
        (rings_by(SALES), SALES, [ON_IN_RETURNS, GIVEN_BACK]),
    ],
)
def test_a_flush_takes_it_out_of_that_queue(before, queue, facts) -> None:  # routing 11, 64
    given(Task, *before).when(lambda task: task.flush(queue, "Go.")).then(*facts).twice()


def test_where_it_waits_follows() -> None:  # routing 11
    history = (*several(RETURNS, SPARE), QueueLeft(RETURNS, "r", ELSEWHERE))
    routing = given(Task, *history).model.routing
    assert (routing.queue_id, routing.also_in, routing.diverted) == (SALES, (ELSEWHERE, SPARE), {"r"})
    assert isinstance(history[1], TaskQueued)
    assert given(Task, *several(RETURNS, SPARE), moved(SPARE), LEAVES).model.moves_to == SPARE
