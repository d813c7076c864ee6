"""How does a request on a list go on? routing 60, 61: every decision in every state."""

import pytest

from domain.ids import MessageId, TaskId
from domain.kernel import NotFound
from domain.lists.facts import ListItemCloseReason, ListItemState
from domain.lists.item import ListItem, ListItemOver
from tests.domain.lists.situations import (
    ACTIVE,
    AGAIN,
    ARRIVAL,
    CLOSED,
    DONE,
    INACTIVE,
    ITEM,
    LATER,
    MARIA,
    NOW,
    OPEN,
    PAUL,
    STATES,
    UNREAD,
    ZOE,
    closed,
    dismissed,
    joined,
    left,
    task,
    written,
)
from tests.domain.scenario import given

every_open = pytest.mark.parametrize("history", OPEN.values(), ids=OPEN)
every_closed = pytest.mark.parametrize("history", CLOSED.values(), ids=CLOSED)
every_quiet = pytest.mark.parametrize("history", [UNREAD, INACTIVE], ids=["unread", "inactive"])


@pytest.mark.parametrize(("history", "state"), STATES.values(), ids=STATES)
def test_states_follow_from_who_came_and_who_is_here(history, state) -> None:
    assert given(ListItem, *history).leaves(lambda item: item.state) is state


def test_a_request_arrives_once() -> None:
    given(ListItem).when(lambda item: item.arrive(ARRIVAL)).then(ARRIVAL).twice()


@every_open
def test_anybody_may_join_while_it_is_open(history) -> None:
    joins = given(ListItem, *history).leaves(lambda item: item.joins)
    join = given(ListItem, *history).when(lambda item: item.join(ITEM, ZOE))
    join.then(joined(ZOE, joins)).twice()
    assert join.leaves(lambda item: item.state) is ListItemState.ACTIVE


def test_several_work_on_it_at_once_each_under_a_task_of_their_own() -> None:  # routing 1, 60
    agents = given(ListItem, *ACTIVE, joined(PAUL, 1)).leaves(lambda item: item.agents)
    assert agents == {MARIA: task(MARIA), PAUL: task(PAUL, 1)}
    assert len(set(agents.values())) == 2


def test_whoever_comes_back_has_a_new_task() -> None:
    given(ListItem, *INACTIVE).when(lambda item: item.join(ITEM, MARIA)).then(joined(MARIA, 1))
    assert task(MARIA, 1) != task(MARIA)


@every_closed
def test_nobody_joins_a_closed_one(history) -> None:
    given(ListItem, *history).when(lambda item: item.join(ITEM, ZOE)).refused(ListItemOver)


def test_the_last_one_out_leaves_it_inactive() -> None:
    two = (*ACTIVE, joined(PAUL, 1))
    first = given(ListItem, *two).when(lambda item: item.leave(MARIA, task(MARIA))).then(left(MARIA)).twice()
    assert first.leaves(lambda item: item.state) is ListItemState.ACTIVE
    last = given(ListItem, *two, left(MARIA)).when(lambda item: item.leave(PAUL, task(PAUL, 1)))
    assert last.then(left(PAUL, 1)).leaves(lambda item: item.state) is ListItemState.INACTIVE


@pytest.mark.parametrize("history", [(), UNREAD, INACTIVE, AGAIN])
def test_whoever_is_not_here_does_not_leave(history) -> None:
    given(ListItem, *history).when(lambda item: item.leave(MARIA, task(MARIA))).then()


def test_the_end_of_an_old_task_sends_nobody_away_who_is_back() -> None:
    back = (*INACTIVE, joined(MARIA, 1))
    given(ListItem, *back).when(lambda item: item.leave(MARIA, task(MARIA))).then()
    given(ListItem, *back).when(lambda item: item.leave(MARIA, TaskId("of something else"))).then()


def test_who_works_on_it_leaves_after_it_was_closed() -> None:
    given(ListItem, *DONE).when(lambda item: item.leave(MARIA, task(MARIA))).then(left(MARIA)).twice()


@every_quiet
def test_what_the_customer_writes_while_nobody_is_here_is_counted_once(history) -> None:
    unread = given(ListItem, *history).leaves(lambda item: item.unread)
    wrote = given(ListItem, *history).when(lambda item: item.note(MessageId("m1"), LATER)).then(written()).twice()
    assert wrote.leaves(lambda item: item.unread) == unread + 1
    assert wrote.leaves(lambda item: item.state) is given(ListItem, *history).leaves(lambda item: item.state)


@pytest.mark.parametrize("history", [(), ACTIVE, AGAIN, *CLOSED.values()])
def test_what_somebody_reads_anyway_is_not_counted(history) -> None:
    given(ListItem, *history).when(lambda item: item.note(MessageId("m1"), LATER)).then()


def test_whoever_joins_has_read_it() -> None:
    assert given(ListItem, *UNREAD, written()).leaves(lambda item: item.unread) == 2
    assert given(ListItem, *UNREAD, written(), joined(MARIA)).leaves(lambda item: item.unread) == 0


def test_a_customer_waits_from_arrival_or_from_the_first_message_that_nobody_read() -> None:
    def waiting(*history):
        return given(ListItem, *history).leaves(lambda item: item.waiting_since)

    assert waiting(*UNREAD, written()) == NOW
    assert waiting(*ACTIVE) is None
    assert waiting(*INACTIVE) is None
    assert waiting(*INACTIVE, written(), written(2, NOW)) == LATER
    assert waiting(*INACTIVE, written(), closed()) is None


@every_open
def test_a_notice_is_dismissed_by_each_for_themselves(history) -> None:
    dismiss = given(ListItem, *history).when(lambda item: item.dismiss(ZOE)).then(dismissed(ZOE)).twice()
    assert dismiss.leaves(lambda item: item.dismissed_by) == {ZOE}
    assert dismiss.leaves(lambda item: item.state) is given(ListItem, *history).leaves(lambda item: item.state)


def test_whoever_dismissed_it_may_still_join() -> None:
    join = given(ListItem, *UNREAD, dismissed(MARIA)).when(lambda item: item.join(ITEM, MARIA)).then(joined(MARIA))
    assert join.leaves(lambda item: item.dismissed_by) == frozenset()


@pytest.mark.parametrize("history", [ACTIVE, *CLOSED.values()])
def test_there_is_nothing_to_dismiss_for_whoever_is_here_or_after_the_end(history) -> None:
    given(ListItem, *history).when(lambda item: item.dismiss(MARIA)).then()


@every_open
def test_it_is_closed_from_any_state(history) -> None:
    given(ListItem, *history).when(lambda item: item.close(ListItemCloseReason.AGENT, MARIA)).then(closed()).twice()
    gone = ListItemCloseReason.CUSTOMER_LEFT
    given(ListItem, *history).when(lambda item: item.close(gone)).then(closed(gone, None)).twice()


@every_closed
def test_it_is_closed_once(history) -> None:
    given(ListItem, *history).when(lambda item: item.close(ListItemCloseReason.CUSTOMER_LEFT)).then()


@pytest.mark.parametrize(
    "decide",
    [
        lambda item: item.join(ITEM, MARIA),
        lambda item: item.dismiss(MARIA),
        lambda item: item.close(ListItemCloseReason.AGENT),
    ],
)
def test_what_never_arrived_is_nobodys(decide) -> None:
    given(ListItem).when(decide).refused(NotFound)
