"""What happens when this plan is played through the routing engine? Virtual time, the real engine, the very facts that the
live system would write.

The engine is fed what it would read from the log, in the order in which policies write it: created, queued; a slot
reserved, the task reserved, accepted, the slot filled; wrap-up, closed, the slot released; and the agents' own comings and
goings. Commands are not run: the world keeps just enough of each agent to refuse what their stream would refuse.
There is no asyncio, no clock and no disk; what is left is mostly the engine.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import compress, count
from math import inf
from typing import Any

from domain.agents.facts import SlotWrappingUp
from domain.configuration.domains import InterruptionAction
from domain.configuration.entity import ENTITY_OF
from domain.configuration.membership import matched_step
from domain.configuration.settings import RoutingAttribute, Settings
from domain.ids import AgentId, CustomerId, SessionId, TaskId
from domain.kernel import replace
from domain.routing.decisions import UNTOLD
from domain.routing.engine import Diverting, Engine, Move, Offer, Widening
from domain.tasks.facts import (
    QueueLeft,
    Routing,
    StepReached,
    TaskCloseReason,
    TaskDirection,
    TaskDiverted,
    TaskMode,
    WrapUpStarted,
)
from domain.tasks.task import REROUTE_PRIORITY, UNWANTED
from infra.simulation.calls import OVER, RINGING, TALKING, WAITING, WRAPPING_UP, Line, Live, has_clocks
from infra.simulation.plan import Call, Plan
from infra.simulation.retelling import Retelling
from infra.simulation.staffing import Seat, arrival, departure, introduction, where
from infra.simulation.tally import Cohort, Timesheet
from infra.simulation.telling import (
    Router,
    routing_of,
    slot_filled,
    slot_released,
    slot_reserved,
    task_accepted,
    task_closed,
    task_created,
    task_queued,
    task_reserved,
    teller,
)

CUSTOMER, SESSION = CustomerId("someone"), SessionId("somewhere")
INBOUND, FROM_QUEUE = TaskDirection.INBOUND, TaskMode.QUEUE  # members are looked up slowly
DONE, WRAPPED_UP = TaskCloseReason.DONE, TaskCloseReason.WRAP_UP_NOT_APPLIED
INSTANT_S = 4e-7
"""Less than what logs tell apart, and more than what floats get wrong."""
FIRST = 1 << 60
NOBODY_ELSE = Call(inf, 0.0)
Act = Callable[[Any], None]


class World:
    """Build it with a plan, `play` it, read `cohorts`, `timesheet` and the counters."""

    def __init__(self, plan: Plan, engine: Router | None = None) -> None:
        self.plan = plan
        self.engine: Router = engine or Engine()
        self.intervals = plan.intervals
        self.timesheet = Timesheet(plan.interval_s, self.intervals)
        self.arrivals = self.missed = self.refused = self.moves = 0
        self.now_s, self._interval_s = 0.0, plan.interval_s
        self.at = plan.start
        self._epoch_s, self._horizon_s = plan.start.timestamp(), plan.horizon_s
        self._tell = teller(self.engine, self)
        self._agenda: list[tuple[float, int, Act, Any]] = []
        self._next_appointment = count(1).__next__
        self._live: dict[TaskId, Live] = {}
        self._pressing = {
            id_: it.interruption_action
            for id_, it in plan.media.items()
            if it.interruptible and it.interruption_action is not InterruptionAction.IGNORE
        }
        self._widens = any(has_clocks(queue.settings) for queue in plan.queues)
        self._lines = [
            Line(queue, self.intervals, wrap_up_holds_slot=plan.media[queue.settings.mrd_id].wrap_up_holds_slot)
            for queue in plan.queues
        ]
        self._served: dict[AgentId, list[Line]] = {}
        self._seats = {agent.id: Seat(agent) for agent in plan.agents}
        self._past = Retelling(plan.told, self._seats.values(), self.timesheet, self._tell)
        self._set_up()

    @property
    def cohorts(self) -> dict[str, list[Cohort]]:
        return {line.id: line.cohorts for line in self._lines}

    def play(self, progress: Callable[[float], None] | None = None) -> "World":
        """Until nothing is left to happen. `progress` hears the virtual second once per interval."""
        agenda, decide, widens, of_epoch = self._agenda, self.engine.decide, self._widens, datetime.fromtimestamp
        epoch_s, told_s = self._epoch_s, self.plan.interval_s if progress else inf
        at_s = -inf
        while agenda or (widens and self._live):
            next_s = agenda[0][0] if agenda else inf
            if widens and next_s != at_s and self._widen_before(next_s):
                continue
            if not agenda:  # whoever still waits, waits for nothing
                break
            at_s, _, act, about = heappop(agenda)
            self.now_s = at_s
            self.at = of_epoch(epoch_s + at_s, UTC)
            act(about)
            if agenda and agenda[0][0] == at_s:
                continue  # what happens at one moment is decided upon together
            while (moves := decide(self.at)) and self._carried_out(moves):
                pass
            if at_s >= told_s and progress is not None:
                progress(at_s)
                told_s += self.plan.interval_s
        self.timesheet.note(max(self.now_s, self._horizon_s))  # whoever is there stays until the end of the plan
        return self

    def _widen_before(self, at_s: float) -> bool:
        """Is the engine due earlier than the next event? Then ask it at that moment."""
        due = self.engine.next_due()
        if due is None or (due_s := (due - self.plan.start).total_seconds()) > at_s:
            return False
        self.at, self.now_s = max(due, self.at), max(due_s, self.now_s)
        moves = self.engine.decide(self.at)
        while moves and self._carried_out(moves):
            moves = self.engine.decide(self.at)
        return True

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
                self._tell(seat.where, fact)
            for begins_s, ends_s in seat.plan.present:
                heappush(self._agenda, (begins_s, self._next_appointment(), self._sign_in, seat))
                if ends_s < inf:
                    heappush(self._agenda, (ends_s, self._next_appointment(), self._sign_out, seat))
        self._set_scene()
        for line in self._lines:
            self._await_next(line)
        self._find_waiting()

    def _set_scene(self) -> None:
        """How things stood when it began, told with the times at which they came about."""
        past = self._past
        while past.at_s < 0:
            self.at = self.plan.start + timedelta(seconds=past.at_s)
            past.go_on(0.0)
        self.at = self.plan.start
        self._await_past()

    def _await_past(self) -> None:
        """What is told goes before all that happens at the same moment because of it."""
        if self._past.at_s < inf:
            heappush(self._agenda, (self._past.at_s - INSTANT_S, -1, self._happens_again, self._past.at_s))

    def _happens_again(self, at_s: float) -> None:
        """What rings at somebody who signs out is withdrawn, and no fault of theirs (routing 37)."""
        self.now_s, self.at = at_s, self.plan.start + timedelta(seconds=at_s)
        for seat in self._past.go_on(at_s):
            for task_id in list(seat.ringing.values()):
                self._miss(self._live[task_id], TaskCloseReason.REROUTE)
        self._await_past()

    def _configure(self, id_: str, settings: Settings) -> None:
        entity, fact = ENTITY_OF[type(settings)]
        make: Any = fact
        self._tell(where(f"{entity.category}-{id_}"), make(settings))

    def _sign_in(self, seat: Seat) -> None:
        self.timesheet.note(self.now_s)
        self.timesheet.idle += not seat.ready and not seat.load
        for fact in arrival(seat):
            self._tell(seat.where, fact)
        seat.present, seat.ready = True, True

    def _sign_out(self, seat: Seat) -> None:
        """No new work; whoever is in a talk leaves after it."""
        self.timesheet.note(self.now_s)
        self.timesheet.idle -= seat.ready and not seat.load
        seat.ready = False
        for fact in departure(seat):
            self._tell(seat.where, fact)

    def _await_next(self, line: Line) -> None:
        call = next(line.calls, NOBODY_ELSE)
        if call.at_s < self._horizon_s:
            heappush(self._agenda, (call.at_s, self._next_appointment(), self._arrive, (line, call)))

    def _find_waiting(self) -> None:
        """Whoever waits when it begins, and whoever it rings for then; they are all there before anybody decides."""
        agenda = self._agenda
        while agenda and agenda[0][0] < 0.0:
            _, _, act, about = heappop(agenda)
            act(about)
        for it in list(self._live.values()):
            if it.call.origin is not None and it.call.origin.rings_at in self._seats:
                self._reserve(it, self._seats[it.call.origin.rings_at], it.step)

    def _arrive(self, about: tuple[Line, Call]) -> None:
        line, call = about
        self.arrivals += 1
        cohort = line.cohort_of(int(self.now_s / self._interval_s)) if call.counted else Cohort()
        cohort.offered += 1
        it = Live(call, line, cohort, self.arrivals + self.missed)
        it.expires_s = call.at_s + line.ttl_s
        if call.origin is None:
            since = self.at if not call.head_start_s else self.at - timedelta(seconds=call.head_start_s)
            expires_at = self.at + line.ttl if line.ttl else None
            routing = routing_of(it.task_id, line.id, line.mrd_id, since, expires_at, call.priority)
        else:
            routing = replace(call.origin.routing, root_request_id=it.task_id)
            if routing.expires_at is not None:
                it.expires_s = (routing.expires_at - self.plan.start).total_seconds()
        self._get_in_line(it, routing)
        self._await_next(line)

    def _get_in_line(self, it: Live, routing: Routing) -> None:
        it.routing, it.step = routing, routing.step
        self._live[it.task_id] = it
        it.line.waiting += 1
        self._tell(it.where, task_created(it.conversation_id, CUSTOMER, INBOUND, FROM_QUEUE))
        self._tell(it.where, task_queued(routing, SESSION))
        limit_s = min(it.call.at_s + it.call.patience_s, it.expires_s)
        if limit_s < inf:
            heappush(self._agenda, (max(self.now_s, limit_s), self._next_appointment(), self._give_up, it))

    def _give_up(self, it: Live) -> None:
        """The customer hangs up, or has waited as long as the queue allows; either may be too late."""
        ttl_ended = it.call.at_s + it.call.patience_s > it.expires_s
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
        self._tell(it.where, task_closed(reason, it.conversation_id, agent_id, offer_id))
        if seat:
            seat.ringing.pop(it.line.mrd_id, None)
            self._release(it, seat, reason)
        self._live.pop(it.task_id, None)

    def _carried_out(self, moves: list[Move]) -> bool:
        """Whether any of the moves was not refused, so that the engine has something new to think about."""
        done = 0
        for move in moves:
            if isinstance(move, Offer):
                it, seat = self._live.get(move.task_id), self._seats[move.agent_id]
                if it is None or it.state != WAITING or not seat.may_take(move.mrd_id):
                    self.engine.forget(move)
                else:
                    self._reserve(it, seat, move.step)
                    done += 1
            elif isinstance(move, Diverting):
                done += self._divert(move)
            elif isinstance(move, Widening):
                done += self._widen(move)
        self.moves += done
        self.refused += len(moves) - done
        return done > 0

    def _widen(self, move: Widening) -> bool:
        it = self._live.get(move.task_id)
        if it is None or it.state != WAITING:
            return False
        self._tell(it.where, StepReached(move.step, move.reason, move.queue_id, move.condition, move.measured))
        if move.queue_id is None:
            it.step = move.step
        return True

    def _divert(self, move: Diverting) -> bool:
        """Told, and waiting on; in another queue, with all the time that was waited; or gone (routing 57, 58)."""
        it, diversion = self._live.get(move.task_id), move.diversion
        if it is None or it.state != WAITING:
            return False
        action, target = diversion.action, diversion.queue_id
        if move.queue_id is not None and diversion.leaves:  # one of its further queues; it waits on in the others
            self._tell(it.where, QueueLeft(move.queue_id, move.rule, target, move.measured))
            it.routing = it.routing.without(move.queue_id, move.rule, target)
            return True
        self._tell(it.where, TaskDiverted(move.rule, action, it.conversation_id, target, "", move.measured))
        if not diversion.leaves:
            return True
        it.line.waiting -= 1
        it.cohort.diverted += 1
        it.state = OVER
        reason = TaskCloseReason.NO_AGENT_AVAILABLE if target is None else TaskCloseReason.REROUTE
        self._tell(it.where, task_closed(reason, it.conversation_id, None, None))
        del self._live[it.task_id]
        if target is not None:
            self._go_to(next(line for line in self._lines if line.id == target), it, move.rule)
        return True

    def _go_to(self, line: Line, old: Live, rule: str) -> None:
        self.arrivals += 1
        cohort = line.cohort_of(int(self.now_s / self._interval_s)) if old.call.counted else Cohort()
        cohort.offered += 1
        it = Live(old.call, line, cohort, self.arrivals + self.missed)
        it.expires_s = old.expires_s
        anew = replace(old.routing, queue_id=line.id, step=0, attempt=old.routing.attempt + 1, last_agent_id=None)
        anew = replace(anew, also_in=(), steps={}, entered_at=self.at, diverted=anew.diverted | {rule})
        self._get_in_line(it, anew)

    def _reserve(self, it: Live, seat: Seat, step: int) -> None:
        sheet, mrd_id = self.timesheet, it.line.mrd_id
        if sheet.noted_s != self.now_s:
            sheet.note(self.now_s)
        sheet.tasks += 1
        if not seat.load:
            sheet.busy += 1
            sheet.idle -= 1
        seat.load += 1
        seat.loads[mrd_id] += 1
        name: Any = it.task_id
        it.seat, it.offer_id, it.state = seat, name, RINGING
        it.line.waiting -= 1
        decision = UNTOLD  # whoever simulates months reads figures, not reasons
        held = slot_reserved(mrd_id, it.task_id, it.offer_id, step, decision)
        self._tell(seat.where, held if not self._pressing else seat.pressed(held, self.plan.media, self._pressing))
        due = self.at + it.line.offer_timeout
        self._tell(it.where, task_reserved(it.offer_id, seat.id, due, step))
        if seat.plan.away and (away := seat.away_at(self.now_s, mrd_id)):
            seat.ringing[mrd_id] = it.task_id
            most_s = self.now_s + it.line.offer_timeout.total_seconds()
            until_s = away.until_s if away.until_s < most_s + INSTANT_S else most_s
            first = self._next_appointment() - FIRST
            heappush(self._agenda, (until_s - INSTANT_S, first, self._rings_out, (it, away.reason, until_s)))
        elif it.call.alert_s:
            seat.ringing[mrd_id] = it.task_id
            heappush(self._agenda, (self.now_s + it.call.alert_s, self._next_appointment(), self._accept, it))
        else:
            self._accept(it)

    def _rings_out(self, about: tuple[Live, TaskCloseReason, float]) -> None:
        """At the same moment as what is told of it."""
        it, reason, at_s = about
        self.now_s, self.at = at_s, self.plan.start + timedelta(seconds=at_s)
        if it.state == RINGING:
            self._miss(it, reason)

    def _miss(self, it: Live, reason: TaskCloseReason) -> None:
        """It rang in vain: first in line again, but not for whoever missed or declined it (routing 21, 24)."""
        seat, it.state = it.seat, OVER
        self._tell(it.where, task_closed(reason, it.conversation_id, seat.id, it.offer_id))
        seat.ringing.pop(it.line.mrd_id, None)
        self._release(it, seat, reason)
        del self._live[it.task_id]
        self.missed += 1
        again = Live(it.call, it.line, it.cohort, self.arrivals + self.missed)
        again.expires_s = it.expires_s
        unwanted = {seat.id} if reason in UNWANTED else set()
        excluded, attempt = it.routing.excluded | unwanted, it.routing.attempt + 1
        routing = replace(it.routing, priority=REROUTE_PRIORITY, excluded=excluded, attempt=attempt, step=it.step)
        self._get_in_line(again, routing)

    def _accept(self, it: Live) -> None:
        if it.state != RINGING:
            return
        it.state = TALKING
        call, seat, cohort = it.call, it.seat, it.cohort
        seat.ringing.pop(it.line.mrd_id, None)
        self._tell(it.where, task_accepted(it.offer_id, seat.id, it.conversation_id))
        self._tell(seat.where, slot_filled(it.line.mrd_id, it.task_id, it.conversation_id))
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
        if by_waiting := it.call.wrap_ups_s:
            waiting = sum(line.waiting for line in self._served_by(it.seat))
            wrap_up_s = by_waiting[min(waiting, len(by_waiting) - 1)]
        if not wrap_up_s:
            self._close(it)
            return
        it.state = WRAPPING_UP
        it.cohort.handle_s += wrap_up_s
        self._tell(it.where, WrapUpStarted(it.seat.id, it.conversation_id, None))
        if it.line.wrap_up_holds_slot:
            self._tell(it.seat.where, SlotWrappingUp(it.line.mrd_id, it.task_id))
        else:
            self._release(it, it.seat, "wrap-up without a slot")
        heappush(self._agenda, (self.now_s + wrap_up_s, self._next_appointment(), self._close, it))

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
        self._tell(it.where, task_closed(reason, it.conversation_id, seat.id, it.offer_id))
        if not wrapped_up or it.line.wrap_up_holds_slot:
            self._release(it, seat, reason)
        del self._live[it.task_id]

    def _release(self, it: Live, seat: Seat, reason: str) -> None:
        sheet = self.timesheet
        if sheet.noted_s != self.now_s:
            sheet.note(self.now_s)
        sheet.tasks -= 1
        seat.load -= 1
        seat.loads[it.line.mrd_id] -= 1
        if seat.pressing:
            seat.pressing.pop(it.task_id, None)
        if not seat.load:
            sheet.busy -= 1
            sheet.idle += seat.ready
        self._tell(seat.where, slot_released(it.line.mrd_id, it.task_id, reason))
        if not seat.load and not seat.ready:
            for fact in departure(seat):
                self._tell(seat.where, fact)
