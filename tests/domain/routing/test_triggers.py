"""What makes the engine look again? Whatever makes room, or makes somebody good for what waits (routing 17)."""

from collections.abc import Callable, Iterator
from datetime import time, timedelta

import pytest

from domain.agents.facts import MrdState
from domain.agents.states import Mirrored
from domain.configuration import settings as s
from domain.configuration.calendar import BusinessCalendar, Hours, Weekday, WeeklyHours
from domain.configuration.diversions import Diversion, DiversionAction, Opening
from domain.configuration.facts import Retired
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


Event = Callable[[Floor], Iterator[None]]
"""What leads to it, a break in which nothing can be offered, and the one thing that happens."""


def accepts(floor: Floor) -> Iterator[None]:
    floor.ask("t0", "sales", priority=10)
    floor.agent("ada", lambda agent: agent.grant_mrd(CHAT, 3))
    yield
    floor.accept("t0")


def closes(floor: Floor) -> Iterator[None]:
    yield
    floor.finish("talk")


def lets_it_ring(floor: Floor) -> Iterator[None]:
    """What rings out leaves room for others, where the domain holds nothing against the agent (routing 25)."""
    floor.ask("t0", "sales", priority=10)
    floor.agent("ada", lambda agent: agent.grant_mrd(CHAT, 2))
    yield
    floor.task("t0", lambda task: task.expire_offer(task.offer.offer_id, floor.now))
    floor.agent("ada", lambda agent: agent.miss("t0", s.RonaAction.NONE))


def declines(floor: Floor) -> Iterator[None]:
    floor.ask("t0", "sales", priority=10)
    floor.agent("ada", lambda agent: agent.grant_mrd(CHAT, 2))
    yield
    floor.task("t0", lambda task: task.decline("ada", "", floor.now))
    floor.agent("ada", lambda agent: agent.release("t0", "DECLINED"))


def is_cancelled(floor: Floor) -> Iterator[None]:
    floor.ask("t0", "sales", priority=10)
    floor.agent("ada", lambda agent: agent.grant_mrd(CHAT, 2))
    yield
    floor.cancel("t0")


def signs_in(floor: Floor) -> Iterator[None]:
    """Whoever signs in is ready when they say so."""
    floor.staff("grace", spanish=7)
    floor.agent("grace", lambda agent: agent.log_out())
    yield
    floor.agent("grace", lambda agent: agent.log_in())
    floor.agent("grace", lambda agent: agent.make_ready())


def becomes_ready(floor: Floor) -> Iterator[None]:
    floor.staff("grace", spanish=7)
    floor.agent("grace", lambda agent: agent.make_not_ready("lunch"))
    yield
    floor.agent("grace", lambda agent: agent.make_ready())


def becomes_ready_in_the_domain(floor: Floor) -> Iterator[None]:
    floor.staff("grace", spanish=7)
    floor.agent("grace", lambda agent: agent.make_mrd_not_ready(CHAT, ""))
    yield
    floor.agent("grace", lambda agent: agent.make_mrd_ready(CHAT))


def has_rested(floor: Floor) -> Iterator[None]:
    """The end of a cool-down (routing 25)."""
    floor.staff("grace", spanish=7)
    floor.ask("t0", "support", priority=10), floor.settle()
    until = floor.now + timedelta(seconds=60)
    floor.task("t0", lambda task: task.expire_offer(task.offer.offer_id, floor.now))
    floor.agent("grace", lambda agent: agent.miss("t0", s.RonaAction.COOL_DOWN, 1, until))
    yield
    floor.agent("grace", lambda agent: agent.end_cool_down(CHAT, until))


def is_back_at_the_desk(floor: Floor) -> Iterator[None]:
    floor.staff("grace", spanish=7)
    floor.agent("grace", lambda agent: agent.connect("a", several=False))
    floor.agent("grace", lambda agent: agent.disconnect("a", floor.now + timedelta(hours=1)))
    yield
    floor.agent("grace", lambda agent: agent.connect("b", several=False))


def is_known_again(floor: Floor) -> Iterator[None]:
    """After a failure (routing 29)."""
    floor.staff("grace", spanish=7)
    floor.agent("grace", lambda agent: agent.lose_state("crash"))
    yield
    floor.agent("grace", lambda agent: agent.make_ready())


def hangs_up_elsewhere(floor: Floor) -> Iterator[None]:
    """A call in another domain, to which chats give way, is over (routing 35)."""
    floor.staff("grace", mrds=(CHAT, EMAIL), spanish=7)
    gives_way = {CHAT: s.InterruptionAction.HOLD}
    floor.agent("grace", lambda agent: agent.take_up(EMAIL, "call", "c", interrupts=gives_way))
    yield
    floor.agent("grace", lambda agent: agent.release("call", "DONE"))


def hangs_up_in_another_system(floor: Floor) -> Iterator[None]:
    floor.staff("grace", mrds=(CHAT, EMAIL), spanish=7)
    gives_way = {CHAT: s.InterruptionAction.HOLD}
    floor.agent("grace", lambda agent: agent.mirror(EMAIL, Mirrored(MrdState.BUSY, False, gives_way)))
    yield
    floor.agent("grace", lambda agent: agent.mirror(EMAIL, Mirrored(MrdState.READY)))


def learns(floor: Floor) -> Iterator[None]:
    floor.staff("grace", spanish=1)
    yield
    floor.agent("grace", lambda agent: agent.assign_attribute(SPANISH, 5))


def may_do_more(floor: Floor) -> Iterator[None]:
    yield
    floor.agent("ada", lambda agent: agent.grant_mrd(CHAT, 2))


def may_work_there(floor: Floor) -> Iterator[None]:
    floor.staff("grace", mrds=(EMAIL,), spanish=7)
    floor.agent("grace", lambda agent: agent.grant_mrd(CHAT, 0))
    floor.agent("grace", lambda agent: agent.make_mrd_ready(CHAT))
    yield
    floor.agent("grace", lambda agent: agent.grant_mrd(CHAT, 1))


def the_step_is_edited(floor: Floor) -> Iterator[None]:
    floor.staff("grace", spanish=1)
    yield
    floor.queue("support", CHAT, knows(SPANISH, 1))


def the_queue_comes_back(floor: Floor) -> Iterator[None]:
    floor.tell("queue-support", Retired())
    floor.staff("grace", spanish=7)
    yield
    floor.queue("support", CHAT, knows(SPANISH, 5))


def a_step_begins(floor: Floor) -> Iterator[None]:
    floor.staff("grace", spanish=2)
    assert floor.wait(59) == {}
    yield
    floor.now += timedelta(seconds=1)


def is_left_out_no_more(floor: Floor) -> Iterator[None]:
    """Whoever let it ring became ready again, and nobody else is there (routing 26)."""
    floor.staff("grace", spanish=7)
    assert floor.settle() == {"t1": "grace"}
    assert floor.let_it_ring("t1") == "t1'"
    yield
    floor.agent("grace", lambda agent: agent.make_mrd_ready(CHAT))


def wraps_up_without_a_slot(floor: Floor) -> Iterator[None]:
    yield
    floor.agent("ada", lambda agent: agent.wrap_up("talk", holds_slot=False))


def is_done_with_the_wrap_up(floor: Floor) -> Iterator[None]:
    floor.agent("ada", lambda agent: agent.wrap_up("talk", holds_slot=True))
    yield
    floor.finish("talk")


EVENTS: list[Event] = [
    accepts,
    closes,
    lets_it_ring,
    declines,
    is_cancelled,
    signs_in,
    becomes_ready,
    becomes_ready_in_the_domain,
    has_rested,
    is_back_at_the_desk,
    is_known_again,
    hangs_up_elsewhere,
    hangs_up_in_another_system,
    learns,
    may_do_more,
    may_work_there,
    the_step_is_edited,
    the_queue_comes_back,
    a_step_begins,
    is_left_out_no_more,
    wraps_up_without_a_slot,
    is_done_with_the_wrap_up,
]


@pytest.mark.parametrize("event", EVENTS)
def test_what_waits_is_offered_as_soon_as_somebody_can_have_it(event: Event) -> None:  # routing 17
    floor = somebody_waits()
    happens = event(floor)
    next(happens)
    assert not {"t1", "t1'"} & floor.settle().keys()
    assert list(happens) == []
    assert {"t1", "t1'"} & floor.settle().keys()


def test_an_opening_edge_lets_everybody_be_served_who_was_told_to_wait() -> None:  # routing 17, 57
    floor = Floor()
    hours = (Hours(time(13), time(18)),)
    floor.configure("shop", BusinessCalendar("Shop", "UTC", (WeeklyHours(tuple(Weekday), hours),)))
    floor.queue("night", CHAT, knows(SPANISH, 9))
    to_night = Diversion(DiversionAction.OTHER_QUEUE, QueueId("night"))
    floor.queue("sales", opening=Opening(CalendarId("shop"), to_night))
    floor.staff("grace")
    floor.ask("early")
    assert floor.settle() == {}
    assert floor.tasks["early"].moves_to == "night"
    floor.now = NOON + timedelta(hours=1)
    floor.ask("in time")
    assert floor.settle() == {"in time": "grace"}


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
