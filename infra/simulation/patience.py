"""How long does a customer wait before giving up?

Most of them are answered first, so that a log only bounds their patience from below.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, log
from random import Random
from typing import Self

from infra.simulation.durations import Draw

EDGES_S = (0.0, 5.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0)


def never() -> Draw:
    """Nobody gives up."""
    return lambda: inf


@dataclass(frozen=True, slots=True)
class Hazard:
    """The rate (per second) at which customers give up, piece by piece: `rates[i]` holds from `edges[i]` on."""

    edges: tuple[float, ...]
    rates: tuple[float, ...]

    @classmethod
    def seen(cls, waits: Iterable[tuple[float, bool]], edges: Sequence[float] = EDGES_S) -> Self:
        """The likeliest rates after (seconds waited, gave up?): who gave up in each piece, over the seconds waited in it."""
        gone, waited = [0] * len(edges), [0.0] * len(edges)
        for seconds, gave_up in waits:
            last = max(0, bisect_right(edges, seconds) - 1)
            gone[last] += gave_up
            for piece in range(last + 1):
                end = edges[piece + 1] if piece < last else seconds
                waited[piece] += end - edges[piece]
        rates = [n / s if s else 0.0 for n, s in zip(gone, waited, strict=True)]
        return cls(tuple(edges), tuple(rates))

    def draw(self, random: Random) -> Draw:
        return lambda: self.after(-log(1.0 - random.random()))

    def after(self, risk: float) -> float:
        """The moment by which this much risk (the integral of the rate) has been run."""
        for piece, rate in enumerate(self.rates[:-1]):
            width = self.edges[piece + 1] - self.edges[piece]
            if rate * width >= risk:
                return self.edges[piece] + risk / rate
            risk -= rate * width
        return self.edges[-1] + risk / self.rates[-1] if self.rates[-1] else inf


def mean_of_censored(waits: Iterable[tuple[float, bool]]) -> float:
    """Mean patience, were it exponential: the seconds that all waited over the number of those who gave up."""
    seconds, gone = 0.0, 0
    for waited, gave_up in waits:
        seconds += waited
        gone += gave_up
    return seconds / gone if gone else inf
