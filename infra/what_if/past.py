"""What happened in a stretch of time? Who asked for an agent and what became of it, and who was there: from the log alone.

reading = Reading(begins, ends)
for recorded in history:          # what was configured, and how it ended, stands outside the stretch
    if reading.complete: break
    reading.feed(recorded)
past = reading.past()
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.agents.agent import Agent
from domain.configuration.catalog import FIELD_OF, Catalog
from domain.configuration.entity import CATEGORIES, ENTITY_OF
from domain.ids import AgentId, TaskId
from domain.kernel import Recorded
from domain.tasks.facts import TaskAccepted, TaskClosed, TaskDirection, TaskQueued
from infra.what_if.people import BEFORE, SKILLS, Absence, Moment, People
from infra.what_if.requests import End, Request, Requests

AFTERWARDS = timedelta(hours=1)
"""So long after the stretch it is read on at least: whoever waits longer than they did meets those who were there then."""


class CannotReplay(Exception):
    """There is nothing to be replayed, and the text says why."""


class WindowReversed(CannotReplay):
    pass


class NothingHappened(CannotReplay):
    pass


class NobodyAnswered(CannotReplay):
    """Without a single talk nobody knows how long one takes."""


@dataclass(frozen=True, slots=True)
class Person:
    """An agent as they were configured, and when offers rang at them in vain."""

    agent: Agent
    absences: Sequence[Absence]


@dataclass(frozen=True, slots=True)
class Past:
    """`requests`: those of the stretch; before it those who waited when it began, and after it those who came while somebody
    of it still waited. `moments`: everything else that happened to agents, those at its beginning as they stood then.
    `others`: how many tasks filled slots without having been such a request. `changes`: how often something was configured
    otherwise in the stretch. `head`: the newest moment that was read. `forgets`: work that began long before is not known.
    """

    begins: datetime
    ends: datetime
    head: datetime
    until: datetime
    requests: Sequence[Request]
    people: Mapping[AgentId, Person]
    moments: Sequence[Moment]
    others: int
    catalog: Catalog
    changes: int
    directions: Counter[TaskDirection]
    forgets: bool

    def is_of_stretch(self, it: Request) -> bool:
        return self.begins <= it.asked_at < self.ends

    @property
    def of_stretch(self) -> Sequence[Request]:
        return [it for it in self.requests if self.is_of_stretch(it)]


class Reading:
    """Raises `WindowReversed` for a stretch that ends before it begins. `complete`: how everything ended is known.
    `forgets`: the reader left out work that began long before.
    """

    def __init__(self, begins: datetime, ends: datetime) -> None:
        if ends <= begins:
            raise WindowReversed(f"--from {begins.isoformat()} is not before --to {ends.isoformat()}.")
        self.begins, self.ends, self._head = begins, ends, begins
        self._catalog, self._then = Catalog(), Catalog()
        self._frozen: dict[AgentId, Agent] | None = None
        self._changes = 0
        self._people = People()
        self._requests = Requests(begins, ends)
        self._talks: Mapping[str, TaskAccepted] | None = None
        self._moments: list[Moment] = []
        self.forgets = False

    def feed(self, recorded: Recorded[Any]) -> None:
        if self._talks is None and recorded.at >= self.begins:
            self._talks = self._requests.talks
            self._people.open()
            self._requests.open()
        self._head = max(self._head, recorded.at)
        if recorded.category == "task":
            self._work(recorded)
        elif recorded.category == "agent":
            if isinstance(recorded.fact, SKILLS) and recorded.subject in (self._frozen or ()):
                self._changes += recorded.at < self.ends
            self._people.feed(AgentId(recorded.subject), recorded)
        elif recorded.at < self.ends and recorded.category in CATEGORIES:
            self._catalog = self._catalog.evolve(recorded)
            self._changes += recorded.subject in getattr(self._then, FIELD_OF[recorded.category])

    def _work(self, recorded: Recorded[Any]) -> None:
        if isinstance(recorded.fact, TaskQueued) and self._frozen is None and recorded.at >= self.begins:
            self._then, self._frozen = self._catalog, self._people.agents
        self._requests.feed(recorded.subject, recorded.fact, recorded.at)
        if self._talks is not None and isinstance(recorded.fact, TaskAccepted | TaskClosed):
            task_id = TaskId(recorded.subject)
            self._moments.append(Moment(recorded.at, recorded.stream, recorded.fact, task_id))

    @property
    def complete(self) -> bool:
        if self._head < self.ends + AFTERWARDS:
            return False
        until = self._until()
        return all(it.over_at is not None for it in self._requests.all.values() if it.asked_at < until)

    def _until(self) -> datetime:
        """Until when whoever came could get in the way of somebody of the stretch."""
        those = (it for it in self._requests.all.values() if self.begins <= it.asked_at < self.ends)
        return max((it.ended_at or self._head for it in those), default=self.ends)

    def past(self) -> Past:
        """Raises `NothingHappened`, `NobodyAnswered`."""
        catalog, until = _with_newcomers(self._then, self._catalog), max(self.ends, self._until())
        came = [it for it in self._requests.all.values() if it.asked_at < until and self._waited(it)]
        if not any(self.begins <= it.asked_at < self.ends for it in came):
            raise NothingHappened(
                f"Nobody asked for an agent between {self.begins.isoformat()} and {self.ends.isoformat()}."
            )
        if not any(it.end is End.ANSWERED for it in came):
            raise NobodyAnswered("Nobody was answered in this time, so nobody knows how long a talk would have taken.")
        ids = {it.id for it in came if it.first_queue_id in catalog.queues}
        replayed = {task_id for task_id, it in self._requests.of_task.items() if it.id in ids}
        moments = [*self._scene(replayed), *self._went_on(replayed)]
        return Past(
            self.begins,
            self.ends,
            self._head,
            until,
            sorted(came, key=lambda it: (it.asked_at, it.id)),
            {id_: self._person(id_, it, replayed) for id_, it in sorted(self._people.agents.items())},
            moments,
            len({it.task_id for it in moments if it.stream.startswith("agent-") and it.task_id is not None}),
            catalog,
            self._changes,
            self._requests.directions,
            self.forgets,
        )

    def _waited(self, it: Request) -> bool:
        """Not yet answered or gone when the stretch began."""
        return it.asked_at >= self.begins or it.ended_at is None or it.ended_at >= self.begins

    def _person(self, id_: AgentId, agent: Agent, replayed: set[str]) -> Person:
        absences = [it for it in self._people.absences(id_) if it.task_id in replayed]
        return Person((self._frozen or {}).get(id_, agent), absences)

    def _scene(self, replayed: set[str]) -> Iterator[Moment]:
        yield from self._people.scene(self.begins, replayed)
        for task_id, fact in (self._talks or {}).items():
            if task_id not in replayed:
                yield Moment(self.begins - BEFORE, f"task-{task_id}", fact, TaskId(task_id))

    def _went_on(self, replayed: set[str]) -> list[Moment]:
        known = [it for it in (*self._people.moments, *self._moments) if it.task_id not in replayed]
        return sorted(known, key=lambda it: it.at)


def _with_newcomers(then: Catalog, later: Catalog) -> Catalog:
    """The configuration as it was, and what came into being afterwards."""
    fields = [FIELD_OF[entity.category] for entity, _ in ENTITY_OF.values()]
    return Catalog(then.version, **{name: {**getattr(later, name), **getattr(then, name)} for name in fields})
