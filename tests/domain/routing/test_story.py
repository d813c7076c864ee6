"""Is what became of a request told so that people understand it?"""

from domain.agents.facts import SlotReserved
from domain.configuration import settings as s
from domain.configuration.diversions import Diversion, DiversionAction
from domain.configuration.request_data import Consideration
from domain.configuration.skip_conditions import read
from domain.kernel import replace
from domain.routing.decisions import Candidate, Grounds, Obstacle
from domain.routing.story import ANOTHER, Turn, because, story, unable, why_nobody, words
from domain.tasks.facts import LAST_AGENT_STEP, TaskCloseReason, TaskDiverted, TaskNamed
from tests.domain.routing.floor import ANYBODY, CHAT, NOON, SPANISH, Floor, a_floor, knows


def told(floor: Floor) -> list[str]:
    history = [recorded for recorded in floor.history if recorded.category == "task"]
    return [words(chapter, str.title, str.title) for chapter in story(history, records(floor))]


def records(floor: Floor) -> dict[str, Grounds]:
    slots = [it.fact for it in floor.history if isinstance(it.fact, SlotReserved)]
    return {slot.offer_id: slot.decision for slot in slots}


def test_a_request_from_the_queue_to_the_end() -> None:  # routing 7, 13
    floor = a_floor(knows(SPANISH, 5, 30), ANYBODY)
    floor.staff("bo", "ada", "cy")
    floor.ask("t1")
    floor.settle()
    floor.wait(30)
    floor.accept("t1")
    floor.finish("t1")
    assert told(floor) == [
        "Entered the queue Sales.",
        "Nobody came in time: step 2 begins.",
        "Offered to Bo, the first of 3 who could have it: available longest (30 s), before Ada and Cy.",
        "Bo took it.",
        "Bo is done with it.",
    ]


def test_steps_that_are_not_for_it_or_were_not_waited_for_say_why() -> None:  # routing 8, 9
    why = "available == 0 OR queue_length > 9"
    floor = a_floor(
        replace(knows(SPANISH, 5), consider_if=(Consideration("segment", s.RelationalOperator.EQ, "vip"),)),
        replace(knows(SPANISH, 2), skip_when=read(why)),
        ANYBODY,
    )
    floor.ask("t1", data={"segment": "new"}, left_out={"sales": (0,)})
    floor.settle()
    assert told(floor) == [
        "Entered the queue Sales; step 1 is not for it (segment = new).",
        "The step before is not for this request: step 2 begins.",
        f"The step before is not waited for, {why} (available 0, queue_length 1): step 3 begins at once.",
    ]


def test_the_only_candidate_and_what_kept_the_others() -> None:  # routing 12
    floor = a_floor()
    floor.staff("ana", "bo", "cy", "di")
    floor.agent("bo", lambda it: it.take_up(CHAT, "p", "talk"))
    floor.agent("cy", lambda it: it.log_out())
    floor.agent("di", lambda it: it.log_out())
    floor.ask("t1")
    floor.settle()
    assert told(floor)[-1] == (
        "Offered to Ana, the only one who could have it; of the others, Bo is busy and 2 are signed out."
    )


def test_an_offer_that_rang_out() -> None:  # routing 24
    floor = a_floor()
    floor.staff("ana", "bo")
    floor.ask("t1")
    floor.settle()
    again = floor.let_it_ring("t1")
    floor.settle()
    assert told(floor)[2:] == [
        "Ana let it ring; others are looked for.",
        "Went on in the queue Sales, attempt 2, from step 1.",
        "Offered to Bo, the only one who could have it; of the others, Ana is not ready for this kind of work.",
    ]
    assert [it.task_id for it in story(floor.history)][-1] == again


def test_the_most_skilled_says_so() -> None:  # routing 14
    floor = a_floor(knows(SPANISH, 5), agent_selection=s.AgentSelectionPolicy.MOST_SKILLED)
    floor.staff("bo", spanish=6)
    floor.staff("ana", spanish=9)
    floor.ask("t1")
    floor.settle()
    assert "Offered to Ana, the first of 2 who could have it: the most skilled (9), before Bo." in told(floor)


def test_fewer_tasks_and_an_earlier_step_say_so() -> None:
    floor = a_floor(knows(SPANISH, 5), ANYBODY)
    floor.staff("bo", tasks_max=2)
    floor.staff("ana", spanish=5)
    floor.ask("t1", step=1)
    floor.settle()
    assert "by step 1, before Bo" in told(floor)[-1]
    floor.agent("bo", lambda it: it.take_up(CHAT, "p", "talk"))
    floor.staff("cy")
    floor.ask("t2", step=1)
    floor.settle()
    assert "with the fewest tasks (0 of 1), before Bo" in told(floor)[-1]


def test_other_ends_have_words_of_their_own() -> None:
    for reason, turn in (
        (TaskCloseReason.CANCELLED, Turn.CANCELLED),
        (TaskCloseReason.NO_AGENT_AVAILABLE, Turn.GAVE_UP),
    ):
        floor = a_floor()
        floor.ask("t1")
        floor.task("t1", lambda task, reason=reason: task.cancel(reason))
        assert [it.turn for it in story(floor.history)] == [Turn.QUEUED, turn]
        assert len(told(floor)[-1]) > 20


def test_work_that_gave_way_says_so() -> None:  # routing 35, 36
    floor = a_floor()
    floor.staff("ana")
    floor.ask("t1")
    floor.settle()
    floor.accept("t1")
    floor.task("t1", lambda task: task.take_away(TaskCloseReason.REROUTE))
    assert told(floor)[-1] == "Taken from Ana, whose other work came first or who is away; others are looked for."


def test_a_request_for_one_person_and_one_that_moves_on() -> None:  # routing 44, 58
    floor = a_floor()
    named = TaskNamed("ana", CHAT, "t1", "s")
    floor.tell("task-t1", named)
    floor.tell("task-t2", TaskDiverted("overflow[0]", DiversionAction.OTHER_QUEUE, "talk", "service"))
    assert told(floor) == [
        "Asked of Ana alone.",
        "Moved to the queue Service, by the rule overflow[0].",
    ]


def test_while_it_waits_the_engine_says_why_nobody_comes() -> None:
    floor = a_floor(knows(SPANISH, 5, 30), ANYBODY)
    floor.staff("ana", spanish=7)
    floor.staff("bo")
    floor.agent("ana", lambda it: it.make_not_ready("lunch"))
    floor.ask("t1")
    floor.settle()
    (why,) = floor.engine.why_waiting("t1")
    assert (why.candidate_count, why.step) == (0, 0)
    assert why.rejected_counts == {Obstacle.NOT_READY: 1, Obstacle.ATTRIBUTES: 1}
    assert why_nobody(why, str.title) == "Nobody could have it now: Ana is not ready and 1 is not skilled for it"
    assert [(it.agent_id, it.detail) for it in why.rejected] == [("ana", "lunch")]
    floor.wait(30)
    assert floor.engine.why_waiting("t1") == [], "it rings"


def test_every_obstacle_has_words() -> None:
    for obstacle in Obstacle:
        counts = tuple(2 * (it is obstacle) for it in Obstacle)
        assert len(unable(Grounds(counts=counts), str.title)) > len("; of the others, 2 are ")


def test_whoever_is_to_stay_unknown_is_counted() -> None:
    floor = a_floor()
    floor.staff("ana", "bo", "cy", "di")
    floor.agent("di", lambda it: it.log_out())
    floor.ask("t1")
    floor.settle()
    *_, offered = story([it for it in floor.history if it.category == "task"], records(floor))
    assert words(offered, lambda name: ANOTHER if name in ("bo", "di") else name.title(), str.title).endswith(
        ", before Cy and 1 more; of the others, 1 is signed out."
    )


def test_a_request_for_which_nobody_is_there_says_so() -> None:
    floor = a_floor(knows(SPANISH, 5))
    floor.ask("t1")
    floor.settle()
    (why,) = floor.engine.why_waiting("t1")
    assert why_nobody(why, str.title) == "Nobody works in its media routing domain, or no step is for it yet"
    floor.staff("ana", "bo")
    floor.settle()
    (why,) = floor.engine.why_waiting("t1")
    assert why_nobody(why, str.title) == "None of the 2 who work there has what the steps that have begun ask for"


def test_the_last_agent_says_so() -> None:  # routing 54
    why = Grounds(matched_step=LAST_AGENT_STEP, candidate_count=1)
    assert because(why, str.title, NOON) == ", with whom the customer talked last"


def test_how_long_somebody_was_available_is_told_in_words() -> None:
    said = []
    for seconds in (0.4, 75, 7_500):
        since_s = NOON.timestamp() - seconds
        first, second = Candidate("ana", since_s=since_s), Candidate("bo", since_s=since_s + 0.1)
        said.append(because(Grounds(candidate_count=2, candidates=(first, second)), str.title, NOON))
    assert [it.partition("(")[2].partition(")")[0] for it in said] == ["0 s", "1 min 15 s", "2 h 5 min"]


def test_whoever_could_have_it_is_named_before_it_is_offered() -> None:
    floor = a_floor()
    floor.staff("ana", "bo")
    floor.ask("t1")
    (why,) = floor.engine.why_waiting("t1")
    assert [it.agent_id for it in why.candidates] == ["ana", "bo"]


def test_a_request_in_several_queues_is_told_of_each() -> None:  # routing 11
    floor = a_floor(knows(SPANISH, 5))
    floor.queue("service", CHAT, knows(SPANISH, 9, 10), ANYBODY)
    floor.staff("ana", spanish=7)
    floor.agent("ana", lambda it: it.make_not_ready("lunch"))
    floor.ask("t1", also_in=("service",))
    floor.settle()
    first, second = floor.engine.why_waiting("t1")
    assert (first.queue_id, first.rejected_counts) == ("sales", {Obstacle.NOT_READY: 1})
    assert (second.queue_id, second.rejected_counts) == ("service", {Obstacle.ATTRIBUTES: 1})
    floor.wait(10)
    assert floor.engine.why_waiting("t1")[1].rejected_counts == {Obstacle.NOT_READY: 1}
    assert told(floor)[-1] == "Service: Nobody came in time: step 2 begins."


def test_a_queue_that_a_request_leaves_alone_is_told() -> None:  # routing 11
    floor = a_floor(ANYBODY)
    floor.queue("service", CHAT, ANYBODY)
    floor.ask("t1", also_in=("service",))
    floor.task("t1", lambda task: task.divert("service: closed", Diversion(DiversionAction.CLOSE), 0, "service"))
    assert told(floor)[-1] == "Not left to wait as it did: service: closed, and it waits on in its other queues."
