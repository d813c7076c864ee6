"""What would this day have been like? A real call log as input: when calls came, who was there, how long it took.

The log is a CSV file with one call per row, with the columns that `_call` reads: that of the "Anonymous Bank" of
Guedj and Mandelbaum, reduced to durations. A day is played with its own arrivals and its own operators; handling times,
patience and the pauses between calls come from other days (`Habits`).
"""

import csv
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Self

from domain.configuration import settings as s
from domain.ids import AgentId, AttributeId, MrdId, QueueId
from infra.simulation.patience import Hazard
from infra.simulation.pauses import Pauses, Seen, seen_between
from infra.simulation.plan import AgentPlan, Call, Plan, QueuePlan, Span

VOICE = MrdId("voice")
DAY_S = 86_400.0
THRESHOLD_S = 20
HEAD_START_S = 90.0
"""Customers of high priority stood in line as if they had come so much earlier."""
HIGH = 2
UNKNOWN = "unknown-"
EVERYBODY = "everybody"
CROWD = 4
PARTS_S = (9 * 3600.0, 16 * 3600.0)
"""Talks and pauses in the morning and in the evening are shorter than those between."""
ANY_TIME = len(PARTS_S) + 1
SEEN_OFTEN = 0.25
"""An operator can do what their calls were about at least this often, measured by how often all calls were."""
ENOUGH = 30
"""So many have to have given up on a service before its customers' patience is told apart from the others'."""


@dataclass(frozen=True, slots=True)
class BankCall:
    """`at_s`: seconds after midnight at which the call got in line, once the voice menu was through with it."""

    day: date
    at_s: float
    service: str
    high: bool
    wait_s: float
    handle_s: float
    operator: str

    @property
    def answered(self) -> bool:
        return bool(self.operator)

    @property
    def answered_s(self) -> float:
        """When the waiting ended, by whatever end."""
        return self.at_s + self.wait_s

    @property
    def ends_s(self) -> float:
        return self.answered_s + self.handle_s


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a day went. `service_level`: answered within 20 s of all who came (type 2)."""

    calls: int
    service_level: float
    mean_wait_s: float
    abandoned: float

    @classmethod
    def of(cls, calls: Sequence[BankCall]) -> Self:
        n = len(calls)
        in_time = sum(it.answered and it.wait_s <= THRESHOLD_S for it in calls)
        return cls(n, in_time / n, sum(it.wait_s for it in calls) / n, sum(not it.answered for it in calls) / n)


def read(path: Path) -> dict[date, list[BankCall]]:
    """The calls of each day that wanted an operator, in the order in which they got in line.

    Left out: whoever hung up in the voice menu, and the log's own phantoms. Raises `ValueError` naming the line.
    """
    days: dict[date, list[BankCall]] = defaultdict(list)
    with path.open(newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            try:
                call = _call(row)
            except (KeyError, ValueError) as wrong:
                raise ValueError(f"{path}:{line} is no call of a bank log: {wrong!r}") from None
            if call is not None:
                days[call.day].append(call)
    return {day: sorted(_named(calls), key=lambda it: it.at_s) for day, calls in sorted(days.items())}


def _call(row: Mapping[str, str]) -> BankCall | None:
    wait_s, outcome = float(row["queue_s"]), row["outcome"]
    if outcome == "PHANTOM" or (outcome == "HANG" and not wait_s):
        return None
    at = datetime.fromisoformat(row["arrival"])
    at_s = at.hour * 3600 + at.minute * 60 + at.second + float(row["ivr_s"])
    high, served = int(row["priority"]) == HIGH, outcome == "AGENT"
    handle_s, operator = float(row["handle_s"]) if served else 0.0, row["operator"] if served else ""
    return BankCall(at.date(), at_s, row["service"], high, wait_s, handle_s, operator or (UNKNOWN if served else ""))


def _named(calls: Iterable[BankCall]) -> Iterator[BankCall]:
    """Calls that nobody knows who served: as few people as possible, each with one call at a time."""
    free_at: list[float] = []
    for it in sorted(calls, key=lambda it: it.answered_s):
        if it.operator != UNKNOWN:
            yield it
            continue
        begins_s = it.answered_s
        who = next((n for n, ends_s in enumerate(free_at) if ends_s <= begins_s), len(free_at))
        free_at[who : who + 1] = [it.ends_s]
        yield replace(it, operator=f"{UNKNOWN}{who + 1}")


@dataclass(frozen=True, slots=True)
class Habits:
    """What some days teach about the others.

    `handling`: by service and part of the day. `pauses`: those of operators between two calls by part of the day, if
    nobody, one, … or `CROWD` and more waited for them; what is longer than `gap_s` is taken for absence, there and in the
    day that is played, and whoever was absent was there for `edge_s` before their next call and after their last. `high`:
    the share of high priority among those who waited, by service; the log knows it of nobody else.
    """

    handling: Mapping[tuple[str, int], Sequence[float]]
    pauses: Sequence[Sequence[Pauses]]
    patience: Mapping[str, Hazard]
    high: Mapping[str, float]
    skills: Mapping[str, frozenset[str]]
    gap_s: float
    edge_s: float = 0.0

    @classmethod
    def of(cls, days: Iterable[Sequence[BankCall]], gap_s: float, edge_s: float = 0.0) -> Self:
        handling: dict[tuple[str, int], list[float]] = defaultdict(list)
        done: dict[str, list[str]] = defaultdict(list)
        pauses: list[Seen] = []
        waited: dict[str, list[BankCall]] = defaultdict(list)
        for calls in days:
            pauses += [it for it in seen_between(calls) if it.at_most_s <= gap_s]
            for it in calls:
                if it.wait_s:
                    waited[it.service].append(it)
                if it.answered:
                    for part in (part_of(it.at_s), ANY_TIME):
                        handling[it.service, part].append(it.handle_s)
                    done[it.operator].append(it.service)
        answered = Counter(service for what in done.values() for service in what)
        usual = {service: n / answered.total() for service, n in answered.items()}
        skills = {
            who: frozenset(x for x in set(what) if what.count(x) >= SEEN_OFTEN * usual[x] * len(what))
            for who, what in done.items()
        }
        by_part = [
            [
                Pauses.likeliest(it for it in pauses if part_of(it.ended_s) == part and min(it.waiting, CROWD) == n)
                for n in range(CROWD + 1)
            ]
            for part in range(ANY_TIME)
        ]
        high = {service: sum(it.high for it in those) / len(those) for service, those in waited.items()}
        return cls(handling, by_part, _patience(waited), high, skills, gap_s, edge_s)

    def plan(self, calls: Sequence[BankCall], seed: str) -> Plan:
        """Each day has its own chance, so that luck evens out over several days."""
        services = sorted({it.service for it in calls})
        start = datetime.combine(calls[0].day, datetime.min.time(), UTC)
        return Plan(
            media={VOICE: s.MediaRoutingDomain("voice")},
            attributes={AttributeId(it): s.AttributeType.BOOLEAN for it in services},
            queues=[self._queue(it, calls, f"{seed}/{calls[0].day}") for it in services],
            agents=self._agents(calls, services),
            horizon_s=max(DAY_S, calls[-1].at_s + 1),
            interval_s=3600.0,
            start=start,
        )

    def _queue(self, service: str, calls: Sequence[BankCall], seed: str) -> QueuePlan:
        needs = s.Expression((s.Term(AttributeId(service), s.RelationalOperator.GE, 1),))
        settings = s.Queue(service, VOICE, (s.Step((needs,)),), service_level_threshold_s=THRESHOLD_S)
        return QueuePlan(QueueId(service), settings, self._calls(service, calls, seed))

    def _calls(self, service: str, calls: Sequence[BankCall], seed: str) -> Iterator[Call]:
        random = Random(f"{seed}/{service}")
        patience = self.patience.get(service, self.patience[EVERYBODY]).draw(random)
        by_part, high = [[it.draw(random) for it in those] for those in self.pauses], self.high.get(service, 0.0)
        for it in calls:
            if it.service == service:
                head_start_s = HEAD_START_S if random.random() < high else 0.0
                yield Call(
                    it.at_s,
                    random.choice(self._handling(service, part_of(it.at_s))),
                    patience(),
                    wrap_ups_s=[pause() for pause in by_part[part_of(it.at_s)]],
                    head_start_s=head_start_s,
                )

    def _handling(self, service: str, part: int) -> Sequence[float]:
        """Of this part of the day if enough is known of it, or of the service, or of all."""
        for seen in (self.handling.get((service, part), ()), self.handling.get((service, ANY_TIME), ())):
            if len(seen) >= ENOUGH:
                return seen
        return [it for (_, when), pool in self.handling.items() for it in pool if when == ANY_TIME]

    def _agents(self, calls: Sequence[BankCall], services: Sequence[str]) -> list[AgentPlan]:
        by_operator: dict[str, list[BankCall]] = defaultdict(list)
        for it in calls:
            if it.answered:
                by_operator[it.operator].append(it)
        return [
            AgentPlan(
                AgentId(who),
                {VOICE: 1},
                presence(served, self.gap_s, self.edge_s),
                {AttributeId(it): 1 for it in services if it in (self.skills.get(who) or {x.service for x in served})},
            )
            for who, served in sorted(by_operator.items())
        ]


def part_of(at_s: float) -> int:
    return bisect_right(PARTS_S, at_s)


def presence(served: Sequence[BankCall], gap_s: float, edge_s: float = 0.0) -> list[Span]:
    """When this operator was there: from call to call, unless more than `gap_s` passed between two, and a little longer."""
    found: list[Span] = []
    for it in sorted(served, key=lambda it: it.answered_s):
        begins_s, ends_s = it.answered_s - edge_s, it.ends_s + edge_s
        if found and it.answered_s - (found[-1][1] - edge_s) <= max(gap_s, 2 * edge_s):
            found[-1] = (found[-1][0], max(found[-1][1], ends_s))
        else:
            found.append((max(0.0, begins_s), ends_s))
    return found


def _patience(waited: Mapping[str, Sequence[BankCall]]) -> dict[str, Hazard]:
    """By service where enough gave up, and that of all."""
    seen = {service: [(it.wait_s, not it.answered) for it in those] for service, those in waited.items()}
    found = {service: Hazard.seen(those) for service, those in seen.items() if sum(gone for _, gone in those) >= ENOUGH}
    return {**found, EVERYBODY: Hazard.seen(it for those in seen.values() for it in those)}
