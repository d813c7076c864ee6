"""How long does an operator rest between two calls? The shorter, the more wait for them.

A log does not say when they were ready again. It says when they took the next call: at once, if it had waited; at some
time before, if it had not. And whoever waited meanwhile says that they were not ready yet. So each pause is known
exactly or between two limits, and the likeliest distribution follows by Turnbull's self-consistency (1976).
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from random import Random
from typing import TYPE_CHECKING, Self

from infra.simulation.durations import Draw

if TYPE_CHECKING:
    from infra.simulation.bank import BankCall

ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """A pause of at least and at most so many seconds; `waiting`: how many did, for this operator, when it began, at
    `ended_s` after midnight.
    """

    at_least_s: float
    at_most_s: float
    waiting: int
    ended_s: float = 0.0


def seen_between(calls: Sequence["BankCall"]) -> Iterator[Seen]:
    """The pauses of all operators between two of their calls. They serve whatever they served on that day."""
    by_operator: dict[str, list[BankCall]] = defaultdict(list)
    for it in calls:
        if it.answered:
            by_operator[it.operator].append(it)
    waited = [it for it in calls if it.wait_s]
    for served in by_operator.values():
        services = {it.service for it in served}
        theirs = [it for it in waited if it.service in services]
        for before, after in pairwise(sorted(served, key=lambda it: it.answered_s)):
            yield _seen(before.ends_s, after, theirs)


def _seen(ended_s: float, after: "BankCall", waited: Sequence["BankCall"]) -> Seen:
    """`waited`: who stood in line for this operator, whenever that was, in the order in which they came."""
    at_most_s = max(0.0, after.answered_s - ended_s)
    until = bisect_right(waited, after.answered_s, key=lambda it: it.at_s)
    meanwhile = [it for it in waited[:until] if it.answered_s > ended_s]
    waiting = sum(it.at_s <= ended_s for it in meanwhile)
    if after.wait_s:
        return Seen(at_most_s, at_most_s, waiting, ended_s)
    latest_s = max((it.answered_s for it in meanwhile), default=ended_s) - ended_s
    return Seen(min(latest_s, at_most_s), at_most_s, waiting, ended_s)


@dataclass(frozen=True, slots=True)
class Pauses:
    """The share of pauses that are not longer than 0, 1, 2, … seconds."""

    shares: tuple[float, ...]

    @classmethod
    def likeliest(cls, seen: Iterable[Seen]) -> Self:
        """Without any, no pause at all."""
        counts = Counter((int(it.at_least_s), int(it.at_most_s)) for it in seen)
        if not counts:
            return cls((1.0,))
        size = 1 + max(most for _, most in counts)
        masses = [1 / size] * size
        for _ in range(ROUNDS):
            masses = _consistent(masses, counts)
        return cls(tuple(accumulate(masses)))

    def draw(self, random: Random) -> Draw:
        """Whole seconds, as logs have them."""
        last = len(self.shares) - 1
        return lambda: float(min(last, bisect_right(self.shares, random.random())))


def _consistent(masses: Sequence[float], counts: Counter[tuple[int, int]]) -> list[float]:
    """Each pause spread over the seconds that it may have lasted, as the masses say; together they are the next masses."""
    up_to = [0.0, *accumulate(masses)]
    steps = [0.0] * (len(masses) + 1)
    for (least, most), count in counts.items():
        within = up_to[most + 1] - up_to[least]
        if within > 0.0:
            steps[least] += count / within
            steps[most + 1] -= count / within
    total = counts.total()
    return [mass * weight / total for mass, weight in zip(masses, accumulate(steps), strict=False)]
