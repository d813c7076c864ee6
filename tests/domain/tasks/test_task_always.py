"""What holds for a task, whatever is decided? routing 19, 67: it only goes forward, and ends with one reason."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.ids import OfferId
from domain.tasks.facts import MediaState, StepReached, TaskClosed, TaskCloseReason, TaskReserved, TaskState
from domain.tasks.task import Task
from tests.domain.lives import history, live
from tests.domain.tasks.situations import DUE, JOHN, MARIA, NOW, PAUL, ROUTING, SESSION, TALK

agents = st.sampled_from([MARIA, PAUL])
offers = st.integers(1, 3).map(lambda number: OfferId(f"offer-{number}"))
moments = st.integers(0, 700).map(lambda s: NOW + timedelta(seconds=s))
FORWARD = list(MediaState)


def decision(make, *arguments: st.SearchStrategy):
    return st.builds(lambda args: lambda task: make(task, *args), st.tuples(*arguments))


enqueue = st.just(lambda task: task.enqueue(TALK, JOHN, SESSION, ROUTING))
forward = st.one_of(
    enqueue,
    decision(
        lambda task, offer, agent, auto: task.reserve(offer, agent, DUE, 0, auto_answer=auto),
        offers,
        agents,
        st.booleans(),
    ),
    decision(Task.accept, agents, st.none() | offers),
    decision(
        lambda task, s, codes: task.begin_wrap_up(NOW, s, needs_codes=codes),
        st.sampled_from([None, 0, 60]),
        st.booleans(),
    ),
)
others = st.one_of(
    decision(Task.widen, st.builds(StepReached, st.integers(0, 4))),
    decision(Task.expire_offer, offers, moments),
    decision(Task.decline, agents, st.just("lunch"), moments, st.none() | offers),
    decision(Task.withdraw, moments),
    decision(lambda task, s: task.expire(NOW + timedelta(seconds=s)), st.integers(0, 700)),
    decision(lambda task: task.cancel()),
    decision(Task.apply_wrap_up, agents, st.lists(st.text(max_size=1), max_size=6).map(tuple), st.text(max_size=1)),
    decision(Task.finish_wrap_up, agents),
    decision(lambda task: task.expire_wrap_up()),
    decision(Task.take_away, st.sampled_from(TaskCloseReason)),
)
decisions = st.lists(forward | forward | forward | others, max_size=40)


@given(decisions)
def test_a_task_goes_forward_and_never_back(decisions) -> None:
    for before, _, after in live(Task(), decisions):
        assert FORWARD.index(after.media_state) >= FORWARD.index(before.media_state)
        if before.routing and after.routing:
            assert after.routing.step >= before.routing.step


@given(decisions)
def test_a_task_ends_with_exactly_one_reason(decisions) -> None:  # routing 67
    facts, task = history(Task(), [*decisions, lambda task: task.take_away(TaskCloseReason.FORCE_CLOSED)])
    endings = [fact for fact in facts if isinstance(fact, TaskClosed)]
    assert len(endings) == (task.created is not None)
    assert [fact.reason for fact in endings] == ([task.closed] if task.created else [])


@given(decisions)
def test_nothing_happens_to_a_closed_task(decisions) -> None:
    for before, facts, after in live(Task(), decisions):
        if before.state is TaskState.CLOSED:
            assert facts == ()
            assert after == before


@given(decisions)
def test_a_closed_task_names_whoever_held_it(decisions) -> None:
    facts, _ = history(Task(), decisions)
    offered = [fact for fact in facts if isinstance(fact, TaskReserved)]
    assert len(offered) <= 1  # the next offer is another task's (routing 4)
    for ending in (fact for fact in facts if isinstance(fact, TaskClosed)):
        assert (ending.agent_id, ending.offer_id) == (
            (offered[0].agent_id, offered[0].offer_id) if offered else (None, None)
        )
