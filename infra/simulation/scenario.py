"""What is simulated? A YAML file that a planner writes, checked, and made into a plan for one run.

Lists go by interval; one number stands for all intervals. Files are found beside the scenario.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import inf
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from domain.configuration import settings as s
from domain.configuration.calendar import BusinessCalendar
from domain.configuration.diversions import Opening, Overflow
from domain.configuration.loops import check_no_loop
from domain.configuration.steps import left_if
from domain.ids import AgentId, AttributeId, CalendarId, MrdId, QueueId
from domain.kernel import Invalid
from infra.simulation import arrivals as comings
from infra.simulation import durations
from infra.simulation import patience as endings
from infra.simulation.durations import Draw
from infra.simulation.plan import MIDNIGHT, AgentPlan, Call, Plan, QueuePlan, intervals_in
from infra.simulation.staffing import spans

FOREVER_S = 30 * 86_400


class BadScenario(Exception):
    """The file cannot be read, or contradicts itself; says where."""


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A misspelt word in a scenario must not pass as a wish that nobody heard."""


# How long


class Constant(Strict, frozen=True, tag_field="kind", tag="constant"):
    seconds: float


class Exponential(Strict, frozen=True, tag_field="kind", tag="exponential"):
    mean_s: float


class LogNormal(Strict, frozen=True, tag_field="kind", tag="lognormal"):
    mean_s: float
    sd_s: float


class Seen(Strict, frozen=True, tag_field="kind", tag="data"):
    """Drawn from a column of a CSV file."""

    file: str
    column: str = "seconds"


class Never(Strict, frozen=True, tag_field="kind", tag="never"):
    pass


class Rates(Strict, frozen=True, tag_field="kind", tag="hazard"):
    """Piece by piece, as `patience.Hazard`: from `from_s[i]` on, `per_minute[i]` of those who still wait give up."""

    from_s: list[float]
    per_minute: list[float]


Duration = Constant | Exponential | LogNormal | Seen
Patience = Never | Duration | Rates


# Who comes


class Poisson(Strict, frozen=True, tag_field="kind", tag="poisson"):
    per_hour: float | list[float]


class Listed(Strict, frozen=True, tag_field="kind", tag="file"):
    """Calls as they came: seconds from the beginning, or ISO times (the day begins with the first one's midnight)."""

    file: str
    column: str = "arrival"


class StepSetting(Strict, frozen=True):
    """`needs`: attribute → lowest level, all of them; nothing: everybody. `timeout_s`: until the next step begins. `skip_if`: as in a
    configuration file.
    """

    needs: dict[str, int] = {}
    timeout_s: int = 30
    skip_if: str = ""


class QueueSetting(Strict, frozen=True):
    arrivals: Poisson | Listed
    handling: Duration
    wrap_up: Duration | None = None
    patience: Patience = Never()
    rings: Duration = Constant(seconds=0)
    media: str = "chat"
    priority: int = 1
    service_level_type: int = 1
    service_level_s: int = 20
    waits_at_most_s: int | None = None
    agent_selection: s.AgentSelectionPolicy = s.AgentSelectionPolicy.LONGEST_AVAILABLE
    steps: tuple[StepSetting, ...] = (StepSetting(),)
    opening: Opening | None = None
    overflow: tuple[Overflow, ...] = ()


class Group(Strict, frozen=True):
    """Agents alike. `tasks_max`: how many tasks each takes at once, for all media or by medium."""

    count: int | list[int]
    tasks_max: int | dict[str, int] = 1
    attributes: dict[str, int] = {}


class Scenario(Strict, frozen=True):
    name: str
    hours: float
    queues: dict[str, QueueSetting]
    agents: dict[str, Group]
    starts: str = "00:00"
    interval_minutes: int = 30
    runs: int = 10
    seed: int = 1
    wrap_up_holds_slot: bool = True
    calendars: dict[str, BusinessCalendar] = {}

    @property
    def interval_s(self) -> float:
        return self.interval_minutes * 60.0

    @property
    def intervals(self) -> int:
        return intervals_in(self.hours * 3600, self.interval_s)

    def plan(self, folder: Path, seed: int, run: int) -> Plan:
        """Chance has a stream of its own for each queue and purpose: two scenarios meet the same callers."""
        start = MIDNIGHT + self._starts()
        media = sorted({queue.media for queue in self.queues.values()})
        needed = {name for queue in self.queues.values() for step in queue.steps for name in step.needs}
        return Plan(
            media={MrdId(it): s.MediaRoutingDomain(it, wrap_up_holds_slot=self.wrap_up_holds_slot) for it in media},
            attributes={AttributeId(it): s.AttributeType.PROFICIENCY_LEVEL for it in sorted(needed)},
            queues=[self._queue(name, folder, f"{seed}/{run}/{name}") for name in self.queues],
            agents=[agent for name, group in self.agents.items() for agent in self._agents(name, group, media)],
            horizon_s=self.hours * 3600,
            interval_s=self.interval_s,
            start=start,
            calendars={CalendarId(id_): calendar for id_, calendar in self.calendars.items()},
        )

    def check(self, folder: Path) -> None:
        """Raises `BadScenario`; afterwards `plan` works."""
        where = ""
        try:
            self._check_numbers()
            for name, queue in self.queues.items():
                where = f"queues.{name}: "
                self._check_queue(name, queue)
                if isinstance(queue.arrivals, Poisson):
                    self._by_interval(queue.arrivals.per_hour, "arrivals.per_hour")
                for _ in zip(range(3), self._queue(name, folder, "check").calls, strict=False):
                    pass
            for name, group in self.agents.items():
                where = f"agents.{name}: "
                self._by_interval(group.count, "count")
        except Invalid as wrong:
            raise BadScenario(f"{where}{wrong.field}: {wrong.detail}") from None
        except (ValueError, OSError) as wrong:
            raise BadScenario(f"{where}{wrong}") from None

    def _check_queue(self, name: str, queue: QueueSetting) -> None:
        settings = _settings(name, queue)
        settings.check()
        if queue.opening is not None and queue.opening.calendar_id not in self.calendars:
            raise ValueError(f"opening.calendar_id: there is no calendar {queue.opening.calendar_id!r}.")
        for field, diversion in settings.diversions():
            if diversion.queue_id is not None and diversion.queue_id not in self.queues:
                raise ValueError(f"{field}.queue_id: there is no queue {diversion.queue_id!r}.")
        check_no_loop(QueueId(name), {QueueId(it): _settings(it, other) for it, other in self.queues.items()})

    def staffed(self) -> list[int]:
        """How many agents are there in each interval."""
        counts = [self._by_interval(group.count, "count") for group in self.agents.values()]
        return [int(sum(column)) for column in zip(*counts, strict=True)]

    def _check_numbers(self) -> None:
        if self.hours <= 0 or self.interval_minutes <= 0 or self.runs < 1:
            raise ValueError("hours, interval_minutes and runs must be positive.")
        if not self.queues or not self.agents:
            raise ValueError("At least one queue and one group of agents are needed.")
        self._starts()
        for place, number in _numbers(msgspec.to_builtins({"queues": self.queues, "agents": self.agents})):
            if number < 0:
                raise ValueError(f"{place} is {number:g}: nothing here can be negative.")
        needed = {it for queue in self.queues.values() for step in queue.steps for it in step.needs}
        had = {it for group in self.agents.values() for it in group.attributes}
        if lacking := needed - had:
            raise ValueError(f"No agent has {', '.join(sorted(lacking))}, which a queue's step needs.")

    def _starts(self) -> timedelta:
        hours, _, minutes = self.starts.partition(":")
        if not (hours.isdigit() and minutes.isdigit()):
            raise ValueError(f"starts: {self.starts!r} is no time of day like 08:30 (in quotes).")
        return timedelta(hours=int(hours), minutes=int(minutes))

    def _by_interval(self, number: float | list[Any], what: str) -> list[Any]:
        if not isinstance(number, list):
            return [number] * self.intervals
        if len(number) != self.intervals:
            raise ValueError(f"{what} has {len(number)} numbers, but {self.hours:g} h are {self.intervals} intervals.")
        return number

    def _queue(self, name: str, folder: Path, stream: str) -> QueuePlan:
        queue = self.queues[name]
        ttl_s = inf if queue.waits_at_most_s is None else float(queue.waits_at_most_s)
        return QueuePlan(QueueId(name), _settings(name, queue), self._calls(queue, folder, stream), ttl_s)

    def _calls(self, queue: QueueSetting, folder: Path, stream: str) -> Iterator[Call]:
        def draw(what: Patience, purpose: str) -> Draw:
            return _draw(what, folder, Random(f"{stream}/{purpose}"))

        handling, patience, rings = (
            draw(queue.handling, "handling"),
            draw(queue.patience, "patience"),
            draw(queue.rings, "rings"),
        )
        wrap_up = draw(queue.wrap_up, "wrap-up") if queue.wrap_up else durations.constant(0.0)
        for at_s in self._times(queue.arrivals, folder, Random(f"{stream}/arrivals")):
            yield Call(at_s, handling(), patience(), wrap_up(), rings())

    def _times(self, arrivals: Poisson | Listed, folder: Path, random: Random) -> Iterator[float]:
        if isinstance(arrivals, Poisson):
            rates = self._by_interval(arrivals.per_hour, "arrivals.per_hour")
            return comings.poisson(random, rates, self.interval_s)
        return iter(comings.from_file(folder / arrivals.file, arrivals.column, self._starts()))

    def _agents(self, name: str, group: Group, media: list[str]) -> Iterator[AgentPlan]:
        counts = self._by_interval(group.count, "count")
        most = group.tasks_max
        tasks_max = dict.fromkeys(media, most) if isinstance(most, int) else most
        for number in range(max(counts)):
            yield AgentPlan(
                AgentId(f"{name}-{number + 1:04d}"),
                {MrdId(it): limit for it, limit in tasks_max.items()},
                spans(counts, number, self.interval_s, open_end=not isinstance(group.count, list)),
                {AttributeId(it): level for it, level in group.attributes.items()},
            )


def load(path: Path) -> Scenario:
    """Raises `BadScenario`, saying where."""
    try:
        scenario = msgspec.yaml.decode(path.read_bytes(), type=Scenario)
    except OSError as wrong:
        raise BadScenario(f"{path} cannot be read: {wrong.strerror}.") from None
    except msgspec.MsgspecError as wrong:
        raise BadScenario(f"{path}: {wrong}") from None
    try:
        scenario.check(path.parent)
    except BadScenario as wrong:
        raise BadScenario(f"{path}: {wrong}") from None
    return scenario


def _step(step: StepSetting) -> s.Step:
    word, conditions = left_if(step.skip_if) if step.skip_if else (None, ())
    return s.Step(_expressions(step.needs), step.timeout_s, word, skip_when=conditions)


def _settings(name: str, queue: QueueSetting) -> s.Queue:
    steps = tuple(_step(step) for step in queue.steps)
    return s.Queue(
        name,
        MrdId(queue.media),
        steps,
        priority=queue.priority,
        service_level_type=queue.service_level_type,
        service_level_threshold_s=queue.service_level_s,
        agent_selection=queue.agent_selection,
        request_ttl_s=FOREVER_S if queue.waits_at_most_s is None else queue.waits_at_most_s,
        wrap_up_enabled=queue.wrap_up is not None,
        wrap_up_s=0,
        opening=queue.opening,
        overflow=queue.overflow,
    )


def _expressions(needs: Mapping[str, int]) -> tuple[s.Expression, ...]:
    terms = tuple(s.Term(AttributeId(name), s.RelationalOperator.GE, level) for name, level in needs.items())
    return (s.Expression(terms),) if terms else ()


def _draw(what: Patience, folder: Path, random: Random) -> Draw:
    match what:
        case Never():
            return endings.never()
        case Constant(seconds=seconds):
            return durations.constant(seconds)
        case Exponential(mean_s=mean_s):
            return durations.exponential(random, mean_s)
        case LogNormal(mean_s=mean_s, sd_s=sd_s):
            return durations.lognormal(random, mean_s, sd_s)
        case Seen(file=file, column=column):
            return durations.from_data(random, _column(folder / file, column))
        case Rates(from_s=edges, per_minute=rates):
            return endings.Hazard(tuple(edges), tuple(rate / 60 for rate in rates)).draw(random)


def _column(path: Path, column: str) -> list[float]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or column not in rows[0]:
        raise ValueError(f"{path} has no rows with a column {column!r}.")
    return [float(row[column]) for row in rows if row[column]]


def _numbers(tree: Any, place: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _numbers(value, f"{place}.{key}".lstrip("."))
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from _numbers(value, f"{place}[{number}]")
    elif isinstance(tree, int | float):
        yield place, tree
