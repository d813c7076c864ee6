"""Can people read the log, look back in it, and see when it is broken?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.agents.agent import Agent
from domain.agents.facts import AgentRegistered, LoggedIn, LoggedOut
from domain.kernel import BEGINNING, NOT_WRITTEN, NotFound, Position
from infra.eventlog.memory import MemoryLog
from infra.log_tools import as_of, line, position_before, record, verify
from tests.infra.eventlog.notes import note
from tests.infra.restless import NOON, a_cause

pytestmark = pytest.mark.anyio
ADA = AgentRegistered("ada", "Ada")


async def a_short_day() -> MemoryLog:
    log = MemoryLog()
    for hour, fact in enumerate([ADA, LoggedIn(), LoggedOut("home")]):
        await log.append("agent-1", hour - 1, [fact], a_cause(), NOON + timedelta(hours=hour))
        await note(log, f"notebook-{hour}", "in between")
    return log


async def test_a_model_can_be_seen_as_it_was() -> None:
    log = await a_short_day()
    assert (await as_of(log, "agent-1", None))[0] == Agent(username="ada", name="Ada", reason="home")
    by_position, version = await as_of(log, "agent-1", Position(3))
    assert by_position.logged_in
    assert version == 1
    by_time, version = await as_of(log, "agent-1", NOON + timedelta(minutes=59))
    assert not by_time.logged_in
    assert version == 0


async def test_before_the_first_fact_there_is_an_empty_model() -> None:
    assert await as_of(await a_short_day(), "agent-1", BEGINNING) == (Agent(), NOT_WRITTEN)


async def test_an_unknown_kind_of_stream_is_named() -> None:
    with pytest.raises(NotFound, match=r"notebook.*agent"):
        await as_of(MemoryLog(), "notebook-1", None)


async def test_a_fact_is_shown_with_all_that_the_log_knows() -> None:
    log = await a_short_day()
    first = log._log[0]
    assert record(first) == {
        "position": 1,
        "stream": "agent-1",
        "version": 0,
        "at": "2026-03-01T12:00:00+00:00",
        "actor": "system",
        "command": str(first.cause.command_id),
        "type": "agent.registered",
        "data": {"username": "ada", "name": "Ada"},
    }
    assert "agent-1@0 agent.registered username=ada name=Ada" in line(first)


@pytest.mark.parametrize(("count", "position"), [(1, 5), (4, 2), (6, 0), (100, 0)])
async def test_the_newest_facts_begin_after_a_position(count: int, position: int) -> None:
    log = await a_short_day()
    assert await position_before(log, await log.head(), count) == position


async def test_a_sound_log_has_no_faults() -> None:
    report = await verify(await a_short_day(), lambda _: None)
    assert (report.facts, report.streams, report.head, report.faults) == (6, 4, 6, [])


async def test_a_hole_a_repeat_and_a_fact_in_the_wrong_stream_are_found() -> None:
    log = await a_short_day()
    log._log[2] = replace(log._log[2], version=7)
    assert any("version 1 was expected" in fault for fault in (await verify(log, lambda _: None)).faults)
    log = await a_short_day()
    log._log[4] = replace(log._log[4], position=Position(2))
    assert any("does not rise" in fault for fault in (await verify(log, lambda _: None)).faults)
    log = await a_short_day()
    log._log[4] = replace(log._log[4], stream="customer-1", version=0)
    assert any("cannot be folded" in fault for fault in (await verify(log, lambda _: None)).faults)
