"""What does a conversation know of the list that its request stands on? routing 48, 60."""

from dataclasses import replace

import pytest

from domain.channels.bots import BotAnswer
from domain.conversations.conversation import Conversation, CustomerGone
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    ConversationState,
    ParticipantRole,
    RequestReason,
    RequestUnlisted,
)
from domain.ids import TaskId
from tests.domain.conversations.situations import (
    ARRIVED,
    BOT,
    GONE,
    ITEM,
    JOHN,
    LATER,
    LISTED,
    MARIA,
    ON_A_LIST,
    PAUL,
    REQUEST,
    TALKING,
    TASK,
    WAITING,
    WEB,
    WEB_CHAT,
    WITH_BOT,
    joined,
    said,
)
from tests.domain.scenario import given

JOINED = (*ON_A_LIST, joined())
LEFT = (*JOINED, AgentLeft(MARIA, TASK))


def test_a_request_is_listed_once_with_what_nobody_read() -> None:
    once = given(Conversation, *ARRIVED, said("m1"), said("m2")).when(lambda it: it.list_request(LISTED))
    once.then(replace(LISTED, unread=2)).twice()


@pytest.mark.parametrize("history", [WAITING, TALKING, ON_A_LIST, LEFT])
def test_nobody_is_asked_for_twice(history) -> None:
    given(Conversation, *history).when(lambda it: it.list_request(LISTED)).then()


def test_on_a_list_nobody_is_asked_for_in_a_queue() -> None:
    ask = (REQUEST.task_id, REQUEST.queue_id, REQUEST.mrd_id, WEB, 1, RequestReason.AGENT_GONE)
    for history in (ON_A_LIST, JOINED, LEFT):
        given(Conversation, *history).when(lambda it: it.request_agent(*ask)).then()


def test_who_left_is_not_listed() -> None:
    given(Conversation, *ARRIVED, GONE).when(lambda it: it.list_request(LISTED)).refused(CustomerGone)


@pytest.mark.parametrize(
    ("history", "state"),
    [
        (ON_A_LIST, ConversationState.ACTIVE),
        (JOINED, ConversationState.ACTIVE),
        (LEFT, ConversationState.INACTIVE),
        ((*LEFT, joined(PAUL)), ConversationState.ACTIVE),
        ((*ON_A_LIST, RequestUnlisted(ITEM, "AGENT")), ConversationState.INACTIVE),
        ((*JOINED, GONE), ConversationState.CUSTOMER_LEFT),
    ],
)
def test_it_is_inactive_while_the_item_is(history, state) -> None:
    assert given(Conversation, *history).leaves(lambda it: it.state) is state


def receive(id_: str):
    return lambda it: it.receive(JOHN, WEB, WEB_CHAT, said(id_))


@pytest.mark.parametrize("history", [ON_A_LIST, LEFT])
def test_what_is_written_while_nobody_is_here_names_the_item(history) -> None:
    given(Conversation, *history).when(receive("m9")).then(replace(said("m9"), item_id=ITEM)).twice()


@pytest.mark.parametrize("history", [WITH_BOT, WAITING, TALKING, JOINED])
def test_what_somebody_reads_names_none(history) -> None:
    given(Conversation, *history).when(receive("m9")).then(said("m9"))


@pytest.mark.parametrize("history", [ON_A_LIST, JOINED, LEFT])
def test_no_bot_comes_while_humans_may(history) -> None:
    given(Conversation, *history).when(lambda it: it.assign_bot(BOT)).then()


def test_a_bot_hands_over_to_a_list() -> None:
    answer = BotAnswer((), hands_over=True)
    facts = tuple(
        given(Conversation, *WITH_BOT, said("m1"))
        .when(lambda it: it.take_bot_answer(BOT, "Greeter", "turn", answer, LISTED, LATER))
        .decide(given(Conversation, *WITH_BOT, said("m1")).model)
    )
    assert facts[-1] == replace(LISTED, unread=1)
    assert given(Conversation, *WITH_BOT, said("m1"), *facts).leaves(lambda it: it.bot_on_turn) is None


def test_a_request_leaves_the_list_once() -> None:
    for history in (ON_A_LIST, JOINED, LEFT):
        given(Conversation, *history).when(lambda it: it.unlist_request(ITEM, "AGENT")).then(
            RequestUnlisted(ITEM, "AGENT")
        ).twice()
    given(Conversation, *ON_A_LIST).when(lambda it: it.unlist_request("another", "AGENT")).then()


def test_the_end_of_an_old_task_does_not_send_away_who_is_back() -> None:
    back = (*LEFT, joined(task=TaskId("task-2")))
    given(Conversation, *back).when(lambda it: it.leave(MARIA, "DONE", TASK)).then()
    given(Conversation, *back).when(lambda it: it.retire(MARIA, TASK)).then()
    given(Conversation, *back).when(lambda it: it.leave(MARIA)).then(AgentLeft(MARIA, TaskId("task-2")))


def test_whoever_comes_for_an_item_that_was_closed_comes_too_late() -> None:
    def admit(item: str):
        return lambda it: it.admit(MARIA, "Maria", TASK, ParticipantRole.PRIMARY, item)

    given(Conversation, *ON_A_LIST).when(admit(ITEM)).then(joined()).twice()
    given(Conversation, *ON_A_LIST).when(admit("the one before")).refused(CustomerGone)
    given(Conversation, *ON_A_LIST, RequestUnlisted(ITEM, "AGENT")).when(admit(ITEM)).refused(CustomerGone)


def test_whoever_still_wraps_up_can_be_back_for_another_task() -> None:
    wrapping_up = (*ARRIVED, joined(role=ParticipantRole.WRAP_UP))
    given(Conversation, *wrapping_up).when(
        lambda it: it.admit(MARIA, "Maria", TaskId("task-2"), ParticipantRole.PRIMARY)
    ).then(
        AgentLeft(MARIA, TASK, "back for another task"),
        AgentJoined(MARIA, TaskId("task-2"), ParticipantRole.PRIMARY, "Maria"),
    ).twice()
    given(Conversation, *wrapping_up).when(lambda it: it.admit(MARIA, "Maria", TASK, ParticipantRole.PRIMARY)).then()
