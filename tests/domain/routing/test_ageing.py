"""Does whoever waits long come before those who are more urgent, in the end? routing 16."""

from dataclasses import replace
from datetime import timedelta

from domain.configuration.facts import QueueConfigured
from domain.ids import QueueId
from domain.routing.engine import Engine
from tests.domain.routing.floor import ANYBODY, CHAT, Floor


def a_queue(ageing_s: int = 60, **more: object) -> Floor:
    floor = Floor()
    floor.queue("sales", CHAT, ANYBODY, ageing_s=ageing_s, **more)
    return floor


def first(floor: Floor) -> str:
    """Who is offered to the agent who comes now."""
    floor.decide()
    floor.staff("ann")
    ((task_id, _),) = floor.settle().items()
    return task_id


def test_each_span_of_waiting_adds_one() -> None:
    floor = a_queue()
    floor.ask("old")
    floor.wait(121)
    floor.ask("urgent", priority=2)  # the old one is at 3 by now
    assert first(floor) == "old"


def test_who_has_not_waited_long_enough_waits_on() -> None:
    floor = a_queue()
    floor.ask("old")
    floor.wait(59)
    floor.ask("urgent", priority=2)
    assert first(floor) == "urgent"


def test_at_the_same_urgency_the_oldest_goes_first() -> None:
    floor = a_queue()
    floor.ask("old")
    floor.wait(61)
    floor.ask("urgent", priority=2)
    assert first(floor) == "old"


def test_nobody_grows_older_than_ten_and_who_waited_in_vain_stays_before_them() -> None:
    floor = a_queue()
    floor.ask("old")
    floor.wait(100_000)
    floor.ask("in vain", priority=11)
    assert floor.engine.next_due() is None
    assert first(floor) == "in vain"


def test_the_priority_of_queues_comes_before_any_age() -> None:
    floor = a_queue()
    floor.queue("vip", CHAT, ANYBODY, priority=2)
    floor.ask("old")
    floor.wait(100_000)
    floor.ask("important", "vip")
    assert first(floor) == "important"


def test_where_a_queue_does_not_say_so_nobody_grows_more_urgent() -> None:
    floor = a_queue(ageing_s=0)
    floor.ask("old")
    floor.wait(100_000)
    floor.ask("urgent", priority=2)
    assert floor.engine.next_due() is None
    assert first(floor) == "urgent"


def test_the_engine_says_when_the_next_is_due_and_forgets_who_is_gone() -> None:
    floor = a_queue()
    floor.ask("old")
    asked = floor.engine.state.requests["old"].routing.first_enqueued_at
    assert floor.engine.next_due() == asked + timedelta(seconds=60)
    floor.wait(61)
    assert floor.engine.next_due() == asked + timedelta(seconds=120)
    floor.cancel("old")
    assert floor.engine.next_due() is None


def test_age_survives_a_restart_and_a_change_of_the_queue() -> None:  # routing 41
    floor = a_queue()
    floor.ask("old")
    floor.wait(121)
    floor.ask("urgent", priority=2)
    settings = floor.engine.state.catalog.queues[QueueId("sales")]
    floor.tell("queue-sales", QueueConfigured(replace(settings, name="Sold")))
    floor.engine = Engine(floor.engine.state)
    assert first(floor) == "old"


def test_who_was_offered_in_vain_enters_as_urgent_as_they_are() -> None:
    floor = a_queue()
    floor.staff("ann")
    floor.ask("old")
    (offer,) = floor.decide()
    floor.wait(121)
    floor.engine.forget(offer)
    floor.ask("urgent", priority=2)
    ((task_id, _),) = floor.settle().items()
    assert task_id == "old"


def test_who_grows_older_in_one_queue_is_at_once_as_old_as_they_are_in_the_other() -> None:  # routing 11, 16
    floor = a_queue()
    floor.queue("other", CHAT, ANYBODY, ageing_s=30, priority=5)
    floor.ask("several", also_in=(QueueId("other"),))
    floor.now += timedelta(seconds=50)
    floor.ask("urgent", "other", priority=2), floor.settle()  # by then "several" is as urgent, and older
    floor.now += timedelta(seconds=11)  # now it grows older in both
    floor.ask("newer", "other", priority=3)
    floor.staff("ann")
    assert floor.settle() == {"several": "ann"}


def test_a_request_in_several_queues_grows_older_in_each_by_its_own_span() -> None:  # routing 11
    floor = a_queue(ageing_s=0)
    floor.queue("other", CHAT, ANYBODY, ageing_s=60)
    floor.ask("old", also_in=(QueueId("other"),))
    floor.wait(121)
    floor.ask("urgent", "other", priority=2)
    assert first(floor) == "old"
    floor.cancel("old")
    assert list(floor.engine._waiting.ageing.known) == ["urgent"]
