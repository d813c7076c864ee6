"""Whose talk waits while its agent has something more urgent, and how does it go on? routing 36, 56."""

from datetime import timedelta

import pytest

from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.answering import GIVES_WAY_S_MAX, ResponseTime
from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    AgentLeft,
    ConversationHeld,
    ConversationResumed,
    ConversationState,
    Holder,
    MessagePosted,
    ParticipantRole,
    ResponseAwaited,
    ResumeReason,
)
from domain.ids import MessageId, TaskId
from tests.domain.conversations.situations import GONE, MARIA, NOW, PAUL, TALKING, TASK, WEB, WEB_CHAT, joined, said
from tests.domain.scenario import given

MINUTE = ResponseTime(NOW, 60)
AWAITED = ResponseAwaited(MessageId("m1"), WEB, NOW + timedelta(seconds=60), 60)
ASKED = (*TALKING, said("m1"), AWAITED)
LATEST = NOW + timedelta(seconds=GIVES_WAY_S_MAX)
GAVE_WAY = ConversationHeld(MARIA, LATEST, "", 60.0, Holder.INTERRUPTION)
HELD = ConversationHeld(MARIA, NOW + timedelta(seconds=300), "", 45.0)
BOTH = (*ASKED, joined(PAUL, task=TaskId("task-2")))


def gives_way(it: Conversation):
    return it.give_way(MARIA, TASK, NOW)


def goes_on(it: Conversation):
    return it.go_on(MARIA, MINUTE)


def test_the_time_to_reply_stands_still_while_the_agent_is_at_other_work() -> None:  # routing 36, 56
    held = given(Conversation, *ASKED).when(gives_way).then(GAVE_WAY).twice()
    assert held.leaves(lambda it: (it.state, it.response)) == (ConversationState.ON_HOLD, None)


def test_it_goes_on_when_they_are_free() -> None:  # routing 36
    given(Conversation, *ASKED, GAVE_WAY).when(goes_on).then(
        ConversationResumed(ResumeReason.AGENT_FREE), AWAITED
    ).twice()


def test_it_goes_on_when_they_write() -> None:  # routing 36
    reply = MessagePosted(MessageId("a1"), Sender(SenderType.AGENT, MARIA), Body(text="Hi"), WEB, WEB_CHAT)
    given(Conversation, *ASKED, GAVE_WAY).when(
        lambda it: it.say_as_agent(MARIA, "", MessageId("a1"), Body(text="Hi"), NOW, 0)
    ).then(ConversationResumed(ResumeReason.AGENT_WROTE), reply)


def test_what_somebody_put_on_hold_stays_theirs() -> None:  # routing 36
    given(Conversation, *ASKED, HELD).when(gives_way).then()
    given(Conversation, *ASKED, HELD).when(goes_on).then()


def test_what_was_held_for_other_work_is_theirs_once_they_hold_it() -> None:
    theirs = ConversationHeld(MARIA, NOW + timedelta(seconds=300), "asks around", 60.0)
    given(Conversation, *ASKED, GAVE_WAY).when(lambda it: it.hold(MARIA, NOW, 300, "asks around")).then(theirs)
    longest = ConversationHeld(MARIA, LATEST, "", 60.0)
    given(Conversation, *ASKED, GAVE_WAY).when(lambda it: it.hold(MARIA, NOW, GIVES_WAY_S_MAX)).then(longest).twice()
    given(Conversation, *ASKED, GAVE_WAY, theirs).when(goes_on).then()


def test_nobody_waits_for_one_of_two_who_talk() -> None:
    given(Conversation, *BOTH).when(gives_way).then()


def test_nobody_waits_for_one_who_left_the_other_to_it() -> None:
    left = AgentLeft(MARIA, TASK)
    assert given(Conversation, *ASKED, GAVE_WAY, joined(PAUL, task=TaskId("task-2")), left).model.held is None
    own = (*ASKED, HELD, joined(PAUL, task=TaskId("task-2")), left)
    assert given(Conversation, *own).model.held == HELD


@pytest.mark.parametrize(
    "history",
    [
        (*ASKED, GONE),
        (*ASKED, AgentLeft(MARIA, TASK)),
        (*ASKED, AgentLeft(MARIA, TASK), joined(task=TaskId("another"))),
        (*TALKING, AgentLeft(MARIA, TASK), joined(role=ParticipantRole.ASSISTANT)),
    ],
)
def test_whoever_does_not_talk_for_this_task_keeps_nobody_waiting(history) -> None:
    given(Conversation, *history).when(gives_way).then()
