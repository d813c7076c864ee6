"""What do the rules of one queue mean to a request that waits in others as well? It leaves that queue alone (routing 11)."""

from datetime import timedelta

import msgspec
import pytest

from domain.configuration.diversions import Diversion, DiversionAction, Opening, Overflow, OverflowCondition
from domain.ids import CalendarId, QueueId
from domain.lines.facts import LineFlushed
from domain.routing.clearing import QUIET
from domain.routing.engine import Engine, State
from domain.routing.moves import Diverting, Emptied, Flushing
from domain.tasks.facts import QueueLeft, TaskCloseReason
from tests.domain.routing.floor import ANYBODY, CHAT, NOON, SENIOR, SPANISH, Floor, knows
from tests.domain.routing.test_clearing import drain
from tests.domain.routing.test_diversions import AWAY, LENGTH, NOBODY, SHOP, TOLD, diverted, ends, open_until

SALES, SUPPORT, ANNEX = QueueId("sales"), QueueId("support"), QueueId("annex")
TO_ANNEX = Diversion(DiversionAction.OTHER_QUEUE, ANNEX)
OPEN, CLOSED = open_until((8, 13)), open_until((8, 11))


def a_floor(sales: dict[str, object], support: dict[str, object], calendar: object = OPEN) -> Floor:
    """Seniors serve support, speakers serve sales, and nobody is there yet."""
    floor = Floor()
    floor.configure("shop", calendar)
    floor.queue("annex")
    floor.queue("sales", CHAT, knows(SPANISH, 5), **sales)
    floor.queue("support", CHAT, knows(SENIOR, 1), **support)
    return floor


def closes(closed: Diversion = AWAY, at_closing: Diversion | None = None) -> dict[str, object]:
    return {"opening": Opening(CalendarId(SHOP), closed, at_closing)}


def overflows(condition: OverflowCondition, diversion: Diversion, threshold: int = 0) -> dict[str, object]:
    return {"overflow": (Overflow(condition, diversion, threshold),)}


def ask(floor: Floor, task: str = "t1", **more: object) -> None:
    floor.ask(task, "sales", also_in=(SUPPORT,), **more)
    floor.settle()


def queues(floor: Floor, task: str = "t1") -> tuple[str, ...]:
    routing = floor.tasks[task].routing
    return routing.queue_id, *routing.also_in


def left(floor: Floor, task: str = "t1") -> list[tuple[str, str]]:
    facts = [it.fact for it in floor.history if it.subject == task]
    return [(fact.queue_id, fact.rule) for fact in facts if isinstance(fact, QueueLeft)]


@pytest.mark.parametrize("away", [AWAY, Diversion(DiversionAction.BOT), Diversion(DiversionAction.CALLBACK)])
def test_whoever_may_wait_elsewhere_leaves_a_further_queue_that_is_closed(away) -> None:  # routing 11, 57
    floor = a_floor({}, closes(away), CLOSED)
    ask(floor)
    assert (left(floor), queues(floor), ends(floor)) == ([("support", "support: closed")], ("sales",), [])
    floor.staff("elder", senior=9)
    assert floor.settle() == {}
    floor.staff("ada", spanish=9)
    assert floor.settle() == {"t1": "ada"}


@pytest.mark.parametrize("away", [AWAY, Diversion(DiversionAction.BOT), Diversion(DiversionAction.CALLBACK)])
def test_whoever_may_wait_elsewhere_goes_on_there_when_the_first_queue_is_closed(away) -> None:  # routing 11, 57
    floor = a_floor(closes(away), {}, CLOSED)
    ask(floor)
    assert diverted(floor) == [("closed", DiversionAction.OTHER_QUEUE)]
    assert (ends(floor), queues(floor, "t1+")) == ([TaskCloseReason.REROUTE], ("support",))
    floor.staff("ada", spanish=9)
    assert floor.settle() == {}
    floor.staff("elder", senior=9)
    assert floor.settle() == {"t1+": "elder"}


def test_the_last_queue_does_what_it_does_with_everybody() -> None:  # routing 11, 57
    floor = a_floor(closes(AWAY), closes(Diversion(DiversionAction.BOT)), CLOSED)
    ask(floor)
    assert left(floor) == [("support", "support: closed")], "the first has the last word"
    assert (diverted(floor), ends(floor)) == ([("closed", AWAY.action)], [TaskCloseReason.NO_AGENT_AVAILABLE])


def test_each_queue_is_left_when_its_own_hours_end() -> None:  # routing 11, 57
    floor = a_floor(closes(AWAY, AWAY), {"opening": Opening(CalendarId("late"), AWAY, AWAY)})
    floor.configure("late", open_until((8, 14)))
    ask(floor)
    assert floor.engine.next_due() == NOON + timedelta(hours=1)
    floor.wait(3_600)
    assert (ends(floor), queues(floor, "t1+")) == ([TaskCloseReason.REROUTE], ("support",))
    floor.wait(3_600)
    assert diverted(floor, "t1+") == [("support: closing", AWAY.action)]


def test_who_waits_where_it_closes_without_a_word_waits_on_there_as_the_first() -> None:  # routing 11, 57
    """It had come while that queue was open, though it is its first only now."""
    floor = a_floor(closes(AWAY, AWAY), closes(AWAY))
    ask(floor)
    floor.wait(3_600)
    assert queues(floor, "t1+") == ("support",)
    assert (diverted(floor, "t1+"), ends(floor, "t1+")) == ([], [])


def test_a_customer_is_told_by_the_first_of_their_queues_alone() -> None:  # routing 11, 57, 58
    floor = a_floor({}, {**closes(TOLD), **overflows(LENGTH, TOLD, 1)}, CLOSED)
    floor.ask("other", "support")
    ask(floor)
    assert (diverted(floor), left(floor)) == ([], [])


def test_what_a_further_queue_would_only_say_does_not_keep_it_from_what_it_does() -> None:  # routing 58
    rules = Overflow(LENGTH, TOLD, 1), Overflow(LENGTH, AWAY, 2)
    floor = a_floor({}, {"overflow": rules})
    floor.ask("one", "support"), floor.ask("two", "support")
    ask(floor)
    assert left(floor) == [("support", "support: QUEUE_LENGTH 2")]


def test_who_waits_in_several_queues_counts_in_the_length_of_each() -> None:  # routing 11, 58
    floor = a_floor({}, overflows(LENGTH, TO_ANNEX, 1))
    ask(floor)
    floor.ask("t2", "support"), floor.settle()
    assert ends(floor, "t2") == [TaskCloseReason.REROUTE]


def test_another_queue_takes_the_place_of_the_one_that_is_left() -> None:  # routing 11, 58
    floor = a_floor({}, overflows(NOBODY, TO_ANNEX))
    ask(floor)
    assert (left(floor), queues(floor)) == ([("support", "support: NONE_LOGGED_IN")], ("sales", "annex"))
    floor.staff("anybody")
    assert floor.settle() == {"t1": "anybody"}
    assert floor.tasks["t1"].queue_id == ANNEX
    floor = a_floor(overflows(NOBODY, TO_ANNEX), {})
    ask(floor)
    assert queues(floor, "t1+") == ("annex", "support")


def test_steps_that_were_reached_elsewhere_are_kept_by_whoever_goes_on_there() -> None:  # routing 10, 11, 58
    floor = a_floor(overflows(OverflowCondition.OLDEST_WAIT, AWAY, 60), {})
    floor.queue("support", CHAT, knows(SENIOR, 1, timeout_s=10), knows(SENIOR, 2, timeout_s=100), ANYBODY)
    ask(floor)
    floor.wait(59)
    assert floor.tasks["t1"].routing.steps == {SUPPORT: 1}
    floor.wait(1)
    moved = floor.tasks["t1+"].routing
    assert (moved.queue_id, moved.step, moved.steps, moved.also_in) == (SUPPORT, 1, {}, ())


def test_what_came_to_nothing_is_tried_again() -> None:  # routing 11, 58
    floor = a_floor({}, overflows(NOBODY, AWAY))
    floor.ask("t1", "sales", also_in=(SUPPORT,))
    (move,) = floor.decide()
    assert move == Diverting("t1", "support: NONE_LOGGED_IN", AWAY, 0, SUPPORT)
    assert floor.decide() == []
    floor.engine.forget(move)
    assert floor.decide() == [move]


def test_whoever_is_about_to_leave_a_further_queue_may_be_offered_by_the_others() -> None:  # routing 11, 67
    floor = a_floor({}, closes(), CLOSED)
    floor.staff("elder", senior=9), floor.staff("ada", spanish=9)
    floor.ask("t1", "sales", also_in=(SUPPORT,))
    away, offer = floor.decide()
    assert (away.queue_id, offer.agent_id) == (SUPPORT, "ada")
    floor.carry_out(away)
    floor.engine.forget(offer)
    assert floor.settle() == {"t1": "ada"}


def test_what_was_left_stays_left_after_a_restart_and_a_missed_offer() -> None:  # routing 11, 24, 41
    floor = a_floor({}, closes(), CLOSED)
    ask(floor)
    floor.engine = Engine(msgspec.json.decode(msgspec.json.encode(floor.engine.state), type=State))
    floor.staff("elder", senior=9), floor.staff("ada", spanish=9)
    assert floor.settle() == {"t1": "ada"}
    again = floor.let_it_ring("t1")
    assert (floor.settle(), queues(floor, again)) == ({}, ("sales",))


# Emptying a queue (routing 63, 64)


def flush(floor: Floor, queue: str) -> list[object]:
    floor.tell(f"line-{queue}", LineFlushed("We close."))
    return [move for move in floor.decide() if isinstance(move, Flushing)]


def carry_out(floor: Floor, move: Flushing) -> None:
    floor.task(move.task_id, lambda task: task.flush(move.queue_id, move.words))


def test_a_flush_takes_whoever_waits_elsewhere_out_of_that_queue_alone() -> None:  # routing 11, 64
    floor = a_floor({}, {})
    ask(floor)
    (move,) = flush(floor, "support")
    assert move == Flushing("t1", SUPPORT, "We close.")
    carry_out(floor, move)
    assert (queues(floor), ends(floor), floor.engine.state.flushed) == (("sales",), [], {})
    floor.staff("elder", senior=9)
    assert floor.settle() == {}


def test_a_flush_of_all_its_queues_ends_it() -> None:  # routing 11, 64
    floor = a_floor({}, {})
    ask(floor)
    for queue in ("support", "sales"):
        for move in flush(floor, queue):
            carry_out(floor, move)
    assert (ends(floor), floor.engine.state.flushed) == ([TaskCloseReason.FORCE_CLOSED], {})


def test_nothing_is_kept_of_a_flushed_request_that_rang() -> None:  # routing 41, 64
    floor = a_floor({}, {})
    floor.staff("ada", spanish=9)
    floor.ask("t1"), floor.settle()
    (move,) = flush(floor, "sales")
    carry_out(floor, move)
    assert (ends(floor), floor.engine.state.flushed) == ([TaskCloseReason.FORCE_CLOSED], {})


def test_a_queue_that_drains_waits_for_those_to_whom_it_is_a_further_one() -> None:  # routing 11, 63
    floor = a_floor({}, {})
    floor.ask("t1", "support", also_in=(SALES,))
    drain(floor)
    floor.wait(0)
    floor.now += QUIET
    assert floor.decide() == []
    floor.cancel("t1")
    floor.decide()
    floor.now += QUIET
    assert [it.queue_id for it in floor.decide() if isinstance(it, Emptied)] == ["sales"]


def test_who_has_grown_more_urgent_does_not_count_behind_who_has_not() -> None:  # routing 16, 58
    floor = Floor()
    floor.queue("annex")
    floor.queue("sales", overflow=(Overflow(LENGTH, TO_ANNEX, 1),), ageing_s=10)
    floor.ask("old"), floor.settle()
    floor.wait(30)
    floor.ask("young", priority=3), floor.settle()
    assert (ends(floor, "old"), ends(floor, "young")) == ([], [TaskCloseReason.REROUTE])
