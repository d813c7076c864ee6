"""What a call log tells of the pauses between two calls, and what it does not tell."""

from datetime import date
from random import Random

import pytest

from infra.simulation.bank import BankCall
from infra.simulation.pauses import Pauses, Seen, seen_between

TODAY = date(1999, 2, 1)


def call(at_s: float, wait_s: float, handle_s: float = 60.0, operator: str = "ana", service: str = "PS") -> BankCall:
    return BankCall(TODAY, at_s, service, high=False, wait_s=wait_s, handle_s=handle_s, operator=operator)


def test_whoever_takes_a_call_that_waited_was_ready_just_then() -> None:
    calls = [call(0, 0), call(50, 15)]
    assert list(seen_between(calls)) == [Seen(5.0, 5.0, waiting=1, ended_s=60.0)]


def test_whoever_takes_a_call_at_once_was_ready_at_some_time_before() -> None:
    calls = [call(0, 0), call(200, 0)]
    assert list(seen_between(calls)) == [Seen(0.0, 140.0, waiting=0, ended_s=60.0)]


def test_nobody_is_ready_while_somebody_waits_for_them() -> None:
    """The second call waited from 70 to 100 and went to another."""
    calls = [call(0, 0), call(70, 30, operator="bob"), call(200, 0)]
    assert next(seen_between(calls)) == Seen(40.0, 140.0, waiting=0, ended_s=60.0)


def test_who_waits_for_others_says_nothing() -> None:
    calls = [call(0, 0), call(50, 50, operator="bob", service="NE"), call(200, 0)]
    assert next(seen_between(calls)) == Seen(0.0, 140.0, waiting=0, ended_s=60.0)


def test_what_lies_between_limits_lasted_as_long_as_what_is_known() -> None:
    """Nine pauses of ten seconds say that one of at most a minute most likely lasted ten seconds too."""
    shares = Pauses.likeliest([Seen(10, 10, 1)] * 9 + [Seen(0, 60, 1)]).shares
    assert shares[9] == pytest.approx(0.0, abs=1e-6)
    assert shares[10] == pytest.approx(1.0, abs=1e-6)


def test_pauses_are_found_again_from_what_a_log_would_show_of_them() -> None:
    """Exponential pauses of 20 s, known only from whoever calls meanwhile, every 30 s on average."""
    random = Random(7)
    seen = []
    for _ in range(4000):
        pause_s, before_s, after_s = random.expovariate(1 / 20), 0.0, random.expovariate(1 / 30)
        while after_s < pause_s:
            before_s, after_s = after_s, after_s + random.expovariate(1 / 30)
        seen.append(Seen(before_s, after_s, waiting=0))
    draw = Pauses.likeliest(seen).draw(random)
    assert sum(draw() for _ in range(4000)) / 4000 == pytest.approx(20.0, rel=0.1)


def test_without_any_pause_there_is_none() -> None:
    assert Pauses.likeliest([]).draw(Random(1))() == 0.0
