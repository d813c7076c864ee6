"""Draws have the distribution that they are named after, and estimates find it again."""

from datetime import timedelta
from math import inf
from pathlib import Path
from random import Random
from statistics import fmean, stdev

import pytest

from infra.simulation.arrivals import from_file, poisson
from infra.simulation.durations import exponential, from_data, lognormal
from infra.simulation.patience import Hazard, mean_of_censored
from infra.simulation.staffing import spans

N = 20_000


def test_as_many_come_as_the_rate_says() -> None:
    times = list(poisson(Random(1), [1200, 0, 3600], 1800.0))
    assert times == sorted(times)
    assert sum(it < 1800 for it in times) == pytest.approx(600, abs=75)
    assert not any(1800 <= it < 3600 for it in times)
    assert sum(it >= 3600 for it in times) == pytest.approx(1800, abs=130)


def test_times_come_from_a_file_as_seconds_or_as_moments(tmp_path: Path) -> None:
    (tmp_path / "seconds.csv").write_text("at\n30\n10.5\n")
    (tmp_path / "moments.csv").write_text("at\n1999-02-01T08:00:30\n1999-02-01T09:00:00\n1999-02-01T07:59:00\n")
    assert from_file(tmp_path / "seconds.csv", "at", timedelta()) == [10.5, 30.0]
    assert from_file(tmp_path / "moments.csv", "at", timedelta(hours=8)) == [30.0, 3600.0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("at\nsoon\n", "bad.csv:2: 'soon' is neither"), ("when\n1\n", "no column 'at'"), ("at\n1\n1999-02-01\n", "mixes")],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ValueError, match=complaint):
        from_file(tmp_path / "bad.csv", "at", timedelta())


def test_durations_have_the_mean_and_the_spread_asked_for() -> None:
    draws = exponential(Random(1), 180), lognormal(Random(2), 177, 217), from_data(Random(3), [10, 20, 60])
    short, wide, seen = ([draw() for _ in range(N)] for draw in draws)
    assert fmean(short) == pytest.approx(180, rel=0.03)
    assert fmean(wide) == pytest.approx(177, rel=0.04)
    assert stdev(wide) == pytest.approx(217, rel=0.15)
    assert fmean(seen) == pytest.approx(30, rel=0.03)


def test_patience_is_found_again_behind_the_censoring() -> None:
    """Most are answered before they give up; counting only those who gave up would give half of it."""
    random, waits = Random(4), []
    patience, answered = exponential(random, 300), exponential(random, 100)
    for _ in range(N):
        gives_up, is_answered = patience(), answered()
        waits.append((min(gives_up, is_answered), gives_up < is_answered))
    assert mean_of_censored(waits) == pytest.approx(300, rel=0.05)
    assert Hazard.seen(waits, (0.0, 60.0, 240.0)).rates == pytest.approx([1 / 300] * 3, rel=0.15)


def test_a_hazard_draws_what_it_was_made_from() -> None:
    hazard = Hazard((0.0, 10.0, 60.0), (0.01, 0.002, 0.02))
    draw = hazard.draw(Random(5))
    again = Hazard.seen([(draw(), True) for _ in range(N)], hazard.edges)
    assert again.rates == pytest.approx(hazard.rates, rel=0.1)


def test_who_survives_the_last_piece_without_a_rate_never_gives_up() -> None:
    assert Hazard((0.0, 10.0), (0.0, 0.0)).after(3.0) == inf


def test_the_first_of_a_group_come_first_and_go_last() -> None:
    counts = [1, 2, 0, 1]
    assert spans(counts, 0, 60.0) == [(0.0, 120.0), (180.0, 240.0)]
    assert spans(counts, 1, 60.0) == [(60.0, 120.0)]
    assert spans([2, 2], 1, 60.0, open_end=True) == [(0.0, inf)]
