"""Why not me? Every rule of eligibility can fail alone, and says by what (routing 12)."""

from datetime import timedelta
from functools import partial

import pytest

from bench.routing_judge import Judge
from domain.agents.agent import Agent
from domain.agents.facts import DeskDisconnected, SlotFilled
from domain.configuration import settings as s
from domain.configuration.domains import InterruptionAction
from domain.ids import AgentId, TaskId
from domain.kernel import Fact
from domain.routing.eligibility import Rule, Verdict, standings, why_not
from domain.tasks.facts import StepReached
from domain.tasks.task import Task
from tests.domain.routing.floor import ANYBODY, CHAT, EMAIL, NOON, SPANISH, Floor, knows
from tests.domain.routing.test_engine_always import Day

ADA = AgentId("ada")


def asked(*steps: s.Step, **routing: object) -> Floor:
    """Ada could have the request."""
    floor = Floor()
    floor.queue("sales", CHAT, *(steps or (knows(SPANISH, 5, 30), ANYBODY)))
    floor.staff("ada", spanish=7, tasks_max=2)
    floor.ask("t1", first_enqueued_at=NOON, **routing)
    return floor


def judged(floor: Floor, talking=(), **more) -> Verdict:
    queue = floor.engine.state.catalog.queues["sales"]
    return why_not(ADA, floor.agents[ADA], floor.tasks["t1"], queue, talking, **more)


def happens(floor: Floor, fact: Fact) -> None:
    floor.tell("agent-ada", fact)
    floor.agents[ADA] = floor.agents[ADA].evolve(fact)


def failed(verdict: Verdict) -> dict[Rule, str]:
    return {check.rule: check.found for check in verdict.checks if not check.passes}


def test_whoever_passes_all_rules_is_eligible() -> None:
    verdict = judged(asked())
    assert (verdict.eligible, failed(verdict)) == (True, {})
    assert [check.rule for check in verdict.checks] == list(Rule)


@pytest.mark.parametrize(
    ("rule", "found", "decide"),
    [
        (Rule.READY, "NOT_READY, lunch", lambda it: it.make_not_ready("lunch")),
        (Rule.MRD_READY, "chat is NOT_READY", lambda it: it.make_mrd_not_ready(CHAT, "")),
        (Rule.NO_OTHER_OFFER, "something else rings", lambda it: it.reserve(CHAT, TaskId("other"), "o", 0)),
        (Rule.ROOM, "0 of 0 tasks, busy", lambda it: it.grant_mrd(CHAT, 0)),
    ],
)
def test_each_rule_about_the_agent_says_what_is_the_case(rule, found, decide) -> None:
    floor = asked()
    floor.agent("ada", decide)
    assert failed(judged(floor))[rule] == found


def test_whoever_is_signed_out_is_not_ready_either() -> None:
    floor = asked()
    floor.agent("ada", lambda it: it.log_out())
    assert failed(judged(floor)).keys() == {Rule.LOGGED_IN, Rule.READY, Rule.MRD_READY}


def test_a_full_agent_says_how_full() -> None:
    floor = asked()
    for n in range(2):
        floor.agent("ada", partial(Agent.take_up, mrd=CHAT, task=TaskId(f"p{n}"), conversation="x"))
    assert failed(judged(floor)) == {Rule.ROOM: "2 of 2 tasks, busy"}


def test_whoever_lacks_the_media_routing_domain_is_told() -> None:
    floor = Floor()
    floor.queue()
    floor.staff("ada", mrds=())
    floor.ask("t1")
    assert failed(judged(floor))[Rule.MRD] == "does not work in chat"


def test_a_failing_term_is_named() -> None:  # routing 5, 6
    floor = asked(knows(SPANISH, 9))
    verdict = judged(floor, attribute_name=str.title)
    assert failed(verdict) == {
        Rule.ATTRIBUTES: "matches no step that counts: Spanish >= 9 is asked, and they have 7",
    }
    floor.agent("ada", lambda it: it.withdraw_attribute(SPANISH))
    assert "they do not have it" in failed(judged(floor))[Rule.ATTRIBUTES]
    assert verdict.matched_step is None


def test_a_later_step_says_when_it_begins() -> None:  # routing 7, 10
    floor = asked(knows(SPANISH, 9, 30), ANYBODY)
    verdict = judged(floor)
    assert failed(verdict) == {Rule.ATTRIBUTES: "matches step 2, which begins at 12:00:30 UTC"}
    assert (verdict.matched_step.step, verdict.matched_step.begins_at) == (1, NOON + timedelta(seconds=30))
    floor.task("t1", lambda task: task.widen(StepReached(1)))
    assert judged(floor).eligible


def test_where_steps_replace_each_other_only_the_one_reached_counts() -> None:
    floor = Floor()
    floor.queue("sales", CHAT, knows(SPANISH, 5, 30), knows(SPANISH, 9), step_mode=s.StepMode.REPLACE)
    floor.staff("ada", spanish=7)
    floor.ask("t1", step=1)
    verdict = judged(floor)
    assert [(it.counts, it.matches) for it in verdict.steps] == [(False, True), (True, False)]
    assert failed(verdict).keys() == {Rule.ATTRIBUTES}


def test_whoever_is_in_the_conversation_is_told() -> None:
    assert failed(judged(asked(), talking=(ADA,))).keys() == {Rule.NOT_IN_CONVERSATION}


def test_whoever_let_it_ring_is_told_how_they_come_back() -> None:  # routing 24, 26
    floor = asked(excluded=frozenset({ADA}))
    assert "when nobody else does" in failed(judged(floor))[Rule.NOT_EXCLUDED]
    assert "ready again since" in failed(judged(floor, came_back=True))[Rule.NOT_EXCLUDED]


def test_what_does_not_wait_is_for_nobody() -> None:
    floor = asked()
    floor.settle()
    assert failed(judged(floor))[Rule.WAITING] == "the request rings at an agent"
    queue = floor.engine.state.catalog.queues["sales"]
    assert failed(why_not(ADA, floor.agents[ADA], Task(), queue, ())).keys() == {Rule.WAITING}
    assert failed(why_not(ADA, floor.agents[ADA], floor.tasks["t1"], None, ())) == {Rule.WAITING: "its queue is gone"}


def test_whoever_is_cut_off_is_told() -> None:  # routing 39
    floor = asked()
    happens(floor, DeskDisconnected("desk", NOON + timedelta(seconds=30)))
    assert failed(judged(floor)) == {Rule.CONNECTED: "cut off"}


def test_whoever_gives_way_to_other_work_is_told() -> None:  # routing 35
    floor = asked()
    floor.agent("ada", lambda it: it.grant_mrd(EMAIL, 1))
    floor.agent("ada", lambda it: it.make_mrd_ready(EMAIL))
    give_way = {CHAT: InterruptionAction.HOLD}
    happens(floor, SlotFilled(EMAIL, TaskId("call"), "talk", interrupts=give_way))
    assert failed(judged(floor)) == {Rule.NOT_INTERRUPTED: "chat gives way to other work"}


def test_each_queue_in_which_it_waits_is_asked() -> None:  # routing 11
    floor = asked(knows(SPANISH, 9), also_in=("service",))
    floor.queue("service", CHAT, knows(SPANISH, 7))
    queues = floor.engine.state.catalog.queues
    task = floor.tasks["t1"]
    verdicts = [
        why_not(ADA, floor.agents[ADA], task, queues[it.queue_id], (), routing=it) for it in standings(task.routing)
    ]
    assert [verdict.eligible for verdict in verdicts] == [False, True]


@pytest.mark.parametrize("seed", range(4))
def test_the_verdict_is_that_of_a_look_at_everything(seed: int) -> None:
    day, said = Day(seed), 0
    day.open()
    for _ in range(120):
        day.something_happens()
        scan = Judge.of(day.history, {})
        for id, task in day.tasks.items():
            if not scan.waits(id):
                continue
            queue = scan.queues[task.routing.queue_id]
            conversation = task.created.conversation_id
            talking = {
                it.agent_id
                for it in day.tasks.values()
                if it.agent_id and it.closed is None and it.created.conversation_id == conversation
            }
            for agent_id, agent in day.agents.items():
                verdict = why_not(agent_id, agent, task, queue, talking)
                able = scan.rank(id, agent_id) is not None and scan.eligible(id, agent_id)
                assert verdict.eligible == (able and not scan.is_left_out(id, agent_id)), failed(verdict)
                said += verdict.eligible
        if day.random.random() < 0.8:
            day.decides()
    assert said > 10, "a day worth looking at"
