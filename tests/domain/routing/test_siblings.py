"""How does a request wait in several queues at once? By the steps of each, and whichever finds somebody first ends it."""

from datetime import timedelta

import msgspec

from domain.configuration import settings as s
from domain.ids import QueueId
from domain.kernel import replace
from domain.routing.engine import Engine, State, Widening
from domain.tasks.facts import StepReached, StepReason
from tests.domain.routing.floor import ANYBODY, CHAT, SENIOR, SPANISH, Floor, knows

SUPPORT, VIP = QueueId("support"), QueueId("vip")


def two_queues(**more: object) -> Floor:
    floor = Floor()
    floor.queue("sales", CHAT, knows(SPANISH, 5, timeout_s=30), ANYBODY)
    floor.queue("support", CHAT, knows(SENIOR, 1, timeout_s=10), knows(SPANISH, 3), **more)
    return floor


def ask(floor: Floor, task: str = "t1", **more: object) -> None:
    floor.ask(task, "sales", also_in=(SUPPORT,), **more)


def steps_of(floor: Floor, task: str = "t1") -> list[tuple[int, QueueId | None]]:
    facts = [it.fact for it in floor.history if it.subject == task]
    return [(fact.step, fact.queue_id) for fact in facts if isinstance(fact, StepReached)]


def test_whichever_queue_finds_somebody_first_has_it() -> None:  # routing 11
    for skill, queue in ((SENIOR, "support"), (SPANISH, "sales")):
        floor = two_queues()
        ask(floor)
        assert floor.settle() == {}
        floor.staff("ada", **{skill: 9})
        assert floor.settle() == {"t1": "ada"}
        assert floor.tasks["t1"].queue_id == queue


def test_each_queue_walks_its_own_steps() -> None:  # routing 10, 11
    floor = two_queues()
    asked_at = floor.now
    ask(floor)
    floor.settle()
    assert floor.engine.next_due() == asked_at + timedelta(seconds=10)
    floor.wait(10)
    assert steps_of(floor) == [(1, SUPPORT)]
    floor.wait(20)
    assert steps_of(floor) == [(1, SUPPORT), (1, None)]


def test_a_request_is_offered_once_at_a_time_though_two_queues_have_somebody() -> None:  # routing 11, 67
    floor = two_queues()
    floor.staff("ada", spanish=9)
    floor.staff("elder", senior=1)
    ask(floor)
    assert [move.task_id for move in floor.decide()] == ["t1"]
    assert floor.decide() == []


def test_once_accepted_it_waits_nowhere() -> None:  # routing 11
    floor = two_queues()
    floor.staff("ada", spanish=9)
    ask(floor), floor.settle(), floor.accept("t1")
    floor.staff("elder", senior=1)
    assert floor.wait(100) == {}
    engine = floor.engine
    assert not engine._siblings.shadows
    assert not engine._waiting.standing
    assert engine.next_due() is None


def test_once_cancelled_it_waits_nowhere() -> None:  # routing 11, 59
    floor = two_queues()
    ask(floor), floor.settle()
    floor.cancel("t1")
    floor.staff("elder", senior=1)
    assert floor.settle() == {}
    assert not floor.engine._siblings.shadows


def test_it_stands_in_each_queue_by_the_priority_of_that_queue() -> None:  # routing 11, 16
    floor = two_queues(priority=9)
    floor.ask("other", "sales", priority=10)
    ask(floor), floor.settle()
    floor.staff("both", spanish=9, senior=1)
    assert floor.settle() == {"t1": "both"}
    assert floor.tasks["t1"].queue_id == SUPPORT


def test_a_request_that_is_queued_again_goes_on_at_the_steps_it_had_reached_everywhere() -> None:  # routing 10, 11, 24
    floor = two_queues()
    ask(floor), floor.wait(10)
    floor.staff("speaker", spanish=3)
    assert floor.settle() == {"t1": "speaker"}
    again = floor.let_it_ring("t1")
    assert floor.tasks[again].routing.steps == {SUPPORT: 1}
    floor.settle()
    floor.staff("speaker too", spanish=3)
    assert floor.settle() == {again: "speaker too"}


def test_a_refused_offer_leaves_it_in_all_its_queues() -> None:  # routing 11, 17
    floor = two_queues()
    floor.staff("ada", spanish=9)
    ask(floor)
    (offer,) = floor.decide()
    floor.agent("ada", lambda agent: agent.log_out())
    floor.engine.forget(offer)
    floor.staff("elder", senior=1)
    assert floor.settle() == {"t1": "elder"}


def test_a_step_of_another_queue_that_could_not_be_written_is_tried_again() -> None:  # routing 11
    floor = two_queues()
    ask(floor)
    floor.now += timedelta(seconds=10)
    (move,) = floor.decide()
    assert move == Widening("t1", 1, StepReason.WAITED, SUPPORT)
    assert floor.decide() == []
    floor.engine.forget(move)
    assert floor.decide() == [move]


def test_a_step_of_another_queue_is_left_when_nobody_is_there() -> None:  # routing 8, 11
    floor = Floor()
    floor.queue("sales", CHAT, knows(SPANISH, 5))
    skipped = replace(knows(SENIOR, 1, timeout_s=60), skip_if=s.SkipIf.NONE_READY)
    floor.queue("support", CHAT, skipped, ANYBODY)
    floor.staff("novice")
    ask(floor)
    assert floor.settle() == {"t1": "novice"}
    assert steps_of(floor) == [(1, SUPPORT)]


def test_it_waits_in_all_its_queues_after_a_restart() -> None:  # routing 11, 41
    floor = two_queues()
    ask(floor), floor.wait(10)
    floor.engine = Engine(msgspec.json.decode(msgspec.json.encode(floor.engine.state), type=State))
    floor.settle()
    floor.staff("speaker", spanish=3)
    assert floor.settle() == {"t1": "speaker"}


def test_a_queue_that_is_configured_anew_is_walked_anew() -> None:  # routing 11, 62
    for queue in ("sales", "support"):
        floor = two_queues()
        ask(floor), floor.settle()
        floor.staff("novice")
        floor.queue(queue, CHAT, ANYBODY)
        assert floor.settle() == {"t1": "novice"}
        assert len(floor.engine._siblings.shadows) == 0


def test_a_queue_that_is_not_there_yet_is_waited_in_when_it_comes() -> None:  # routing 11
    floor = Floor()
    floor.queue("sales", CHAT, knows(SPANISH, 5))
    ask(floor), floor.settle()
    floor.staff("elder", senior=1)
    floor.queue("support", CHAT, knows(SENIOR, 1))
    assert floor.settle() == {"t1": "elder"}


def test_one_that_is_passed_over_does_not_hide_the_next() -> None:  # routing 11, 12, 17
    floor = two_queues()
    floor.staff("elder", tasks_max=5, senior=1)
    floor.ask("t0", "support", conversation="talk"), floor.settle(), floor.accept("t0")
    ask(floor, "t1", conversation="talk")
    floor.ask("t2", "support")
    assert floor.settle() == {"t2": "elder"}
