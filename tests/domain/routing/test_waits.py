"""How long may it still be? Places in line, estimates, and how wrong they were: routing 65."""

import random
from datetime import datetime, timedelta
from functools import partial

import msgspec
import pytest

from domain.configuration import settings as s
from domain.configuration.diversions import Diversion, DiversionAction, Overflow, OverflowCondition
from domain.ids import QueueId, TaskId
from domain.kernel import Invalid
from domain.routing.moves import Diverting
from domain.routing.pace import KEPT, Method, Pace, clamped
from domain.routing.waits import Waits
from domain.tasks.facts import TaskCloseReason
from tests.domain.routing.floor import ANYBODY, CHAT, NOON, Floor


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Line(Floor):
    """A floor whose waits are followed."""

    def __init__(self, **queue: object) -> None:
        super().__init__()
        self.waits = Waits()
        self.queue("sales", CHAT, ANYBODY, **queue)

    def tell(self, stream: str, fact: object) -> None:
        super().tell(stream, fact)
        if hasattr(self, "waits"):
            self.waits.feed(self.history[-1])

    def places(self, *ids: str) -> list[int | None]:
        return [found.position if (found := self.waits.of(id, self.now)) else None for id in ids]


def test_whoever_comes_later_stands_behind() -> None:
    line = Line()
    for id in ("t1", "t2", "t3"):
        line.ask(id)
    assert line.places("t1", "t2", "t3") == [1, 2, 3]
    line.cancel("t1")
    assert line.places("t1", "t2", "t3") == [None, 1, 2]


def test_priority_goes_before_waiting_and_a_missed_offer_before_both() -> None:  # routing 16, 24
    line = Line()
    line.ask("t1")
    line.ask("t2", priority=5)
    assert line.places("t1", "t2") == [2, 1]
    line.staff("ada")
    assert line.settle() == {"t2": "ada"}
    assert line.places("t1", "t2") == [2, 1], "it rings, and is not answered yet"
    again = line.let_it_ring("t2")
    line.ask("t3", priority=10)
    assert line.places("t1", again, "t3") == [3, 1, 2]
    assert line.waits.of_request("t2", line.now).position == 1, "by the task that it began with"


def test_who_moves_to_another_queue_leaves_the_one() -> None:  # routing 58
    line = Line()
    line.queue("service", CHAT, ANYBODY)
    line.ask("t1")
    line.ask("t2")
    line.task("t1", lambda task: task.take_away(TaskCloseReason.REROUTE))
    line.ask("t1'", "service", root_request_id=TaskId("t1"), attempt=2, entered_at=line.now)
    assert line.places("t1'", "t2") == [1, 1]
    assert [line.waits.pace(queue).waiting for queue in ("sales", "service")] == [1, 1]


def test_where_nothing_is_known_nothing_is_promised() -> None:
    line = Line()
    line.ask("t1")
    assert (line.waits.of("t1", line.now).wait_s, line.waits.of("t1", line.now).method) == (None, Method.UNKNOWN)


def test_with_few_answers_the_time_of_a_talk_is_shared_by_those_who_talk() -> None:
    pace = Pace()
    for n in range(3):
        pace.entered()
        pace.answered(at(n), at(n), was_first=False, foretold_s=None)
    pace.served(at(0), at(120))
    assert pace.active == 2
    assert pace.estimate(1) == (60.0, Method.HANDLING)
    assert pace.estimate(3) == (180.0, Method.HANDLING)


def test_the_place_n_waits_as_long_as_the_first_and_between_answers() -> None:
    pace = Pace()
    for n in range(6):
        pace.entered()
        pace.answered(at(60 + 30 * n), at(0), was_first=n == 0, foretold_s=None)
    assert pace.gaps == [30.0] * 5
    for n in range(2):
        pace.entered()
        pace.answered(at(1_000 + n), at(1_000 + n - 4), was_first=True, foretold_s=None)
    assert pace.firsts == [60.0, 4.0, 4.0]
    assert pace.estimate(1) == (pytest.approx(68 / 3), Method.ANSWERS)
    assert pace.estimate(4)[0] == pytest.approx(68 / 3 + 3 * sum(pace.gaps) / len(pace.gaps))


def test_time_in_which_nobody_waited_does_not_count_as_slowness() -> None:
    pace = Pace()
    pace.entered()
    pace.answered(at(5), at(0), was_first=True, foretold_s=None)
    pace.entered()
    pace.answered(at(3_605), at(3_600), was_first=True, foretold_s=None)
    assert pace.gaps == []


def test_only_the_last_answers_count() -> None:
    pace = Pace()
    for n in range(100):
        pace.entered()
        pace.answered(at(n), at(0), was_first=False, foretold_s=None)
    assert len(pace.gaps) == KEPT


def test_what_was_foretold_is_held_against_what_came() -> None:
    pace = Pace()
    pace.entered()
    assert pace.answered(at(50), at(0), was_first=True, foretold_s=80.0) == 30.0
    assert pace.answered(at(50), at(0), was_first=False, foretold_s=None) is None


def test_a_queue_says_what_may_be_told() -> None:
    assert clamped(10, 30, 120) == 30
    assert clamped(600, 30, 120) == 120
    assert clamped(600, 30, 0) == 600
    assert clamped(None, 30, 120) is None
    line = Line(ewt_min_s=45)
    for n in range(3):
        line.staff(f"a{n}")
        line.ask(f"t{n}")
        line.settle()
        line.accept(f"t{n}")
    assert line.waits.expected_s("sales") == 0  # as it is, not as it is told (routing 8)
    line.ask("t9")
    assert line.waits.of("t9", line.now).wait_s == 45
    assert line.waits.of_newcomer("sales").position == 2
    assert line.waits.expected_s("sales") is None  # of the second nothing is known yet


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ewt_min_s": 60, "ewt_max_s": 30}, "ewt_max_s"),
        ({"ewt_min_s": -1}, "ewt_min_s"),
        ({"wait_message": "You are {place}."}, "wait_message"),
    ],
)
def test_what_may_not_be_told_is_refused(wrong, field) -> None:
    with pytest.raises(Invalid) as refused:
        s.Queue("Sales", CHAT, **wrong).check()
    assert refused.value.field == field


def test_a_day_leaves_nothing_behind() -> None:
    line, die = Line(), random.Random(1)
    line.staff("ada", "grace", tasks_max=3)
    for n in range(60):
        line.ask(f"t{n}")
        line.settle()
        line.wait(die.randint(1, 9))
        for id, task in list(line.tasks.items()):
            if task.closed is not None:
                continue
            if task.media_state == "RESERVED":
                die.choice([line.accept, line.accept, line.let_it_ring, line.cancel])(id)
            elif task.media_state == "ACTIVE" and die.random() < 0.5:
                line.finish(id)
            elif task.media_state == "QUEUED" and die.random() < 0.1:
                line.cancel(id)
        for agent in ("ada", "grace"):
            line.agent(agent, partial(lambda it: it.make_mrd_ready(CHAT)))
    for id, task in list(line.tasks.items()):
        if task.closed is None:
            line.task(id, lambda it: it.take_away(TaskCloseReason.FORCE_CLOSED))
    waits = line.waits
    assert (waits.requests, waits.tasks, waits.moved, waits.served, waits.created) == ({}, {}, {}, {}, {})
    assert (waits.lines, waits.paces["sales"].waiting, waits.paces["sales"].active) == ({"sales": []}, 0, 0)
    assert waits.paces["sales"].handled


def test_it_goes_on_from_a_snapshot() -> None:
    line = Line()
    for id in ("t1", "t2"):
        line.ask(id)
    again = msgspec.json.decode(msgspec.json.encode(line.waits), type=Waits)
    assert again == line.waits
    assert again.of("t2", line.now) == line.waits.of("t2", line.now)


def a_day_of(agents: int, load: float, talk_s: float, requests: int) -> list[tuple[float, float, int]]:
    """First come, first served: when each came and was answered."""
    die, now, came = random.Random(7), 0.0, []
    free = [0.0] * agents
    for n in range(requests):
        now += die.expovariate(agents * load / talk_s)
        start = max(now, min(free))
        free[free.index(min(free))] = start + die.expovariate(1 / talk_s)
        came.append((now, start, n))
    return came


@pytest.mark.parametrize(("agents", "load"), [(5, 0.97), (20, 0.97), (5, 0.8)])
def test_estimates_are_nearer_to_the_truth_than_the_mean_wait_is(agents: int, load: float) -> None:
    came = a_day_of(agents, load, 300, 800)
    pace, told = Pace(), {}
    errors, waits = [], []
    for moment, is_answer, n in sorted([(t, 0, n) for t, _, n in came] + [(t, 1, n) for _, t, n in came]):
        if not is_answer:
            was_first = not pace.waiting
            told[n] = was_first, pace.entered()
            continue
        was_first, foretold_s = told[n]
        error = pace.answered(at(moment), at(came[n][0]), was_first=was_first, foretold_s=foretold_s)
        if error is not None:
            errors.append(abs(error))
            waits.append(moment - came[n][0])
    mean = sum(waits) / len(waits)
    of_the_mean = sum(abs(wait - mean) for wait in waits) / len(waits)
    assert len(errors) > 700
    assert sum(errors) / len(errors) < 0.75 * of_the_mean


def test_whoever_is_sent_to_another_queue_waits_there_and_not_here() -> None:  # routing 58, 65
    line = Line()
    line.queue("night", CHAT, ANYBODY)
    line.ask("t0"), line.ask("t1")
    to_night = Diversion(DiversionAction.OTHER_QUEUE, QueueId("night"))
    line.carry_out(Diverting("t0", "sales: a rule", to_night))
    assert (line.waits.pace("sales").waiting, line.waits.pace("night").waiting) == (1, 1)
    assert line.places("t0", "t0+", "t1") == [None, 1, 1]
    line.staff("ada", "grace"), line.settle()
    line.accept("t0+"), line.accept("t1")
    assert (line.waits.pace("sales").waiting, line.waits.pace("night").waiting) == (0, 0)


def test_whoever_would_wait_too_long_is_sent_on_once_by_each_rule() -> None:  # routing 58
    told = Diversion(DiversionAction.MESSAGE, message="It takes long.")
    line = Line(overflow=(Overflow(OverflowCondition.ESTIMATED_WAIT, told, 90),))
    line.waits.paces["sales"] = Pace(firsts=[30.0] * 3, gaps=[40.0] * 3)
    for task in ("t1", "t2", "t3", "t4"):
        line.ask(task)
    moves = list(line.waits.overflowing(line.now))
    assert [(it.task_id, it.measured) for it in moves] == [("t3", 110), ("t4", 150)]
    line.carry_out(moves[0])
    assert [it.task_id for it in line.waits.overflowing(line.now)] == ["t4"]


def test_where_nothing_is_known_nobody_is_sent_on() -> None:  # routing 58, 65
    line = Line(overflow=(Overflow(OverflowCondition.ESTIMATED_WAIT, Diversion(DiversionAction.CLOSE), 1),))
    line.ask("t1")
    assert list(line.waits.overflowing(line.now)) == []


def test_whoever_has_waited_long_stands_before_who_was_more_urgent() -> None:  # routing 16, 65
    line = Line(ageing_s=10)
    line.ask("old")
    line.now += timedelta(seconds=15)
    line.ask("urgent", priority=2)
    line.ask("most urgent", priority=3)
    assert line.places("old", "urgent", "most urgent") == [2, 3, 1]
    line.now += timedelta(seconds=10)
    assert line.places("old", "urgent", "most urgent") == [2, 3, 1], "all three have grown by one"
    line.now += timedelta(seconds=600)
    assert line.places("old", "urgent", "most urgent") == [1, 2, 3]


def test_whoever_has_waited_long_is_not_sent_on_for_who_came_later() -> None:  # routing 16, 58, 65
    told = Diversion(DiversionAction.MESSAGE, message="It takes long.")
    line = Line(overflow=(Overflow(OverflowCondition.ESTIMATED_WAIT, told, 60),), ageing_s=10)
    line.waits.paces["sales"] = Pace(firsts=[30.0] * 3, gaps=[40.0] * 3)
    line.ask("old")
    line.now += timedelta(seconds=30)
    line.ask("young", priority=3)
    assert [it.task_id for it in line.waits.overflowing(line.now)] == ["young"]


def several() -> Line:
    line = Line()
    line.queue("service", CHAT, ANYBODY)
    line.waits.paces["sales"] = Pace(firsts=[90.0] * 3, gaps=[60.0] * 3)
    line.waits.paces["service"] = Pace(firsts=[10.0] * 3, gaps=[50.0] * 3)
    return line


def test_who_waits_in_several_queues_stands_in_each_and_waits_for_the_first_to_come() -> None:  # routing 11, 65
    line = several()
    line.ask("t1", "service")
    line.ask("t2", also_in=(QueueId("service"),))
    line.ask("t3", "service")
    estimate = line.waits.of("t2", line.now)
    assert (estimate.queue_id, estimate.position, estimate.wait_s) == ("sales", 1, 60.0)
    assert line.places("t1", "t3") == [1, 3]
    line.task("t2", lambda task: task.divert("a rule", Diversion(DiversionAction.CLOSE), 0, QueueId("service")))
    assert (line.places("t1", "t2", "t3"), line.waits.of("t2", line.now).wait_s) == ([1, 1, 2], 90.0)
    line.cancel("t2")
    assert line.waits.lines["sales"] == []


def test_a_further_queue_in_which_it_would_be_too_long_is_left() -> None:  # routing 11, 58
    line = several()
    told, away = Diversion(DiversionAction.MESSAGE, message="Long."), Diversion(DiversionAction.CLOSE)
    rules = Overflow(OverflowCondition.ESTIMATED_WAIT, told, 1), Overflow(OverflowCondition.ESTIMATED_WAIT, away, 5)
    line.queue("service", CHAT, ANYBODY, overflow=rules)
    line.ask("t1", also_in=(QueueId("service"),))
    (move,) = line.waits.overflowing(line.now)
    assert move == Diverting("t1", "service: ESTIMATED_WAIT 5", away, 10, QueueId("service"))
    line.carry_out(move)
    assert list(line.waits.overflowing(line.now)) == []
