"""Who is first, and what is first? The orders of agents and of work, routing 13 to 16."""

import pytest

from domain.configuration import settings as s
from tests.domain.routing.floor import CHAT, EMAIL, SENIOR, SPANISH, Floor, a_floor, knows

# Who


def test_whoever_has_the_least_to_do_is_first() -> None:  # routing 13
    floor = a_floor()
    floor.staff("ada", "grace", tasks_max=2)
    for task in ("t1", "t2", "t3"):
        floor.ask(task)
        floor.settle()
        floor.accept(task)
    assert [floor.tasks[task].agent_id for task in ("t1", "t2", "t3")] == ["ada", "grace", "ada"]


def test_how_much_somebody_has_to_do_is_measured_by_how_much_they_can() -> None:  # routing 13
    floor = a_floor()
    floor.staff("big", tasks_max=10)
    floor.ask("t1"), floor.settle(), floor.accept("t1")
    floor.ask("t2"), floor.settle(), floor.accept("t2")
    floor.staff("small", tasks_max=2)
    floor.ask("t3"), floor.settle(), floor.accept("t3")
    assert floor.tasks["t3"].agent_id == "small"
    floor.ask("t4")
    assert floor.settle() == {"t4": "big"}  # 2 of 10 is less than 1 of 2


def test_of_equals_the_longest_available_is_first() -> None:  # routing 13
    floor = a_floor()
    floor.staff("zoe", "ada")
    floor.ask("t1")
    assert floor.settle() == {"t1": "zoe"}


@pytest.mark.parametrize(("policy", "chosen"), [("MOST_SKILLED", "expert"), ("LEAST_SKILLED", "novice")])
def test_the_policy_is_the_first_key(policy: str, chosen: str) -> None:  # routing 13, 14
    floor = a_floor(knows(SPANISH, 1), agent_selection=s.AgentSelectionPolicy(policy))
    floor.staff("middling", spanish=5)
    floor.staff("expert", spanish=9)
    floor.staff("novice", spanish=2)
    floor.ask("t1")
    assert floor.settle() == {"t1": chosen}


def test_going_away_and_coming_back_does_not_improve_the_place() -> None:  # routing 15
    floor = a_floor()
    floor.staff("ada", "grace")
    floor.agent("ada", lambda agent: agent.make_mrd_not_ready(CHAT, ""))
    floor.agent("ada", lambda agent: agent.make_mrd_ready(CHAT))
    floor.ask("t1")
    assert floor.settle() == {"t1": "grace"}


def test_whoever_has_just_ended_a_task_is_last() -> None:  # routing 15
    floor = a_floor()
    floor.staff("ada", "grace")
    floor.ask("t1")
    assert floor.settle() == {"t1": "ada"}
    floor.accept("t1")
    floor.finish("t1")
    floor.ask("t2")
    assert floor.settle() == {"t2": "grace"}


def test_becoming_ready_in_one_domain_does_not_count_in_another() -> None:  # routing 15
    floor = a_floor()
    floor.staff("ada", "grace", mrds=(CHAT, EMAIL))
    floor.agent("ada", lambda agent: agent.make_mrd_not_ready(EMAIL, ""))
    floor.agent("ada", lambda agent: agent.make_mrd_ready(EMAIL))
    floor.ask("t1")
    assert floor.settle() == {"t1": "ada"}


def test_the_skill_is_that_for_the_step_by_which_they_match() -> None:  # routing 14
    steps = knows(SPANISH, 5, timeout_s=30), knows(SENIOR, 1)
    floor = a_floor(*steps, agent_selection=s.AgentSelectionPolicy.MOST_SKILLED)
    floor.ask("t1")
    floor.wait(31)
    floor.staff("speaker", spanish=4, senior=1)
    floor.agent("speaker", lambda agent: agent.make_not_ready("lunch"))
    floor.staff("elder", senior=3)
    floor.agent("elder", lambda agent: agent.make_not_ready("lunch"))
    floor.agent("speaker", lambda agent: agent.make_ready())
    floor.agent("elder", lambda agent: agent.make_ready())
    assert floor.settle() == {"t1": "elder"}


def test_the_order_is_pooled_over_queues_of_one_priority_and_not_over_priorities() -> None:  # routing 16
    floor = Floor()
    floor.queue("sales", CHAT, priority=3), floor.queue("support", CHAT, priority=3), floor.queue("vip", priority=4)
    for task, queue, priority in (
        ("a", "support", 1),
        ("b", "sales", 1),
        ("c", "support", 2),
        ("d", "sales", 11),
        ("e", "vip", 1),
    ):
        floor.ask(task, queue, priority=priority)
    floor.staff("ada", tasks_max=9)
    order = []
    while offers := floor.settle():
        order += offers
        floor.accept(order[-1])
    assert order == ["e", "d", "c", "a", "b"]


def test_the_skill_is_the_sum_of_all_that_the_matched_expressions_name() -> None:  # routing 14
    has = s.RelationalOperator.HAS
    terms = (s.Term(SPANISH, has), s.Term("billing", has), s.Term(SPANISH, s.RelationalOperator.GE, 1))
    floor = Floor()
    most = s.AgentSelectionPolicy.MOST_SKILLED
    floor.queue("sales", CHAT, s.Step((s.Expression(terms),)), agent_selection=most)
    floor.staff("ada", spanish=9, billing=1, other=10)
    floor.staff("grace", spanish=5, billing=6)
    floor.ask("t1")
    assert floor.settle() == {"t1": "grace"}


def test_a_missed_offer_sends_to_the_back() -> None:  # routing 15
    floor = Floor()
    floor.queue("sales")
    floor.staff("ada", "grace")
    floor.ask("t1"), floor.settle()
    floor.miss("t1")
    floor.agent("ada", lambda agent: agent.make_mrd_ready(CHAT))
    floor.ask("t2")
    assert floor.settle() == {"t2": "grace"}


# What


def test_the_queue_with_the_higher_priority_is_first_then_the_request_then_the_oldest() -> None:  # routing 16
    floor = a_floor()
    floor.queue("vip", CHAT, priority=9)
    floor.ask("old")
    floor.ask("new")
    floor.ask("urgent", priority=5)
    floor.ask("vip old", "vip")
    floor.ask("vip urgent", "vip", priority=2)
    floor.staff("ada", tasks_max=9)
    order = []
    while offers := floor.settle():
        order += offers
        floor.accept(order[-1])
    assert order == ["vip urgent", "vip old", "urgent", "old", "new"]


def test_queues_of_equal_priority_are_pooled() -> None:  # routing 16
    floor = a_floor()
    floor.queue("support", CHAT)
    floor.ask("older", "support")
    floor.ask("newer", "sales")
    floor.staff("ada")
    assert floor.settle() == {"older": "ada"}


def test_who_comes_when_an_agent_gets_free_does_not_overtake_who_waits() -> None:  # routing 16, 18
    floor = a_floor()
    floor.queue("vip", CHAT, priority=9)
    floor.ask("vip", "vip")
    assert floor.settle() == {}
    floor.staff("ada")  # and before anybody decides …
    floor.ask("new")
    assert floor.settle() == {"vip": "ada"}


def test_a_request_that_rang_in_vain_is_first_in_line() -> None:  # routing 24
    floor = a_floor()
    floor.staff("ada")
    floor.ask("t1")
    floor.settle()
    floor.ask("t2", priority=10)
    again = floor.let_it_ring("t1")
    floor.staff("grace")
    assert floor.settle() == {again: "grace"}
