"""What do the boards of queues count, and when?"""

from datetime import timedelta

import pytest

from domain.configuration.facts import QueueConfigured, Retired
from domain.configuration.settings import Queue
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskAccepted, TaskClosed, TaskCloseReason, TaskReserved, WrapUpStarted
from projections.queues.counters import QueueCounters
from projections.queues.reads import boards, quarters
from tests.projections.telling import NINE, after, shown, told
from tests.projections.test_tasks import answered, queued

pytestmark = pytest.mark.anyio
SALES = (0, "queue-sales", QueueConfigured(Queue("Sales", "chat", service_level_threshold_s=20)))


def closed(task_id: str, at: float, reason: TaskCloseReason):
    return at, f"task-{task_id}", TaskClosed(reason, "c1")


async def board(url, *lines):
    async with shown(url, told(SALES, *lines)) as connection:
        (found,) = await boards(connection, NINE)
    return found


async def test_a_board_shows_what_waits_rings_talks_and_wraps_up(postgres_url):
    it = await board(
        postgres_url,
        *queued("t1", 1),
        *queued("t2", 2),
        (3, "task-t2", TaskReserved("o", "bob", after(30), 0)),
        *queued("t3", 3),
        *answered("t3", 4),
        *queued("t4", 5),
        *answered("t4", 6),
        (20, "task-t4", WrapUpStarted("bob", "c1", None)),
    )
    assert (it.queued, it.reserved, it.active, it.wrapping_up) == (1, 1, 1, 1)
    assert it.oldest_waiting_since == after(1)


async def test_an_answer_counts_its_wait_from_the_first_entry(postgres_url):
    it = await board(postgres_url, *queued("t1", 0), *answered("t1", 10))
    assert (it.counters.offered, it.counters.answered, it.counters.answered_within) == (1, 1, 1)
    assert (it.counters.wait_ms, it.counters.alert_ms) == (15_000, 5_000)
    assert (it.service_level, it.counters.average_speed_of_answer_s) == (1.0, 15.0)


async def test_an_offer_that_rang_in_vain_does_not_restart_the_clock(postgres_url):
    it = await board(
        postgres_url,
        *queued("t1", 0),
        closed("t1", 18, TaskCloseReason.RONA),
        *queued("t2", 18, first=0, attempt=2),
        *answered("t2", 20),
    )
    assert (it.counters.offered, it.counters.requeued, it.counters.rona) == (1, 1, 1)
    assert (it.counters.answered, it.counters.answered_within, it.counters.wait_ms) == (1, 0, 25_000)


async def test_whoever_leaves_while_it_is_queued_or_rings_has_abandoned(postgres_url):
    it = await board(
        postgres_url,
        *queued("t1", 0),
        *queued("t2", 0),
        *queued("t3", 0),
        (5, "task-t3", TaskReserved("o", "bob", after(30), 0)),
        closed("t1", 3, TaskCloseReason.CANCELLED),
        closed("t2", 10, TaskCloseReason.CANCELLED),
        closed("t3", 25, TaskCloseReason.CANCELLED),
    )
    assert (it.counters.abandoned, it.counters.short_abandoned, it.counters.abandoned_within) == (3, 1, 2)
    assert (it.counters.longest_wait_ms, it.counters.abandoned_wait_ms) == (25_000, 38_000)
    assert it.queued == it.reserved == 0


async def test_how_customers_went_before_an_answer_is_told_apart(postgres_url):  # routing 59
    ways = [None, *SessionEndReason]
    it = await board(
        postgres_url,
        *(line for n in range(len(ways)) for line in queued(f"t{n}", 0)),
        *((9, f"task-t{n}", TaskClosed(TaskCloseReason.CANCELLED, "c1", left=left)) for n, left in enumerate(ways)),
    )
    counters = it.counters
    assert counters.abandoned == len(ways)
    assert (counters.abandoned_network, counters.abandoned_inactivity, counters.abandoned_forced) == (1, 1, 1)


async def test_declined_offers_and_flushed_requests_are_no_abandons(postgres_url):  # routing 21, 64
    it = await board(
        postgres_url,
        *queued("t1", 0),
        (1, "task-t1", TaskReserved("o", "bob", after(30), 0)),
        closed("t1", 5, TaskCloseReason.DECLINED),
        *queued("t2", 5, first=0, attempt=2),
        closed("t2", 60, TaskCloseReason.FORCE_CLOSED),
    )
    assert (it.counters.offered, it.counters.declined, it.counters.flushed) == (1, 1, 1)
    assert (it.counters.rona, it.counters.abandoned, it.counters.longest_wait_ms) == (0, 0, 60_000)


async def test_nobody_free_in_time_is_not_an_abandon(postgres_url):
    it = await board(postgres_url, *queued("t1", 0), closed("t1", 600, TaskCloseReason.NO_AGENT_AVAILABLE))
    assert (it.counters.no_agent, it.counters.abandoned) == (1, 0)


async def test_a_talk_that_ends_done_is_handled_wrap_up_included(postgres_url):
    it = await board(
        postgres_url,
        *queued("t1", 0),
        *answered("t1", 5),
        (70, "task-t1", WrapUpStarted("bob", "c1", None)),
        closed("t1", 100, TaskCloseReason.WRAP_UP_EXPIRED),
        *queued("t2", 100),
        *answered("t2", 100),
        closed("t2", 110, TaskCloseReason.AGENT_LOGOUT),
    )
    assert (it.counters.handled, it.counters.handle_ms, it.counters.wrap_up_ms) == (1, 90_000, 30_000)
    assert it.counters.average_handle_s == 90.0


async def test_an_agent_sent_away_after_accepting_is_no_abandon(postgres_url):
    it = await board(postgres_url, *queued("t1", 0), *answered("t1", 5), closed("t1", 11, TaskCloseReason.CANCELLED))
    assert (it.counters.answered, it.counters.abandoned, it.counters.handled) == (1, 0, 0)


async def test_things_count_when_they_happen_and_service_levels_when_the_request_came(postgres_url):
    last = 15 * 60 - 5
    lines = told(SALES, *queued("t1", last), *[(at + 10, s, f) for at, s, f in answered("t1", last - 5)])
    async with shown(postgres_url, lines) as connection:
        first, second = await quarters(connection, NINE, after(3600))
        assert await quarters(connection, NINE, after(3600), ["support"]) == []
    assert (first.starts_at, second.starts_at) == (NINE, NINE + timedelta(minutes=15))
    assert (first.counters.offered, first.counters.answered, first.counters.answered_within) == (1, 0, 1)
    assert (second.counters.offered, second.counters.answered, second.counters.answered_within) == (0, 1, 0)


async def test_a_retired_queue_has_no_board(postgres_url):
    async with shown(
        postgres_url, told(SALES, (5, "queue-sales", Retired()), (6, "mrd-chat", Retired()))
    ) as connection:
        assert await boards(connection, NINE) == []


async def test_a_task_that_waits_for_no_queue_is_no_queues_business(postgres_url):
    it = await board(postgres_url, next(queued("t1", 0)), (1, "task-t1", TaskAccepted("o", "bob", "c1")))
    assert it.counters == QueueCounters()
    assert it.active == 0


def test_each_type_of_service_level_has_its_own_base():
    counters = QueueCounters(offered=10, answered_within=6, abandoned_within=2)
    assert [counters.service_level(kind) for kind in (1, 2, 3)] == [6 / 8, 6 / 10, 8 / 10]
    assert QueueCounters().service_level(1) is None
    assert QueueCounters(offered=4, abandoned=1).abandon_rate == 0.25


async def test_estimates_are_held_against_the_wait_that_came(postgres_url):  # routing 65
    """Three who came first waited 15 s each, so the fourth is told 15, and waits 35."""
    lines = [line for n in range(3) for line in (*queued(f"t{n}", 100 * n), *answered(f"t{n}", 100 * n + 10))]
    it = await board(postgres_url, *lines, *queued("t3", 300), *answered("t3", 330))
    assert (it.counters.foretold, it.counters.foretold_error_ms, it.counters.foretold_bias_ms) == (1, 20_000, -20_000)
    assert (it.counters.mean_wait_error_s, it.counters.mean_wait_bias_s) == (20.0, -20.0)


async def test_who_came_back_after_a_missed_offer_is_not_held_against_the_estimate(postgres_url):
    lines = [line for n in range(3) for line in (*queued(f"t{n}", 100 * n), *answered(f"t{n}", 100 * n + 10))]
    it = await board(
        postgres_url,
        *lines,
        *queued("t3", 300),
        closed("t3", 320, TaskCloseReason.RONA),
        *queued("t4", 320, first=300, attempt=2),
        *answered("t4", 330),
    )
    assert (it.counters.answered, it.counters.foretold, it.counters.mean_wait_error_s) == (4, 0, None)
