"""What only the PostgreSQL log must answer for: several processes, lost connections, a silent server, and its window."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from infra.eventlog import tail, writer
from infra.eventlog.port import Conflict, Unavailable
from infra.eventlog.postgres import PostgresLog
from tests.infra.eventlog import one_process
from tests.infra.eventlog.notes import (
    NOON,
    Noted,
    a_cause,
    everything,
    note,
    texts,
    the_next,
    write_in_competition,
    write_in_turn,
)

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[3]


@pytest.fixture
async def log(postgres_url: str, anyio_backend: object) -> AsyncIterator[PostgresLog]:
    async with PostgresLog(postgres_url) as log:
        yield log


# --- The writer ---------------------------------------------------------------------------------------------------------


async def test_positions_count_from_one_without_a_gap_whatever_is_refused(log: PostgresLog) -> None:
    answers = await asyncio.gather(
        *(note(log, f"task-{n}", "a", "b", expected=-1 if n % 3 else 5) for n in range(60)), return_exceptions=True
    )
    assert [n for n, answer in enumerate(answers) if isinstance(answer, Conflict)] == list(range(0, 60, 3))
    assert [event.position for event in await everything(log)] == list(range(1, 81))


async def test_answers_name_the_positions_that_were_written(log: PostgresLog) -> None:
    await note(log, "task-0", "there already")
    streams = [f"task-{n}" for n in range(40)]
    answers = await asyncio.gather(*(note(log, stream, "a", "b", "c") for stream in streams), return_exceptions=True)
    assert isinstance(answers[0], Conflict)
    for stream, answer in zip(streams[1:], answers[1:], strict=True):
        assert (await log.read(stream))[-1].position == answer


async def test_appends_to_one_stream_in_one_batch_follow_each_other(log: PostgresLog) -> None:
    positions = await asyncio.gather(*(note(log, "task-1", str(n), expected=n - 1) for n in range(20)))
    assert positions == list(range(1, 21))
    assert texts(await log.read("task-1")) == [str(n) for n in range(20)]


async def test_many_appends_share_a_commit(log: PostgresLog, postgres_url: str) -> None:
    await asyncio.gather(*(note(log, f"task-{n}", "a") for n in range(500)))
    with psycopg.connect(postgres_url) as connection:
        ((transactions,),) = connection.execute("SELECT count(DISTINCT xmin::text) FROM stored_events").fetchall()
    assert transactions < 10


async def test_what_the_database_rejects_hurts_only_its_author(log: PostgresLog) -> None:
    answers = await asyncio.gather(
        note(log, "task-1", "a"), note(log, "task-\0", "b"), note(log, "task-3", "c"), return_exceptions=True
    )
    assert isinstance(answers[1], psycopg.DataError)
    assert sorted(texts(await everything(log))) == ["a", "c"]


async def test_closing_finishes_what_was_appended(postgres_url: str) -> None:
    log = await PostgresLog(postgres_url).open()
    appends = [asyncio.create_task(note(log, f"task-{n}", "a")) for n in range(300)]
    await asyncio.sleep(0)
    await log.close()
    assert sorted(await asyncio.gather(*appends)) == list(range(1, 301))


async def test_a_closed_log_says_so(postgres_url: str) -> None:
    log = await PostgresLog(postgres_url).open()
    reader = asyncio.create_task(the_next(log.subscribe(), 1))
    await asyncio.sleep(0.05)
    await log.close()
    for call in (note(log, "task-1", "a"), log.read("task-1"), log.head(), reader):
        with pytest.raises(Unavailable):
            await call


async def test_people_read_the_log_with_sql(log: PostgresLog, postgres_url: str) -> None:
    await note(log, "task-1", "a")
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute(
            "SELECT position, stream, version, fact, cause->>'actor' FROM readable_events"
        ).fetchone()
    assert row == (1, "task-1", 0, {"text": "a"}, "agent-7")


# --- Several processes --------------------------------------------------------------------------------------------------


async def test_two_processes_see_every_fact_once_in_commit_order(postgres_url: str) -> None:
    async with PostgresLog(postgres_url) as log:
        command = [sys.executable, "-m", one_process.__name__, postgres_url]
        processes = [
            subprocess.Popen([*command, name, "2"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for name in "ab"
        ]
        for process in processes:
            assert await asyncio.to_thread(process.stdout.readline) == b"ready\n"
        for process in processes:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        outputs = await asyncio.gather(*(asyncio.to_thread(process.communicate) for process in processes))
        written = [[event.position, event.stream, event.version] for event in await everything(log)]
    assert [position for position, _, _ in written] == list(range(1, 2 * one_process.FACTS_PER_PROCESS + 1))
    contested = [version for _, stream, version in written if stream == "task-contested"]
    assert contested == list(range(2 * one_process.COMPETITORS * one_process.CONTESTED_EACH))
    for output, _ in outputs:
        assert json.loads(output) == [written, written]


async def test_a_wake_brings_what_another_wrote_without_waiting(
    log: PostgresLog, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "POLL_BUSY_S", 60.0)
    waiting = asyncio.create_task(the_next(log.subscribe(), 1))
    await asyncio.sleep(0.1)
    async with PostgresLog(postgres_url) as other:
        await note(other, "task-1", "a")
    assert not waiting.done()
    log.wake()
    async with asyncio.timeout(1):
        assert texts(await waiting) == ["a"]


async def test_our_own_facts_after_anothers_arrive_in_order(log: PostgresLog, postgres_url: str) -> None:
    following = asyncio.create_task(the_next(log.subscribe(), 200))
    await asyncio.sleep(0.05)
    async with PostgresLog(postgres_url) as other:
        for n in range(100):
            await note(other, f"task-other-{n}", "theirs")
            await note(log, f"task-own-{n}", "ours")
    assert texts(await following) == ["theirs", "ours"] * 100


# --- The window ---------------------------------------------------------------------------------------------------------


async def test_live_facts_are_delivered_without_reading_them_back(log: PostgresLog) -> None:
    live = asyncio.create_task(the_next(log.subscribe(), 1))
    await asyncio.sleep(0.05)
    fact = Noted("the very same")
    await log.append("task-1", -1, [fact], a_cause(), NOON)
    (event,) = await live
    assert event.fact is fact


async def test_a_reader_behind_the_window_reads_the_table_and_joins_again(
    log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "WINDOW", 20)
    monkeypatch.setattr(tail, "PAGE", 7)
    following = log.subscribe()
    seen = []
    for round_ in range(20):
        await asyncio.gather(*(note(log, f"task-{round_}-{n}", "a") for n in range(25)))
        seen += await anext(following)
    assert len(log._tail._window) <= 40
    seen += await the_next(following, 500 - len(seen))
    assert seen == await everything(log)
    await note(log, "task-live", "live again")
    assert texts(await the_next(following, 1)) == ["live again"]


# --- Lost connections and silent servers --------------------------------------------------------------------------------


async def test_every_append_gets_its_true_answer_while_connections_are_cut(log: PostgresLog, postgres_url: str) -> None:
    following = asyncio.create_task(the_next(log.subscribe(), 50 * 40 + 30))
    async with connections_cut_often(postgres_url) as cuts:
        writers = [write_in_turn(log, f"task-{n}", 40) for n in range(50)]
        await asyncio.gather(*writers, *(write_in_competition(log, "task-contested", 10) for _ in range(3)))
    assert len(cuts) >= 5
    written = await everything(log)
    assert [event.position for event in written] == list(range(1, 50 * 40 + 31))
    assert len({(event.stream, event.cause.command_id) for event in written}) == len(written)
    assert await following == written


async def test_an_answer_lost_after_the_commit_is_found_again(
    log: PostgresLog, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks between the commit and the answer: the worst moment, arranged."""
    ask, lost = writer.Writer._ask, []

    async def ask_and_lose_the_answer(self: writer.Writer, query: str, values: object) -> list:
        rows = await ask(self, query, values)
        if not lost:
            lost.extend(rows)
            await self._connection.close()
            raise psycopg.OperationalError("the connection is lost")
        return rows

    monkeypatch.setattr(writer.Writer, "_ask", ask_and_lose_the_answer)
    following = log.subscribe()
    assert await note(log, "task-1", "a", "b") == 2
    assert lost == [(1, None)]
    assert texts(await the_next(following, 2)) == ["a", "b"]
    assert texts(await everything(log)) == ["a", "b"]


async def test_a_silent_database_never_stops_the_event_loop(log: PostgresLog, postgres_url: str) -> None:
    await note(log, "task-warm", "up")
    reader = asyncio.create_task(the_next(log.subscribe(), 1 + 40 * 300))
    async with heartbeat() as gaps:
        writers = asyncio.gather(*(write_in_turn(log, f"task-{n}", 300) for n in range(40)))
        await asyncio.sleep(0.02)  # a quick machine writes a thousand meanwhile, so there is more to write than that
        with backends_stopped(postgres_url):
            started = time.monotonic()
            await asyncio.sleep(2.0)
            assert time.monotonic() - started < 3.0
            assert not writers.done()
        await writers
    assert max(gaps) < 1.0  # half of the silence: a busy machine makes pauses of its own
    assert await reader == await everything(log)


async def test_a_server_that_stays_silent_is_left_for_a_new_connection(postgres_url: str) -> None:
    async with PostgresLog(postgres_url, patience_s=2.0) as log:
        await note(log, "task-1", "a")
        with backends_stopped(postgres_url):
            assert await note(log, "task-2", "b") == 2


# --- Arrangements -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def connections_cut_often(url: str) -> AsyncIterator[list[int]]:
    """Ends all of the log's connections every few milliseconds, in the middle of whatever they do."""
    cuts: list[int] = []
    chance = random.Random(7)

    async def cut(connection: psycopg.AsyncConnection) -> None:
        while True:
            await asyncio.sleep(chance.uniform(0.005, 0.04))
            done = await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'parley event log'"
            )
            cuts.append(done.rowcount)

    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cutting = asyncio.create_task(cut(connection))
        yield cuts
        cutting.cancel()
        with suppress(asyncio.CancelledError):
            await cutting


@contextmanager
def backends_stopped(url: str) -> Iterator[None]:
    """The server's side of every connection of the log stands still, as on a stalled disk."""
    with psycopg.connect(url) as connection:
        pids = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'parley event log'"
        ).fetchall()
    for (pid,) in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for (pid,) in pids:
            os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def heartbeat() -> AsyncIterator[list[float]]:
    """The time between beats of a task that wants to beat every 5 ms."""
    gaps = [0.0]

    async def beat() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    beating = asyncio.create_task(beat())
    yield gaps
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await beating
