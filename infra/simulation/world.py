"""What happens when this plan is played through the routing engine? Virtual time, the real engine, the very facts that the
live system would write.

The engine is fed what it would read from the log, in the order in which policies write it: created, queued; a slot
reserved, the task reserved, accepted, the slot filled; wrap-up, closed, the slot released; and the agents' own comings and
goings. Commands are not run: the world keeps just enough of each agent to refuse what their stream would refuse.
There is no asyncio, no clock and no disk; what is left is mostly the engine.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import compress, count
from math import inf
from typing import Any, Protocol
from uuid import UUID

from domain.agents.facts import SlotFilled, SlotReleased, SlotReserved, SlotWrappingUp
from domain.configuration.entity import ENTITY_OF
from domain.configuration.membership import matched_step
from domain.configuration.settings import Queue, RoutingAttribute, Settings
from domain.ids import AgentId, ConversationId, CustomerId, OfferId, SessionId, TaskId
from domain.kernel import Cause, Fact, Recorded, replace
from domain.routing.decisions import UNTOLD
from domain.routing.engine import Diverting, Engine, Move, Offer, Widening
from domain.tasks.facts import (
    Routing,
    StepReached,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskDiverted,
    TaskMode,
    TaskQueued,
    TaskReserved,
    WrapUpStarted,
)
from infra.simulation.drafts import quick
from infra.simulation.plan import Call, Plan, QueuePlan
from infra.simulation.staffing import Seat, arrival, departure, introduction
from infra.simulation.tally import Cohort, Timesheet

recorded = quick(Recorded)
task_created, task_queued, routing_of = quick(TaskCreated), quick(TaskQueued), quick(Routing)
task_reserved, task_accepted, task_closed = quick(TaskReserved), quick(TaskAccepted), quick(TaskClosed)
slot_reserved, slot_filled, slot_released = quick(SlotReserved), quick(SlotFilled), quick(SlotReleased)

CAUSE = Cause(UUID(int=1), "simulation")
CUSTOMER, SESSION = CustomerId("someone"), SessionId("somewhere")
INBOUND, FROM_QUEUE = TaskDirection.INBOUND, TaskMode.QUEUE  # members are looked up slowly
DONE, WRAPPED_UP = TaskCloseReason.DONE, TaskCloseReason.WRAP_UP_NOT_APPLIED
WAITING, RINGING, TALKING, WRAPPING_UP, OVER = range(5)


class Router(Protocol):
    """What the world asks of the routing engine, and all that it asks."""

    def feed(self, recorded: Recorded[Any], /) -> None: ...
    def decide(self, now: datetime, /) -> list[Move]: ...
    def forget(self, move: Move, /) -> None: ...
    def next_due(self) -> datetime | None: ...


class Line:
    """A queue as the world keeps it: what the facts of its calls share, and the counts by interval."""

    def __init__(self, plan: QueuePlan, intervals: int, *, wrap_up_holds_slot: bool) -> None:
        self.id, self.mrd_id = plan.id, plan.settings.mrd_id
        self.calls: Iterator[Call] = iter(plan.calls)
        self.ttl_s = plan.ttl_s
        self.ttl = timedelta(seconds=plan.ttl_s) if plan.ttl_s < inf else None
        self.threshold_s = plan.settings.service_level_threshold_s
        self.offer_timeout = timedelta(seconds=plan.settings.offer_timeout_s)
        self.wrap_up_holds_slot = wrap_up_holds_slot
        self.cohorts = [Cohort() for _ in range(intervals)]
        self.settings = plan.settings
        self.waiting = 0


class Live:
    """A call that has come: whose it is, and how far."""

    __slots__ = ("call", "cohort", "conversation_id", "line", "offer_id", "seat", "state", "stream", "task_id")

    def __init__(self, call: Call, line: Line, cohort: Cohort, number: int) -> None:
        self.call, self.line, self.cohort = call, line, cohort
        name: Any = f"t{number}"  # the types of ids are calls, too: they cost as much as the text
        self.task_id: TaskId = name
        self.conversation_id: ConversationId = name
        self.stream = f"task-{name}"
        self.state = WAITING
        self.seat: Seat
        self.offer_id: OfferId


Act = Callable[[Any], None]


class World:
    """Build it with a plan, `play` it, read `cohorts`, `timesheet` and the counters."""

    def __init__(self, plan: Plan, engine: Router | None = None) -> None:
        self.plan = plan
        self.engine: Router = engine or Engine()
        self.intervals = plan.intervals
        self.timesheet = Timesheet(plan.interval_s, self.intervals)
        self.arrivals = self.refused = self.moves = 0
        self.now_s, self._interval_s = 0.0, plan.interval_s
        self.at = plan.start
        self._epoch_s, self._horizon_s = plan.start.timestamp(), plan.horizon_s
        self._tell = self._teller()
        self._agenda: list[tuple[float, int, Act, Any]] = []
        self._next_appointment = count(1).__next__
        self._live: dict[TaskId, Live] = {}
        self._widens = any(has_clocks(queue.settings) for queue in plan.queues)
        self._lines = [
            Line(queue, self.intervals, wrap_up_holds_slot=plan.media[queue.settings.mrd_id].wrap_up_holds_slot)
            for queue in plan.queues
        ]
        self._served: dict[AgentId, list[Line]] = {}
        self._seats = {agent.id: Seat(agent) for agent in plan.agents}
        self._set_up()

    @property
    def cohorts(self) -> dict[str, list[Cohort]]:
        return {line.id: line.cohorts for line in self._lines}

    # Time

    def play(self, progress: Callable[[float], None] | None = None) -> "World":
        """Until nothing is left to happen. `progress` hears the virtual second once per interval."""
        agenda, decide, widens = self._agenda, self.engine.decide, self._widens
        told_s = self.plan.interval_s if progress else inf
        while agenda or (widens and self._live):
            if widens and self._widen_before(agenda[0][0] if agenda else inf):
                continue
            if not agenda:  # whoever still waits, waits for nothing
                break
            at_s, _, act, about = heappop(agenda)
            self.now_s = at_s
            self.at = datetime.fromtimestamp(self._epoch_s + at_s, UTC)
            act(about)
            while moves := decide(self.at):
                if not self._carried_out(moves):
                    break
            if at_s >= told_s and progress is not None:
                progress(at_s)
                told_s += self.plan.interval_s
        self._close_timesheet()
        return self

    def _schedule(self, at_s: float, act: Act, about: Any) -> None:
        heappush(self._agenda, (at_s, self._next_appointment(), act, about))

    def _widen_before(self, at_s: float) -> bool:
        """Is the engine due earlier than the next event? Then ask it at that moment."""
        due = self.engine.next_due()
        if due is None or due.timestamp() - self._epoch_s > at_s:
            return False
        self.at = max(due, self.at)
        self.now_s = max(self.now_s, self.at.timestamp() - self._epoch_s)
        moves = self.engine.decide(self.at)
        while moves and self._carried_out(moves):
            moves = self.engine.decide(self.at)
        return True

    def _close_timesheet(self) -> None:
        """Whoever is there stays until the end of the plan, though nothing happens any more."""
        self.now_s = max(self.now_s, self._horizon_s)
        for seat in self._seats.values():
            self._clock(seat)

    # What happens

    def _set_up(self) -> None:
        for attribute_id, type_ in self.plan.attributes.items():
            self._configure(attribute_id, RoutingAttribute(attribute_id, type_, 1))
        for mrd_id, domain in self.plan.media.items():
            self._configure(mrd_id, domain)
        for calendar_id, calendar in self.plan.calendars.items():
            self._configure(calendar_id, calendar)
        for queue in self.plan.queues:
            self._configure(queue.id, queue.settings)
        for seat in self._seats.values():
            for fact in introduction(seat.plan):
                self._tell(seat.stream, fact)
            for begins_s, ends_s in seat.plan.present:
                self._schedule(begins_s, self._sign_in, seat)
                if ends_s < inf:
                    self._schedule(ends_s, self._sign_out, seat)
        for line in self._lines:
            self._await_next(line)

    def _configure(self, id_: str, settings: Settings) -> None:
        entity, fact = ENTITY_OF[type(settings)]
        make: Any = fact
        self._tell(f"{entity.category}-{id_}", make(settings))

    def _sign_in(self, seat: Seat) -> None:
        self._clock(seat)
        for fact in arrival(seat):
            self._tell(seat.stream, fact)
        seat.present, seat.ready = True, True

    def _sign_out(self, seat: Seat) -> None:
        """No new work; whoever is in a talk leaves after it."""
        self._clock(seat)
        seat.ready = False
        for fact in departure(seat):
            self._tell(seat.stream, fact)

    def _await_next(self, line: Line) -> None:
        call = next(line.calls, None)
        if call is not None and call.at_s < self._horizon_s:
            heappush(self._agenda, (call.at_s, self._next_appointment(), self._arrive, (line, call)))

    def _arrive(self, about: tuple[Line, Call]) -> None:
        line, call = about
        self.arrivals += 1
        cohort = line.cohorts[min(int(self.now_s / self._interval_s), self.intervals - 1)]
        cohort.offered += 1
        it = Live(call, line, cohort, self.arrivals)
        self._live[it.task_id] = it
        line.waiting += 1
        since = self.at if not call.head_start_s else self.at - timedelta(seconds=call.head_start_s)
        expires_at = self.at + line.ttl if line.ttl else None
        routing = routing_of(it.task_id, line.id, line.mrd_id, since, expires_at, call.priority)
        self._tell(it.stream, task_created(it.conversation_id, CUSTOMER, INBOUND, FROM_QUEUE))
        self._tell(it.stream, task_queued(routing, SESSION))
        limit_s = min(call.patience_s, line.ttl_s)
        if limit_s < inf:
            self._schedule(self.now_s + limit_s, self._give_up, it)
        self._await_next(line)

    def _give_up(self, it: Live) -> None:
        """The customer hangs up, or has waited as long as the queue allows; either may be too late."""
        ttl_ended = it.call.patience_s > it.line.ttl_s
        if it.state > RINGING or (it.state == RINGING and ttl_ended):  # routing 27: let the offer finish
            return
        held = it.state == RINGING
        it.line.waiting -= not held
        it.state = OVER
        wait_s = self.now_s - it.call.at_s
        it.cohort.wait_s += wait_s
        it.cohort.queued += 1
        if ttl_ended:
            it.cohort.expired += 1
        else:
            it.cohort.abandoned += 1
            it.cohort.abandoned_in += wait_s <= it.line.threshold_s
        reason = TaskCloseReason.NO_AGENT_AVAILABLE if ttl_ended else TaskCloseReason.CANCELLED
        seat = it.seat if held else None
        agent_id, offer_id = (seat.id, it.offer_id) if seat else (None, None)
        self._tell(it.stream, task_closed(reason, it.conversation_id, agent_id, offer_id))
        if seat:
            seat.ringing.discard(it.line.mrd_id)
            self._release(it, seat, reason)
        self._live.pop(it.task_id, None)

    def _carried_out(self, moves: list[Move]) -> bool:
        """Whether any of the moves was not refused, so that the engine has something new to think about."""
        done = 0
        for move in moves:
            if isinstance(move, Offer):
                done += self._reserve(move)
            elif isinstance(move, Diverting):
                done += self._divert(move)
            elif (
                isinstance(move, Widening) and (it := self._live.get(move.task_id)) is not None and it.state == WAITING
            ):
                self._tell(it.stream, StepReached(move.step, move.reason, None, move.condition, move.measured))
                done += 1
        self.moves += done
        self.refused += len(moves) - done
        return done > 0

    def _divert(self, move: Diverting) -> bool:
        """Told, and waiting on; in another queue, with all the time that was waited; or gone (routing 57, 58)."""
        it, diversion = self._live.get(move.task_id), move.diversion
        if it is None or it.state != WAITING:
            return False
        action, target = diversion.action, diversion.queue_id
        self._tell(it.stream, TaskDiverted(move.rule, action, it.conversation_id, target, "", move.measured))
        if not diversion.leaves:
            return True
        it.line.waiting -= 1
        it.cohort.diverted += 1
        it.state = OVER
        reason = TaskCloseReason.NO_AGENT_AVAILABLE if target is None else TaskCloseReason.REROUTE
        self._tell(it.stream, task_closed(reason, it.conversation_id, None, None))
        del self._live[it.task_id]
        if target is not None:
            self._go_to(next(line for line in self._lines if line.id == target), it, move.rule)
        return True

    def _go_to(self, line: Line, old: Live, rule: str) -> None:
        self.arrivals += 1
        cohort = line.cohorts[min(int(self.now_s / self._interval_s), self.intervals - 1)]
        cohort.offered += 1
        it = Live(old.call, line, cohort, self.arrivals)
        self._live[it.task_id] = it
        line.waiting += 1
        since = self.plan.start + timedelta(seconds=old.call.at_s - old.call.head_start_s)
        expires_at = since + line.ttl if line.ttl else None
        routing = routing_of(it.task_id, line.id, line.mrd_id, since, expires_at, old.call.priority)
        routing = replace(routing, entered_at=self.at, diverted=frozenset({rule}))
        self._tell(it.stream, task_created(it.conversation_id, CUSTOMER, INBOUND, FROM_QUEUE))
        self._tell(it.stream, task_queued(routing, SESSION))
        limit_s = old.call.at_s + min(old.call.patience_s, line.ttl_s)
        if limit_s < inf:
            self._schedule(max(self.now_s, limit_s), self._give_up, it)

    def _reserve(self, offer: Offer) -> bool:
        it, seat = self._live.get(offer.task_id), self._seats[offer.agent_id]
        if it is None or it.state != WAITING or not seat.may_take(offer.mrd_id):
            self.engine.forget(offer)
            return False
        self._clock(seat)
        seat.load += 1
        seat.loads[offer.mrd_id] += 1
        name: Any = it.task_id
        it.seat, it.offer_id, it.state = seat, name, RINGING
        it.line.waiting -= 1
        decision = UNTOLD  # whoever simulates months reads figures, not reasons
        self._tell(seat.stream, slot_reserved(offer.mrd_id, offer.task_id, it.offer_id, offer.step, decision))
        due = self.at + it.line.offer_timeout
        self._tell(it.stream, task_reserved(it.offer_id, seat.id, due, offer.step))
        if it.call.alert_s:
            seat.ringing.add(offer.mrd_id)
            self._schedule(self.now_s + it.call.alert_s, self._accept, it)
        else:
            self._accept(it)
        return True

    def _accept(self, it: Live) -> None:
        if it.state != RINGING:
            return
        it.state = TALKING
        call, seat, cohort = it.call, it.seat, it.cohort
        seat.ringing.discard(it.line.mrd_id)
        self._tell(it.stream, task_accepted(it.offer_id, seat.id, it.conversation_id))
        self._tell(seat.stream, slot_filled(it.line.mrd_id, it.task_id, it.conversation_id))
        wait_s = self.now_s - call.at_s
        cohort.answered += 1
        cohort.handle_s += call.handle_s
        if wait_s > 0.0:
            cohort.queued += 1
            cohort.wait_s += wait_s
            cohort.wait_answered_s += wait_s
        cohort.answered_in += wait_s <= it.line.threshold_s
        heappush(self._agenda, (self.now_s + call.handle_s, self._next_appointment(), self._finish, it))

    def _finish(self, it: Live) -> None:
        """The talk is over. Wrap-up, where there is some, holds the slot or does not (routing 52)."""
        wrap_up_s = it.call.wrap_up_s
        if it.call.calm_wrap_up_s is not None and not any(line.waiting for line in self._served_by(it.seat)):
            wrap_up_s = it.call.calm_wrap_up_s
        if not wrap_up_s:
            self._close(it)
            return
        it.state = WRAPPING_UP
        it.cohort.handle_s += wrap_up_s
        self._tell(it.stream, WrapUpStarted(it.seat.id, it.conversation_id, None))
        if it.line.wrap_up_holds_slot:
            self._tell(it.seat.stream, SlotWrappingUp(it.line.mrd_id, it.task_id))
        else:
            self._release(it, it.seat, "wrap-up without a slot")
        self._schedule(self.now_s + wrap_up_s, self._close, it)

    def _served_by(self, seat: Seat) -> list[Line]:
        lines = self._served.get(seat.id)
        if lines is None:
            plan = seat.plan
            serves = (matched_step(line.settings, plan.attributes, plan.tasks_max) is not None for line in self._lines)
            lines = self._served[seat.id] = list(compress(self._lines, serves))
        return lines

    def _close(self, it: Live) -> None:
        wrapped_up, seat = it.state == WRAPPING_UP, it.seat
        it.state = OVER
        reason = WRAPPED_UP if wrapped_up else DONE
        self._tell(it.stream, task_closed(reason, it.conversation_id, seat.id, it.offer_id))
        if not wrapped_up or it.line.wrap_up_holds_slot:
            self._release(it, seat, reason)
        del self._live[it.task_id]

    def _release(self, it: Live, seat: Seat, reason: str) -> None:
        self._clock(seat)
        seat.load -= 1
        seat.loads[it.line.mrd_id] -= 1
        self._tell(seat.stream, slot_released(it.line.mrd_id, it.task_id, reason))
        if not seat.load and not seat.ready:
            for fact in departure(seat):
                self._tell(seat.stream, fact)

    def _clock(self, seat: Seat) -> None:
        now_s = self.now_s
        if now_s != seat.noted_s:
            self.timesheet.spend(seat.noted_s, now_s, seat.load, seat.ready)
            seat.noted_s = now_s

    def _teller(self) -> Callable[[str, Fact], None]:
        """Tells the engine one fact, now. A closure, for it is called eight times for each call."""
        feed = self.engine.feed
        next_position: Callable[[], Any] = count(1).__next__

        def tell(stream: str, fact: Fact) -> None:
            feed(recorded(next_position(), stream, 0, self.at, CAUSE, fact))

        return tell


def has_clocks(queue: Queue) -> bool:
    """May something be due though nothing else happens?"""
    return len(queue.steps) > 1 or queue.opening is not None or bool(queue.overflow)
