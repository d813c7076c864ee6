"""Which steps does a request not wait for? Those where nobody is there, and those that are not for it."""

from datetime import timedelta

import msgspec
import pytest

from domain.configuration import settings as s
from domain.configuration.request_data import Consideration
from domain.kernel import replace
from domain.routing.engine import Engine, State, Widening
from domain.tasks.facts import StepReached, StepReason
from tests.domain.routing.floor import ANYBODY, CHAT, EMAIL, SENIOR, SPANISH, Floor, a_floor, knows

NONE_READY, NONE_LOGGED_IN = s.SkipIf.NONE_READY, s.SkipIf.NONE_LOGGED_IN
RICH = Consideration("order", s.RelationalOperator.GE, "100")


def spanish(skip_if: s.SkipIf | None = None, *consider_if: Consideration, timeout_s: int = 30) -> s.Step:
    return replace(knows(SPANISH, 5, timeout_s), skip_if=skip_if, consider_if=consider_if)


def steps_of(floor: Floor, task: str = "t1") -> list[tuple[int, StepReason]]:
    facts = [it.fact for it in floor.history if it.subject == task]
    return [(fact.step, fact.reason) for fact in facts if isinstance(fact, StepReached)]


# Nobody is there


@pytest.mark.parametrize("skip_if", s.SkipIf)
def test_a_step_where_nobody_is_there_is_left_on_entry(skip_if: s.SkipIf) -> None:  # routing 8
    floor = a_floor(spanish(skip_if), ANYBODY)
    floor.staff("novice")
    floor.ask("t1")
    assert floor.settle() == {"t1": "novice"}
    assert steps_of(floor) == [(1, StepReason[skip_if])]


@pytest.mark.parametrize("skip_if", s.SkipIf)
@pytest.mark.parametrize("busy_with", ["another task", "another offer"])
def test_a_step_whose_agents_are_busy_is_not_left(skip_if: s.SkipIf, busy_with: str) -> None:  # routing 8
    floor = a_floor(spanish(skip_if), ANYBODY)
    floor.staff("expert", spanish=9)
    floor.ask("t1"), floor.settle()
    if busy_with == "another task":
        floor.accept("t1")
    floor.staff("novice")
    floor.ask("t2")
    assert floor.settle() == {}


def away(agent: object) -> object:
    return agent.make_not_ready("lunch")


def no_chats(agent: object) -> object:
    return agent.make_mrd_not_ready(CHAT, "")


def no_capacity(agent: object) -> object:
    return agent.grant_mrd(CHAT, 0)


def forgets(agent: object) -> object:
    return agent.withdraw_attribute(SPANISH)


def home(agent: object) -> object:
    return agent.log_out()


@pytest.mark.parametrize(
    ("skip_if", "event"),
    [(NONE_READY, it) for it in (away, no_chats, no_capacity, forgets, home)]
    + [(NONE_LOGGED_IN, it) for it in (no_capacity, forgets, home)],
)
def test_a_step_is_left_as_soon_as_the_last_of_its_agents_is_gone(skip_if: s.SkipIf, event) -> None:  # routing 8, 17
    floor = a_floor(spanish(skip_if), ANYBODY)
    floor.staff("expert", spanish=9)
    floor.ask("t0"), floor.settle(), floor.accept("t0")
    floor.ask("t1")
    assert floor.wait(5) == {}
    floor.agent("expert", event)
    floor.settle()
    assert steps_of(floor) == [(1, StepReason[skip_if])]


@pytest.mark.parametrize("event", [away, no_chats])
def test_whoever_rests_is_still_signed_in(event) -> None:  # routing 8
    floor = a_floor(spanish(NONE_LOGGED_IN), ANYBODY)
    floor.staff("expert", spanish=9)
    floor.agent("expert", event)
    floor.ask("t1"), floor.settle()
    assert steps_of(floor) == []


def test_whoever_may_not_work_in_the_domain_is_nobody() -> None:  # routing 8
    floor = a_floor(spanish(NONE_LOGGED_IN), ANYBODY)
    floor.staff("writer", mrds=(EMAIL,), spanish=9)
    floor.ask("t1"), floor.settle()
    assert steps_of(floor) == [(1, StepReason.NONE_LOGGED_IN)]


def test_several_steps_are_left_one_after_the_other() -> None:  # routing 8
    senior = replace(knows(SENIOR, 1), skip_if=NONE_LOGGED_IN)
    floor = a_floor(spanish(NONE_READY), senior, ANYBODY)
    floor.staff("novice")
    floor.ask("t1")
    assert floor.settle() == {"t1": "novice"}
    assert steps_of(floor) == [(1, StepReason.NONE_READY), (2, StepReason.NONE_LOGGED_IN)]


def test_who_comes_to_a_step_that_was_left_is_preferred_all_the_same() -> None:  # routing 7, 8
    floor = a_floor(spanish(NONE_READY), ANYBODY)
    floor.ask("t1"), floor.settle()
    floor.staff("novice")
    floor.staff("expert", spanish=9)
    assert floor.settle() == {"t1": "expert"}


def test_a_step_that_is_left_moves_no_deadline() -> None:  # routing 8, 10
    floor = a_floor(spanish(NONE_READY), replace(knows(SENIOR, 1), timeout_s=20), ANYBODY)
    floor.staff("novice")
    asked_at = floor.now
    floor.ask("t1"), floor.settle()
    assert floor.engine.next_due() == asked_at + timedelta(seconds=50)
    assert floor.wait(49) == {}
    assert floor.wait(1) == {"t1": "novice"}
    assert steps_of(floor) == [(1, StepReason.NONE_READY), (2, StepReason.WAITED)]


def test_an_offer_that_can_be_made_is_made_before_a_step_is_left() -> None:  # routing 8
    floor = a_floor(knows(SENIOR, 1, timeout_s=10), spanish(NONE_READY), ANYBODY)
    floor.ask("t1"), floor.wait(0)
    floor.staff("elder", senior=1)
    floor.staff("novice")
    floor.agent("elder", away)
    floor.now += timedelta(seconds=10)
    (widening,) = floor.decide()
    floor.carry_out(widening)
    floor.agent("elder", lambda agent: agent.make_ready())
    assert floor.settle() == {"t1": "elder"}
    assert steps_of(floor) == [(1, StepReason.WAITED)]


def test_a_step_to_leave_that_could_not_be_written_is_tried_again() -> None:  # routing 8
    floor = a_floor(spanish(NONE_READY), ANYBODY)
    floor.ask("t1")
    (move,) = floor.decide()
    assert move == Widening("t1", 1, StepReason.NONE_READY)
    assert floor.decide() == []
    floor.engine.forget(move)
    assert floor.decide() == [move]


def test_a_queue_that_is_configured_to_leave_steps_is_thought_over() -> None:  # routing 8, 62
    floor = a_floor(spanish(), ANYBODY)
    floor.staff("novice")
    floor.ask("t1")
    assert floor.settle() == {}
    floor.queue("sales", CHAT, spanish(NONE_READY), ANYBODY)
    assert floor.settle() == {"t1": "novice"}


def test_steps_are_left_after_a_restart_too() -> None:  # routing 8, 41
    floor = a_floor(spanish(NONE_READY), ANYBODY)
    floor.staff("expert", spanish=9)
    floor.agent("expert", away)
    floor.ask("t1")
    floor.engine = Engine(msgspec.json.decode(msgspec.json.encode(floor.engine.state), type=State))
    assert floor.decide() == [Widening("t1", 1, StepReason.NONE_READY)]


def test_a_plain_request_is_not_watched() -> None:
    floor = a_floor(spanish(), ANYBODY)
    floor.ask("t1"), floor.settle()
    assert not floor.engine._watch.tasks


# Not for this request


def test_a_step_that_is_not_for_the_request_takes_no_time() -> None:  # routing 9, 10
    floor = a_floor(spanish(None, RICH), replace(knows(SENIOR, 1), timeout_s=20), ANYBODY)
    floor.staff("novice")
    asked_at = floor.now
    floor.ask("t1", data={"order": "50"}), floor.settle()
    assert steps_of(floor) == [(1, StepReason.NOT_CONSIDERED)]
    assert floor.engine.next_due() == asked_at + timedelta(seconds=20)
    assert floor.wait(20) == {"t1": "novice"}


def test_a_step_that_is_for_the_request_is_taken() -> None:  # routing 9
    floor = a_floor(spanish(None, RICH), ANYBODY)
    floor.staff("novice")
    floor.ask("t1", data={"order": "100"})
    assert floor.settle() == {}
    floor.staff("expert", spanish=9)
    assert floor.settle() == {"t1": "expert"}


def test_all_conditions_of_a_step_must_hold() -> None:  # routing 9
    vip = Consideration("segment", s.RelationalOperator.EQ, "vip")
    floor = a_floor(spanish(None, RICH, vip), ANYBODY)
    floor.ask("t1", data={"order": "500"})
    floor.ask("t2", data={"order": "500", "segment": "vip"})
    floor.settle()
    assert steps_of(floor, "t1") == [(1, StepReason.NOT_CONSIDERED)]
    assert steps_of(floor, "t2") == []


def test_any_of_the_conditions_of_a_step_may_do() -> None:  # routing 9
    vip = Consideration("segment", s.RelationalOperator.EQ, "vip", s.Junction.OR)
    floor = a_floor(spanish(None, RICH, vip), ANYBODY)
    for id, data in {"t1": {"order": "500"}, "t2": {"segment": "vip"}, "t3": {"segment": "new"}}.items():
        floor.ask(id, data=data)
    floor.settle()
    assert [steps_of(floor, id) for id in ("t1", "t2", "t3")] == [[], [], [(1, StepReason.NOT_CONSIDERED)]]


def test_agents_of_a_step_that_is_not_for_the_request_are_not_preferred() -> None:  # routing 9, 13
    floor = a_floor(spanish(None, RICH), ANYBODY)
    floor.staff("novice")
    floor.staff("expert", spanish=9)
    floor.ask("t1", data={})
    assert floor.settle() == {"t1": "novice"}


def test_who_only_matches_a_step_that_is_not_for_the_request_does_not_get_it() -> None:  # routing 9
    floor = a_floor(spanish(None, RICH, timeout_s=5), knows(SENIOR, 1))
    floor.staff("expert", spanish=9)
    floor.ask("t1", data={})
    assert floor.wait(60) == {}
    floor.staff("elder", senior=1)
    assert floor.settle() == {"t1": "elder"}


def test_a_step_in_the_middle_is_passed_by_too() -> None:  # routing 9, 10
    floor = a_floor(knows(SENIOR, 1, timeout_s=10), spanish(None, RICH), ANYBODY)
    floor.staff("novice")
    floor.ask("t1", data={})
    assert floor.wait(9) == {}
    assert floor.wait(1) == {"t1": "novice"}
    assert steps_of(floor) == [(1, StepReason.WAITED), (2, StepReason.NOT_CONSIDERED)]


def test_a_queue_with_other_conditions_is_thought_over_with_the_data_of_the_beginning() -> None:  # routing 9, 62
    floor = a_floor(spanish(None, RICH), ANYBODY)
    floor.staff("novice")
    floor.ask("t1", data={"order": "100"})
    assert floor.settle() == {}
    floor.queue("sales", CHAT, spanish(None, replace(RICH, value="101")), ANYBODY)
    assert floor.settle() == {"t1": "novice"}


def test_considered_or_not_the_work_is_in_one_order() -> None:  # routing 9, 16
    floor = a_floor(spanish(None, RICH), ANYBODY)
    floor.ask("poor", data={}), floor.settle()
    floor.ask("rich", data={"order": "100"}, priority=2), floor.settle()
    floor.ask("poor too", data={}), floor.settle()
    floor.staff("expert", spanish=9, tasks_max=9)
    order = []
    while offers := floor.settle():
        order += offers
        floor.accept(order[-1])
    assert order == ["rich", "poor", "poor too"]
