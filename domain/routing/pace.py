"""How fast does a queue move, and how long would somebody wait at a place in it (routing 65)? Learned from what happened.

Two things are learned from the last few answers. How long those waited who were first when they came: at times that is the
ring of a telephone, at times the rest of somebody's talk. And how much time lay between two answers while somebody waited
all along. The place n then waits as long as the first, and n - 1 times as long as between two answers. Where there were too
few answers yet: the mean time of a talk and its wrap-up, shared by as many as talk now, as Erlang would have it when all are
busy. Where nothing is known, nothing is promised.

Every estimate that was made on arrival is held against what came of it; queues publish by how much they were wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

KEPT = 20
"""How many of each are remembered: a queue changes its pace within the hour."""
ENOUGH = 3


class Method(StrEnum):
    """From what an estimate follows."""

    ANSWERS = "ANSWERS"
    HANDLING = "HANDLING"
    UNKNOWN = "UNKNOWN"


@dataclass(slots=True)
class Pace:
    """`waiting`: who has not been answered yet; `active`: who is being served. Seconds, the newest last."""

    waiting: int = 0
    active: int = 0
    firsts: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    handled: list[float] = field(default_factory=list)
    answered_at: datetime | None = None

    def estimate(self, position: int) -> tuple[float | None, Method]:
        """Seconds from now for whoever stands at this place, from 1."""
        between, method = self._between()
        if len(self.firsts) >= ENOUGH:
            first: float | None = _mean(self.firsts)
        else:
            first = between
        if first is None or (between is None and position > 1):
            return None, Method.UNKNOWN
        return first + (position - 1) * (between or 0.0), Method.ANSWERS if len(self.firsts) >= ENOUGH else method

    def _between(self) -> tuple[float | None, Method]:
        if len(self.gaps) >= ENOUGH:
            return _mean(self.gaps), Method.ANSWERS
        if self.handled:
            return _mean(self.handled) / max(1, self.active), Method.HANDLING
        return None, Method.UNKNOWN

    # What happened

    def entered(self) -> float | None:
        """Somebody gets in line, last of all; returns what they would be told."""
        self.waiting += 1
        return self.estimate(self.waiting)[0]

    def answered(
        self, at: datetime, entered_at: datetime, *, was_first: bool, foretold_s: float | None
    ) -> float | None:
        """Returns by how much the estimate was too long, where there was one."""
        self._left()
        self.active += 1
        waited_s = (at - entered_at).total_seconds()
        if was_first:
            _keep(self.firsts, waited_s)
        if self.answered_at is not None and entered_at <= self.answered_at:
            _keep(self.gaps, (at - self.answered_at).total_seconds())
        self.answered_at = at
        return None if foretold_s is None else foretold_s - waited_s

    def gave_up(self) -> None:
        """Somebody left the line unanswered."""
        self._left()

    def served(self, answered_at: datetime, at: datetime) -> None:
        self.active = max(0, self.active - 1)
        _keep(self.handled, (at - answered_at).total_seconds())

    def _left(self) -> None:
        self.waiting = max(0, self.waiting - 1)


def clamped(seconds: float | None, least_s: int, most_s: int) -> float | None:
    """As the queue allows it to be told; `most_s` 0 for no limit (routing 65)."""
    if seconds is None:
        return None
    longest = max(seconds, least_s)
    return min(longest, most_s) if most_s else longest


def _keep(samples: list[float], value: float) -> None:
    samples.append(max(0.0, value))
    del samples[:-KEPT]


def _mean(samples: Sequence[float]) -> float:
    return sum(samples) / len(samples)
