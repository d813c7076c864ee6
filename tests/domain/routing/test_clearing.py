"""How is a queue emptied: at once, or by and by? routing 63, 64."""

from dataclasses import replace
from datetime import timedelta

from domain.configuration.facts import QueueConfigured, Retired
from domain.ids import QueueId
from domain.kernel import Fact
from domain.lines.facts import LineFlushed
from domain.routing.clearing import QUIET
from domain.routing.engine import Engine
from domain.routing.moves import Emptied, Flushing, Move
from domain.tasks.facts import TaskCloseReason
from tests.domain.routing.floor import ANYBODY, CHAT, Floor

SALES, BILLING = QueueId("sales"), QueueId("billing")


def two_queues() -> Floor:
    floor = Floor()
    floor.queue("sales", CHAT, ANYBODY)
    floor.queue("billing", CHAT, ANYBODY)
    return floor


def queue_told(floor: Floor, fact: Fact) -> None:
    floor.tell("queue-sales", fact)


def drain(floor: Floor, *, draining: bool = True) -> None:
    settings = floor.engine.state.catalog.queues[SALES]
    queue_told(floor, QueueConfigured(replace(settings, draining=draining)))


def cleared(moves: list[Move]) -> list[Move]:
    return [move for move in moves if isinstance(move, Flushing | Emptied)]


def emptied(floor: Floor) -> list[str]:
    return [move.queue_id for move in floor.decide() if isinstance(move, Emptied)]


def test_a_flush_sends_away_everybody_who_waits_or_rings_in_that_queue() -> None:  # routing 64
    floor = two_queues()
    floor.staff("ann")
    floor.ask("t1")
    floor.settle()
    floor.ask("t2")
    floor.ask("other", "billing")
    floor.tell("line-sales", LineFlushed("We close."))
    assert floor.decide() == [Flushing("t1", SALES, "We close."), Flushing("t2", SALES, "We close.")]
    assert floor.decide() == []
    floor.ask("t3")  # came after it
    assert cleared(floor.decide()) == []


def test_a_flush_that_could_not_be_carried_out_is_tried_again() -> None:  # routing 64
    floor = two_queues()
    floor.ask("t1")
    floor.tell("line-sales", LineFlushed(""))
    (flushing,) = floor.decide()
    floor.engine.forget(flushing)
    assert floor.decide() == [flushing]


def test_a_flush_survives_a_restart() -> None:  # routing 41, 64
    floor = two_queues()
    floor.ask("t1")
    floor.tell("line-sales", LineFlushed("We close."))
    assert Engine(floor.engine.state).decide(floor.now) == [Flushing("t1", SALES, "We close.")]


def test_whoever_was_answered_or_left_meanwhile_is_not_sent_away() -> None:  # routing 64
    floor = two_queues()
    floor.ask("t1")
    floor.tell("line-sales", LineFlushed(""))
    floor.cancel("t1")
    assert floor.decide() == []
    assert floor.engine.state.flushed == {}


def test_a_queue_that_drains_is_gone_when_nobody_has_waited_for_a_while() -> None:  # routing 63
    floor = two_queues()
    floor.ask("t1")
    drain(floor)
    assert emptied(floor) == []
    floor.wait(1_000)
    floor.task("t1", lambda task: task.take_away(TaskCloseReason.NO_AGENT_AVAILABLE))
    assert emptied(floor) == []
    assert floor.engine.next_due() == floor.now + QUIET
    floor.now += QUIET
    assert emptied(floor) == ["sales"]
    assert emptied(floor) == []
    assert floor.engine.next_due() is None


def test_a_request_that_comes_back_in_time_keeps_a_queue_that_drains() -> None:  # routing 63
    floor = two_queues()
    floor.staff("ann")
    floor.ask("t1")
    floor.settle()
    drain(floor)
    floor.miss("t1")  # between two tasks, nobody is to be seen
    assert emptied(floor) == []
    floor.now += QUIET - timedelta(seconds=1)
    floor.ask_again("t1")
    floor.now += QUIET
    assert emptied(floor) == []


def test_a_queue_that_is_set_up_again_stays() -> None:  # routing 63
    floor = two_queues()
    drain(floor)
    floor.decide()
    drain(floor, draining=False)
    floor.now += QUIET
    assert emptied(floor) == []
    drain(floor)
    floor.decide()
    floor.now += QUIET
    (gone,) = cleared(floor.decide())
    queue_told(floor, Retired())
    floor.engine.forget(gone)
    assert cleared(floor.decide()) == []


def test_a_queue_drains_on_after_a_restart() -> None:  # routing 41, 63
    floor = two_queues()
    drain(floor)
    engine = Engine(floor.engine.state)
    engine.decide(floor.now)
    assert [move.queue_id for move in engine.decide(floor.now + QUIET)] == ["sales"]
