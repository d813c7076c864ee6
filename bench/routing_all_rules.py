"""What a centre has besides steps: each of these rules in one queue of ten, seeded apart, so that all else stays as it is.

A first step that is skipped where nobody is there; a step that is only for some requests; ageing; opening hours with
breaks; overflow; requests that wait in further queues, and such that want their last agent. Mail, the domain of
one queue of ten, gives way to calls.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

from domain.configuration import settings as s
from domain.configuration.calendar import BusinessCalendar, Hours, Weekday, WeeklyHours
from domain.configuration.diversions import Diversion, DiversionAction, Opening, Overflow, OverflowCondition
from domain.configuration.domains import InterruptionAction
from domain.configuration.request_data import Consideration
from domain.ids import AgentId, CalendarId, ConversationId, MrdId, QueueId
from domain.kernel import replace
from domain.routing.moves import Diverting
from domain.tasks.facts import LAST_AGENT_STEP, QueueLeft, Routing, TaskClosed, TaskCloseReason, TaskDiverted
from domain.tasks.leaving import left_alone

SHARE = 0.1
VOICE, EMAIL = MrdId("voice"), MrdId("email")
GIVES_WAY: Mapping[MrdId, InterruptionAction] = {EMAIL: InterruptionAction.HOLD}
CALENDARS, LAST_AGENT_S = 10, 10


class Rules:
    """`waiting`: what those said who wait, for whoever goes on in another queue."""

    def __init__(self, seed: int) -> None:
        self.random = Random(f"rules {seed}")
        self.calendars = {CalendarId(f"hours{number}"): self._calendar() for number in range(CALENDARS)}
        self.waiting: dict[str, Routing] = {}
        self._others: dict[QueueId, tuple[QueueId, ...]] = {}
        self._to_last_agent: set[QueueId] = set()

    def _falls(self) -> bool:
        return self.random.random() < SHARE

    def _calendar(self) -> BusinessCalendar:
        """Open from eight to six, but for two short breaks soon after noon."""
        noon, hours, opens = datetime(2026, 3, 1, 12, tzinfo=UTC), [], time(8)
        for earliest_s, latest_s in ((60, 240), (300, 600)):
            closes = noon + timedelta(seconds=self.random.randint(earliest_s, latest_s))
            hours.append(Hours(opens, closes.time()))
            opens = (closes + timedelta(seconds=self.random.randint(10, 30))).time()
        hours.append(Hours(opens, time(18)))
        return BusinessCalendar("Hours", "UTC", (WeeklyHours(tuple(Weekday), tuple(hours)),))

    # Queues

    def given_to(self, queues: list[s.Queue]) -> list[s.Queue]:
        those: dict[MrdId, list[QueueId]] = {}
        for queue in queues:
            those.setdefault(queue.mrd_id, []).append(QueueId(queue.name))
        return [self._with_rules(queue, those[queue.mrd_id]) for queue in queues]

    def _with_rules(self, queue: s.Queue, alike: list[QueueId]) -> s.Queue:
        random, id_ = self.random, QueueId(queue.name)
        steps = list(queue.steps)
        if self._falls() and len(steps) > 1:
            steps[0] = replace(steps[0], skip_if=random.choice(list(s.SkipIf)))
        if self._falls() and len(steps) > 1:
            at = random.randrange(len(steps) - 1)
            steps[at] = replace(steps[at], consider_if=(Consideration("value", s.RelationalOperator.GE, "100"),))
        ageing_s = random.randint(10, 60) if self._falls() else 0
        opening = self._opening(alike) if self._falls() else None
        overflow = self._overflow(alike) if self._falls() else ()
        if self._falls():
            others = [it for it in random.sample(alike, min(3, len(alike))) if it != id_]
            self._others[id_] = tuple(others[: random.randint(1, 2)])
        if self._falls():
            self._to_last_agent.add(id_)
        return replace(queue, steps=tuple(steps), ageing_s=ageing_s, opening=opening, overflow=overflow)

    def _opening(self, alike: list[QueueId]) -> Opening:
        at_closing = self.random.choice(
            (None, Diversion(DiversionAction.MESSAGE, None, "We close, and serve you still"))
        )
        return Opening(self.random.choice(list(self.calendars)), self._diversion(alike), at_closing)

    def _overflow(self, alike: list[QueueId]) -> tuple[Overflow, ...]:
        thresholds = {OverflowCondition.QUEUE_LENGTH: 10, OverflowCondition.OLDEST_WAIT: 60}
        known = (*thresholds, OverflowCondition.NONE_LOGGED_IN)
        conditions = self.random.sample(known, self.random.randint(1, 3))
        return tuple(Overflow(it, self._diversion(alike), thresholds.get(it, 0)) for it in conditions)

    def _diversion(self, alike: list[QueueId]) -> Diversion:
        there = Diversion(DiversionAction.OTHER_QUEUE, self.random.choice(alike))
        told = Diversion(DiversionAction.MESSAGE, None, "It takes a while")
        return self.random.choice((there, there, told, told, Diversion(DiversionAction.CLOSE)))

    # Requests

    def asked(self, routing: Routing, agents: int) -> Routing:
        """Everybody says what their order is worth; some queues ask for more."""
        more: dict[str, Any] = {"data": {"value": str(self.random.choice((20, 200)))}}
        if routing.queue_id in self._others:
            more["also_in"] = self._others[routing.queue_id]
        if routing.queue_id in self._to_last_agent:
            more["last_agent_id"] = AgentId(str(self.random.randrange(agents)))
            more["last_agent_until"] = routing.first_enqueued_at + timedelta(seconds=LAST_AGENT_S)
            more["step"] = LAST_AGENT_STEP
        wanted = self.waiting[routing.root_request_id] = replace(routing, **more)
        return wanted

    def accepted(self, task: str, mrd: MrdId, theirs: Iterable[MrdId]) -> Mapping[MrdId, InterruptionAction]:
        """It waits no more; returns what gives way to it, of the agent's other domains."""
        self.waiting.pop(task, None)
        return GIVES_WAY if mrd == VOICE and EMAIL in theirs else {}

    def diverted(self, move: Diverting, now: datetime) -> tuple[list[Any], Routing | None]:
        """As the task decides it, and as what it goes on in another queue."""
        id_, to = move.task_id, move.diversion
        talk = ConversationId(f"c{id_}")
        routing = self.waiting[id_]
        facts: list[Any] = [TaskDiverted(move.rule, to.action, talk, to.queue_id, to.message, move.measured)]
        if to.leaves and routing.also_in:
            facts = list(left_alone(routing, move.queue_id or routing.queue_id, move.rule, to, talk, move.measured))
            if isinstance(facts[0], QueueLeft):
                self.waiting[id_] = routing.without(facts[0].queue_id, move.rule, facts[0].instead)
                return facts, None
        routing = self.waiting[id_] = replace(routing, diverted=routing.diverted | {move.rule})
        if not to.leaves:
            return facts, None
        del self.waiting[id_]
        if facts[0].queue_id is None:
            return [*facts, TaskClosed(TaskCloseReason.NO_AGENT_AVAILABLE, talk)], None
        anew = replace(routing.moved(facts[0].queue_id, now), attempt=routing.attempt + 1)
        goes_on = self.waiting[f"{id_}+"] = anew
        return [*facts, TaskClosed(TaskCloseReason.REROUTE, talk)], goes_on
