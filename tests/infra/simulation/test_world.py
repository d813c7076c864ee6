"""What happens when a plan is played: the facts are those of the live system, and nothing gets lost."""

from collections.abc import Iterator
from math import inf
from random import Random

import pytest

from infra.simulation.arrivals import poisson
from infra.simulation.durations import exponential
from infra.simulation.plan import AgentPlan, Call, Plan, intervals_in
from infra.simulation.tally import Cohort, Hours
from infra.simulation.world import World
from tests.infra.simulation.plans import Auditor, QueueLength, Watched, agent, plan, queue, skilled


def busy_calls(seed: int, per_hour: float = 120, patience_s: float = 90) -> Iterator[Call]:
    random = Random(seed)
    handling, patience, short = exponential(random, 200), exponential(random, patience_s), exponential(random, 8)
    for at_s in poisson(Random(f"{seed}/arrivals"), [per_hour], 3600.0):
        yield Call(at_s, handling(), patience(), wrap_up_s=short(), alert_s=short())


def restless(seed: int = 1) -> Plan:
    """Two queues, skills, steps, chats in parallel, shifts, ringing, wrap-up, impatience and a limit to waiting."""
    german = queue(busy_calls(seed, 60), "german", skilled(german=7), skilled(german=2), priority=2)
    english = queue(busy_calls(seed + 1000, 120), "english", ttl_s=150.0)
    staff: list[AgentPlan] = [agent(f"e{n}", (0.0, 1900.0 + 100 * n), tasks_max=2) for n in range(3)]
    staff += [agent("g1", german=9), agent("g2", (300.0, 1200.0), (1500.0, 3600.0), german=3)]
    return plan([german, english], staff)


def day(world: World, name: str = "phone") -> Cohort:
    return sum(world.cohorts[name], Cohort())


def test_every_fact_is_one_that_the_models_would_have_decided() -> None:
    auditor = Auditor()
    World(restless(), Watched(auditor)).play()
    assert {"StepReached", "SlotWrappingUp", "TaskClosed", "LoggedOut", "MadeNotReady"} <= set(auditor.heard)
    assert all(not agent.slots for agent in auditor.agents.values())


def test_without_a_slot_for_wrap_up_the_facts_hold_too() -> None:
    auditor = Auditor()
    staff = [agent("one"), agent("two")]
    World(plan([queue(busy_calls(3))], staff, holds_slot=False), Watched(auditor)).play()
    assert "SlotWrappingUp" not in auditor.heard


def test_the_same_seed_gives_the_same_day() -> None:
    one, two, other = (World(restless(seed)).play() for seed in (1, 1, 2))
    assert one.cohorts == two.cohorts
    assert one.timesheet.hours == two.timesheet.hours
    assert one.cohorts != other.cohorts


def test_whoever_comes_is_answered_or_gives_up_or_still_waits() -> None:
    world = World(restless()).play()
    for name in ("german", "english"):
        it = day(world, name)
        assert it.offered == it.answered + it.abandoned + it.expired + it.waiting
    assert world.arrivals == sum(day(world, name).offered for name in ("german", "english"))
    assert day(world, "english").expired > 0
    assert world.refused == 0


def test_nobody_is_forgotten_when_everybody_has_gone_home() -> None:
    patient = [Call(at_s, 60.0) for at_s in range(0, 600, 10)]
    it = day(World(plan([queue(patient)], [agent("one", (0.0, 300.0))])).play())
    assert (it.offered, it.abandoned) == (60, 0)
    assert it.waiting == 60 - it.answered > 0


def test_littles_law_holds_between_the_facts_and_the_figures() -> None:
    """The area under the queue's length is the sum of all waits."""
    length = QueueLength()
    world = World(restless(), Watched(length)).play()
    waits_s = day(world, "german").wait_s + day(world, "english").wait_s
    assert length.area_s == pytest.approx(waits_s, rel=1e-6)


def test_the_hours_are_those_of_the_shifts() -> None:
    it = World(plan([queue([Call(100.0, 50.0)])], [agent("one", (50.0, 250.0))])).play().timesheet
    assert sum(it.hours, Hours()) == Hours(busy_s=50.0, idle_s=150.0, task_s=50.0)


def test_seconds_count_in_the_interval_in_which_they_pass() -> None:
    hours = World(plan([queue([Call(800.0, 1100.0)])], [agent("one")])).play().timesheet.hours
    assert [round(it.busy_s) for it in hours[:3]] == [100, 900, 100]


def test_whoever_is_in_a_talk_leaves_after_it() -> None:
    heard = Auditor()
    calls = [Call(90.0, 60.0), Call(110.0, 10.0, patience_s=500.0)]
    it = day(World(plan([queue(calls)], [agent("one", (0.0, 100.0))]), Watched(heard)).play())
    assert (it.answered, it.abandoned) == (1, 1)
    assert heard.heard.index("MadeNotReady") < heard.heard.index("SlotReleased") < heard.heard.index("LoggedOut")


def test_the_higher_priority_goes_first() -> None:
    calls = [Call(0.0, 100.0), Call(1.0, 100.0), Call(2.0, 100.0, priority=5)]
    it = day(World(plan([queue(calls)], [agent("one")])).play())
    assert it.wait_s == 98.0 + 199.0  # the third waits until 100, the second until 200


def test_a_queue_of_higher_priority_goes_first() -> None:
    gold = queue([Call(2.0, 100.0)], "gold", priority=9)
    plain = queue([Call(0.0, 100.0), Call(1.0, 100.0)], "plain")
    world = World(plan([plain, gold], [agent("one")])).play()
    assert (day(world, "gold").wait_s, day(world, "plain").wait_s) == (98.0, 199.0)


def test_a_head_start_counts_as_time_in_line() -> None:
    calls = [Call(0.0, 100.0), Call(1.0, 100.0), Call(2.0, 100.0, head_start_s=90.0)]
    assert day(World(plan([queue(calls)], [agent("one")])).play()).wait_s == 98.0 + 199.0


def test_only_who_has_the_skill_answers_until_the_next_step() -> None:
    german = queue([Call(0.0, 100.0), Call(1.0, 100.0)], "german", skilled(german=7), skilled(german=2))
    staff = [agent("nobody"), agent("some", german=3), agent("fluent", german=9)]
    it = day(World(plan([german], staff)).play(), "german")
    assert (it.answered, it.queued) == (2, 1)
    assert it.wait_s == pytest.approx(30.0, abs=1e-5)  # the second call widens after thirty seconds


def test_a_request_widens_although_nothing_else_is_left_to_happen() -> None:
    german = queue([Call(60.0, 100.0)], "german", skilled(german=7), skilled(german=2))
    world = World(plan([german], [agent("some", german=3)])).play()
    assert (day(world, "german").answered, day(world, "german").wait_s) == (1, pytest.approx(30.0, abs=1e-5))


def test_whoever_is_there_stays_until_the_end_of_the_plan() -> None:
    hours = sum(World(plan([queue([Call(100.0, 50.0)])], [agent("one")])).play().timesheet.hours, Hours())
    assert hours.busy_s + hours.idle_s == 3600.0


def test_three_chats_at_once_make_a_concurrency_of_three() -> None:
    world = World(plan([queue([Call(0.0, 60.0) for _ in range(3)])], [agent("one", (0.0, 60.0), tasks_max=3)])).play()
    hours = sum(world.timesheet.hours, Hours())
    assert day(world).wait_s == 0
    assert hours.task_s / hours.busy_s == 3


def test_who_gives_up_while_it_rings_frees_the_agent() -> None:
    calls = [Call(0.0, 60.0, patience_s=5.0, alert_s=10.0), Call(6.0, 60.0, alert_s=2.0)]
    auditor = Auditor()
    it = day(World(plan([queue(calls)], [agent("one")]), Watched(auditor)).play())
    assert (it.answered, it.abandoned, it.wait_s) == (1, 1, 7.0)


def test_an_offer_may_finish_when_the_time_to_wait_ends() -> None:
    """routing 27"""
    it = day(World(plan([queue([Call(0.0, 60.0, alert_s=10.0)], ttl_s=5.0)], [agent("one")])).play())
    assert (it.answered, it.expired) == (1, 0)


def test_wrap_up_holds_the_slot_where_the_domain_says_so() -> None:
    for holds_slot, wait_s in ((True, 69.0), (False, 59.0)):
        calls = [Call(0.0, 60.0, wrap_up_s=10.0), Call(1.0, 60.0, inf)]
        assert day(World(plan([queue(calls)], [agent("one")], holds_slot=holds_slot)).play()).wait_s == wait_s


def test_wrap_up_takes_its_own_time_while_nobody_waits() -> None:
    for second_at_s, wait_s in ((50.0, 60.0 + 5.0 - 50.0), (70.0, 60.0 + 30.0 - 70.0)):
        calls = [Call(0.0, 60.0, wrap_ups_s=[30.0, 5.0]), Call(second_at_s, 60.0)]
        assert day(World(plan([queue(calls)], [agent("one")])).play()).wait_s == wait_s


def test_who_waits_for_others_hurries_nobody() -> None:
    german = queue([Call(50.0, 60.0)], "german", skilled(german=7))
    english = queue([Call(0.0, 60.0, wrap_ups_s=[30.0, 5.0]), Call(70.0, 60.0)], "english")
    world = World(plan([german, english], [agent("one")])).play()
    assert day(world, "english").wait_s == 60.0 + 30.0 - 70.0


def test_what_floats_leave_over_is_no_interval() -> None:
    """The hours after closing, when the last calls end, are in no interval of the day."""
    for interval_s in (0.1, 123.456789, 1234.5678901):
        assert all(intervals_in(n * interval_s * (1 + 1e-15), interval_s) == n for n in range(1, 400))
    assert (intervals_in(3600.0, 1000.0), intervals_in(5.0, 900.0)) == (4, 1)
