"""Every rule once more, by reading the log and looking at everybody each time: the judge of the engine's decisions.

States and steps are those of the models; nothing is shared with `domain/routing/`. `routing_rescan.py` is another for the rules
that each queue has, quick enough to be measured beside the engine.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.routing_judge_rules import Plain, Rules
from domain.agents.agent import Agent
from domain.agents.facts import MrdMadeReady, MrdMirrored, MrdState, SlotReleased, SlotReserved, SlotState
from domain.agents.states import Mrd, mrd_state
from domain.configuration import settings as s
from domain.configuration.calendar import BusinessCalendar
from domain.configuration.facts import QueueConfigured
from domain.configuration.priorities import PRIORITY_MAX
from domain.kernel import Recorded
from domain.routing.moves import Diverting, Move, Offer
from domain.tasks.facts import MediaState, TaskAccepted, TaskClosed, TaskQueued, TaskReserved
from domain.tasks.task import UNWANTED, Task

MAY_WORK = (MrdState.READY, MrdState.ACTIVE)
BEFORE = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Judge(Rules):
    """What should be done now, found by reading everything from the beginning, each time anew."""

    agents: dict[str, Agent] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    queues: dict[str, s.Queue] = field(default_factory=dict)
    calendars: dict[str, BusinessCalendar] = field(default_factory=dict)
    since: dict[tuple[str, str], datetime] = field(default_factory=dict)
    missed: dict[tuple[str, str], int] = field(default_factory=dict)
    readied: dict[tuple[str, str], int] = field(default_factory=dict)
    out: dict[str, tuple[str, str]] = field(default_factory=dict)
    queued: dict[str, None] = field(default_factory=dict)
    talking: dict[str, dict[str, str]] = field(default_factory=dict)
    now: datetime = BEFORE
    gone: set[str] = field(default_factory=set)
    leaving: set[str] = field(default_factory=set)
    _opened: dict[tuple[str, datetime], bool] = field(default_factory=dict)
    _matching: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _free: dict[str, dict[str, None]] = field(default_factory=dict)

    @classmethod
    def of(cls, history: list[Recorded[Any]], made: dict[int, list[Move]]) -> "Judge":
        """`made`: the offers that were made after so many facts and not taken back."""
        scan = cls()
        for number, recorded in enumerate(history):
            scan._note_made(made.get(number, []))
            scan._read(recorded)
        scan._note_made(made.get(len(history), []))
        return scan

    def _note_made(self, moves: list[Move]) -> None:
        self._free.clear()
        for move in moves:
            self.out[move.task_id] = (move.agent_id, move.mrd_id)

    def _read(self, recorded: Recorded[Any]) -> None:
        subject, fact = recorded.subject, recorded.fact
        self._free.clear()
        match recorded.category:
            case "calendar":
                self.calendars[subject] = fact.settings
                self._opened.clear()
            case "queue":
                if isinstance(fact, QueueConfigured):
                    self.queues[subject] = fact.settings
                else:
                    self.queues.pop(subject, None)
                self._matching.clear()
            case "task":
                task = self.tasks[subject] = self.tasks.get(subject, Task()).evolve(fact)
                self._note_talk(subject, task)
                self._note_missed(subject, fact, recorded.position)
                if isinstance(fact, TaskReserved | TaskAccepted | TaskClosed):
                    self.out.pop(subject, None)
            case "agent":
                before = self.agents.get(subject, Agent())
                after = self.agents[subject] = before.evolve(fact)
                if before.attributes != after.attributes or before.mrds.keys() != after.mrds.keys():
                    for queue in self.queues:
                        self._matching.pop((queue, subject), None)
                self._note_since(subject, before, after, fact, recorded.at)
                self._note_offers(subject, fact)
                if isinstance(fact, MrdMadeReady):
                    self.readied[subject, fact.mrd_id] = recorded.position

    def _note_talk(self, subject: str, task: Task) -> None:
        if task.media_state is MediaState.QUEUED:
            self.queued[subject] = None
        else:
            self.queued.pop(subject, None)
        if task.created is not None and task.agent_id is not None:
            talk = self.talking.setdefault(task.created.conversation_id, {})
            if task.closed is None:
                talk[subject] = task.agent_id
            else:
                talk.pop(subject, None)

    def _note_missed(self, task: str, fact: Any, position: int) -> None:
        """Since when somebody is left out: since they let it ring, or since the request came so."""
        match fact:
            case TaskClosed(reason=reason, agent_id=agent) if reason in UNWANTED and self.tasks[task].routing:
                self.missed[self.tasks[task].routing.root_request_id, agent] = position
            case TaskQueued(routing=routing):
                for agent in routing.excluded:
                    self.missed.setdefault((routing.root_request_id, agent), position)

    def _note_since(self, agent: str, before: Agent, after: Agent, fact: Any, at: datetime) -> None:
        for mrd in after.mrds:
            ended = isinstance(fact, SlotReleased) and fact.mrd_id == mrd
            became = not _wants(before, mrd) and _wants(after, mrd)
            gave_way, gives_way = (mrd in it.giving_way(it.slots.values()) for it in (before, after))
            goes_on = isinstance(fact, SlotReleased | MrdMirrored) and gave_way and not gives_way  # routing 35
            if ended or became or goes_on:
                self.since[agent, mrd] = at

    def _note_offers(self, agent: str, fact: Any) -> None:
        match fact:
            case SlotReserved(task_id=task, mrd_id=mrd) if task not in self.out and self.waits(task):
                self.out[task] = (agent, mrd)
            case SlotReleased(task_id=task) if self.out.get(task, ("", ""))[0] == agent:
                del self.out[task]

    def waits(self, task: str) -> bool:
        return task in self.queued

    def opened(self, calendar: str, at: datetime) -> bool:
        if (calendar, at) not in self._opened:
            self._opened[calendar, at] = self.calendars[calendar].is_open(at)
        return self._opened[calendar, at]

    def _queue(self, task: str) -> s.Queue:
        return self.queues[self.tasks[task].routing.queue_id]

    def _counts(self, task: str, step: s.Step) -> bool:
        """Is the step for this request at all (routing 9)?"""
        data, counts = self.tasks[task].routing.data, True
        for number, condition in enumerate(step.consider_if):  # from left to right
            holds = condition.holds(data)
            either = number and condition.junction is s.Junction.OR
            counts = (counts or holds) if either else (counts and holds)
        return counts

    def _ranks(self, task: str, agent: str) -> list[int]:
        """The steps for this request that name this agent."""
        queue, key = self._queue(task), (self.tasks[task].routing.queue_id, agent)
        if key not in self._matching:
            it = self.agents[agent]
            here = queue.mrd_id in it.mrds
            self._matching[key] = [n for n, step in enumerate(queue.steps) if here and step.matches(it.attributes)]
        return [number for number in self._matching[key] if self._counts(task, queue.steps[number])]

    def _stands_at(self, task: str) -> int | None:
        """The last step that counts, of those that it reached; none yet if there is none."""
        reached, steps = self.tasks[task].routing.step, self._queue(task).steps
        return max((n for n, step in enumerate(steps) if n <= reached and self._counts(task, step)), default=None)

    def rank(self, task: str, agent: str) -> int | None:
        """By which step this agent may have this request now."""
        routing, ranks, at = self.tasks[task].routing, self._ranks(task, agent), self._stands_at(task)
        if routing.step < 0:
            waited_for = routing.last_agent_id == agent and not self.is_left_out(task, agent)
            return -1 if waited_for and ranks else None
        if self._queue(task).step_mode is s.StepMode.REPLACE:
            return at if at in ranks else None
        return min((rank for rank in ranks if rank <= routing.step), default=None)

    def eligible(self, task: str, agent: str) -> bool:
        talks = agent in self.talking.get(self.tasks[task].created.conversation_id, {}).values()
        return agent in self.free(self._queue(task).mrd_id) and not talks

    def free(self, mrd: str) -> dict[str, None]:
        """Who may have an offer of this domain at all."""
        if mrd not in self._free:
            promised = {agent for agent, its_mrd in self.out.values() if its_mrd == mrd}
            self._free[mrd] = {
                a: None for a, it in self.agents.items() if a not in promised and _may_have_more(it, mrd)
            }
        return self._free[mrd]

    def is_left_out(self, task: str, agent: str) -> bool:
        return agent in self.tasks[task].routing.excluded

    def _came_back(self, task: str, agent: str) -> bool:
        mrd, root = self._queue(task).mrd_id, self.tasks[task].routing.root_request_id
        return self.readied.get((agent, mrd), 0) > self.missed[root, agent]

    def able(self, task: str) -> list[str]:
        """Whoever let it ring comes into question when nobody else does and they became ready since (routing 24, 26)."""
        talking = self.talking.get(self.tasks[task].created.conversation_id, {}).values()
        free = [a for a in self.free(self._queue(task).mrd_id) if a not in talking]
        able = [a for a in free if self.rank(task, a) is not None]
        others = [a for a in able if not self.is_left_out(task, a)]
        return others or [a for a in able if self._came_back(task, a)]

    def key(self, task: str, agent: str) -> Any:
        queue, it = self._queue(task), self.agents[agent]
        rank = self.rank(task, agent)
        named = set(queue.steps[rank].attribute_ids() if rank >= 0 else ())  # routing 14: of the matched step
        skill = sum(it.attributes.get(attribute, 0) for attribute in named)
        first = {"LONGEST_AVAILABLE": 0, "MOST_SKILLED": -skill, "LEAST_SKILLED": skill}[queue.agent_selection]
        fullness = it.load(queue.mrd_id) / it.mrds[queue.mrd_id].tasks_max
        return self.rank(task, agent), first, fullness, self.since[agent, queue.mrd_id], agent

    def widenings(self, now: datetime) -> list[Plain]:
        """By the clock alone, absolute from the first enqueue (routing 10)."""
        found = []
        for task in self.queued:
            due, routing = self.tasks[task].routing.first_enqueued_at, self.tasks[task].routing
            if routing.step < 0 and now < routing.last_agent_until:
                continue
            if routing.step < 0:
                found.append(("widen", task, "WAITED", 0))
            for number, step in enumerate(self._queue(task).steps[:-1], 1):
                counts = self._counts(task, step)
                due += timedelta(seconds=step.timeout_s if counts else 0)
                if due <= now and number > routing.step:
                    found.append(("widen", task, "WAITED" if counts else "NOT_CONSIDERED", number))
        return found

    def moves(self, now: datetime) -> list[Plain]:
        """In the order of the work, each request takes the best agent who is left (routing 16, 18)."""
        self.now = now
        for task in [it for it in self.queued if self.tasks[it].routing.queue_id not in self.queues]:
            del self.queued[task]  # its queue was retired
        self.stand_in_other_queues()
        found = self.widenings(now)
        moving = {task for _, task, *_ in found}
        self.gone = set(self.leaving)
        diverted = self.closed(now)
        waiting = [task for task in self.queued if task not in self.out and not self.is_gone(task)]
        for task in sorted(waiting, key=self._place):
            if task not in self.out and (able := self.able(task)):
                best = min(able, key=lambda agent: self.key(task, agent))
                self.gives(task, (best, self._queue(task).mrd_id))
                found.append(("offer", task, best, self.rank(task, best)))
        diverted += self.overflowing(now, {it[1] for it in diverted})
        found += diverted + [skip for skip in self.skips() if skip[1] not in moving]
        return [self.told(it) for it in found]

    def _place(self, task: str) -> Any:
        """With what they have grown more urgent by, where the queue says so."""
        routing, queue = self.tasks[task].routing, self._queue(task)
        priority = routing.priority
        if queue.ageing_s and priority < PRIORITY_MAX:
            waited_s = (self.now - routing.first_enqueued_at).total_seconds()
            priority = min(PRIORITY_MAX, priority + max(0, int(waited_s // queue.ageing_s)))
        return -queue.priority, -priority, routing.first_enqueued_at, task

    # Beside an engine at work, which carries out at once what it decides

    def feed(self, recorded: Recorded[Any]) -> None:
        self._read(recorded)

    def decide(self, now: datetime) -> list[Plain]:
        """`moves`, and nothing is changed by it."""
        out, queued, tasks = dict(self.out), dict(self.queued), self.tasks
        self.tasks = dict(tasks)
        found = in_order(self.moves(now))
        self.out, self.queued, self.tasks = out, queued, tasks
        self._free.clear()
        return found

    def plain(self, moves: list[Move]) -> list[Plain]:
        return in_order([plain(move) for move in moves])

    def skip(self) -> None:
        """Nothing is to be remembered of what is not compared."""


def _may_have_more(it: Agent, mrd: str) -> bool:
    if mrd not in it.mrds or not it.takes_offers or it.mrd_state(mrd) not in MAY_WORK or not _wants(it, mrd):
        return False
    return not any(slot.state is SlotState.RESERVED and slot.mrd_id == mrd for slot in it.slots.values())


def _wants(agent: Agent, mrd: str) -> bool:
    """But for what goes on in other domains."""
    it = agent.mrds.get(mrd, Mrd())
    state = mrd_state(agent.logged_in, it.willing and agent.ready, agent.load(mrd), it.tasks_max)
    return it.mirrored is None and state in MAY_WORK


def plain(move: Move) -> Plain:
    if isinstance(move, Offer):
        return "offer", move.task_id, move.agent_id, move.step
    if isinstance(move, Diverting):
        return "divert", move.task_id, move.rule, move.measured
    where = f" in {move.queue_id}" if move.queue_id else ""
    return "widen", move.task_id, f"{move.reason.value}{where}", move.step


def in_order(moves: list[Plain]) -> list[Plain]:
    """Offers follow the order of the work; the order of steps does not matter."""
    return [it for it in moves if it[0] == "offer"] + sorted(it for it in moves if it[0] != "offer")
