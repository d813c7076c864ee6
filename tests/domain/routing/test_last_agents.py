"""Who gets a customer that they talked with last? They, if they can; and nobody waits long for that (routing 54)."""

from datetime import timedelta

import msgspec
import pytest

from domain.configuration import settings as s
from domain.routing.engine import Engine, State
from domain.tasks.facts import LAST_AGENT_STEP, StepReached, StepReason
from tests.domain.routing.floor import ANYBODY, CHAT, EMAIL, SPANISH, Floor, knows


def a_floor(*steps: s.Step, **queue: object) -> Floor:
    """Ada, who is here longest, and Grace, whom the customer knows."""
    floor = Floor()
    floor.queue("sales", CHAT, *steps, **queue)
    floor.staff("ada", tasks_max=2)
    floor.staff("grace", tasks_max=2)
    return floor


def comes_back(floor: Floor, task: str = "t1", last: str = "grace", timeout_s: int = 10, **more: object) -> None:
    until = floor.now + timedelta(seconds=timeout_s)
    floor.ask(task, step=LAST_AGENT_STEP, last_agent_id=last, last_agent_until=until, **more)


def keep_busy(floor: Floor, agent: str) -> None:
    """Their hands are full: everybody else is away meanwhile."""
    others = [it for it in floor.agents if it != agent]
    for other in others:
        floor.agent(other, lambda it: it.make_not_ready("lunch"))
    for number in range(floor.agents[agent].mrds[CHAT].tasks_max):
        floor.ask(f"busy {agent} {number}"), floor.wait(60), floor.accept(f"busy {agent} {number}")
    for other in others:
        floor.agent(other, lambda it: it.make_ready())


def steps_of(floor: Floor, task: str = "t1") -> list[tuple[int, StepReason]]:
    facts = [it.fact for it in floor.history if it.subject == task]
    return [(fact.step, fact.reason) for fact in facts if isinstance(fact, StepReached)]


def test_the_last_agent_is_first_if_they_are_free() -> None:  # routing 54
    floor = a_floor()
    comes_back(floor)
    assert floor.settle() == {"t1": "grace"}
    assert floor.tasks["t1"].offer.step == LAST_AGENT_STEP


def test_a_busy_last_agent_is_waited_for_a_while() -> None:  # routing 54
    floor = a_floor()
    keep_busy(floor, "grace")
    comes_back(floor, timeout_s=10)
    assert floor.wait(9) == {}
    floor.finish("busy grace 0")
    assert floor.settle() == {"t1": "grace"}


def test_after_that_while_anybody_gets_it() -> None:  # routing 54
    floor = a_floor()
    keep_busy(floor, "grace")
    comes_back(floor, timeout_s=10)
    assert floor.wait(9.9) == {}
    assert floor.wait(0.1) == {"t1": "ada"}
    assert steps_of(floor) == [(0, StepReason.WAITED)]


@pytest.mark.parametrize("busy", [True, False])
def test_a_last_agent_who_is_not_waited_for_is_asked_if_they_are_free(busy: bool) -> None:  # routing 54
    """A time of nothing at all means: now or not."""
    floor = a_floor()
    if busy:
        keep_busy(floor, "grace")
    comes_back(floor, timeout_s=0)
    assert floor.settle() == {"t1": "ada" if busy else "grace"}


@pytest.mark.parametrize(
    "gone",
    [
        lambda agent: agent.log_out(),
        lambda agent: agent.make_not_ready("lunch"),
        lambda agent: agent.make_mrd_not_ready(CHAT, ""),
        lambda agent: agent.grant_mrd(CHAT, 0),
    ],
)
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_nobody_waits_for_a_last_agent_who_is_gone(gone, when: str) -> None:  # routing 12, 54
    floor = a_floor()
    keep_busy(floor, "grace")
    if when == "before":
        floor.agent("grace", gone)
    comes_back(floor)
    if when == "meanwhile":
        assert floor.settle() == {}
        floor.agent("grace", gone)
    assert floor.settle() == {"t1": "ada"}
    assert steps_of(floor) == [(0, StepReason.LAST_AGENT_GONE)]


def test_nobody_waits_for_a_last_agent_who_is_not_known_any_more() -> None:  # routing 54
    floor = a_floor()
    comes_back(floor, last="somebody of long ago")
    assert floor.settle() == {"t1": "ada"}


def test_a_last_agent_who_is_not_good_for_the_queue_is_not_asked() -> None:  # routing 12, 54
    floor = a_floor(knows(SPANISH, 5))
    floor.agent("ada", lambda agent: agent.assign_attribute(SPANISH, 7))
    comes_back(floor)
    assert floor.settle() == {"t1": "ada"}


def test_a_last_agent_of_a_later_step_is_asked_at_once() -> None:  # routing 54
    floor = a_floor(knows(SPANISH, 5), ANYBODY)
    floor.agent("ada", lambda agent: agent.assign_attribute(SPANISH, 7))
    comes_back(floor)
    assert floor.settle() == {"t1": "grace"}


def test_who_lets_it_ring_is_not_waited_for_again() -> None:  # routing 24, 54
    floor = a_floor()
    comes_back(floor)
    floor.settle()
    again = floor.let_it_ring("t1")
    assert floor.settle() == {again: "ada"}
    assert steps_of(floor, again) == [(0, StepReason.LAST_AGENT_GONE)]


def test_a_busy_last_agent_takes_what_is_first_in_the_order_of_work() -> None:  # routing 16, 54
    floor = a_floor()
    floor.queue("vip", CHAT, priority=9)
    keep_busy(floor, "ada"), keep_busy(floor, "grace")
    comes_back(floor)
    floor.ask("t2", "vip")
    assert floor.settle() == {}
    floor.finish("busy grace 0")
    assert floor.settle() == {"t2": "grace"}


def test_the_clocks_of_the_steps_run_while_the_last_agent_is_waited_for() -> None:  # routing 10, 54
    floor = a_floor(knows(SPANISH, 5, timeout_s=8), ANYBODY)
    keep_busy(floor, "grace")
    comes_back(floor, timeout_s=10)
    assert floor.wait(9.9) == {}
    assert floor.wait(0.1) == {"t1": "ada"}
    assert steps_of(floor) == [(0, StepReason.WAITED), (1, StepReason.WAITED)]


def test_who_is_waited_for_is_restored() -> None:  # routing 41, 54
    floor = a_floor()
    keep_busy(floor, "grace")
    comes_back(floor), floor.settle()
    floor.engine = Engine(msgspec.json.decode(msgspec.json.encode(floor.engine.state), type=State))
    assert floor.settle() == {}
    floor.finish("busy grace 0")
    assert floor.settle() == {"t1": "grace"}


def test_of_several_who_wait_for_the_same_agent_the_first_in_line_is_first() -> None:  # routing 16, 54
    floor = a_floor()
    keep_busy(floor, "grace")
    comes_back(floor, "t1", timeout_s=30), comes_back(floor, "t2", timeout_s=30, priority=5)
    assert floor.settle() == {}
    floor.finish("busy grace 0")
    assert floor.settle() == {"t2": "grace"}
    floor.accept("t2")
    floor.finish("t2")
    assert floor.settle() == {"t1": "grace"}


def test_nothing_is_kept_of_who_was_waited_for() -> None:  # routing 54
    floor = a_floor()
    keep_busy(floor, "grace")
    for number in range(50):
        comes_back(floor, f"t{number}"), floor.settle()
        floor.cancel(f"t{number}")
    engine = floor.engine
    assert not engine._watch.tasks
    assert not engine._watch._skipping._there
    assert not engine._lines.get("sales").last_agents
    assert not engine._staff.seat("grace").own


def test_a_queue_that_is_configured_anew_waits_for_the_same_agent() -> None:  # routing 54, 62
    floor = a_floor()
    keep_busy(floor, "grace")
    comes_back(floor), floor.settle()
    floor.queue("sales", CHAT, priority=4)
    assert floor.settle() == {}
    floor.finish("busy grace 0")
    assert floor.settle() == {"t1": "grace"}


def test_an_agent_of_two_domains_is_waited_for_in_that_of_the_request() -> None:  # routing 54
    floor = a_floor()
    floor.agent("grace", lambda agent: agent.grant_mrd(EMAIL, 1))
    floor.agent("grace", lambda agent: agent.make_mrd_ready(EMAIL))
    floor.agent("grace", lambda agent: agent.make_mrd_not_ready(CHAT, ""))
    comes_back(floor)
    assert floor.settle() == {"t1": "ada"}
