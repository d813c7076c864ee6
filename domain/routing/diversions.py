"""Who is not to wait on as they do? Those in a queue that is closed, and those of whom too many wait, or too long.

Each queue that has such rules is a gate with those who wait behind it. A gate is looked at when somebody came, when people
came or went, and when a moment has come that it named: the calendar's next edge, or when somebody will have waited too long.
"""

import heapq
from bisect import bisect_left, insort
from collections.abc import Container, Iterator, Mapping
from datetime import datetime, timedelta

from domain.configuration.calendar import BusinessCalendar
from domain.configuration.diversions import Diversion, Overflow, OverflowCondition
from domain.ids import QueueId, TaskId
from domain.routing.agenda import FAR, Agenda
from domain.routing.lines import Line
from domain.routing.moves import Diverting
from domain.routing.ranking import members_of
from domain.routing.siblings import Siblings
from domain.routing.staff import Staff
from domain.routing.state import Request, State

SLACK = 64
"""Entries that nobody waits for any more, from which on they are swept out."""

Requests = Mapping[TaskId, Request]

Place = tuple[int, datetime, TaskId]
"""Within one queue: task priority with its age ↓, first enqueued ↑, id (routing 16)."""


def rule_name(queue_id: QueueId, rule: Overflow) -> str:
    """By which a request remembers that it was applied to it."""
    return f"{queue_id}: {rule.name}"


class Hours:
    """A calendar, asked as rarely as can be: it stays as it is until its next edge."""

    def __init__(self, calendar: BusinessCalendar) -> None:
        self._calendar = calendar
        self._looked_at: datetime | None = None
        self.is_open = True
        self.edge: datetime | None = None

    def turn(self, now: datetime) -> bool:
        """Whether it may have opened or closed since it was last asked."""
        if self._looked_at is not None and self._looked_at <= now and (self.edge is None or now < self.edge):
            return False
        self.is_open, self.edge = self._calendar.is_open(now), self._calendar.next_edge(now)
        self._looked_at = now
        return True

    def was_open(self, at: datetime) -> bool:
        if self._looked_at is not None and at >= self._looked_at and (self.edge is None or at < self.edge):
            return self.is_open
        return self._calendar.is_open(at)


class Gate:
    """One queue with rules about who waits. `fresh`: those not looked at yet. `announced`: when it is looked at next.
    `steps`: whoever serves one of them matters to one of the rules.
    """

    def __init__(self, line: Line, hours: Hours | None, shadows: Container[TaskId]) -> None:
        self.id, self.queue, self._line, self.hours, self._shadows = line.id, line.whole, line, hours, shadows
        needs_staff = any(it.condition is OverflowCondition.NONE_LOGGED_IN for it in line.whole.overflow)
        self.steps = members_of(stage.number for stage in line.stages) if needs_staff else 0
        self.announced: datetime | None = None
        self.fresh: set[TaskId] = set()
        self.places: dict[TaskId, Place] = {}
        self._order: list[Place] = []
        self._too_long: list[tuple[datetime, TaskId, int]] = []

    def enter(self, task_id: TaskId, place: Place) -> None:
        self.places[task_id] = place
        insort(self._order, place)
        self.fresh.add(task_id)

    def leave(self, task_id: TaskId) -> None:
        place = self.places.pop(task_id, None)
        if place is not None:
            del self._order[bisect_left(self._order, place)]
            self.fresh.discard(task_id)

    def next_due(self, requests: Requests) -> datetime | None:
        moments = [self.hours.edge] if self.hours is not None and self.hours.edge and self._may_close(requests) else []
        moments += [self._too_long[0][0]] if self._too_long else []
        return min(moments, default=None)

    def _may_close(self, requests: Requests) -> bool:
        """Would it change anything for those who wait? Not for those who wait on, and have been told so."""
        opening = self.queue.opening
        if opening is None or opening.at_closing is None:
            return False
        if opening.at_closing.leaves and opening.closed.leaves:
            return True
        told = {f"{self.id}: closed", f"{self.id}: closing"}
        return any(not told & requests[task_id].routing.diverted for task_id in self.places)

    def _is_for(self, task_id: TaskId, diversion: Diversion) -> bool:
        """A customer who waits in several queues is told by the first one alone (routing 11)."""
        return diversion.leaves or task_id not in self._shadows

    # While it is closed (routing 57)

    def turned_away(self, now: datetime, requests: Requests) -> Iterator[Diverting]:
        """By the calendar as it is now: whoever came while it was closed, and whoever waits when it closes."""
        opening, hours = self.queue.opening, self.hours
        if opening is None or hours is None:
            return
        turned = hours.turn(now)
        if hours.is_open:
            return
        for _, _, task_id in self._order if turned else sorted(self.places[it] for it in self.fresh):
            routing = requests[task_id].routing
            came_open = hours.was_open(routing.came_at)
            diversion = opening.at_closing if came_open else opening.closed
            rule = f"{self.id}: {'closing' if came_open else 'closed'}"
            if diversion is not None and rule not in routing.diverted and self._is_for(task_id, diversion):
                yield Diverting(task_id, rule, diversion)

    # When too much waits (routing 58)

    def overflowing(self, now: datetime, requests: Requests, *, staff: Staff) -> dict[TaskId, tuple[Overflow, int]]:
        """For each whom a rule concerns the first such rule, and what was measured."""
        found: dict[TaskId, tuple[Overflow, int]] = {}
        for number, rule in enumerate(self.queue.overflow):
            for task_id, measured in self._concerned(number, rule, now, requests, staff):
                applied = rule_name(self.id, rule) in requests[task_id].routing.diverted
                if not applied and self._is_for(task_id, rule.diversion):
                    found.setdefault(task_id, (rule, measured))
        self.fresh.clear()
        return found

    def _concerned(
        self, number: int, rule: Overflow, now: datetime, requests: Requests, staff: Staff
    ) -> list[tuple[TaskId, int]]:
        match rule.condition:
            case OverflowCondition.QUEUE_LENGTH:
                behind = self._order[rule.threshold :] if self.fresh else []
                return [(task_id, rule.threshold + at) for at, (_, _, task_id) in enumerate(behind)]
            case OverflowCondition.OLDEST_WAIT:
                return self._waited_too_long(number, rule, now, requests)
            case OverflowCondition.ESTIMATED_WAIT:  # what is to be expected, another fold knows (`waits.py`)
                return []
            case OverflowCondition.NONE_LOGGED_IN:
                here = staff.here & self._line.pool.capable
                deserted = not any(crowd.members & here for crowd in self._line.crowds)
                return [(task_id, 0) for _, _, task_id in self._order] if deserted else []

    def _waited_too_long(
        self, number: int, rule: Overflow, now: datetime, requests: Requests
    ) -> list[tuple[TaskId, int]]:
        for task_id in self.fresh:
            due = requests[task_id].routing.first_enqueued_at + timedelta(seconds=rule.threshold)
            heapq.heappush(self._too_long, (due, task_id, number))
        found, others = [], []
        while self._too_long and self._too_long[0][0] <= now:
            entry = heapq.heappop(self._too_long)
            if entry[2] != number:
                others.append(entry)
            elif entry[1] in self.places:
                waited = now - requests[entry[1]].routing.first_enqueued_at
                found.append((entry[1], int(waited.total_seconds())))
        for entry in others:
            heapq.heappush(self._too_long, entry)
        if len(self._too_long) > 2 * len(self.places) * len(self.queue.overflow) + SLACK:
            self._too_long = [entry for entry in set(self._too_long) if entry[1] in self.places]
            heapq.heapify(self._too_long)
        while self._too_long and self._too_long[0][1] not in self.places:
            heapq.heappop(self._too_long)
        return found


class Diversions:
    """Of each request one move is under way at most; `leaving` are those who are to leave their queue by it, and stand
    nowhere until that is a fact, or has come to nothing.
    """

    def __init__(self, state: State, staff: Staff, requests: Requests, siblings: Siblings, agenda: Agenda) -> None:
        self._state, self._staff, self._requests, self._siblings = state, staff, requests, siblings
        self._agenda = agenda
        self._gates: dict[QueueId, Gate] = {}
        self._hours: dict[QueueId, Hours] = {}
        self._stirred: set[QueueId] = set()
        self._due: list[tuple[datetime, QueueId]] = []
        self._under_way: dict[TaskId, str] = {}
        self.leaving: set[TaskId] = set()

    def enter(self, task_id: TaskId, request: Request, line: Line, priority: int) -> None:
        """It waits in a queue with such rules; `line` is the whole queue's."""
        routing = request.routing
        gate = self._gates.get(routing.queue_id)
        if gate is None:
            gate = self._gates[routing.queue_id] = self._gate(line)
        gate.enter(task_id, (-priority, routing.first_enqueued_at, task_id))
        self._stir(routing.queue_id)

    def leave(self, task_id: TaskId, queue_id: QueueId) -> None:
        gate = self._gates.get(queue_id)
        if gate is not None:
            gate.leave(task_id)
            if not gate.places:
                del self._gates[queue_id]
        self.ended(task_id)

    def ended(self, task_id: TaskId) -> None:
        """What was under way is a fact, or nothing any more."""
        self._under_way.pop(task_id, None)
        self.leaving.discard(task_id)

    def look_again(self, task_id: TaskId, queue_id: QueueId) -> None:
        """It was told something, and waits on."""
        self.ended(task_id)
        if queue_id in self._gates and task_id in self._gates[queue_id].places:
            self._gates[queue_id].fresh.add(task_id)
            self._stir(queue_id)

    def close(self, queue_id: QueueId) -> None:
        """The queue, or its calendar, is another one now: whoever waits enters again."""
        self._gates.pop(queue_id, None)
        self._hours.pop(queue_id, None)

    def _stir(self, queue_id: QueueId) -> None:
        self._stirred.add(queue_id)
        self._agenda.rules = True

    def ring(self, now: datetime) -> None:
        """The moments that gates have named."""
        while self._due and self._due[0][0] <= now:
            due, queue_id = heapq.heappop(self._due)
            if queue_id in self._gates and self._gates[queue_id].announced == due:
                self._gates[queue_id].announced = None
                self._stir(queue_id)

    def turned_away(self, now: datetime) -> list[Diverting]:
        """Before anything is offered: those whose queue is closed."""
        moves: list[Diverting] = []
        for queue_id in sorted(self._stirred & self._gates.keys()) if self._stirred else ():
            gate = self._gates[queue_id]
            moves += self._begin(gate.turned_away(now, self._requests))
        return moves

    def overflowing(self, now: datetime) -> list[Diverting]:
        """After all that could be offered was: those for whom there is too much before them, or nobody."""
        if self._staff.left:
            left = self._staff.left
            self._stirred.update(queue_id for queue_id, gate in self._gates.items() if gate.steps & left)
        if not self._stirred:
            return []
        moves: list[Diverting] = []
        for queue_id in sorted(self._stirred & self._gates.keys()):
            gate = self._gates[queue_id]
            found = gate.overflowing(now, self._requests, staff=self._staff)
            moves += self._begin(
                Diverting(task_id, rule_name(queue_id, rule), rule.diversion, measured)
                for task_id, (rule, measured) in found.items()
            )
            if (due := gate.next_due(self._requests)) is not None and due != gate.announced:
                gate.announced = due
                heapq.heappush(self._due, (due, queue_id))
                self._agenda.wake(due)
        if len(self._due) > 2 * len(self._gates) + SLACK:
            self._due = [(gate.announced, id_) for id_, gate in self._gates.items() if gate.announced is not None]
            heapq.heapify(self._due)
        self._stirred.clear()
        return moves

    @property
    def bound(self) -> datetime:
        """No gate is due before; perhaps none is then."""
        return self._due[0][0] if self._due else FAR

    def next_due(self) -> datetime | None:
        while self._due and self._is_over(self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def _is_over(self, entry: tuple[datetime, QueueId]) -> bool:
        gate = self._gates.get(entry[1])
        return gate is None or gate.announced != entry[0]

    def _begin(self, moves: Iterator[Diverting]) -> Iterator[Diverting]:
        for move in moves:
            if move.task_id not in self._under_way:
                self._under_way[move.task_id] = move.rule
                yield move

    def _gate(self, line: Line) -> Gate:
        """The hours of a queue are remembered though nobody waits in it: to look a calendar up takes a while."""
        opening = line.whole.opening
        calendar = self._state.catalog.calendars.get(opening.calendar_id) if opening is not None else None
        if calendar is not None and line.id not in self._hours:
            self._hours[line.id] = Hours(calendar)
        return Gate(line, self._hours.get(line.id), self._siblings.real)
