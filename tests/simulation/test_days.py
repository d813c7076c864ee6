"""Does everything hold, whatever goes wrong, and does it go wrong in the same way again?

A handful of seeds; `make sim` plays as many as one likes. A failing seed is played again by the command that it prints.
"""

import os
import subprocess
import sys

import pytest

from commands.policies import offers
from commands.policies.registry import POLICIES
from domain.agents.agent import Agent
from domain.tasks.facts import TaskClosed
from tests.simulation.day import simulate


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_day_with_crashes_leaves_nothing_wrong(seed: int) -> None:  # routing 67
    report = simulate(seed, 600)
    assert report.faults == [], str(report)
    assert report.events >= 600


def test_a_seed_gives_the_same_log_again_in_another_process_too() -> None:
    here = simulate(3, 400)
    code = "from tests.simulation.day import simulate; print(simulate(3, 400).digest)"
    for hash_seed in ("0", "12345"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        there = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        assert there.stdout.strip() == here.digest
    assert simulate(3, 400).digest == here.digest != simulate(4, 400).digest


# Would it notice?


def test_a_slot_that_nobody_frees_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [
        policy for policy in POLICIES[TaskClosed] if policy is not offers.a_closed_task_frees_its_slot_and_its_agent
    ]
    monkeypatch.setitem(POLICIES, TaskClosed, others)
    report = simulate(1, 600)
    assert any("holds a slot" in fault for fault in report.faults)
    assert report.last_facts
    assert "make sim SEED=1 EVENTS=600" in str(report)


def test_an_agent_who_takes_too_much_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Agent, "load", lambda _self, _mrd_id: 0)
    found = [fault for seed in (1, 2, 3) for fault in simulate(seed, 600).faults]
    assert any("has" in fault and " in " in fault for fault in found)
