"""Does everything hold, whatever goes wrong, and does it go wrong in the same way again?

A handful of seeds; `make sim` plays as many as one likes. A failing seed is played again by the command that it prints.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

import infra.timers
from commands.policies import offers
from commands.policies.deadlines import Clear, Set, deadlines
from commands.policies.registry import POLICIES
from domain.kernel import Recorded
from domain.routing.clearing import Clearing
from domain.routing.engine import Engine
from domain.routing.siblings import Siblings
from domain.routing.staff import Staff
from domain.tasks.facts import TaskClosed, TaskReserved
from tests.simulation.run import simulate
from tests.simulation.second_opinion import SecondOpinion


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_day_with_crashes_leaves_nothing_wrong(seed: int) -> None:  # routing 67
    report = simulate(seed, 800)
    assert report.faults == [], str(report)
    assert report.events >= 800


def test_a_seed_gives_the_same_log_again_in_another_process_too() -> None:
    here = simulate(3, 300)
    code = "from tests.simulation.run import simulate; print(simulate(3, 300).digest)"
    for hash_seed in ("0", "12345"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        there = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        assert there.stdout.strip() == here.digest
    assert simulate(3, 300).digest == here.digest != simulate(4, 300).digest


# Would it notice?


def noticed(words: str) -> str:
    """The report of the first day on which somebody says so."""
    reports = (simulate(seed, 400) for seed in range(1, 17))
    return next(str(report) for report in reports if any(words in fault for fault in report.faults))


def test_a_slot_that_nobody_frees_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    frees = offers.a_closed_task_frees_its_slot_and_its_agent
    monkeypatch.setitem(POLICIES, TaskClosed, [policy for policy in POLICIES[TaskClosed] if policy is not frees])
    report = noticed("holds a slot")
    assert "TaskClosed(reason=" in report
    assert "make sim SEED=" in report


def test_a_timer_that_nobody_sets_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(event: Recorded[Any]) -> Iterator[Set | Clear]:
        return iter(()) if isinstance(event.fact, TaskReserved) else deadlines(event)

    monkeypatch.setattr(infra.timers, "deadlines", forgetful)
    assert noticed("nothing was done")


def test_an_engine_that_forgets_what_it_wanted_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SecondOpinion, "compare", lambda *_: None)  # who would say so before
    decide, moves = Engine.decide, count(1)
    monkeypatch.setattr(Engine, "decide", lambda self, now: [it for it in decide(self, now) if next(moves) % 4])
    assert noticed("is free")


def test_an_engine_that_overlooks_who_came_free_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    released = Staff.released

    def forgetful(self: Staff, recorded: Recorded[Any]) -> None:
        released(self, recorded)
        for pool in self._pools.values():
            pool.freed.clear()

    monkeypatch.setattr(Staff, "released", forgetful)
    assert noticed("and the judge")


def test_an_engine_that_knows_the_first_of_several_queues_alone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Siblings, "open", lambda *_: iter(()))
    assert noticed("and the judge")


def test_a_flush_that_is_not_carried_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:  # routing 64
    monkeypatch.setattr(Clearing, "flush", lambda *_: None)
    assert noticed("still waits there")
