"""What holds for an agent, whatever is decided? routing 20, 32, 33, 67."""

from hypothesis import given
from hypothesis import strategies as st

from domain.agents.agent import Agent
from domain.agents.facts import LoggedIn, MadeNotReady, MadeReady, MrdState, SlotFilled, SlotReserved, SlotState
from domain.agents.states import ROUTABLE, Mirrored, Mrd
from domain.configuration.settings import InterruptionAction, RonaAction
from domain.ids import MrdId, OfferId, TaskId
from tests.domain.agents.situations import CHAT, EMAIL, READY, RESTED, TALK, task
from tests.domain.agents.test_mrd_states import as_published
from tests.domain.lives import live
from tests.domain.scenario import given as given_facts

mrds = st.sampled_from([CHAT, EMAIL, MrdId("voice")])
tasks = st.integers(1, 5).map(task)
connections = st.sampled_from(["a", "b"])
reasons = st.sampled_from(["", "lunch", "home"])


def decision(name: str, *arguments: st.SearchStrategy, **named: st.SearchStrategy):
    """A call of that method with such arguments."""
    return st.builds(
        lambda args, kwargs: lambda agent: getattr(agent, name)(*args, **kwargs),
        st.tuples(*arguments),
        st.fixed_dictionaries(named),
    )


def reserve(mrd: MrdId, task_id: TaskId):
    others = dict.fromkeys({CHAT, EMAIL} - {mrd}, InterruptionAction.HOLD)
    return lambda agent: agent.reserve(
        mrd, task_id, OfferId(f"offer of {task_id}"), 0, interruptible=mrd == EMAIL, interrupts=others
    )


work = st.one_of(
    st.builds(reserve, mrds, tasks),
    decision("fill", tasks, st.just(TALK)),
    decision("wrap_up", tasks, holds_slot=st.booleans()),
    decision("release", tasks, reasons),
    decision(
        "miss", tasks, st.sampled_from(RonaAction), st.integers(1, 3), st.just(RESTED), last_one_off=st.booleans()
    ),
)
pulled = st.builds(  # tasks of their own, for a pulled task was never offered
    lambda mrd, number: lambda agent: agent.take_up(mrd, task(number), TALK), mrds, st.integers(6, 9)
)
presence = st.one_of(
    decision("register", st.sampled_from(["", "maria"]), st.just("Maria")),
    decision("log_in"),
    decision("log_out", reasons),
    decision("make_ready", st.none() | st.frozensets(mrds)),
    decision("make_not_ready", reasons),
    decision("make_mrd_ready", mrds),
    decision("make_mrd_not_ready", mrds, reasons, last_one_off=st.booleans()),
    decision("end_cool_down", mrds, st.just(RESTED)),
    decision("lose_state", reasons),
    decision("mirror", st.just(MrdId("voice")), st.builds(Mirrored, st.sampled_from(MrdState))),
    st.builds(lambda it, several: lambda agent: agent.connect(it, several=several), connections, st.booleans()),
    st.builds(lambda it, sees: lambda agent: agent.disconnect(it, RESTED, watched=sees), connections, st.booleans()),
    st.just(lambda agent: agent.begin_idling(RESTED, RESTED)),
    st.just(lambda agent: agent.warn_of_idling(RESTED)),
    decision("grant_mrd", mrds, st.integers(0, 3)),
    decision("assign_attribute", st.just("spanish"), st.integers(-1, 11)),
    decision("withdraw_attribute", st.just("spanish")),
    st.booleans().map(lambda on: lambda agent: agent.switch_auto_answer(on=on)),
)
decisions = st.lists(work | work | work | presence, max_size=60)
with_pulls = st.lists(work | work | pulled | presence, max_size=60)
starts = st.sampled_from([Agent(), given_facts(Agent, *READY).model])


@given(starts, decisions)
def test_nobody_is_filled_beyond_their_maximum(start: Agent, decisions) -> None:
    for before, facts, after in live(start, decisions):
        for fact in facts:
            if isinstance(fact, SlotReserved):
                assert before.mrd_state(fact.mrd_id) in ROUTABLE
                assert after.load(fact.mrd_id) <= after.mrds[fact.mrd_id].tasks_max
        for mrd_id, mrd in after.mrds.items():  # only a maximum that fell leaves somebody above it
            assert after.load(mrd_id) <= max(mrd.tasks_max, before.load(mrd_id))


@given(starts, with_pulls)
def test_pulled_work_counts_and_is_never_too_much(start: Agent, decisions) -> None:  # routing 61
    for before, facts, after in live(start, decisions):
        for fact in facts:
            if isinstance(fact, SlotReserved):
                assert before.mrd_state(fact.mrd_id) in ROUTABLE
            if isinstance(fact, SlotFilled) and fact.task_id not in before.slots:
                assert before.logged_in
                assert after.load(fact.mrd_id) == before.load(fact.mrd_id) + 1
                if after.load(fact.mrd_id) >= after.mrds[fact.mrd_id].tasks_max:
                    assert after.mrd_state(fact.mrd_id) not in ROUTABLE


def derived(agent: Agent, mrd_id: MrdId, mrd: Mrd) -> MrdState:
    if agent.logged_in and mrd.mirrored is not None:
        return mrd.mirrored.state  # routing 34
    gives_way = mrd_id in agent.giving_way(agent.slots.values())
    willing, load = mrd.willing and agent.ready, agent.load(mrd_id)
    return as_published(
        agent.logged_in, willing, load, mrd.tasks_max, gives_way=gives_way, lost=agent.state_lost or agent.unwatched
    )


@given(starts, with_pulls)
def test_nobody_is_offered_anything_who_is_cut_off_or_interrupted(start: Agent, decisions) -> None:  # routing 35, 39
    for before, facts, after in live(start, decisions):
        for fact in facts:
            if isinstance(fact, SlotReserved):
                assert before.desks or not before.lost_desk
                assert fact.mrd_id not in before.giving_way(before.slots.values())
        assert after.logged_in or not (after.lost_desk or after.idle_due)
        assert not (after.slots and after.idle_due)  # routing 40


@given(starts, with_pulls)
def test_states_follow_from_their_causes_alone_with_pulled_work_too(start: Agent, decisions) -> None:
    for _, _, after in live(start, decisions):
        for mrd_id, mrd in after.mrds.items():
            assert after.mrd_state(mrd_id) is derived(after, mrd_id, mrd)


@given(starts, decisions)
def test_there_is_one_offer_at_a_time_in_each_domain(start: Agent, decisions) -> None:
    for _, _, after in live(start, decisions):
        ringing = [slot.mrd_id for slot in after.slots.values() if slot.state is SlotState.RESERVED]
        assert len(ringing) == len(set(ringing))


@given(starts, decisions)
def test_states_follow_from_their_causes_alone(start: Agent, decisions) -> None:
    for _, _, after in live(start, decisions):
        for mrd_id, mrd in after.mrds.items():
            state = after.mrd_state(mrd_id)
            assert state is derived(after, mrd_id, mrd)
            assert not mrd.willing or after.ready  # routing 31
            if after.load(mrd_id) and mrd.mirrored is None:
                assert state not in (MrdState.READY, MrdState.NOT_READY)


@given(starts, decisions)
def test_nobody_is_ready_who_is_not_here(start: Agent, decisions) -> None:
    for _, facts, after in live(start, decisions):
        assert after.logged_in or not after.ready
        for fact in facts:
            if isinstance(fact, LoggedIn):
                assert not after.ready
            if isinstance(fact, MadeReady | MadeNotReady):
                assert after.ready is isinstance(fact, MadeReady)


@given(decisions)
def test_only_whoever_frees_a_slot_makes_it_free(decisions) -> None:  # no change of state drops a task
    for before, facts, after in live(given_facts(Agent, *READY).model, decisions):
        gone = set(before.slots) - set(after.slots)
        assert gone == {fact.task_id for fact in facts if fact.stored_as == "agent.slot-released"}
