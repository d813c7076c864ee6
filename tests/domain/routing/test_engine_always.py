"""Does the engine, which only looks at what changed, do what looking at everything would do? Random days say so."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from bench.routing_judge import Judge, in_order, plain
from domain.agents.agent import Agent
from domain.agents.facts import MrdState, SlotState
from domain.agents.states import Mirrored
from domain.configuration import settings as s
from domain.configuration.calendar import BusinessCalendar, Hours, Weekday, WeeklyHours
from domain.configuration.diversions import Diversion, DiversionAction, Opening, Overflow, OverflowCondition
from domain.configuration.request_data import Consideration
from domain.ids import AgentId, CalendarId, MrdId, QueueId
from domain.kernel import Refused, replace
from domain.routing.decisions import NAMED_MAX, Obstacle
from domain.routing.engine import Engine, Move, Offer, State
from domain.tasks.facts import (
    LAST_AGENT_STEP,
    MediaState,
    TaskReserved,
)
from tests.domain.routing.floor import ANYBODY, CHAT, EMAIL, SENIOR, SPANISH, Floor, knows

VOICE = MrdId("voice")
GE = s.RelationalOperator.GE
MAY_WORK = (MrdState.READY, MrdState.ACTIVE)


def stir(engine: Engine) -> None:
    """All that waits is new, so that nothing is served apart from the others."""
    for pool in engine._pools.values():
        pool.line_up()
        pool.stirred |= pool.work.members


def obstacle(scan: Judge, task: str, agent: str) -> Obstacle | None:
    """What keeps this agent from this request, asked of them alone (routing 12)."""
    it, mrd = scan.agents[agent], scan._queue(task).mrd_id
    if mrd not in it.mrds:
        return None
    if scan.rank(task, agent) is None:
        return None if scan.tasks[task].routing.step == LAST_AGENT_STEP else Obstacle.ATTRIBUTES
    ringing = any(slot.mrd_id == mrd and slot.state is SlotState.RESERVED for slot in it.slots.values())
    found = {
        Obstacle.LOGGED_OUT: not it.logged_in,
        Obstacle.NOT_READY: not it.ready,
        Obstacle.MRD_NOT_READY: not it.mrds[mrd].willing,
        Obstacle.EXCLUDED: scan.is_left_out(task, agent),
        Obstacle.IN_CONVERSATION: agent in scan.talking.get(scan.tasks[task].created.conversation_id, {}).values(),
        Obstacle.DISCONNECTED: bool(it.lost_desk),
        Obstacle.INTERRUPTED: mrd in it.giving_way(it.slots.values()),
        Obstacle.OFFERED: ringing or (agent, mrd) in scan.out.values(),
        Obstacle.BUSY: True,
    }
    return next(why for why, holds in found.items() if holds)


class Day(Floor):
    """Random events; whatever the engine decides is compared with a rescan, and with a twin that restarts now and then and
    never takes a short cut: it looks at everything that waits, each time.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = Random(seed)
        self.twin = Engine()
        self.made: dict[int, list[Move]] = {}
        self.under_way: list[Offer] = []
        self.half_way: list[Offer] = []
        self.number = 0

    def tell(self, stream: str, fact: Any) -> None:
        super().tell(stream, fact)
        self.twin.feed(self.history[-1])

    def open(self) -> None:
        rich, known = Consideration("value", GE, "100"), Consideration("known", s.RelationalOperator.HAS)
        none_ready, none_here = s.SkipIf.NONE_READY, s.SkipIf.NONE_LOGGED_IN
        sales = replace(knows(SPANISH, 5, 10), skip_if=none_ready), replace(knows(SPANISH, 2, 10), consider_if=(rich,))
        self.queue("sales", CHAT, *sales, ANYBODY, ageing_s=11)
        support = replace(knows(SENIOR, 1, 15), consider_if=(known,)), replace(knows(SPANISH, 1, 5), skip_if=none_here)
        self.queue("support", CHAT, *support, ANYBODY, step_mode=s.StepMode.REPLACE, priority=5, ageing_s=7)
        most = s.AgentSelectionPolicy.MOST_SKILLED
        self.queue("annex", EMAIL)
        self.queue("loft", EMAIL, ageing_s=8)
        self.opens()
        letters = knows(SPANISH, 6, 10), knows(SENIOR, 1, 10), ANYBODY
        more = {"opening": self.an_opening(), "overflow": self.overflows()}
        self.queue("letters", EMAIL, *letters, agent_selection=most, **more)
        self.staff("ada", mrds=(CHAT, EMAIL), tasks_max=2, spanish=7)
        self.staff("grace", mrds=(CHAT,), tasks_max=1, spanish=3, senior=1)
        self.staff("alan", mrds=(CHAT, EMAIL), tasks_max=3)
        self.staff("edsger", mrds=(EMAIL,), tasks_max=1, senior=1)

    def decides(self) -> None:
        expected = Judge.of(self.history, self.made).moves(self.now)
        moves = self.engine.decide(self.now)
        assert in_order([plain(move) for move in moves]) == in_order(expected)
        stir(self.twin)
        assert self.twin.decide(self.now) == moves
        self._checks_reasons(moves)
        for move in moves:
            if isinstance(move, Offer):
                self.made.setdefault(len(self.history), []).append(move)
                self.under_way.append(move)
        for move in moves:
            if not isinstance(move, Offer):
                self.carry_out(move)
        if any(not isinstance(move, Offer) for move in moves):
            self.decides()

    def _checks_reasons(self, moves: list[Move]) -> None:
        """Each offer names those who could have had it, best first, as a look at everything does (routing 12, 13)."""
        scan = Judge.of(self.history, self.made)
        scan.stand_in_other_queues()
        for move in moves:
            if not isinstance(move, Offer):
                continue
            told, task = move.decision, move.task_id
            if told.queue_id != self.tasks[task].routing.queue_id:  # routing 11
                task = f"{task} in {told.queue_id}"
            able = sorted(scan.able(task), key=partial(scan.key, task))
            assert [it.agent_id for it in told.candidates] == able[:NAMED_MAX]
            assert told.candidate_count == len(able)
            kept = {agent: obstacle(scan, task, agent) for agent in scan.agents if agent not in able}
            assert told.rejected_counts == Counter(why for why in kept.values() if why is not None)
            assert all(it.obstacle is kept[it.agent_id] for it in told.rejected)
            scan.gives(move.task_id, (move.agent_id, move.mrd_id))

    def take_back(self, offer: Offer) -> None:
        for engine in (self.engine, self.twin):
            engine.forget(offer)
        for moves in self.made.values():
            if offer in moves:
                moves.remove(offer)

    def something_happens(self) -> None:
        events = [self.somebody_asks] * 4 + [self.an_agent_chooses] * 2 + [self.a_task_goes_on] * 6
        events += [self.an_offer_goes_on] * 6 + [self.time_passes, self.something_is_configured, self.the_twin_restarts]
        self.random.choice(events)()

    def somebody_asks(self) -> None:
        self.number += 1
        queue, mrd = self.random.choice([("sales", CHAT), ("support", CHAT), ("letters", EMAIL), ("annex", EMAIL)])
        conversation = f"c{self.random.randrange(12)}"
        data = self.random.choice([{}, {"value": "50"}, {"value": "500"}, {"known": "yes"}])
        more = {"priority": self.random.randint(1, 3), "data": data}
        if self.random.random() < 0.3:
            until = self.now + timedelta(seconds=self.random.choice([0, 3, 30]))
            last = AgentId(self.random.choice(list(self.agents)))
            more |= {"step": LAST_AGENT_STEP, "last_agent_id": last, "last_agent_until": until}
        others = [it for it in (("sales", "support") if mrd == CHAT else ("letters", "annex", "loft")) if it != queue]
        if self.random.random() < 0.4:
            more["also_in"] = tuple(map(QueueId, self.random.sample(others, self.random.randint(1, len(others)))))
        self.ask(f"t{self.number:03}", queue, mrd, conversation, **more)

    def an_agent_chooses(self) -> None:
        if self.random.random() < 0.6:
            self._begin_work(self.random.choice(list(self.agents)))
            return
        mrd = self.random.choice([CHAT, EMAIL])
        choice = self.random.choice(
            [
                lambda agent: agent.log_out(),
                lambda agent: agent.make_not_ready("lunch"),
                lambda agent: agent.make_mrd_ready(mrd),
                lambda agent: agent.make_mrd_not_ready(mrd, ""),
                lambda agent: agent.grant_mrd(mrd, self.random.randint(1, 3)),
                lambda agent: agent.assign_attribute(SPANISH, self.random.randint(1, 9)),
                lambda agent: agent.withdraw_attribute(SENIOR),
                lambda agent: agent.assign_attribute(SENIOR, 1),
                lambda agent: agent.lose_state("crash"),
                lambda agent: agent.connect(self.random.choice(["a", "b"]), several=self.random.random() < 0.3),
                lambda agent: agent.disconnect(self.random.choice(["a", "b"]), self.now),
                lambda agent: agent.grant_mrd(VOICE, 1),
                lambda agent: agent.mirror(VOICE, self._told()),
                lambda agent: agent.mirror(VOICE, self._told()),
            ]
        )
        try:
            self.agent(self.random.choice(list(self.agents)), choice)
        except Refused:
            return

    def _told(self) -> Mirrored:
        """What another system says of its calls: they interrupt what can be interrupted."""
        states = (MrdState.READY, MrdState.BUSY, MrdState.NOT_READY)
        return Mirrored(self.random.choice(states), False, dict.fromkeys(self.interruptible, s.InterruptionAction.HOLD))

    def _begin_work(self, id: str) -> None:
        self.agent(id, lambda agent: agent.connect("a", several=False))
        self.agent(id, lambda agent: agent.log_in())
        self.agent(id, lambda agent: agent.make_ready())
        for mrd in (it for it in (CHAT, EMAIL) if it in self.agents[id].mrds):
            self.agent(id, partial(Agent.make_mrd_ready, mrd=mrd))

    def a_task_goes_on(self) -> None:
        live = [id for id, task in self.tasks.items() if task.closed is None]
        if not live:
            return
        id = self.random.choice(live)
        match self.tasks[id].media_state:
            case MediaState.QUEUED if self.random.random() < 0.1:
                self.cancel(id)
            case MediaState.RESERVED:
                self.random.choice([self.accept, self.accept, self.let_it_ring, self.cancel])(id)
            case MediaState.ACTIVE:
                self.random.choice([self.finish, self.wrap_up])(id)

    def wrap_up(self, id: str) -> None:
        holds_slot = self.random.random() < 0.5
        self.agent(self.tasks[id].agent_id, lambda agent: agent.wrap_up(id, holds_slot=holds_slot))

    def an_offer_goes_on(self) -> None:
        """It is refused, holds a slot, or rings; other things happen in between."""
        if self.half_way and self.random.random() < 0.5:
            self.ring(self.half_way.pop(0))
        elif self.under_way:
            offer = self.under_way.pop(self.random.randrange(len(self.under_way)))
            try:
                if self.random.random() < 0.15:
                    raise Refused("somebody else was first")
                self.agent(
                    offer.agent_id,
                    lambda it: it.reserve(
                        offer.mrd_id,
                        offer.task_id,
                        offer.offer_id,
                        offer.step,
                        offer.decision,
                        **self.interruption(it, offer.mrd_id),
                    ),
                )
            except Refused:
                self.take_back(offer)
            else:
                self.half_way.append(offer)

    def time_passes(self) -> None:
        self._pass(self.random.choice([1, 5, 20]))

    def something_is_configured(self) -> None:
        if self.random.random() < 0.2:
            self.opens()
        elif self.random.random() < 0.3:
            policy = self.random.choice(list(s.AgentSelectionPolicy))
            seniors = knows(SENIOR, 1, 5)
            skipped = replace(seniors, skip_if=self.random.choice(list(s.SkipIf)))
            left = replace(seniors, skip_when=self.conditions())
            either = Consideration("known", s.RelationalOperator.HAS, junction=self.random.choice(list(s.Junction)))
            considered = replace(seniors, consider_if=(Consideration("value", GE, "100"), either))
            first = self.random.choice([seniors, skipped, left, left, considered, knows(SPANISH, 3, 5)])
            steps = self.random.choice([(), (first, ANYBODY), (first, knows(SPANISH, 6, 5), ANYBODY)])
            more = {"opening": self.an_opening(), "overflow": self.overflows()} if self.random.random() < 0.6 else {}
            more |= {"ageing_s": self.random.choice([0, 6])}
            self.queue("letters", EMAIL, *steps, priority=self.random.randint(1, 9), agent_selection=policy, **more)

    def conditions(self) -> tuple[s.SkipCondition, ...]:
        """What a step is left by (routing 8); an estimate is not the engine's to make."""
        known = [it for it in s.Measure if it is not s.Measure.ESTIMATED_WAIT_S]
        operators = [it for it in s.RelationalOperator if it is not s.RelationalOperator.HAS]
        return tuple(
            s.SkipCondition(
                self.random.choice(known),
                self.random.choice(operators),
                self.random.choice([0, 1, 1, 2, 9]),
                self.random.choice(list(s.Junction)),
            )
            for _ in range(self.random.randint(1, 3))
        )

    def opens(self) -> None:
        """The office opens and closes every few moments, by a calendar that changes."""
        second, hours = self.random.randrange(60), []
        moment = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=second)
        for _ in range(12):
            until = moment + timedelta(seconds=self.random.choice([5, 20, 60]))
            hours.append(Hours(moment.time(), until.time()))
            moment = until + timedelta(seconds=self.random.choice([5, 20, 60]))
        self.configure("office", BusinessCalendar("Office", "UTC", (WeeklyHours(tuple(Weekday), tuple(hours)),)))

    def an_opening(self) -> Opening | None:
        at_closing = self.random.choice([None, self.a_diversion()])
        return self.random.choice([None, Opening(CalendarId("office"), self.a_diversion(), at_closing)])

    def overflows(self) -> tuple[Overflow, ...]:
        thresholds = {OverflowCondition.QUEUE_LENGTH: (1, 3), OverflowCondition.OLDEST_WAIT: (5, 40)}
        known = [it for it in OverflowCondition if it is not OverflowCondition.ESTIMATED_WAIT]  # not the engine's
        conditions = self.random.sample(known, self.random.randint(0, 3))
        return tuple(
            Overflow(it, self.a_diversion(), self.random.choice(thresholds.get(it, (0,)))) for it in conditions
        )

    def a_diversion(self) -> Diversion:
        return self.random.choice(
            [
                Diversion(DiversionAction.OTHER_QUEUE, QueueId(self.random.choice(["annex", "loft"]))),
                Diversion(DiversionAction.MESSAGE, message="Please wait"),
                Diversion(DiversionAction.CLOSE),
            ]
        )

    def the_twin_restarts(self) -> None:
        """Offers that nobody has carried out yet would be thought over anew, so there must be none."""
        while self.under_way:
            self.an_offer_goes_on()
        self.decides()
        if not self.under_way:
            self.twin = Engine(msgspec.json.decode(msgspec.json.encode(self.twin.state), type=State))
            assert self.twin.decide(self.now) == []


# routing 12, 13, 16, 17, 18, 34, 35, 39, 67
@pytest.mark.parametrize("seed", range(16))
def test_the_engine_does_what_a_look_at_everything_would_do(seed: int) -> None:
    day = Day(seed)
    day.interruptible = set(day.random.choice([(), (CHAT,), (EMAIL,), (CHAT, EMAIL)]))
    day.open()
    for _ in range(150):
        day.something_happens()
        if day.random.random() < 0.8:
            day.decides()
    assert sum(isinstance(recorded.fact, TaskReserved) for recorded in day.history) >= 4, "a day worth looking at"
