"""Who is not to wait on in a queue? While it is closed, and when too many wait, too long, or for nobody."""

from datetime import UTC, datetime, time, timedelta

import msgspec
import pytest

from domain.configuration.calendar import BusinessCalendar, CalendarException, Hours, Weekday, WeeklyHours
from domain.configuration.diversions import Diversion, DiversionAction, Opening, Overflow, OverflowCondition
from domain.ids import CalendarId, QueueId
from domain.kernel import replace
from domain.routing.engine import Engine, State
from domain.tasks.facts import TaskClosed, TaskCloseReason, TaskDiverted
from tests.domain.routing.floor import ANYBODY, CHAT, NOON, SPANISH, Floor, knows

SHOP, ANNEX = CalendarId("shop"), QueueId("annex")
TO_ANNEX = Diversion(DiversionAction.OTHER_QUEUE, ANNEX)
TOLD, AWAY = Diversion(DiversionAction.MESSAGE, message="Please wait."), Diversion(DiversionAction.CLOSE)
LENGTH, WAIT, NOBODY = OverflowCondition.QUEUE_LENGTH, OverflowCondition.OLDEST_WAIT, OverflowCondition.NONE_LOGGED_IN


def open_until(*hours: tuple[int, int], zone: str = "UTC") -> BusinessCalendar:
    """Every day, from hour to hour."""
    spans = tuple(Hours(time(opens % 24), time(closes % 24)) for opens, closes in hours)
    return BusinessCalendar("Shop", zone, (WeeklyHours(tuple(Weekday), spans),))


def a_shop(calendar: BusinessCalendar, closed: Diversion = AWAY, at_closing: Diversion | None = None) -> Floor:
    floor = Floor()
    floor.configure("shop", calendar)
    floor.queue("annex")
    floor.queue("sales", opening=Opening(SHOP, closed, at_closing))
    return floor


def overflowing(*rules: Overflow, steps: tuple = (ANYBODY,), **more: object) -> Floor:
    floor = Floor()
    floor.queue("annex")
    floor.queue("sales", CHAT, *steps, overflow=rules, **more)
    return floor


def diverted(floor: Floor, task: str = "t1") -> list[tuple[str, DiversionAction]]:
    facts = [it.fact for it in floor.history if it.subject == task]
    return [(fact.rule.removeprefix("sales: "), fact.action) for fact in facts if isinstance(fact, TaskDiverted)]


def ends(floor: Floor, task: str = "t1") -> list[TaskCloseReason]:
    return [it.fact.reason for it in floor.history if it.subject == task and isinstance(it.fact, TaskClosed)]


# Business hours


@pytest.mark.parametrize("action", [DiversionAction.CLOSE, DiversionAction.BOT, DiversionAction.CALLBACK])
def test_who_comes_while_it_is_closed_is_turned_away_before_anybody_is_offered_it(action) -> None:  # routing 57
    floor = a_shop(open_until((8, 11)), Diversion(action))
    floor.staff("ada")
    floor.ask("t1")
    assert floor.settle() == {}
    assert diverted(floor) == [("closed", action)]
    assert ends(floor) == [TaskCloseReason.NO_AGENT_AVAILABLE]


def test_who_comes_while_it_is_open_is_served() -> None:  # routing 57
    floor = a_shop(open_until((8, 17)))
    floor.staff("ada")
    floor.ask("t1")
    assert floor.settle() == {"t1": "ada"}


def test_who_comes_while_it_is_closed_goes_to_another_queue() -> None:  # routing 57
    floor = a_shop(open_until((8, 11)), TO_ANNEX)
    floor.staff("ada")
    floor.ask("t1")
    assert floor.settle() == {"t1+": "ada"}
    assert floor.tasks["t1+"].routing.queue_id == ANNEX


def test_who_comes_while_it_is_closed_may_be_told_and_wait() -> None:  # routing 57
    floor = a_shop(open_until((8, 11)), TOLD)
    floor.ask("t1")
    assert floor.settle() == {}
    assert diverted(floor) == [("closed", DiversionAction.MESSAGE)]
    floor.staff("ada")
    assert floor.settle() == {"t1": "ada"}


def test_who_waits_at_closing_is_served_until_the_queue_has_drained() -> None:  # routing 57
    floor = a_shop(open_until((8, 13)))
    floor.ask("t1"), floor.settle()
    floor.wait(7_200)
    floor.staff("ada")
    floor.ask("t2")
    assert floor.settle() == {"t1": "ada"}
    assert (diverted(floor, "t1"), diverted(floor, "t2")) == ([], [("closed", DiversionAction.CLOSE)])


@pytest.mark.parametrize("diversion", [AWAY, TO_ANNEX, TOLD])
def test_who_waits_is_diverted_at_the_closing_edge_and_not_before(diversion: Diversion) -> None:  # routing 57
    floor = a_shop(open_until((8, 13)), AWAY, diversion)
    floor.ask("t1"), floor.settle()
    assert floor.engine.next_due() == NOON + timedelta(hours=1)
    floor.wait(3_599)
    assert diverted(floor) == []
    floor.wait(1)
    assert diverted(floor) == [("closing", diversion.action)]


def test_what_rings_at_closing_may_be_answered_and_goes_on_as_if_it_had_waited() -> None:  # routing 27, 57
    floor = a_shop(open_until((8, 13)), AWAY, TO_ANNEX)
    floor.staff("ada")
    floor.ask("t1"), floor.settle()
    floor.wait(3_600)
    assert diverted(floor) == []
    again = floor.let_it_ring("t1")
    floor.settle()
    assert diverted(floor, again) == [("closing", DiversionAction.OTHER_QUEUE)]


def test_hours_are_those_of_the_calendars_time_zone() -> None:  # routing 57
    floor = a_shop(open_until((8, 18), zone="Asia/Tokyo"))  # 12:00 UTC is 21:00 there
    floor.ask("t1"), floor.settle()
    assert diverted(floor) == [("closed", DiversionAction.CLOSE)]


def test_a_night_shift_is_open_over_midnight() -> None:  # routing 57
    floor = a_shop(open_until((10, 6)), AWAY, TOLD)
    floor.ask("t1"), floor.settle()
    assert diverted(floor) == []
    assert floor.engine.next_due() == datetime(2026, 3, 2, 6, tzinfo=UTC)


def test_exceptions_come_before_the_weekly_hours() -> None:  # routing 57
    holiday = CalendarException("Holiday", NOON.date())
    floor = a_shop(replace(open_until((8, 17)), exceptions=(holiday,)))
    floor.ask("t1"), floor.settle()
    assert diverted(floor) == [("closed", DiversionAction.CLOSE)]


def test_a_changed_calendar_is_in_force_at_once_for_those_who_wait() -> None:  # routing 17, 57
    floor = a_shop(open_until((8, 17)), AWAY, TO_ANNEX)
    floor.ask("t1"), floor.settle()
    floor.configure("shop", open_until((8, 13)))
    floor.settle()
    assert floor.engine.next_due() == NOON + timedelta(hours=1)
    floor.configure("shop", open_until((11, 12)))
    floor.settle()
    assert diverted(floor) == [("closed", DiversionAction.CLOSE)]  # by this calendar it was closed when they came


def test_a_queue_that_closes_while_nobody_decides_is_closed_afterwards() -> None:  # routing 41, 57
    floor = a_shop(open_until((8, 13)), AWAY, TO_ANNEX)
    floor.ask("t1")
    floor.now += timedelta(hours=2)
    floor.staff("ada")
    floor.engine = Engine(msgspec.json.decode(msgspec.json.encode(floor.engine.state), type=State))
    assert floor.settle() == {"t1+": "ada"}
    assert diverted(floor) == [("closing", DiversionAction.OTHER_QUEUE)]


def test_the_edge_is_awaited_after_a_restart() -> None:  # routing 41, 57
    floor = a_shop(open_until((8, 13)), AWAY, TO_ANNEX)
    floor.ask("t1"), floor.settle()
    floor.engine = Engine(msgspec.json.decode(msgspec.json.encode(floor.engine.state), type=State))
    floor.settle()
    assert floor.engine.next_due() == NOON + timedelta(hours=1)


def test_who_comes_from_another_queue_came_when_they_came_here() -> None:  # routing 57
    floor = a_shop(open_until((8, 13)), AWAY, TOLD)
    floor.ask("t1", first_enqueued_at=NOON, entered_at=NOON + timedelta(hours=2))
    floor.now = NOON + timedelta(hours=2)
    floor.settle()
    assert diverted(floor) == [("closed", DiversionAction.CLOSE)]


def test_a_queue_in_which_nobody_waits_has_no_clock() -> None:  # routing 42
    floor = a_shop(open_until((8, 13)), AWAY, TO_ANNEX)
    floor.ask("t1"), floor.settle()
    floor.cancel("t1"), floor.settle()
    assert floor.engine.next_due() is None


# Overflow


def test_who_has_too_many_before_them_goes_elsewhere() -> None:  # routing 58
    floor = overflowing(Overflow(LENGTH, TO_ANNEX, 2))
    for task in ("t1", "t2", "t3", "t4"):
        floor.ask(task), floor.settle()
    assert [diverted(floor, task) for task in ("t1", "t2")] == [[], []]
    assert diverted(floor, "t3") == [("QUEUE_LENGTH 2", DiversionAction.OTHER_QUEUE)]
    moved = floor.tasks["t3+"].routing
    assert (moved.queue_id, moved.first_enqueued_at) == (ANNEX, floor.tasks["t3"].routing.first_enqueued_at)
    assert floor.tasks["t4"].diverted.measured == 2


def test_who_came_first_stays_though_somebody_more_urgent_came() -> None:  # routing 16, 58
    floor = overflowing(Overflow(LENGTH, TO_ANNEX, 1))
    floor.ask("t1"), floor.settle()
    floor.ask("t2", priority=9), floor.settle()
    assert diverted(floor, "t1") == [("QUEUE_LENGTH 1", DiversionAction.OTHER_QUEUE)]
    assert diverted(floor, "t2") == []


def test_whoever_can_be_offered_it_at_once_is_not_too_late() -> None:  # routing 58
    floor = overflowing(Overflow(LENGTH, AWAY, 1), steps=(knows(SPANISH, 5, timeout_s=0), ANYBODY))
    floor.ask("t1"), floor.settle()
    floor.staff("ada"), floor.staff("grace")
    floor.ask("t2")
    assert floor.settle() == {"t1": "ada", "t2": "grace"}


def test_who_has_waited_too_long_goes_elsewhere_each_in_their_time() -> None:  # routing 58
    floor = overflowing(Overflow(WAIT, TO_ANNEX, 60))
    floor.ask("t1"), floor.wait(20)
    floor.ask("t2"), floor.wait(39.9)
    assert diverted(floor, "t1") == []
    floor.wait(0.2)
    assert diverted(floor, "t1") == [("OLDEST_WAIT 60", DiversionAction.OTHER_QUEUE)]
    assert (diverted(floor, "t2"), floor.tasks["t1"].diverted.measured) == ([], 60)
    floor.wait(20)
    assert diverted(floor, "t2") == [("OLDEST_WAIT 60", DiversionAction.OTHER_QUEUE)]


def test_an_offer_does_not_stop_the_time_that_is_too_long() -> None:  # routing 10, 58
    floor = overflowing(Overflow(WAIT, TO_ANNEX, 60))
    floor.staff("ada")
    floor.ask("t1"), floor.settle()
    floor.wait(100)
    again = floor.let_it_ring("t1")
    floor.settle()
    assert diverted(floor, again) == [("OLDEST_WAIT 60", DiversionAction.OTHER_QUEUE)]


def test_where_nobody_is_signed_in_nobody_waits() -> None:  # routing 58
    floor = overflowing(Overflow(NOBODY, AWAY), steps=(knows(SPANISH, 5),))
    floor.staff("ada")
    floor.ask("t1"), floor.settle()
    assert diverted(floor) == [("NONE_LOGGED_IN", DiversionAction.CLOSE)]


@pytest.mark.parametrize(
    "event",
    [
        lambda agent: agent.log_out(),
        lambda agent: agent.withdraw_attribute(SPANISH),
        lambda agent: agent.grant_mrd(CHAT, 0),
    ],
)
def test_when_the_last_of_them_goes_whoever_waits_goes_too(event) -> None:  # routing 17, 58
    floor = overflowing(Overflow(NOBODY, TO_ANNEX), steps=(knows(SPANISH, 5),))
    floor.staff("ada", spanish=7)
    floor.agent("ada", lambda agent: agent.make_not_ready("lunch"))
    floor.ask("t1"), floor.settle()
    assert diverted(floor) == []
    floor.agent("ada", event)
    floor.settle()
    assert diverted(floor) == [("NONE_LOGGED_IN", DiversionAction.OTHER_QUEUE)]


def test_each_rule_is_applied_once_and_the_first_that_holds_comes_first() -> None:  # routing 58
    floor = overflowing(Overflow(WAIT, TOLD, 10), Overflow(WAIT, AWAY, 20), Overflow(NOBODY, TOLD))
    floor.staff("ada")
    floor.agent("ada", lambda agent: agent.log_out())
    floor.ask("t1"), floor.wait(0)
    assert diverted(floor) == [("NONE_LOGGED_IN", DiversionAction.MESSAGE)]
    floor.wait(10)
    floor.wait(10)
    assert [rule for rule, _ in diverted(floor)] == ["NONE_LOGGED_IN", "OLDEST_WAIT 10", "OLDEST_WAIT 20"]
    assert ends(floor) == [TaskCloseReason.NO_AGENT_AVAILABLE]


def test_who_was_diverted_keeps_what_was_applied_already() -> None:  # routing 58
    floor = overflowing(Overflow(WAIT, TOLD, 10), Overflow(WAIT, TO_ANNEX, 20))
    floor.ask("t1"), floor.wait(10), floor.wait(10)
    assert floor.tasks["t1+"].routing.diverted == {"sales: OLDEST_WAIT 10", "sales: OLDEST_WAIT 20"}


def test_a_diversion_that_could_not_be_written_is_tried_again() -> None:  # routing 58
    for diversion in (TO_ANNEX, TOLD):
        floor = overflowing(Overflow(LENGTH, diversion, 1))
        floor.ask("t1"), floor.settle()
        floor.ask("t2")
        (move,) = floor.decide()
        assert floor.decide() == []
        floor.engine.forget(move)
        assert floor.decide() == [move]


def test_whoever_is_about_to_leave_is_offered_to_nobody() -> None:  # routing 58, 67
    floor = overflowing(Overflow(LENGTH, TO_ANNEX, 1))
    floor.ask("t1"), floor.settle()
    floor.ask("t2")
    (move,) = floor.decide()
    floor.cancel("t1")
    floor.staff("ada")
    assert floor.decide() == []
    floor.carry_out(move)
    assert floor.settle() == {"t2+": "ada"}


def test_a_queue_with_other_rules_is_thought_over() -> None:  # routing 58, 62
    floor = overflowing()
    floor.ask("t1"), floor.settle()
    floor.ask("t2"), floor.settle()
    floor.queue("sales", CHAT, overflow=(Overflow(LENGTH, AWAY, 1),))
    floor.settle()
    assert (diverted(floor, "t1"), diverted(floor, "t2")) == ([], [("QUEUE_LENGTH 1", DiversionAction.CLOSE)])


def test_a_plain_queue_has_no_gate() -> None:
    floor = overflowing()
    floor.ask("t1", "annex"), floor.settle()
    assert not floor.engine._watch.tasks


def test_nothing_is_kept_of_those_who_are_gone() -> None:  # routing 41, 42
    floor = overflowing(Overflow(WAIT, TOLD, 60), Overflow(LENGTH, AWAY, 50))
    for number in range(300):
        floor.ask(f"t{number}"), floor.settle()
        floor.cancel(f"t{number}"), floor.settle()
    diversions = floor.engine._watch._diversions
    assert not diversions._gates
    assert floor.engine.next_due() is None
    assert len(diversions._due) < 100
