"""For whom does a request wait, and from when on for others too? Steps and their terms, routing 5 to 10."""

from datetime import timedelta

import pytest

from domain.configuration import settings as s
from domain.routing.engine import Widening
from tests.domain.routing.floor import ANYBODY, SENIOR, SPANISH, a_floor, knows


@pytest.mark.parametrize(
    ("junctions", "asked"),
    [((s.Junction.AND, s.Junction.AND), {}), ((s.Junction.AND, s.Junction.OR), {"t1": "ada"})],
)
def test_terms_are_joined_strictly_from_the_left(junctions: tuple, asked: dict) -> None:  # routing 5
    has = s.RelationalOperator.HAS
    second, third = junctions
    terms = (s.Term(SPANISH, has, 0), s.Term(SENIOR, has, 0, second), s.Term(SPANISH, has, 0, third))
    floor = a_floor(s.Step((s.Expression(terms),)))
    floor.staff("ada", spanish=3)
    floor.ask("t1")
    assert floor.settle() == asked


@pytest.mark.parametrize("operator", s.RelationalOperator)
def test_whoever_lacks_the_attribute_matches_nothing(operator: s.RelationalOperator) -> None:  # routing 6
    floor = a_floor(s.Step((s.Expression((s.Term(SPANISH, operator, 5),)),)))
    floor.staff("ada")
    floor.ask("t1")
    assert floor.settle() == {}


def test_whoever_learns_what_a_step_asks_for_is_found_at_once() -> None:  # routing 17
    floor = a_floor(knows(SPANISH, 5))
    floor.staff("ada")
    floor.ask("t1")
    assert floor.settle() == {}
    floor.agent("ada", lambda agent: agent.assign_attribute(SPANISH, 7))
    assert floor.settle() == {"t1": "ada"}


def test_the_second_step_begins_when_the_first_has_lasted() -> None:  # routing 7
    floor = a_floor(knows(SPANISH, 5, timeout_s=30), ANYBODY)
    floor.staff("ada")
    floor.ask("t1")
    assert floor.settle() == {}
    assert floor.wait(29) == {}
    assert floor.wait(1) == {"t1": "ada"}


def test_later_steps_keep_the_agents_of_earlier_ones_and_prefer_them() -> None:  # routing 7
    floor = a_floor(knows(SPANISH, 5, timeout_s=30), ANYBODY)
    floor.ask("t1")
    floor.wait(31)
    floor.staff("novice")
    floor.staff("expert", spanish=9)
    assert floor.settle() == {"t1": "expert"}


def test_in_mode_replace_a_later_step_drops_the_agents_of_earlier_ones() -> None:  # routing 7
    floor = a_floor(knows(SPANISH, 5, timeout_s=30), knows(SENIOR, 1), step_mode=s.StepMode.REPLACE)
    floor.ask("t1")
    floor.wait(31)
    floor.staff("expert", spanish=9)
    assert floor.settle() == {}
    floor.staff("elder", senior=1)
    assert floor.settle() == {"t1": "elder"}


def test_the_last_step_lasts_for_ever() -> None:  # routing 7
    floor = a_floor(knows(SPANISH, 5, timeout_s=30), knows(SENIOR, 1, timeout_s=1))
    floor.ask("t1")
    floor.wait(100_000)
    assert floor.engine.next_due() is None
    floor.staff("elder", senior=1)
    assert floor.settle() == {"t1": "elder"}


def test_the_engine_says_when_the_next_step_begins() -> None:  # routing 10
    floor = a_floor(knows(SPANISH, 5, timeout_s=30), knows(SPANISH, 3, timeout_s=20), ANYBODY)
    asked_at = floor.now
    floor.ask("t1")
    assert floor.decide() == []
    assert floor.engine.next_due() == asked_at + timedelta(seconds=30)
    floor.wait(31)
    assert floor.engine.next_due() == asked_at + timedelta(seconds=50)


def test_an_offer_does_not_stop_the_clock_of_the_steps() -> None:  # routing 10
    floor = a_floor(knows(SPANISH, 5, timeout_s=30), ANYBODY)
    floor.staff("expert", spanish=9)
    floor.staff("novice")
    floor.ask("t1")
    assert floor.settle() == {"t1": "expert"}
    assert floor.wait(29) == {}
    again = floor.let_it_ring("t1")
    assert floor.settle() == {}
    assert floor.wait(1) == {again: "novice"}


def test_a_request_that_is_queued_again_goes_on_at_the_step_it_had_reached() -> None:  # routing 10
    floor = a_floor(knows(SPANISH, 5, timeout_s=30), knows(SENIOR, 1, timeout_s=30), ANYBODY)
    floor.ask("t1")
    floor.wait(31)
    floor.staff("elder", senior=1)
    assert floor.settle() == {"t1": "elder"}
    again = floor.let_it_ring("t1")
    floor.staff("elder too", senior=1)
    assert floor.settle() == {again: "elder too"}


def test_a_step_is_in_force_when_it_is_a_fact() -> None:  # routing 7, 42
    floor = a_floor(knows(SPANISH, 5, timeout_s=30), ANYBODY)
    floor.staff("ada")
    floor.ask("t1")
    floor.decide()
    floor.now += timedelta(seconds=31)
    moves = floor.decide()
    assert moves == [Widening("t1", 1)]
    assert floor.engine.state.requests["t1"].step == 0
    floor.carry_out(moves[0])
    assert floor.settle() == {"t1": "ada"}


def test_a_step_that_could_not_be_written_is_tried_again() -> None:  # routing 10
    floor = a_floor(knows(SPANISH, 5, timeout_s=30), ANYBODY)
    floor.ask("t1")
    floor.now += timedelta(seconds=31)
    (move,) = floor.decide()
    assert floor.decide() == []
    floor.engine.forget(move)
    assert floor.decide() == [move]


def test_a_step_with_very_many_ways_to_meet_it_is_met_by_whoever_meets_it() -> None:  # routing 5
    has, term = s.RelationalOperator.HAS, s.Term
    any_of = [s.Expression(tuple(term(f"{n}{m}", has, 0, s.Junction.OR) for m in range(5))) for n in range(4)]
    floor = a_floor(s.Step(tuple(any_of)))
    floor.staff("ada", **{"00": 1, "11": 1, "22": 1})
    floor.ask("t1")
    assert floor.settle() == {}
    floor.agent("ada", lambda agent: agent.assign_attribute("34", 1))
    assert floor.settle() == {"t1": "ada"}
