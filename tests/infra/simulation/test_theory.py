"""The engine in virtual time against queueing theory: short, seeded, with the tolerance that so few calls need."""

from collections.abc import Iterator
from math import sqrt
from random import Random
from statistics import fmean, stdev

import pytest

from infra.simulation.arrivals import poisson
from infra.simulation.durations import exponential
from infra.simulation.erlang import SteadyState, erlang_a, erlang_b, erlang_c
from infra.simulation.patience import never
from infra.simulation.plan import Call
from infra.simulation.tally import Cohort, Hours
from infra.simulation.world import World
from tests.infra.simulation.plans import agent, plan, queue

RUNS, ARRIVALS = 5, 2500
WIDEST = {"p_wait": 0.01, "service_level": 0.01, "mean_wait_s": 0.03, "occupancy": 0.01, "abandoned": 0.03}
"""Relative gaps that are accepted even where the runs agree more closely."""


def calls(seed: str, per_hour: float, handle_s: float, patience_s: float | None, horizon_s: float) -> Iterator[Call]:
    handling = exponential(Random(f"{seed}/handling"), handle_s)
    patience = exponential(Random(f"{seed}/patience"), patience_s) if patience_s else never()
    for at_s in poisson(Random(f"{seed}/arrivals"), [per_hour], horizon_s):
        yield Call(at_s, handling(), patience())


def measured(seed: str, per_hour: float, handle_s: float, agents: int, patience_s: float | None) -> SteadyState:
    horizon_s = 1.2 * ARRIVALS / per_hour * 3600
    phone = queue(calls(seed, per_hour, handle_s, patience_s, horizon_s), service_level_threshold_s=20)
    staff = [agent(f"a{n:02d}") for n in range(agents)]
    world = World(plan([phone], staff, horizon_s=horizon_s, interval_s=horizon_s / 6)).play()
    it = sum(world.cohorts["phone"][1:], Cohort())
    hours = sum(world.timesheet.hours[1 : world.intervals], Hours())
    return SteadyState(
        it.queued / it.offered,
        it.answered_in / it.offered,
        it.wait_s / it.offered,
        hours.busy_s / (hours.busy_s + hours.idle_s),
        it.abandoned / it.offered,
        0.0,
    )


@pytest.mark.parametrize(
    ("setting", "theory"),
    [
        ((200, 180, 14, None), erlang_c(200 / 3600, 180, 14)),
        ((500, 177, 25, 180), erlang_a(500 / 3600, 177, 25, 180)),
    ],
    ids=["Erlang C", "Erlang A"],
)
def test_the_engine_meets_theory(setting: tuple[float, float, int, float | None], theory: SteadyState) -> None:
    runs = [measured(f"theory/{n}", *setting) for n in range(RUNS)]
    for figure, widest in WIDEST.items():
        values, expected = [getattr(run, figure) for run in runs], getattr(theory, figure)
        tolerance = max(3 * stdev(values) / sqrt(RUNS), widest * expected)
        assert fmean(values) == pytest.approx(expected, abs=tolerance), figure


def test_published_values_of_erlang_b_and_c() -> None:
    assert erlang_b(10, 14) == pytest.approx(0.0568, abs=5e-5)
    textbook = erlang_c(100 / 1800, 180, 14)
    assert textbook.p_wait == pytest.approx(0.1741, abs=5e-5)
    assert textbook.service_level == pytest.approx(0.8884, abs=5e-5)
    assert textbook.mean_wait_s == pytest.approx(7.836, abs=5e-4)


def test_published_values_of_erlang_a() -> None:
    """Garnett, Mandelbaum and Reiman: 48 a minute, one minute each, 50 agents, patience of two minutes."""
    garnett = erlang_a(48 / 60, 60, 50, 120)
    assert garnett.abandoned == pytest.approx(0.031, abs=5e-4)
    assert garnett.mean_wait_s == pytest.approx(3.7, abs=0.05)
    assert garnett.occupancy == pytest.approx(0.93, abs=5e-3)


def test_endless_patience_turns_erlang_a_into_erlang_c() -> None:
    patient, endless = erlang_a(200 / 3600, 180, 14, 1e9), erlang_c(200 / 3600, 180, 14)
    assert patient.p_wait == pytest.approx(endless.p_wait, rel=1e-4)
    assert patient.service_level == pytest.approx(endless.service_level, rel=1e-4)
    assert patient.mean_wait_s == pytest.approx(endless.mean_wait_s, rel=1e-3)


def test_ten_thousand_agents_do_not_overflow() -> None:
    large = erlang_a(100_000 / 3600, 360, 10_000, 120)
    assert 0 < large.p_wait < 1
    assert 0 < large.abandoned < 0.05


def test_too_few_agents_without_abandonment_are_no_steady_state() -> None:
    with pytest.raises(ValueError, match="10 erlangs need more than 10 agents"):
        erlang_c(200 / 3600, 180, 10)
