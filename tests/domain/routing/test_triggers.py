"""What makes the engine look again? Whatever makes room, or makes somebody good for what waits (routing 17)."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest

from domain.configuration.calendar import BusinessCalendar, Hours, Weekday, WeeklyHours
from domain.configuration.diversions import Diversion, DiversionAction, Opening
from domain.ids import CalendarId, QueueId
from domain.routing.engine import Offer
from tests.domain.routing.floor import ANYBODY, CHAT, EMAIL, NOON, SPANISH, Floor, a_floor, knows


def somebody_waits(**queue: object) -> Floor:
    """Ada talks, a customer waits in another queue than hers, and nobody else is good for it."""
    floor = Floor()
    floor.queue("sales", CHAT, knows(SPANISH, 3))
    floor.queue("support", CHAT, knows(SPANISH, 5, timeout_s=60), knows(SPANISH, 2), **queue)
    floor.staff("ada", spanish=6)
    floor.ask("talk"), floor.settle(), floor.accept("talk")
    floor.ask("t1", "support")
    assert floor.settle() == {}
    return floor


def accepts(floor: Floor) -> None:
    floor.agent("ada", lambda agent: agent.grant_mrd(CHAT, 3))
    floor.ask("t0", "sales", priority=10), floor.settle()
    floor.accept("t0")


def closes(floor: Floor) -> None:
    floor.finish("talk")


def lets_it_ring(floor: Floor) -> None:
    """A slot that is free again, though not for whoever let it ring."""
    floor.staff("grace", spanish=1)
    floor.queue("sales", CHAT, ANYBODY)
    floor.ask("t0", "sales"), floor.settle()
    floor.miss("t0")
    floor.agent("grace", lambda agent: agent.assign_attribute(SPANISH, 9))
    floor.agent("grace", lambda agent: agent.make_mrd_ready(CHAT))


def is_cancelled(floor: Floor) -> None:
    floor.ask("t0", "sales", priority=10)
    floor.agent("ada", lambda agent: agent.grant_mrd(CHAT, 2))
    assert floor.settle() == {"t0": "ada"}
    floor.cancel("t0")


def signs_in(floor: Floor) -> None:
    floor.staff("grace", spanish=7)


def becomes_ready(floor: Floor) -> None:
    floor.staff("grace", spanish=7)
    floor.agent("grace", lambda agent: agent.make_not_ready("lunch"))
    floor.agent("grace", lambda agent: agent.make_ready())


def becomes_ready_in_the_domain(floor: Floor) -> None:
    floor.staff("grace", spanish=7)
    floor.agent("grace", lambda agent: agent.make_mrd_not_ready(CHAT, ""))
    floor.agent("grace", lambda agent: agent.make_mrd_ready(CHAT))


def learns(floor: Floor) -> None:
    floor.staff("grace", spanish=1)
    floor.settle()
    floor.agent("grace", lambda agent: agent.assign_attribute(SPANISH, 5))


def may_do_more(floor: Floor) -> None:
    floor.agent("ada", lambda agent: agent.grant_mrd(CHAT, 2))


def may_work_there(floor: Floor) -> None:
    floor.staff("grace", mrds=(EMAIL,), spanish=7)
    floor.settle()
    floor.agent("grace", lambda agent: agent.grant_mrd(CHAT, 1))
    floor.agent("grace", lambda agent: agent.make_mrd_ready(CHAT))


def the_step_is_edited(floor: Floor) -> None:
    floor.staff("grace", spanish=1)
    floor.settle()
    floor.queue("support", CHAT, knows(SPANISH, 1))


def a_step_begins(floor: Floor) -> None:
    floor.staff("grace", spanish=2)
    assert floor.wait(59) == {}
    floor.now += timedelta(seconds=1)


def wraps_up_without_a_slot(floor: Floor) -> None:
    floor.agent("ada", lambda agent: agent.wrap_up("talk", holds_slot=False))


@pytest.mark.parametrize(
    "event",
    [
        accepts,
        closes,
        lets_it_ring,
        is_cancelled,
        signs_in,
        becomes_ready,
        becomes_ready_in_the_domain,
        learns,
        may_do_more,
        may_work_there,
        the_step_is_edited,
        a_step_begins,
        wraps_up_without_a_slot,
    ],
)
def test_what_waits_is_offered_as_soon_as_somebody_can_have_it(event: Callable[[Floor], None]) -> None:  # routing 17
    floor = somebody_waits()
    event(floor)
    assert "t1" in floor.settle()


def test_a_closing_edge_moves_what_waits_to_whoever_is_free_elsewhere() -> None:  # routing 17, 57
    floor = Floor()
    hours = (Hours(time(8), time(13)),)
    floor.configure("shop", BusinessCalendar("Shop", "UTC", (WeeklyHours(tuple(Weekday), hours),)))
    floor.queue("night")
    to_night = Diversion(DiversionAction.OTHER_QUEUE, QueueId("night"))
    floor.queue("sales", CHAT, knows(SPANISH, 5), opening=Opening(CalendarId("shop"), to_night, to_night))
    floor.staff("grace")
    floor.ask("t1")
    assert floor.settle() == {}
    floor.now = NOON + timedelta(hours=1)
    assert floor.settle() == {"t1+": "grace"}


def test_one_decision_gives_each_agent_one_offer_however_much_waits() -> None:  # routing 18
    floor = Floor()
    for queue in ("sales", "support", "letters"):
        floor.queue(queue, CHAT, priority=3)
    floor.staff("ada", "grace", tasks_max=5)
    for number in range(6):
        floor.ask(f"t{number}", ("sales", "support", "letters")[number % 3])
    moves = floor.decide()
    assert [(move.task_id, move.agent_id) for move in moves] == [("t0", "ada"), ("t1", "grace")]
    assert floor.decide() == []


# While Ada talks


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
