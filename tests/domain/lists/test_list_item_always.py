"""What holds for an item, whatever is decided? routing 60: the state is one of four, and closed is the end."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.ids import MessageId
from domain.lists.facts import ListItemClosed, ListItemCloseReason, ListItemJoined, ListItemState
from domain.lists.item import ListItem
from tests.domain.lists.situations import ARRIVAL, ITEM, MARIA, NOW, PAUL, ZOE
from tests.domain.lives import history, live

agents = st.sampled_from([MARIA, PAUL, ZOE])
messages = st.integers(1, 6).map(lambda number: MessageId(f"m{number}"))
FOLLOWS = {
    ListItemState.UNREAD: set(ListItemState) - {ListItemState.INACTIVE},
    ListItemState.ACTIVE: set(ListItemState) - {ListItemState.UNREAD},
    ListItemState.INACTIVE: set(ListItemState) - {ListItemState.UNREAD},
    ListItemState.CLOSED: {ListItemState.CLOSED},
}


def decision(make, *arguments: st.SearchStrategy):
    return st.builds(lambda args: lambda item: make(item, *args), st.tuples(*arguments))


def leave(item: ListItem, agent):
    """With the task that they have, as policies do."""
    task = item.agents.get(agent)
    return item.leave(agent, task) if task else iter(())


decisions = st.lists(
    st.one_of(
        decision(lambda item, agent: item.join(ITEM, agent), agents),
        decision(leave, agents),
        decision(lambda item, message: item.note(message, NOW + timedelta(seconds=1)), messages),
        decision(ListItem.dismiss, agents),
        decision(ListItem.close, st.sampled_from(ListItemCloseReason), st.none() | agents),
    ),
    max_size=30,
).map(lambda decided: [lambda item: item.arrive(ARRIVAL), *decided])


@given(decisions)
def test_states_follow_each_other_as_the_table_says(decisions) -> None:
    for before, _, after in live(ListItem(), decisions):
        if before.arrived is not None:
            assert after.state in FOLLOWS[before.state]


@given(decisions)
def test_it_is_active_exactly_while_somebody_works_on_it(decisions) -> None:
    for _, _, after in live(ListItem(), decisions):
        if after.state is not ListItemState.CLOSED:
            assert bool(after.agents) == (after.state is ListItemState.ACTIVE)
            assert (after.joins > 0) == (after.state is not ListItemState.UNREAD)


@given(decisions)
def test_nothing_is_unread_while_somebody_works_on_it(decisions) -> None:
    for _, _, after in live(ListItem(), decisions):
        if after.state is ListItemState.ACTIVE:
            assert (after.unread, after.waiting_since) == (0, None)
        elif after.state is not ListItemState.CLOSED:
            assert (after.unread > 0) == (after.waiting_since is not None)


@given(decisions)
def test_every_stay_has_a_task_of_its_own(decisions) -> None:
    facts, _ = history(ListItem(), decisions)
    tasks = [fact.task_id for fact in facts if isinstance(fact, ListItemJoined)]
    assert len(tasks) == len(set(tasks))
    assert sum(isinstance(fact, ListItemClosed) for fact in facts) <= 1


@given(decisions)
def test_nobody_dismissed_what_they_work_on(decisions) -> None:
    for _, _, after in live(ListItem(), decisions):
        assert not after.dismissed_by & after.agents.keys()
