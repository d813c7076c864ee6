"""A call log becomes days that can be played."""

from datetime import date
from pathlib import Path

import pytest

from infra.simulation.bank import BankCall, Habits, Outcome, presence, read
from infra.simulation.world import World

LOG = """arrival,service,priority,customer,ivr_s,queue_s,outcome,handle_s,operator
1999-02-01T08:00:00,PS,0,,10,0,AGENT,100,A01
1999-02-01T08:00:20,PS,2,7,10,85,AGENT,60,A01
1999-02-01T08:00:30,NE,0,,5,40,HANG,0,
1999-02-01T08:01:00,PS,0,,18,0,HANG,0,
1999-02-01T08:01:05,PS,0,,18,9,PHANTOM,0,
1999-02-01T08:04:00,PS,0,,5,0,AGENT,30,
1999-02-01T08:04:10,PS,0,,5,0,AGENT,30,
1999-02-02T09:00:00,NE,0,,5,30,AGENT,80,A01
"""
MONDAY = date(1999, 2, 1)


@pytest.fixture
def days(tmp_path: Path) -> dict[date, list[BankCall]]:
    (tmp_path / "log.csv").write_text(LOG)
    return read(tmp_path / "log.csv")


def test_only_calls_that_wanted_an_operator_count(days: dict[date, list[BankCall]]) -> None:
    assert {day: len(calls) for day, calls in days.items()} == {MONDAY: 5, date(1999, 2, 2): 1}
    assert Outcome.of(days[MONDAY]) == Outcome(5, 0.6, 25.0, 0.2)


def test_two_unknown_operators_at_a_time_are_two_people(days: dict[date, list[BankCall]]) -> None:
    assert [it.operator for it in days[MONDAY]] == ["A01", "A01", "", "unknown-1", "unknown-2"]


def test_an_operator_is_there_from_call_to_call(days: dict[date, list[BankCall]]) -> None:
    served = [it for it in days[MONDAY] if it.operator == "A01"]
    assert presence(served, gap_s=60) == [(28810.0, 28975.0)]
    assert presence(served, gap_s=1) == [(28810.0, 28910.0), (28915.0, 28975.0)]


def test_a_day_is_played_with_the_habits_of_others(days: dict[date, list[BankCall]]) -> None:
    world = World(Habits.of(days.values(), gap_s=300).plan(days[MONDAY], "1")).play()
    assert sum(it.offered for cohorts in world.cohorts.values() for it in cohorts) == 5
    assert world.refused == 0


def test_a_line_that_is_no_call_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG + "soon,PS,0,,1,0,AGENT,1,A01\n")
    with pytest.raises(ValueError, match=r"log\.csv:10 is no call"):
        read(tmp_path / "log.csv")
