"""Which request goes to which agent? The rules of routing by their numbers."""

from datetime import timedelta

import pytest

from domain.configuration import settings as s
from domain.configuration.facts import Retired
from domain.routing.engine import Offer, Widening
from domain.tasks.facts import TaskCloseReason
from tests.domain.routing.floor import ANYBODY, CHAT, EMAIL, SENIOR, SPANISH, Floor, knows


def a_floor(*steps: s.Step, **queue: object) -> Floor:
    floor = Floor()
    floor.queue("sales", CHAT, *steps, **queue)
    return floor


def test_a_request_goes_to_whoever_is_ready() -> None:
    floor = a_floor()
    floor.staff("ada")
    floor.ask("t1")
    assert floor.settle() == {"t1": "ada"}


def test_a_request_waits_for_whoever_gets_ready() -> None:
    floor = a_floor()
    floor.ask("t1")
    assert floor.settle() == {}
    floor.staff("ada")
    assert floor.settle() == {"t1": "ada"}


# Steps


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


# Who may


def test_an_agent_who_is_full_gets_nothing_more() -> None:  # routing 12
    floor = a_floor()
    floor.staff("ada", tasks_max=2)
    for task in ("t1", "t2", "t3"):
        floor.ask(task)
    assert floor.settle() == {"t1": "ada"}
    floor.accept("t1")
    assert floor.settle() == {"t2": "ada"}
    floor.accept("t2")
    assert floor.settle() == {}


def test_wrap_up_fills_a_slot() -> None:  # routing 12, 52
    floor = a_floor()
    floor.staff("ada")
    floor.ask("t1")
    floor.settle()
    floor.accept("t1")
    floor.agent("ada", lambda agent: agent.wrap_up("t1", holds_slot=True))
    floor.ask("t2")
    assert floor.settle() == {}
    floor.finish("t1")
    assert floor.settle() == {"t2": "ada"}


def test_whoever_is_in_the_conversation_is_not_asked_into_it() -> None:  # routing 12
    floor = a_floor()
    floor.staff("ada", "grace", tasks_max=5)
    floor.ask("t1", conversation="talk")
    floor.settle()
    floor.accept("t1")
    floor.ask("t2", conversation="talk")
    assert floor.settle() == {"t2": "grace"}


def test_whoever_was_in_the_conversation_may_have_its_next_request_once_their_task_is_closed() -> (
    None
):  # routing 12, 17
    floor = a_floor()
    floor.staff("ada")
    floor.ask("t1", conversation="talk")
    floor.settle()
    floor.accept("t1")
    floor.agent("ada", lambda agent: agent.wrap_up("t1", holds_slot=False))
    floor.ask("t2", conversation="talk")
    assert floor.settle() == {}
    floor.task("t1", lambda task: task.take_away(TaskCloseReason.DONE))
    assert floor.settle() == {"t2": "ada"}


@pytest.mark.parametrize("leave", ["make_mrd_not_ready", "make_not_ready", "log_out"])
def test_whoever_does_not_want_work_gets_none(leave: str) -> None:  # routing 12
    floor = a_floor()
    floor.staff("ada")
    arguments = {"make_mrd_not_ready": (CHAT, ""), "make_not_ready": ("lunch",), "log_out": ()}[leave]
    floor.agent("ada", lambda agent: getattr(agent, leave)(*arguments))
    floor.ask("t1")
    assert floor.settle() == {}


# Who first


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


# What first


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


# Whatever makes room


def waiting_for_ada(**more: object) -> Floor:
    """Ada talks, another customer waits."""
    floor = a_floor()
    floor.staff("ada", **more)
    floor.ask("t1")
    floor.settle()
    floor.accept("t1")
    floor.ask("t2")
    assert floor.settle() == {}
    return floor


def test_a_closed_task_makes_room() -> None:  # routing 17
    floor = waiting_for_ada()
    floor.finish("t1")
    assert floor.settle() == {"t2": "ada"}


def test_more_capacity_makes_room() -> None:  # routing 17
    floor = waiting_for_ada()
    floor.agent("ada", lambda agent: agent.grant_mrd(CHAT, 2))
    assert floor.settle() == {"t2": "ada"}


def test_accepting_makes_room_for_the_next_offer() -> None:  # routing 17
    floor = a_floor()
    floor.staff("ada", tasks_max=2)
    floor.ask("t1")
    floor.ask("t2")
    assert floor.settle() == {"t1": "ada"}
    floor.accept("t1")
    assert floor.settle() == {"t2": "ada"}


def test_a_cancelled_offer_makes_room() -> None:  # routing 17, 59
    floor = a_floor()
    floor.staff("ada")
    floor.ask("t1")
    floor.settle()
    floor.ask("t2")
    floor.cancel("t1")
    assert floor.settle() == {"t2": "ada"}


def test_a_request_cancelled_before_it_rang_makes_room() -> None:  # routing 17
    floor = a_floor()
    floor.staff("ada")
    floor.ask("t1")
    floor.ask("t2")
    (offer,) = floor.decide()
    floor.cancel("t1")
    assert floor.settle() == {"t2": "ada"}
    assert offer.task_id == "t1"


def test_a_request_that_another_engine_gave_away_makes_room() -> None:  # routing 17, 18
    floor = a_floor()
    floor.staff("ada", "grace")
    floor.ask("t1")
    (mine,) = floor.decide()
    floor.ask("t2")
    floor.agent("grace", lambda agent: agent.make_not_ready("lunch"))
    theirs = Offer(mine.task_id, CHAT, "grace", "their offer", 0)
    floor.ring(theirs)
    assert floor.settle() == {"t2": "ada"}


def test_a_refused_offer_leaves_the_agent_to_whoever_waits() -> None:  # routing 17
    floor = a_floor()
    floor.staff("ada")
    floor.ask("t1")
    (offer,) = floor.decide()
    floor.staff("grace")
    floor.agent("grace", lambda agent: agent.make_mrd_not_ready(CHAT, ""))
    floor.ask("t2", priority=5)
    floor.engine.forget(offer)
    floor.agent("grace", lambda agent: agent.make_mrd_ready(CHAT))
    assert floor.settle() == {"t2": "ada", "t1": "grace"}


def test_a_changed_queue_is_thought_over() -> None:  # routing 17, 62
    floor = a_floor(knows(SPANISH, 5))
    floor.staff("ada")
    floor.ask("t1")
    assert floor.settle() == {}
    floor.queue("sales", CHAT, ANYBODY)
    assert floor.settle() == {"t1": "ada"}


def test_every_queue_of_a_freed_agent_is_looked_at() -> None:  # routing 17
    floor = waiting_for_ada()
    floor.queue("support", CHAT)
    floor.cancel("t2")
    floor.ask("t3", "support")
    floor.finish("t1")
    assert floor.settle() == {"t3": "ada"}


# One offer at a time


def test_an_agent_has_one_offer_at_a_time_in_a_domain() -> None:  # routing 20
    floor = a_floor()
    floor.staff("ada", tasks_max=5)
    floor.ask("t1")
    floor.ask("t2")
    assert [move.task_id for move in floor.decide()] == ["t1"]
    assert floor.decide() == []


def test_an_agent_may_have_an_offer_in_each_domain() -> None:  # routing 20
    floor = a_floor()
    floor.queue("letters", EMAIL)
    floor.staff("ada", mrds=(CHAT, EMAIL))
    floor.ask("t1")
    floor.ask("t2", "letters", EMAIL)
    assert floor.settle() == {"t1": "ada", "t2": "ada"}


def test_a_request_is_offered_to_one_agent_at_a_time() -> None:  # routing 67
    floor = a_floor()
    floor.staff("ada", "grace")
    floor.ask("t1")
    assert len(floor.decide()) == 1
    assert floor.decide() == []


def test_a_slot_that_is_held_already_is_not_given_away_after_a_restart() -> None:  # routing 20, 41
    import msgspec

    from domain.routing.engine import Engine, State

    floor = a_floor()
    floor.staff("ada", "grace")
    floor.ask("t1")
    (offer,) = floor.decide()
    floor.agent("ada", lambda it: it.reserve(CHAT, offer.task_id, offer.offer_id, offer.step, offer.decision))
    floor.engine = Engine(msgspec.json.decode(msgspec.json.encode(floor.engine.state), type=State))
    assert floor.decide() == []
    floor.ring(offer)
    assert floor.decide() == []


# Missed offers


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


# Engines that only follow


def test_an_engine_that_never_leads_keeps_nothing_of_what_is_over() -> None:  # routing 41, 42
    floor = a_floor(knows(SPANISH, 5, timeout_s=600), ANYBODY)
    for number in range(500):
        floor.ask(f"t{number}")
        floor.cancel(f"t{number}")
    engine = floor.engine
    assert engine.next_due() is None
    assert len(engine._clocks._due) < 100
    assert not engine.state.requests
    assert not engine.state.created


def test_a_queue_that_is_configured_anew_leaves_the_others_alone() -> None:  # routing 62
    floor = a_floor(knows(SPANISH, 5))
    floor.queue("support", CHAT, knows(SENIOR, 1))
    line = floor.engine._lines.get("support")
    floor.queue("sales", CHAT, ANYBODY)
    assert floor.engine._lines.get("support") is line


def test_who_waits_for_a_queue_that_is_gone_is_served_when_it_comes_back() -> None:  # routing 17, 63
    floor = a_floor()
    floor.ask("t1")
    floor.tell("queue-sales", Retired())
    floor.staff("ada")
    assert floor.settle() == {}
    floor.queue("sales", CHAT)
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


def test_a_step_with_very_many_ways_to_meet_it_is_met_by_whoever_meets_it() -> None:  # routing 5
    has, term = s.RelationalOperator.HAS, s.Term
    any_of = [s.Expression(tuple(term(f"{n}{m}", has, 0, s.Junction.OR) for m in range(5))) for n in range(4)]
    floor = a_floor(s.Step(tuple(any_of)))
    floor.staff("ada", **{"00": 1, "11": 1, "22": 1})
    floor.ask("t1")
    assert floor.settle() == {}
    floor.agent("ada", lambda agent: agent.assign_attribute("34", 1))
    assert floor.settle() == {"t1": "ada"}
