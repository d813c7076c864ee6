"""How long would those have waited who were answered? The log says of them only: at least as long as they did.

Kaplan and Meier's estimate from all waits of a queue, each of which ended by giving up or by something else (then the
patience was longer). Where few gave up, the exponential distribution with the same total; where nobody did, nobody will.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log
from random import Random
from typing import Self

ENOUGH = 20
"""As many have to have given up before steps of the estimate are worth more than one rate."""
Wait = tuple[float, bool]
"""Seconds waited; did it end by giving up?"""


@dataclass(frozen=True, slots=True)
class Patience:
    """After `times_s[i]` seconds `shares[i]` of all would still wait; beyond the last at `rate` per second."""

    gave_up: int
    seen: int
    rate: float
    times_s: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()

    @classmethod
    def of(cls, waits: Sequence[Wait]) -> Self:
        gone, total_s = sum(gave_up for _, gave_up in waits), sum(seconds for seconds, _ in waits)
        rate = gone / total_s if total_s else 0.0
        if gone < ENOUGH:
            return cls(gone, len(waits), rate)
        times, shares = _steps(waits)
        return cls(gone, len(waits), rate, times, shares)

    @property
    def model(self) -> str:
        """In plain words."""
        if not self.gave_up:
            return f"nobody of {self.seen} gave up, so nobody does"
        known = f"{self.gave_up} of {self.seen} gave up"
        if self.times_s:
            return f"Kaplan–Meier, for {known}; exponential after {self.times_s[-1]:.0f} s"
        return f"exponential with a mean of {1 / self.rate:.0f} s, for only {known}"

    def beyond(self, waited_s: float, random: Random) -> float:
        """The whole patience of somebody who has waited so long already."""
        if not self.rate:
            return inf
        share = self._share_after(waited_s) * (1.0 - random.random())
        for time_s, left in zip(self.times_s, self.shares, strict=True):
            if time_s > waited_s and left <= share:
                return time_s
        last_s = max(waited_s, self.times_s[-1] if self.times_s else 0.0)
        return last_s - log(1.0 - random.random()) / self.rate

    def _share_after(self, waited_s: float) -> float:
        passed = bisect_right(self.times_s, waited_s)
        return self.shares[passed - 1] if passed else 1.0


def _steps(waits: Sequence[Wait]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    ended, gone = Counter(seconds for seconds, _ in waits), Counter(seconds for seconds, gave_up in waits if gave_up)
    times, shares = [], []
    waiting, share = len(waits), 1.0
    for seconds in sorted(ended):
        if gone[seconds]:
            share *= 1 - gone[seconds] / waiting
            times.append(seconds)
            shares.append(share)
        waiting -= ended[seconds]
    return tuple(times), tuple(shares)
