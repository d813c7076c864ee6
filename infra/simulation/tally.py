"""What is counted, per interval, while the simulation runs?

The interval rule: what happens to a call counts in the interval in which it got in line; seconds of agents count in the
interval in which they pass.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Cohort:
    """The calls that got in line in one interval of one queue. `_in`: within the service level's threshold. `diverted`:
    sent elsewhere, or away.
    """

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    expired: int = 0
    answered_in: int = 0
    abandoned_in: int = 0
    queued: int = 0
    wait_s: float = 0.0
    wait_answered_s: float = 0.0
    handle_s: float = 0.0
    diverted: int = 0

    @property
    def waiting(self) -> int:
        """Neither answered nor gone when the simulation ended."""
        return self.offered - self.answered - self.abandoned - self.expired - self.diverted

    def __add__(self, other: "Cohort") -> "Cohort":
        return Cohort(*(getattr(self, name) + getattr(other, name) for name in Cohort.__slots__))


@dataclass(slots=True)
class Hours:
    """How all agents together spent one interval, in agent seconds. `task_s`: twice for two tasks at once."""

    busy_s: float = 0.0
    idle_s: float = 0.0
    task_s: float = 0.0

    def __add__(self, other: "Hours") -> "Hours":
        return Hours(self.busy_s + other.busy_s, self.idle_s + other.idle_s, self.task_s + other.task_s)


class Timesheet:
    """Agents' seconds by interval. The last interval has no end."""

    def __init__(self, interval_s: float, intervals: int) -> None:
        self.interval_s = interval_s
        self.hours = [Hours() for _ in range(intervals + 1)]
        self._last = intervals

    def spend(self, since: float, until: float, load: int, ready: bool) -> None:  # noqa: FBT001 - called by the million
        """From `since` to `until` an agent had `load` tasks; without any they were ready for work, or not there."""
        if not (load or ready):
            return
        interval = int(since / self.interval_s)
        while interval < self._last and until > (ends := (interval + 1) * self.interval_s):
            self._add(self.hours[interval], ends - since, load)
            since, interval = ends, interval + 1
        self._add(self.hours[min(interval, self._last)], until - since, load)

    @staticmethod
    def _add(hours: Hours, seconds: float, load: int) -> None:
        if load:
            hours.busy_s += seconds
            hours.task_s += seconds * load
        else:
            hours.idle_s += seconds
