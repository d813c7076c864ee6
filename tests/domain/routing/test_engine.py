"""Which request goes to which agent? The rules of routing by their numbers."""

import pytest

from domain.configuration.facts import Retired
from domain.tasks.facts import TaskCloseReason
from tests.domain.routing.floor import ANYBODY, CHAT, EMAIL, SENIOR, SPANISH, a_floor, knows


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


# One offer at a time


def test_an_agent_has_one_offer_at_a_time_in_a_domain() -> None:  # routing 20
    floor = a_floor()
    floor.staff("ada", tasks_max=5)
    floor.ask("t1")
    floor.ask("t2")
    assert [move.task_id for move in floor.decide()] == ["t1"]
    assert floor.decide() == []


@pytest.mark.parametrize(
    "event",
    [
        lambda agent: agent.grant_mrd(CHAT, 6),
        lambda agent: agent.take_up(CHAT, "pulled", "talk"),
        lambda agent: agent.assign_attribute(SPANISH, 9),
        lambda agent: agent.connect("a", several=False),
        lambda agent: agent.release("before", "DONE"),
    ],
)
@pytest.mark.parametrize("under_way", [True, False])
def test_whoever_something_rings_at_gets_nothing_else_whatever_happens(event, under_way: bool) -> None:  # routing 20
    floor = a_floor()
    floor.staff("ada", tasks_max=5)
    floor.agent("ada", lambda agent: agent.take_up(CHAT, "before", "talk"))
    floor.ask("t1")
    (offer,) = floor.decide()
    floor.ask("t2")
    if under_way:
        floor.agent("ada", event)
        assert floor.decide() == []
    floor.carry_out(offer)
    if not under_way:
        floor.agent("ada", event)
    assert floor.settle() == {}
    floor.accept("t1")
    assert floor.settle() == {"t2": "ada"}


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
