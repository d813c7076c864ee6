"""What would have become of it? The past as a plan for the simulated world, once as it was configured and once otherwise.

Both worlds meet the same requests at the same moments, with the same patience and the same work in them: what differs
comes of the configuration alone.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from math import inf
from random import Random
from typing import Self

from domain.agents.facts import MadeReady, MrdMadeReady
from domain.configuration.catalog import Catalog
from domain.configuration.settings import Queue
from domain.ids import AgentId, AttributeId, MrdId, QueueId
from domain.kernel import replace
from domain.tasks.facts import Routing
from infra.configuration_file import AgentSettings, Configuration
from infra.simulation.plan import AgentPlan, Away, Call, Origin, Plan, QueuePlan, Told
from infra.simulation.tally import Cohort
from infra.what_if.past import Past, Person
from infra.what_if.patience import Patience
from infra.what_if.requests import End, Request

IMPATIENT = frozenset({End.GAVE_UP, End.ENDED_BY_OTHERS})
AFTER_S = 1e-3
"""The last request that is played again comes just before the horizon."""


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
            waits[it.first_queue_id].append((it.wait_s(past.head), it.end in IMPATIENT))
        self._measured, self._all = measured, [it for those in measured.values() for it in those]
        self.patience = {queue: Patience.of(those) for queue, those in waits.items()}

    def call(self, it: Request, past: Past, routing: Routing, seed: str) -> Call:
        """The request as it comes again. Chance belongs to the request, so that every setup meets the same one."""
        random, wait_s = Random(f"{seed}/{it.id}"), it.wait_s(past.head)
        alike = random.choice(self._measured.get(it.queue_id) or self._all or [it])
        knows = it if it.handle_s is not None else alike
        patience_s = wait_s if it.end in IMPATIENT else self.patience[it.first_queue_id].beyond(wait_s, random)
        return Call(
            (it.asked_at - past.begins).total_seconds(),
            knows.handle_s or 0.0,
            patience_s,
            knows.wrap_up_s,
            it.alert_s if it.end is End.ANSWERED else it.alert_s + alike.alert_s,
            origin=Origin(it.id, routing, it.conversation_id, it.rings_at),
            counted=past.is_of_stretch(it),
        )


@dataclass(frozen=True, slots=True)
class Replay:
    past: Past
    habits: Habits
    interval_s: float

    @property
    def starts_s(self) -> float:
        """The time of day at which the stretch begins, where it was given."""
        begins = self.past.begins
        return (begins - begins.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()

    def queues(self, setup: Setup) -> list[QueueId]:
        """Those to which somebody came in the stretch, or who might have been sent there, and which are configured."""
        asked = {queue for it in self.past.of_stretch for queue in (it.queue_id, *it.passed, *it.routing.also_in)}
        those = [it for queue in asked if (it := setup.catalog.queues.get(queue)) is not None]
        asked |= {it.queue_id for queue in those for _, it in queue.diversions() if it.queue_id is not None}
        return sorted(id_ for id_ in asked if id_ in setup.catalog.queues)

    def plan(self, setup: Setup, seed: str) -> Plan:
        catalog, begins = setup.catalog, self.past.begins.astimezone(UTC)
        return Plan(
            media=dict(catalog.mrds),
            attributes={id_: it.type for id_, it in catalog.attributes.items()},
            queues=[self._queue(id_, catalog.queues, seed) for id_ in sorted(catalog.queues)],
            agents=[self._agent(id_, setup) for id_ in self.past.people],
            horizon_s=(self.past.until - self.past.begins).total_seconds() + AFTER_S,
            interval_s=self.interval_s,
            start=begins,
            calendars=dict(catalog.calendars),
            told=[*self._told(setup)],
            counted_s=(self.past.ends - self.past.begins).total_seconds(),
        )

    def _queue(self, id_: QueueId, those: Mapping[QueueId, Queue], seed: str) -> QueuePlan:
        past, was, settings = self.past, self.past.catalog.queues[id_], those[id_]
        changed = {it for it, queue in those.items() if queue != past.catalog.queues.get(it)}
        more = timedelta(seconds=settings.request_ttl_s - was.request_ttl_s)
        calls = []
        for it in past.requests:
            if it.first_queue_id == id_:
                expires_at = it.routing.expires_at + more if it.routing.expires_at else None
                anew = {queue: those[queue].left_out(it.routing.data) for queue in changed & it.routing.left_out.keys()}
                routing = replace(it.routing, expires_at=expires_at, left_out={**it.routing.left_out, **anew})
                call = self.habits.call(it, past, routing, seed)
                call.wrap_up_s = _wrap_up_s(settings, call.wrap_up_s)
                calls.append(call)
        return QueuePlan(id_, settings, sorted(calls, key=lambda it: it.at_s), float(settings.request_ttl_s))

    def _agent(self, id_: AgentId, setup: Setup) -> AgentPlan:
        them, person, begins = setup.agents[id_], self.past.people[id_], self.past.begins
        mrds = {MrdId(mrd): most for mrd, most in them.mrds.items() if mrd in setup.catalog.mrds}
        attributes = {AttributeId(it): value for it, value in them.attributes.items() if it in setup.catalog.attributes}
        away = [
            Away(it.mrd_id, (it.since - begins).total_seconds(), (it.until - begins).total_seconds(), it.reason)
            for it in sorted(person.absences, key=lambda it: it.since)
        ]
        return AgentPlan(id_, {**dict.fromkeys(setup.catalog.mrds, 0), **mrds}, [], attributes, away)

    def _told(self, setup: Setup) -> Iterator[Told]:
        """What happened to agents besides. A medium that they have only now is on whenever they are ready."""
        new = {f"agent-{id_}": self._new_media(id_, setup) for id_ in self.past.people}
        for it in self.past.moments:
            at_s, mrd_id = (it.at - self.past.begins).total_seconds(), getattr(it.fact, "mrd_id", None)
            if mrd_id is not None and mrd_id not in setup.catalog.mrds:
                continue
            yield Told(at_s, it.stream, it.fact)
            if isinstance(it.fact, MadeReady):
                yield from (Told(at_s, it.stream, MrdMadeReady(mrd)) for mrd in new[it.stream])

    def _new_media(self, id_: AgentId, setup: Setup) -> list[MrdId]:
        had = self.past.people[id_].agent.mrds
        return sorted(MrdId(mrd) for mrd in setup.agents[id_].mrds if mrd in setup.catalog.mrds and mrd not in had)

    def really(self, setup: Setup) -> dict[QueueId, Cohort]:
        """What became of the stretch's requests, counted as the simulated world counts."""
        found = {id_: Cohort() for id_ in self.queues(setup)}
        for it in self.past.of_stretch:
            for queue in it.passed:
                if queue in found:
                    found[queue].offered += 1
                    found[queue].diverted += 1
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
    if it.end is End.SENT_AWAY:
        cohort.diverted += 1
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
