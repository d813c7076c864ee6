"""Is the patience of those who were answered guessed as statistics has it?"""

from math import inf
from random import Random
from statistics import fmean

import pytest

from infra.what_if.patience import ENOUGH, Patience


def test_kaplan_and_meier_count_whoever_still_waited() -> None:
    """Of four one gave up after 1 s and one after 3 s; one was answered after 2 s, one after 4 s."""
    waits = [(1.0, True), (2.0, False), (3.0, True), (4.0, False)]
    it = Patience.of(waits * ENOUGH)
    assert it.times_s == (1.0, 3.0)
    assert it.shares == pytest.approx((0.75, 0.375))
    assert "Kaplan–Meier, for 40 of 80" in it.model


def test_whoever_has_waited_leaves_later() -> None:
    it, random = Patience.of([(1.0, True), (2.0, False), (3.0, True), (4.0, False)] * ENOUGH), Random(1)
    drawn = [it.beyond(2.0, random) for _ in range(4_000)]
    assert min(drawn) == 3.0
    assert sum(seconds == 3.0 for seconds in drawn) / 4_000 == pytest.approx(0.5, abs=0.03)


def test_where_few_gave_up_one_rate_fits_them() -> None:
    it, random = Patience.of([(100.0, True), (100.0, False), (100.0, False)]), Random(1)
    assert "exponential with a mean of 300 s, for only 1 of 3" in it.model
    assert fmean(it.beyond(50.0, random) for _ in range(20_000)) == pytest.approx(350, rel=0.05)


def test_where_nobody_gave_up_nobody_will() -> None:
    it = Patience.of([(5.0, False)])
    assert it.beyond(10.0, Random(1)) == inf
    assert "nobody of 1 gave up" in it.model
