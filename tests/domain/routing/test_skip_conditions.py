"""Is a step left as soon as what is asked of it and of its queue holds, and not before (routing 8)?"""

from datetime import timedelta

import msgspec
import pytest

from domain.configuration import settings as s
from domain.configuration.skip_conditions import read
from domain.kernel import replace
from domain.routing.engine import Engine, State, Widening
from domain.tasks.facts import StepReached, StepReason
from tests.domain.routing.floor import ANYBODY, CHAT, EMAIL, SPANISH, Floor, knows

OFTEN = 100_000


def spanish_unless(conditions: str) -> s.Step:
    return replace(knows(SPANISH, 5, OFTEN), skip_when=read(conditions))


def a_floor(conditions: str, expected: int | None = None) -> Floor:
    """Whoever does not speak Spanish may help as soon as the conditions hold."""
    floor = Floor(Engine(None, lambda _: expected))
    floor.queue("sales", CHAT, spanish_unless(conditions), ANYBODY)
    return floor


def left(floor: Floor, id: str = "t1") -> list[tuple[str, dict[str, int]]]:
    return [
        (it.fact.condition, dict(it.fact.measured))
        for it in floor.history
        if isinstance(it.fact, StepReached) and it.subject == id and it.fact.reason is StepReason.CONDITION_HELD
    ]


def kept(floor: Floor) -> list[object]:
    conditions = floor.engine._watch._skipping.conditions
    return [*conditions._crowds, *conditions.stages, *conditions._came]


def take(floor: Floor, id: str = "talk", **ask: object) -> None:
    floor.ask(id, **ask), floor.settle(), floor.accept(id)


@pytest.mark.parametrize(
    ("conditions", "leaves"),
    [
        ("logged_in < 3", False),
        ("logged_in < 4", True),
        ("ready < 2", False),
        ("ready < 3", True),
        ("available == 0", False),
        ("available < 2", True),
        ("available != 1", False),
        ("queue_length >= 3", False),
        ("queue_length > 1", True),
        ("oldest_wait_s > 0", False),
        ("available > 4 OR queue_length == 2", True),
        ("available == 1 AND queue_length == 3", False),
        ("queue_length == 2 OR ready == 9 AND available == 9", False),  # from left to right, routing 5
    ],
)
def test_conditions_are_about_the_agents_of_the_step_and_the_whole_queue(conditions: str, leaves: bool) -> None:
    floor = Floor()
    floor.queue("talks", CHAT, knows(SPANISH, 5))
    floor.queue("letters", EMAIL)
    floor.queue("sales", CHAT, spanish_unless(conditions), knows("french", 1))
    floor.staff("ada", "grace", "alan", spanish=5)  # three are signed in …
    take(floor, queue="talks")  # … ada talks …
    floor.agent("grace", lambda agent: agent.make_mrd_not_ready(CHAT, "rest"))  # … grace wants none, alan is free
    floor.staff("novice"), floor.staff("writer", mrds=(EMAIL,), spanish=5), floor.staff("gone", spanish=5)
    floor.agent("gone", lambda agent: agent.log_out())  # these do not count
    floor.staff("idle", tasks_max=0, spanish=5)
    for id in ("t1", "t2"):
        floor.ask(id, conversation="kept", excluded=frozenset({"alan"}))
    floor.ask("elsewhere", "letters", EMAIL)
    floor.settle()
    assert bool(left(floor)) is leaves
    assert left(floor) == left(floor, "t2")


def test_a_request_that_can_be_offered_leaves_nothing() -> None:
    floor = a_floor("queue_length >= 1")
    floor.staff("expert", spanish=9)
    floor.ask("t1")
    assert floor.settle() == {"t1": "expert"}
    assert left(floor) == []


def test_what_was_asked_and_what_was_found_is_kept() -> None:
    floor = a_floor("available == 0 AND ready <= 1 OR queue_length > 7")
    floor.staff("expert", spanish=9)
    take(floor)
    floor.ask("t1"), floor.settle()
    found = {"available": 0, "ready": 1, "queue_length": 1}
    assert left(floor) == [("available == 0 AND ready <= 1 OR queue_length > 7", found)]


def busy(floor: Floor) -> None:
    take(floor, "another")


def full(floor: Floor) -> None:
    floor.agent("expert", lambda agent: agent.grant_mrd(CHAT, 0))


def away(floor: Floor) -> None:
    floor.agent("expert", lambda agent: agent.make_not_ready("lunch"))


def pulled(floor: Floor) -> None:
    floor.agent("expert", lambda agent: agent.take_up(CHAT, "p", "talk"))


def forgets(floor: Floor) -> None:
    floor.agent("expert", lambda agent: agent.withdraw_attribute(SPANISH))


def rings(floor: Floor) -> None:
    floor.ask("another"), floor.settle()


@pytest.mark.parametrize("event", [busy, full, away, pulled, forgets, rings])
def test_a_step_is_left_as_soon_as_nobody_of_it_is_available(event) -> None:  # routing 8, 17
    floor = a_floor("available == 0")
    floor.staff("expert", spanish=9)
    floor.ask("t1", excluded=frozenset({"expert"})), floor.settle()
    assert left(floor) == []
    event(floor)
    floor.settle()
    assert left(floor) == [("available == 0", {"available": 0})]


def test_a_step_is_left_as_soon_as_too_many_wait() -> None:
    floor = a_floor("queue_length > 2")
    for id in ("t1", "t2"):
        floor.ask(id), floor.settle()
    floor.cancel("t2"), floor.ask("t3"), floor.settle()
    assert left(floor) == []
    floor.ask("t4"), floor.settle()
    assert [left(floor, id) for id in ("t1", "t3", "t4")] == [[("queue_length > 2", {"queue_length": 3})]] * 3


@pytest.mark.parametrize(("operator", "seconds"), [(">=", 30), (">", 31), ("==", 30)])
def test_a_step_is_left_as_soon_as_somebody_has_waited_too_long(operator: str, seconds: int) -> None:
    floor = a_floor(f"oldest_wait_s {operator} 30")
    asked_at = floor.now
    floor.ask("t1"), floor.settle()
    floor._pass(5)
    floor.ask("t2"), floor.settle()
    assert floor.engine.next_due() <= asked_at + timedelta(seconds=seconds)
    while floor.engine.next_due() < asked_at + timedelta(seconds=seconds):
        floor.now = floor.engine.next_due()
        assert floor.settle() == {}
        assert left(floor) == []
    floor.now = asked_at + timedelta(seconds=seconds)
    floor.settle()
    assert [left(floor, id)[0][1] for id in ("t1", "t2")] == [{"oldest_wait_s": seconds}] * 2


@pytest.mark.parametrize(("expected", "leaves"), [(None, False), (59, False), (60, True)])
def test_a_step_is_left_where_a_wait_would_be_too_long_and_not_where_nobody_knows(expected, leaves) -> None:
    floor = a_floor("estimated_wait_s >= 60", expected)
    floor.ask("t1"), floor.settle()
    assert bool(left(floor)) is leaves


def test_conditions_are_looked_at_after_a_restart_too() -> None:  # routing 8, 41
    floor = a_floor("oldest_wait_s >= 30 AND queue_length == 2")
    floor.ask("t1"), floor.ask("t2"), floor.settle()
    floor.engine = Engine(msgspec.json.decode(msgspec.json.encode(floor.engine.state), type=State))
    assert floor.decide() == []
    floor.now += timedelta(seconds=30)
    assert {move.task_id for move in floor.decide()} == {"t1", "t2"}


def test_a_step_to_leave_that_could_not_be_written_is_tried_again() -> None:
    floor = a_floor("queue_length > 0")
    floor.ask("t1")
    (move,) = floor.decide()
    assert move == Widening("t1", 1, StepReason.CONDITION_HELD, None, "queue_length > 0", {"queue_length": 1})
    assert floor.decide() == []
    floor.engine.forget(move)
    assert floor.decide() == [move]


def test_a_further_queue_is_left_by_who_is_there_for_it() -> None:  # routing 8, 11
    floor = Floor()
    floor.queue("sales", CHAT, knows("french", 1))
    floor.queue("support", CHAT, spanish_unless("logged_in == 0 AND queue_length == 1"), ANYBODY)
    floor.staff("novice")
    floor.ask("t1", also_in=("support",))
    assert floor.settle() == {"t1": "novice"}
    (step,) = [it.fact for it in floor.history if isinstance(it.fact, StepReached)]
    assert (step.queue_id, step.measured) == ("support", {"logged_in": 0, "queue_length": 1})


def test_a_queue_without_conditions_costs_nothing() -> None:
    floor = a_floor("queue_length > 0")
    floor.queue("sales", CHAT, knows(SPANISH, 5), ANYBODY)
    floor.ask("t1"), floor.settle()
    assert kept(floor) == []


def test_who_is_gone_is_not_kept() -> None:
    floor = a_floor("queue_length > 9")
    floor.staff("expert", spanish=9)
    for number in range(5):
        floor.ask(f"t{number}"), floor.settle()
        if number:
            floor.cancel(f"t{number}")
    assert kept(floor) == []
