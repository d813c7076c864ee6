"""Does an offer say why this agent, and why nobody else (routing 12, 13)?"""

from dataclasses import fields
from datetime import UTC, datetime

import msgspec

from domain.agents.facts import SlotReserved
from domain.configuration import settings as s
from domain.kernel import FACTS
from domain.routing.decisions import NAMED_MAX, Candidate, Obstacle, Rejected
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
        Obstacle.NOT_READY: 1,
        Obstacle.MRD_NOT_READY: 1,
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


def test_whoever_no_step_so_far_admits_is_only_counted() -> None:
    floor = a_floor(knows(SPANISH, 5), ANYBODY)
    floor.staff("ada", spanish=5)
    floor.staff("grace", "alan")
    floor.agent("alan", lambda it: it.log_out())
    floor.ask("t1")
    told = why(floor)
    assert (told.candidate_count, told.rejected_counts) == (1, {Obstacle.ATTRIBUTES: 2})
    assert told.rejected == ()


def test_of_many_the_first_few_are_named_and_all_are_counted() -> None:
    floor = a_floor()
    floor.staff(*[f"a{n:03}" for n in range(100)], *[f"b{n:03}" for n in range(100)])
    for n in range(100):
        hold = (
            (lambda it, n=n: it.take_up(CHAT, f"p{n}", f"talk {n}"))
            if n % 4
            else (lambda it: it.reserve(CHAT, "p", "o", 0))
        )
        floor.agent(f"b{n:03}", hold)
    floor.ask("t1")
    told = why(floor)
    assert told.candidate_count == 100
    assert names(told.candidates) == [f"a{n:03}" for n in range(NAMED_MAX)]
    assert told.rejected_counts == {Obstacle.OFFERED: 25, Obstacle.BUSY: 75}
    assert [it.obstacle for it in told.rejected] == [Obstacle.OFFERED, Obstacle.BUSY]


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


def test_the_reasons_are_stored_once_and_come_back() -> None:
    floor = a_floor()
    floor.staff("ada", "grace")
    floor.agent("grace", lambda it: it.log_out())
    floor.ask("t1")
    fact = SlotReserved(CHAT, "t1", "o", 0, why(floor))
    assert decode(fact.stored_as, encode(fact)) == fact
    assert len(encode(fact)) < 300, "facts are kept for ever"
    names = {field.name: field.default for field in fields(TaskReserved)}
    assert names["decision"] is None, "the task says where it stands"


def test_a_record_with_all_its_rows_is_brief() -> None:
    floor = a_floor()
    agents = [f"018f2b6e-7c1d-7a40-9d7e-{n:012}" for n in range(20)]
    floor.staff(*agents)
    floor.agent(agents[9], lambda it: it.log_out())
    for n in range(10, 20):
        floor.agent(agents[n], lambda it, n=n: it.take_up(CHAT, f"p{n}", f"talk {n}"))
    floor.ask("t1")
    told = why(floor)
    assert (len(told.candidates), len(told.rejected)) == (NAMED_MAX, 2)
    assert len(msgspec.json.encode(told)) < 500


def test_reasons_of_former_times_are_read_as_reasons_of_today() -> None:
    texts = b'{"queue":"sales","step":"1","matched_step":"0","policy":"MOST_SKILLED","candidates":"3"'
    texts += b',"active_tasks":"2","available_since":"2026-03-01T12:00:00+00:00","configuration":"17"}'
    stored = b'{"offer_id":"o","agent_id":"ada","due":"2026-03-01T12:00:20Z","step":0,"decision":%s}' % texts
    fact = decode("task.reserved", stored)
    told = fact.decision
    assert (told.queue_id, told.step, told.policy, told.configuration) == ("sales", 1, "MOST_SKILLED", 17)
    assert (told.candidate_count, [(it.agent_id, it.load) for it in told.candidates]) == (3, [("ada", 2)])
    assert told.candidates[0].available_since == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert (fact.queue_id, fact.slot_version) == ("sales", None)


def test_records_whose_values_had_names_are_read_as_records_of_today() -> None:
    told = b'{"queue_id":"sales","step":1,"matched_step":0,"policy":"MOST_SKILLED","configuration":17,"decided_at":99'
    told += b',"candidate_count":3,"candidates":[{"agent_id":"ada","matched_step":0,"load":2,"tasks_max":3'
    told += b',"available_since":"2026-03-01T12:00:00.000001Z","skill":9}],"rejected_counts":{"OCCUPIED":30,"BUSY":8}'
    told += b',"rejected":[{"agent_id":"bo","obstacle":"BUSY","detail":"2/2"}]}'
    held = decode(
        "agent.slot-reserved@2", b'{"mrd_id":"chat","task_id":"t1","offer_id":"o","step":0,"decision":%s}' % told
    )
    rings = b'{"offer_id":"o","agent_id":"ada","due":"2026-03-01T12:00:20Z","step":0,"decision":%s}' % told
    assert decode("task.reserved@2", rings).decision == held.decision
    since = datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)
    assert held.decision.candidates == (Candidate("ada", 0, 2, 3, since.timestamp(), 9),)
    assert held.decision.candidates[0].available_since == since
    assert held.decision.rejected_counts == {Obstacle.OCCUPIED: 30, Obstacle.BUSY: 8}
    assert held.decision.rejected == (Rejected("bo", Obstacle.BUSY, "2/2"),)
    assert FACTS["agent.slot-reserved@3"] is SlotReserved
