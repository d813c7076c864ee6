"""What would have become of it? The past as a plan for the simulated world, once as it was configured and once otherwise.

Both worlds meet the same requests at the same moments, with the same patience and the same work in them: what differs
comes of the configuration alone.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from random import Random
from typing import Self

from domain.configuration.catalog import Catalog
from domain.configuration.settings import Measure, Queue
from domain.ids import AgentId, AttributeId, MrdId, QueueId
from domain.tasks.facts import TaskDirection
from infra.configuration_file import AgentSettings, Configuration
from infra.simulation.plan import AgentPlan, Call, Plan, QueuePlan
from infra.simulation.tally import Cohort
from infra.what_if.past import End, Past, Person, Request
from infra.what_if.patience import Patience


@dataclass(frozen=True, slots=True)
class Setup:
    """How it is configured: the catalogue, and of each agent what they are good at and how much they may have."""

    catalog: Catalog
    agents: Mapping[AgentId, AgentSettings]

    @classmethod
    def as_it_was(cls, past: Past) -> Self:
        return cls(past.catalog, {id_: _settings(it) for id_, it in past.people.items()})

    def changed(self, past: Past, wanted: Configuration) -> Self:
        """With what a file says; whom it does not name stays as they were."""
        ids = {it.agent.username: id_ for id_, it in past.people.items()}
        agents = {ids[username]: settings for username, settings in wanted.agents.items()}
        return type(self)(wanted.catalog(self.catalog, prune=False), {**self.agents, **agents})


def _settings(person: Person) -> AgentSettings:
    mrds = {id_: mrd.tasks_max for id_, mrd in person.agent.mrds.items()}
    return AgentSettings(person.agent.name, dict(person.agent.attributes), mrds)


class Habits:
    """What the past teaches of those of whom it says too little: handling times by queue, patience by queue."""

    def __init__(self, past: Past) -> None:
        measured: dict[QueueId, list[Request]] = defaultdict(list)
        waits: dict[QueueId, list[tuple[float, bool]]] = defaultdict(list)
        for it in past.requests:
            if it.handle_s is not None:
                measured[it.queue_id].append(it)
            waits[it.queue_id].append((it.wait_s(past.head), it.end in (End.GAVE_UP, End.ENDED_BY_OTHERS)))
        self._measured, self._all = measured, [it for those in measured.values() for it in those]
        self.patience = {queue: Patience.of(those) for queue, those in waits.items()}

    def call(self, it: Request, past: Past, begins: datetime, seed: str) -> Call:
        """The request as it comes again. Chance belongs to the request, so that every setup meets the same one."""
        random, wait_s = Random(f"{seed}/{it.id}"), it.wait_s(past.head)
        alike = random.choice(self._measured.get(it.queue_id) or self._all or [it])
        knows = it if it.handle_s is not None else alike
        gave_up = it.end in (End.GAVE_UP, End.ENDED_BY_OTHERS)
        patience_s = wait_s if gave_up else self.patience[it.queue_id].beyond(wait_s, random)
        return Call(
            (it.asked_at - begins).total_seconds(),
            knows.handle_s or 0.0,
            patience_s,
            knows.wrap_up_s,
            (it if it.end is End.ANSWERED else alike).alert_s,
            it.priority,
        )


@dataclass(frozen=True, slots=True)
class Replay:
    """`warm_up`: intervals before the stretch, in which those come who were there when it began."""

    past: Past
    habits: Habits
    interval_s: float

    @property
    def warm_up(self) -> int:
        before_s = (self.past.begins - self.past.warm_from).total_seconds()
        return -int(-before_s // self.interval_s)

    @property
    def begins(self) -> datetime:
        return self.past.begins - timedelta(seconds=self.warm_up * self.interval_s)

    @property
    def starts_s(self) -> float:
        """The time of day at which the stretch begins, where it was given."""
        begins = self.past.begins
        return (begins - begins.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()

    def queues(self, setup: Setup) -> list[QueueId]:
        """Those to which somebody came, and which are configured."""
        asked = {it.queue_id for it in self.past.requests}
        return sorted(id_ for id_ in asked if id_ in setup.catalog.queues)

    def plan(self, setup: Setup, seed: str) -> Plan:
        catalog, begins = setup.catalog, self.begins.astimezone(UTC)
        return Plan(
            media=dict(catalog.mrds),
            attributes={id_: it.type for id_, it in catalog.attributes.items()},
            queues=[self._queue(id_, catalog.queues[id_], begins, seed) for id_ in self.queues(setup)],
            agents=[self._agent(id_, setup, begins.timestamp()) for id_ in self.past.people],
            horizon_s=(self.past.ends - begins).total_seconds(),
            interval_s=self.interval_s,
            start=begins,
        )

    def _queue(self, id_: QueueId, settings: Queue, begins: datetime, seed: str) -> QueuePlan:
        calls = [self.habits.call(it, self.past, begins, seed) for it in self.past.requests if it.queue_id == id_]
        for call in calls:
            call.wrap_up_s = _wrap_up_s(settings, call.wrap_up_s)
        return QueuePlan(id_, settings, sorted(calls, key=lambda it: it.at_s), float(settings.request_ttl_s))

    def _agent(self, id_: AgentId, setup: Setup, begins_s: float) -> AgentPlan:
        present = [
            (max(0.0, since - begins_s), until - begins_s)
            for since, until in self.past.people[id_].present
            if until > begins_s
        ]
        them = setup.agents[id_]
        mrds = {MrdId(mrd): most for mrd, most in them.mrds.items() if mrd in setup.catalog.mrds}
        attributes = {AttributeId(it): value for it, value in them.attributes.items() if it in setup.catalog.attributes}
        return AgentPlan(id_, {**dict.fromkeys(setup.catalog.mrds, 0), **mrds}, present, attributes)

    def really(self, setup: Setup) -> dict[QueueId, Cohort]:
        """What became of the stretch's requests, counted as the simulated world counts."""
        found = {id_: Cohort() for id_ in self.queues(setup)}
        for it in self.past.of_stretch:
            if it.queue_id in found:
                _count(found[it.queue_id], it, self.past, setup.catalog.queues[it.queue_id].service_level_threshold_s)
        return found


def _wrap_up_s(settings: Queue, seconds: float) -> float:
    """As long as it took, unless it may not any more (routing 51)."""
    if not settings.wrap_up_enabled:
        return 0.0
    return min(seconds, settings.wrap_up_s or inf)


def _count(cohort: Cohort, it: Request, past: Past, threshold_s: int) -> None:
    cohort.offered += 1
    if it.end is End.WAITING:
        return
    wait_s = it.wait_s(past.head)
    cohort.queued += wait_s > 0.0
    cohort.wait_s += wait_s
    match it.end:
        case End.ANSWERED:
            cohort.answered += 1
            cohort.answered_in += wait_s <= threshold_s
            cohort.wait_answered_s += wait_s
            cohort.handle_s += (it.handle_s or 0.0) + it.wrap_up_s
        case End.NOBODY_FREE:
            cohort.expired += 1
        case _:
            cohort.abandoned += 1
            cohort.abandoned_in += wait_s <= threshold_s


def assumptions(replay: Replay, setup: Setup) -> Iterator[str]:
    """In plain words: what the replay takes for granted, and how many requests each of it concerns."""
    past, stretch = replay.past, replay.past.of_stretch
    unknown = sum(it.handle_s is None for it in stretch)
    yield "Requests come again at the moments at which they came; nobody who gave up asks again."
    yield (
        f"Talks and wrap-ups take as long as they took: {len(stretch) - unknown} are measured,"
        f" {unknown} that were not answered or not over are given those of others in their queue."
    )
    yield "Whoever gave up does so after the same wait; of those who were answered it is guessed how long they would have waited:"
    for queue in replay.queues(setup):
        yield f"  {queue}: {replay.habits.patience[queue].model}."
    yield "The ± is the chance in these guesses alone: another day would have had other customers."
    yield "Agents take offers when they did, with pauses and shifts as they were, in all of their media at once."
    if missed := sum(it.missed for it in stretch):
        yield f"Agents answer what rings: {missed} offers that were missed or declined are not missed again."
    if others := sum(it.end is End.ENDED_BY_OTHERS for it in stretch):
        yield f"{others} requests that others ended while they waited count as given up."
    if more := past.directions.total() - past.directions[TaskDirection.INBOUND]:
        yield f"{more} requests were transfers or consultations; they come again like the rest."
    if past.changes:
        yield f"{past.changes} changes of the configuration in that time are not made: all of it is played with the first."
    if gone := sum(it.queue_id not in setup.catalog.queues for it in stretch):
        yield f"{gone} requests of queues that are not configured are left out."
    steps = [step for it in replay.queues(setup) for step in setup.catalog.queues[it].steps]
    if any(it.measure is Measure.ESTIMATED_WAIT_S for step in steps for it in step.skip_when):
        yield "No wait is estimated here: steps that are left by an estimate (`estimated_wait_s`) are not left by it."
    if any(step.consider_if for step in steps):
        yield "Steps for some requests alone (`consider_if`) know nothing of the requests here."
