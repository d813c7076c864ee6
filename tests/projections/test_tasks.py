"""What does a list of tasks show?"""

import pytest

from domain.tasks.facts import (
    MediaState,
    Routing,
    StepReached,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskMode,
    TaskNamed,
    TaskQueued,
    TaskRedirected,
    TaskReserved,
    TaskState,
    WrapUpApplied,
    WrapUpStarted,
)
from projections.paging import Window
from projections.tasks.reads import conversations_offered, task, tasks
from tests.projections.telling import NINE, after, shown, told

pytestmark = pytest.mark.anyio


def queued(task_id: str, at: float, queue: str = "sales", first: float | None = None, attempt: int = 1):
    stream = f"task-{task_id}"
    routing = Routing("t1", queue, "chat", after(at if first is None else first), after(600), attempt=attempt)
    yield at, stream, TaskCreated("c1", "ada", TaskDirection.INBOUND, TaskMode.QUEUE)
    yield at, stream, TaskQueued(routing, "s1")


def answered(task_id: str, at: float, agent: str = "bob"):
    yield at, f"task-{task_id}", TaskReserved(f"o-{task_id}", agent, after(at + 20), 0, "sales", 7)
    yield at + 5, f"task-{task_id}", TaskAccepted(f"o-{task_id}", agent, "c1")


async def test_a_task_says_who_asked_for_it_and_what_it_became(postgres_url):  # routing 2, 46
    facts = told(
        (0, "task-t2", TaskCreated("c1", "ada", TaskDirection.CONSULT, TaskMode.AGENT, "t1", "bob", "May I?")),
        (0, "task-t2", TaskNamed("eve", "chat", "t2", "s1", "sales")),
        *answered("t2", 1, "eve"),
        (60, "task-t2", TaskRedirected(TaskDirection.CONSULT_TRANSFER)),
    )
    async with shown(postgres_url, facts) as connection:
        it = await task(connection, "t2")
    assert (it.direction, it.mode, it.media_state) == (
        TaskDirection.CONSULT_TRANSFER,
        TaskMode.AGENT,
        MediaState.ACTIVE,
    )
    assert (it.previous_task_id, it.root_request_id, it.requested_by, it.request_note) == ("t1", "t2", "bob", "May I?")
    assert (it.queue_id, it.mrd_id, it.agent_id) == (None, "chat", "eve")


async def test_a_task_shows_its_whole_life(postgres_url):
    facts = told(
        *queued("t1", 0),
        (10, "task-t1", StepReached(1)),
        *answered("t1", 20),
        (80, "task-t1", WrapUpStarted("bob", "c1", after(140))),
        (90, "task-t1", WrapUpApplied("bob", ("solved", "happy"), "a note")),
        (95, "task-t1", TaskClosed(TaskCloseReason.WRAP_UP_APPLIED, "c1", "bob", "o-t1")),
    )
    async with shown(postgres_url, facts) as connection:
        it = await task(connection, "t1")
    assert (it.state, it.media_state, it.step, it.attempt) == (TaskState.CLOSED, MediaState.CLOSED, 1, 1)
    assert (it.first_enqueued_at, it.reserved_at, it.answered_at) == (after(0), after(20), after(25))
    assert (it.wrap_up_at, it.wrap_up_due, it.closed_at) == (after(80), after(140), after(95))
    assert (it.close_reason, it.disposition) == (TaskCloseReason.WRAP_UP_APPLIED, TaskCloseReason.DONE)
    assert (it.agent_id, it.slot_version, it.codes, it.note) == ("bob", 7, ("solved", "happy"), "a note")


async def test_an_offer_shows_whom_it_rings_at_and_until_when(postgres_url):
    facts = told(*queued("t1", 0), next(answered("t1", 20)))
    async with shown(postgres_url, facts) as connection:
        it = await task(connection, "t1")
    assert (it.media_state, it.agent_id, it.offer_id, it.offer_due) == (MediaState.RESERVED, "bob", "o-t1", after(40))


async def test_a_request_that_goes_on_keeps_its_first_entry(postgres_url):
    facts = told(
        *queued("t1", 0),
        (30, "task-t1", TaskClosed(TaskCloseReason.RONA, "c1", "bob", "o")),
        *queued("t2", 31, first=0, attempt=2),
    )
    async with shown(postgres_url, facts) as connection:
        it = await task(connection, "t2")
    assert (it.first_enqueued_at, it.enqueued_at, it.attempt) == (after(0), after(31), 2)


async def test_tasks_are_listed_by_queue_agent_conversation_and_state(postgres_url):
    facts = told(
        *queued("t1", 0),
        *queued("t2", 1, "support"),
        *queued("t3", 2),
        *answered("t2", 3),
        (9, "task-t3", TaskClosed(TaskCloseReason.CANCELLED, "c1")),
    )

    async def found(**conditions):
        return [it.id for it in (await tasks(connection, **conditions)).items]

    async with shown(postgres_url, facts) as connection:
        assert await found() == ["t3", "t2", "t1"]
        assert await found(queue_id="sales") == ["t3", "t1"]
        assert await found(queue_id="sales", states=[TaskState.ACTIVE]) == ["t1"]
        assert await found(agent_id="bob") == ["t2"]
        assert await found(conversation_id="c1", media_states=[MediaState.QUEUED, MediaState.CLOSED]) == ["t3", "t1"]
        assert await found(window=Window(1, from_end=True)) == ["t1"]
        assert await task(connection, "nobody") is None


async def test_a_conversation_that_asks_twice_is_offered_once(postgres_url):
    facts = told(*queued("t1", 0), *queued("t2", 5), *queued("t3", 6, attempt=2), *queued("t4", 60))
    async with shown(postgres_url, facts) as connection:
        assert await conversations_offered(connection, NINE, after(60)) == {"sales": 1}
        assert await conversations_offered(connection, after(61), after(99)) == {}
