"""Does an offer say why this agent, and why nobody else (routing 12, 13)?"""

from datetime import timedelta

import msgspec

from domain.agents.facts import SlotReserved
from domain.configuration import settings as s
from domain.kernel import FACTS
from domain.routing.decisions import NAMED_MAX, Obstacle
from domain.routing.engine import Engine, Offer, State
from domain.tasks.facts import TaskReserved
from infra.eventlog.codec import decode, encode
from tests.domain.routing.floor import ANYBODY, CHAT, EMAIL, NOON, SPANISH, Floor, a_floor, knows


def why(floor: Floor):
    """The reasons of the only offer that follows now."""
    (offer,) = floor.decide()
    assert isinstance(offer, Offer)
    return offer.decision


def names(candidates) -> list[str]:
    return [it.agent_id for it in candidates]


def test_it_says_under_which_configuration_and_knowing_what() -> None:
    floor = a_floor()
    floor.staff("ada", "grace")
    floor.ask("t1")
    told = why(floor)
    assert (told.queue_id, told.policy, told.configuration) == ("sales", "LONGEST_AVAILABLE", 1)
    assert (told.step, told.matched_step, told.decided_at) == (0, 0, len(floor.history))
    assert told.candidate_count == 2
    ada, grace = told.candidates
    assert (ada.agent_id, ada.load, ada.tasks_max, ada.skill) == ("ada", 0, 1, None)
    assert NOON < ada.available_since < grace.available_since


def test_candidates_stand_in_the_order_of_the_queue() -> None:  # routing 13, 14
    floor = a_floor(knows(SPANISH, 5), ANYBODY, agent_selection=s.AgentSelectionPolicy.MOST_SKILLED)
    floor.staff("poor", spanish=1)
    floor.staff("good", spanish=6)
    floor.staff("best", spanish=9)
    floor.ask("t1", step=1)
    told = why(floor)
    assert [(it.agent_id, it.matched_step, it.skill) for it in told.candidates] == [
        ("best", 0, 9),
        ("good", 0, 6),
        ("poor", 1, 0),
    ]


def test_each_obstacle_is_named() -> None:  # routing 12
    floor = a_floor()
    floor.staff("away", "resting", "deaf", "full", "ringing", "ada")
    floor.staff("two", tasks_max=2)
    floor.staff("elsewhere", mrds=())
    floor.agent("away", lambda it: it.log_out())
    floor.agent("resting", lambda it: it.make_not_ready("lunch"))
    floor.agent("deaf", lambda it: it.make_mrd_not_ready(CHAT, ""))
    floor.agent("full", lambda it: it.take_up(CHAT, "pulled", "another talk"))
    floor.agent("two", lambda it: it.take_up(CHAT, "pulled too", "this talk"))
    floor.agent("ringing", lambda it: it.reserve(CHAT, "other", "o", 0))
    floor.ask("t1")
    told = why(floor)
    assert names(told.candidates) == ["ada", "two"]
    assert told.rejected_counts == {
        Obstacle.LOGGED_OUT: 1,
        Obstacle.NOT_READY: 2,
        Obstacle.OFFERED: 1,
        Obstacle.BUSY: 1,
    }
    assert [(it.agent_id, it.obstacle, it.detail) for it in told.rejected] == [
        ("ringing", Obstacle.OFFERED, "1/1"),
        ("full", Obstacle.BUSY, "1/1"),
        ("deaf", Obstacle.MRD_NOT_READY, ""),
        ("resting", Obstacle.NOT_READY, "lunch"),
        ("away", Obstacle.LOGGED_OUT, ""),
    ]


def test_whoever_is_cut_off_or_interrupted_is_named() -> None:  # routing 35, 39
    floor = a_floor()
    floor.interruptible = {CHAT}
    floor.staff("ada")
    floor.staff("grace", "alan", mrds=(CHAT, EMAIL))
    floor.agent("grace", lambda it: it.connect("c", several=False))
    floor.agent("grace", lambda it: it.disconnect("c", NOON))
    floor.agent("alan", lambda it: it.reserve(EMAIL, "other", "o", 0, **floor.interruption(it, EMAIL)))
    floor.ask("t1")
    found = [(it.agent_id, it.obstacle, it.detail) for it in why(floor).rejected]
    assert found == [("grace", Obstacle.DISCONNECTED, "0/1"), ("alan", Obstacle.INTERRUPTED, "0/1")]


def test_whoever_let_it_ring_is_named_first() -> None:  # routing 24
    floor = a_floor()
    floor.staff("ada", "grace")
    floor.ask("t1")
    floor.settle()
    floor.let_it_ring("t1")
    floor.agent("ada", lambda it: it.make_mrd_ready(CHAT))
    told = why(floor)
    assert names(told.candidates) == ["grace"]
    assert [(it.agent_id, it.obstacle) for it in told.rejected] == [("ada", Obstacle.EXCLUDED)]


def test_whoever_is_in_the_conversation_is_named() -> None:  # routing 12
    floor = a_floor()
    floor.staff("ada", "grace", tasks_max=2)
    floor.ask("t1", conversation="talk")
    assert floor.settle() == {"t1": "ada"}
    floor.accept("t1")
    floor.ask("t2", conversation="talk")
    told = why(floor)
    assert [(it.agent_id, it.obstacle) for it in told.rejected] == [("ada", Obstacle.IN_CONVERSATION)]


def test_only_those_whom_a_step_so_far_admits_are_counted() -> None:
    floor = a_floor(knows(SPANISH, 5), ANYBODY)
    floor.staff("ada", spanish=5)
    floor.staff("grace", "alan")
    floor.agent("alan", lambda it: it.log_out())
    floor.ask("t1")
    told = why(floor)
    assert (told.candidate_count, told.rejected_counts) == (1, {})


def test_of_many_the_first_few_are_named_and_the_others_counted() -> None:
    floor = a_floor()
    floor.staff(*[f"a{n:03}" for n in range(100)], *[f"b{n:03}" for n in range(100)])
    for n in range(100):
        floor.agent(f"b{n:03}", lambda it, n=n: it.take_up(CHAT, f"p{n}", f"talk {n}"))
    floor.ask("t1")
    told = why(floor)
    assert told.candidate_count == 100
    assert names(told.candidates) == [f"a{n:03}" for n in range(NAMED_MAX)]
    assert sum(told.rejected_counts.values()) == 100
    assert told.rejected_counts.keys() == {Obstacle.BUSY, Obstacle.OCCUPIED}
    assert len(told.rejected) == NAMED_MAX


def test_what_was_given_out_in_the_same_moment_still_counts_for_the_earlier_offer() -> None:
    floor = a_floor()
    floor.staff("ada", "grace", "alan")
    floor.ask("t1")
    floor.ask("t2")
    first, second = (offer.decision for offer in floor.decide())
    assert names(first.candidates) == ["ada", "grace", "alan"]
    assert names(second.candidates) == ["grace", "alan"]
    assert [(it.agent_id, it.obstacle) for it in second.rejected] == [("ada", Obstacle.OFFERED)]
    assert first.rejected == ()


def test_an_engine_that_started_again_gives_the_same_reasons() -> None:
    floor = a_floor(knows(SPANISH, 5), ANYBODY)
    floor.staff("ada", "grace", spanish=7)
    floor.agent("grace", lambda it: it.log_out())
    floor.ask("t1")
    again = Engine(msgspec.json.decode(msgspec.json.encode(floor.engine.state), type=State))
    (offer,) = again.decide(floor.now)
    assert offer.decision == why(floor)


def test_the_reasons_are_stored_and_come_back() -> None:
    floor = a_floor()
    floor.staff("ada", "grace")
    floor.agent("grace", lambda it: it.log_out())
    floor.ask("t1")
    fact = TaskReserved("o", "ada", NOON + timedelta(seconds=20), 0, why(floor))
    assert decode(fact.stored_as, encode(fact)) == fact
    assert len(encode(fact)) < 1_000, "facts are kept for ever"


def test_reasons_of_former_times_are_read_as_reasons_of_today() -> None:
    texts = b'{"queue":"sales","step":"1","matched_step":"0","policy":"MOST_SKILLED","candidates":"3"'
    texts += b',"active_tasks":"2","available_since":"2026-03-01T12:00:00+00:00","configuration":"17"}'
    stored = b'{"offer_id":"o","agent_id":"ada","due":"2026-03-01T12:00:20Z","step":0,"decision":%s}' % texts
    told = decode("task.reserved", stored).decision
    assert (told.queue_id, told.step, told.policy, told.configuration) == ("sales", 1, "MOST_SKILLED", 17)
    assert (told.candidate_count, [(it.agent_id, it.load) for it in told.candidates]) == (3, [("ada", 2)])
    assert FACTS["agent.slot-reserved@2"] is SlotReserved
