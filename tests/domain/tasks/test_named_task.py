"""Tasks for one agent alone, of supervisors who listen, and those that colleagues asked for (routing 2, 3, 43, 44, 47)."""

from dataclasses import replace

import pytest

from domain.configuration.diversions import Diversion, DiversionAction
from domain.ids import MrdId, OfferId, QueueId, TaskId
from domain.kernel import replay
from domain.tasks.facts import (
    MediaState,
    MonitoringStarted,
    SessionAdded,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskDiverted,
    TaskMode,
    TaskNamed,
    TaskQueued,
    TaskRedirected,
    TaskReserved,
    WrapUpStarted,
)
from domain.tasks.refusals import NotYourTask, TaskOver
from domain.tasks.task import Task
from tests.domain.scenario import given
from tests.domain.tasks.situations import ACTIVE, DUE, JOHN, MARIA, NOW, PAUL, QUEUED, ROUTING, SESSION, TALK

CHAT, EMAIL, SALES = MrdId("chat"), MrdId("email"), QueueId("sales")
OFFER = OfferId("offer-1")
FOR_PAUL = (
    TaskCreated(TALK, JOHN, TaskDirection.DIRECT_TRANSFER, TaskMode.AGENT, TaskId("task-0"), MARIA, "A parcel"),
    TaskNamed(PAUL, CHAT, TaskId("task-1"), SESSION, SALES),
)
RINGING = (*FOR_PAUL, TaskReserved(OFFER, PAUL, DUE, 0))
LISTENING = (
    TaskCreated(TALK, JOHN, TaskDirection.SILENT_MONITOR, TaskMode.AGENT),
    MonitoringStarted(MARIA, "Maria", TALK),
)
TRANSFERRED = TaskCloseReason.TRANSFERRED


def reserve(agent):
    return lambda task: task.reserve(OFFER, agent, DUE, 0)


def test_it_is_for_the_named_agent_alone() -> None:  # routing 44
    given(Task).when(lambda task: task.name(*FOR_PAUL)).then(*FOR_PAUL).twice()
    given(Task, *FOR_PAUL).when(reserve(PAUL)).then(RINGING[-1]).twice()
    given(Task, *FOR_PAUL).when(reserve(MARIA)).refused(TaskOver)
    named = given(Task, *FOR_PAUL).model
    assert (named.media_state, named.queue_id, named.mrd_id, named.root_request_id) == (
        MediaState.STARTED,
        SALES,
        CHAT,
        "task-1",
    )


def test_whoever_cannot_have_it_is_not_waited_for() -> None:  # routing 44
    missed = given(Task, *FOR_PAUL).when(lambda task: task.miss())
    missed.then(TaskClosed(TaskCloseReason.NO_AGENT_AVAILABLE, TALK)).twice()
    assert missed.leaves(lambda task: task.goes_on)
    given(Task, *RINGING).when(lambda task: task.miss()).then()
    given(Task, *QUEUED).when(lambda task: task.miss()).then()


def test_it_never_waits_too_long_and_may_be_declined_or_called_off() -> None:
    given(Task, *FOR_PAUL).when(lambda task: task.expire(NOW)).then()
    given(Task, *FOR_PAUL).when(lambda task: task.cancel()).then(TaskClosed(TaskCloseReason.CANCELLED, TALK)).twice()
    declined = given(Task, *RINGING).when(lambda task: task.decline(PAUL, "busy", NOW))
    assert declined.leaves(lambda task: (task.closed, task.goes_on)) == (TaskCloseReason.DECLINED, True)


@pytest.mark.parametrize("needs_codes", [False, True])
def test_how_a_transfer_ends_is_known_before_its_wrap_up_is_over(needs_codes: bool) -> None:  # routing 3, 43
    wraps_up = given(Task, *ACTIVE).when(lambda task: task.begin_wrap_up(NOW, 0, TRANSFERRED, needs_codes=needs_codes))
    started = WrapUpStarted(MARIA, TALK, None, needs_codes, TRANSFERRED)
    wraps_up.then(started).twice()
    for ends in (lambda task: task.expire_wrap_up(), lambda task: task.finish_wrap_up(MARIA)):
        if ends is not None and not needs_codes:
            assert given(Task, *ACTIVE, started).when(ends).leaves(lambda task: task.closed) is TRANSFERRED
    at_once = given(Task, *ACTIVE).when(lambda task: task.begin_wrap_up(NOW, None, TRANSFERRED))
    assert at_once.leaves(lambda task: task.closed) is TRANSFERRED


def test_only_whoever_talks_for_it_may_bring_others_in() -> None:
    assert given(Task, *ACTIVE).model.check_talks(MARIA) == TALK
    with pytest.raises(NotYourTask):
        given(Task, *ACTIVE).model.check_talks(PAUL)
    with pytest.raises(TaskOver):
        given(Task, *ACTIVE, WrapUpStarted(MARIA, TALK, None)).model.check_talks(MARIA)


def test_the_same_task_becomes_something_else() -> None:  # routing 2, 46
    consult = (replace(FOR_PAUL[0], direction=TaskDirection.CONSULT), *RINGING[1:], TaskAccepted(OFFER, PAUL, TALK))
    becomes = TaskDirection.CONSULT_TRANSFER
    given(Task, *consult).when(lambda task: task.redirect(becomes)).then(TaskRedirected(becomes)).twice()
    given(Task, *consult, TaskClosed(TRANSFERRED, TALK)).when(lambda task: task.redirect(becomes)).then()


def test_who_listens_has_nothing_to_wrap_up() -> None:  # routing 47
    given(Task).when(lambda task: task.monitor(*LISTENING)).then(*LISTENING).twice()
    ended = given(Task, *LISTENING).when(lambda task: task.begin_wrap_up(NOW, 60))
    ended.then(TaskClosed(TaskCloseReason.DONE, TALK, MARIA)).twice()
    assert given(Task, *LISTENING).model.media_state is MediaState.ACTIVE


def test_a_further_session_is_of_the_same_task() -> None:  # routing 1, 50
    added = given(Task, *ACTIVE).when(lambda task: task.add_session("mail", EMAIL))
    added.then(SessionAdded("mail", EMAIL)).twice()
    assert added.leaves(lambda task: dict(task.media)) == {CHAT: (SESSION,), EMAIL: ("mail",)}
    given(Task, *ACTIVE).when(lambda task: task.add_session(SESSION, CHAT)).then()
    given(Task, *QUEUED).when(lambda task: task.add_session("mail", EMAIL)).then()


@pytest.mark.parametrize("action", DiversionAction)
@pytest.mark.parametrize("direction", [TaskDirection.CONSULT, TaskDirection.DIRECT_CONFERENCE])
def test_a_customer_with_whom_somebody_talks_is_not_sent_away(action, direction) -> None:  # routing 46, 57, 58
    asked = (replace(QUEUED[0], direction=direction), TaskQueued(ROUTING, SESSION))
    other = QueueId("other") if action is DiversionAction.OTHER_QUEUE else None
    diversion = Diversion(action, queue_id=other, message="We are closed.")
    diverted = given(Task, *asked).when(lambda task: task.divert("overflow", diversion))
    facts = tuple(diverted.decide(diverted.model))
    assert not any(getattr(fact, "message", "") or getattr(fact, "words", "") for fact in facts)
    assert not diversion.leaves or TaskClosed in map(type, facts)
    assert (TaskDiverted in map(type, facts)) is (action in (DiversionAction.MESSAGE, DiversionAction.OTHER_QUEUE))
    assert replay(diverted.model, iter(facts)).moves_to == other
