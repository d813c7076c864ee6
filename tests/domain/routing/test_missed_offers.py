"""Who gets a request that rang in vain? Others, and whoever comes back: routing 24, 26."""

from tests.domain.routing.floor import CHAT, a_floor


def test_whoever_let_it_ring_is_left_out_though_nobody_else_is_there() -> None:  # routing 24
    floor = a_floor()
    floor.staff("ada", tasks_max=5)
    floor.ask("t1", excluded=frozenset({"ada"}))
    assert floor.settle() == {}


def test_whoever_let_it_ring_and_comes_back_may_have_it_again() -> None:  # routing 26
    floor = a_floor()
    floor.staff("ada")
    floor.ask("t1")
    floor.settle()
    again = floor.let_it_ring("t1")
    assert floor.settle() == {}
    floor.agent("ada", lambda agent: agent.make_mrd_ready(CHAT))
    assert floor.settle() == {again: "ada"}


def test_whoever_came_back_before_it_was_queued_again_may_have_it_too() -> None:  # routing 26
    floor = a_floor()
    floor.staff("ada")
    floor.ask("t1")
    floor.settle()
    floor.miss("t1")
    floor.agent("ada", lambda agent: agent.make_mrd_ready(CHAT))
    again = floor.ask_again("t1")
    assert floor.settle() == {again: "ada"}


def test_whoever_came_back_has_it_only_if_nobody_else_is_there() -> None:  # routing 24, 26
    floor = a_floor()
    floor.staff("ada")
    floor.ask("t1")
    floor.settle()
    floor.miss("t1")
    floor.agent("ada", lambda agent: agent.make_mrd_ready(CHAT))
    floor.staff("grace")
    again = floor.ask_again("t1")
    assert floor.settle() == {again: "grace"}


def test_whoever_it_was_withdrawn_from_may_have_it_at_once() -> None:  # routing 24, 37
    floor = a_floor()
    floor.staff("ada")
    floor.ask("t1")
    floor.settle()
    again = floor.withdraw("t1")
    assert floor.settle() == {again: "ada"}


def test_a_withdrawn_offer_does_not_begin_anew_who_is_left_out() -> None:  # routing 26
    floor = a_floor()
    floor.staff("ada", "grace")
    floor.ask("t1")
    floor.settle()
    again = floor.let_it_ring("t1")
    assert floor.settle() == {again: "grace"}
    floor.agent("ada", lambda agent: agent.make_mrd_ready(CHAT))
    floor.agent("grace", lambda agent: agent.make_not_ready("lunch"))
    third = floor.withdraw(again)
    assert floor.settle() == {third: "ada"}


def test_who_let_it_ring_long_ago_stays_left_out_until_they_come_back() -> None:  # routing 26
    floor = a_floor()
    floor.staff("ada", "grace")
    floor.ask("t1")
    floor.settle()
    again = floor.let_it_ring("t1")
    assert floor.settle() == {again: "grace"}
    third = floor.let_it_ring(again)
    assert floor.settle() == {}
    floor.agent("ada", lambda agent: agent.make_mrd_ready(CHAT))
    assert floor.settle() == {third: "ada"}
