"""Whose talk waits while its agent has something more urgent, and how does it go on? routing 36, 56."""

from datetime import timedelta

import pytest

from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.answering import ResponseTime
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
GAVE_WAY = ConversationHeld(MARIA, None, "", 60.0, Holder.INTERRUPTION)
HELD = ConversationHeld(MARIA, NOW + timedelta(seconds=300), "", 45.0)
HIS = TaskId("task-2")
BOTH = (*ASKED, joined(PAUL, task=HIS))
MARIA_AWAY, NOBODY_AWAY, BOTH_AWAY = {MARIA: TASK}, {}, {MARIA: TASK, PAUL: HIS}


def gives_way(away: dict):
    return lambda it: it.give_way(away, NOW)


def goes_on(away: dict):
    return lambda it: it.go_on(away, MINUTE)


def test_the_time_to_reply_stands_still_while_the_agent_is_at_other_work() -> None:  # routing 36, 56
    held = given(Conversation, *ASKED).when(gives_way(MARIA_AWAY)).then(GAVE_WAY).twice()
    assert held.leaves(lambda it: (it.state, it.response)) == (ConversationState.ON_HOLD, None)


def test_it_goes_on_when_they_are_free() -> None:  # routing 36
    given(Conversation, *ASKED, GAVE_WAY).when(goes_on(NOBODY_AWAY)).then(
        ConversationResumed(ResumeReason.AGENT_FREE), AWAITED
    ).twice()
    given(Conversation, *ASKED, GAVE_WAY).when(goes_on(MARIA_AWAY)).then()


def test_it_goes_on_when_they_write() -> None:  # routing 36
    reply = MessagePosted(MessageId("a1"), Sender(SenderType.AGENT, MARIA), Body(text="Hi"), WEB, WEB_CHAT)
    given(Conversation, *ASKED, GAVE_WAY).when(
        lambda it: it.say_as_agent(MARIA, "", MessageId("a1"), Body(text="Hi"), NOW, 0)
    ).then(ConversationResumed(ResumeReason.AGENT_WROTE), reply)


def test_no_time_ends_it() -> None:  # routing 36
    given(Conversation, *ASKED, GAVE_WAY).when(lambda it: it.end_hold(NOW + timedelta(hours=9), MINUTE)).then()


def test_what_somebody_put_on_hold_stays_theirs() -> None:  # routing 36
    given(Conversation, *ASKED, HELD).when(gives_way(MARIA_AWAY)).then()
    given(Conversation, *ASKED, HELD).when(goes_on(NOBODY_AWAY)).then()


def test_what_was_held_for_other_work_is_theirs_once_they_hold_it() -> None:
    theirs = ConversationHeld(MARIA, NOW + timedelta(seconds=300), "asks around", 60.0)
    given(Conversation, *ASKED, GAVE_WAY).when(lambda it: it.hold(MARIA, NOW, 300, "asks around")).then(theirs).twice()
    given(Conversation, *ASKED, GAVE_WAY, theirs).when(goes_on(NOBODY_AWAY)).then()


def test_of_two_who_talk_both_must_be_away() -> None:  # routing 36
    given(Conversation, *BOTH).when(gives_way(MARIA_AWAY)).then()
    given(Conversation, *BOTH).when(gives_way(BOTH_AWAY)).then(GAVE_WAY).twice()


@pytest.mark.parametrize("still_away", [NOBODY_AWAY, MARIA_AWAY, {PAUL: HIS}], ids=len)
def test_the_first_of_two_who_is_free_takes_it_up(still_away: dict) -> None:  # routing 36
    given(Conversation, *BOTH, GAVE_WAY).when(goes_on(still_away)).then(
        ConversationResumed(ResumeReason.AGENT_FREE), AWAITED
    ).twice()
    given(Conversation, *BOTH, GAVE_WAY).when(goes_on(BOTH_AWAY)).then()


def test_it_waits_on_for_the_one_who_is_left() -> None:  # routing 36
    left = (*BOTH, GAVE_WAY, AgentLeft(MARIA, TASK))
    given(Conversation, *left).when(goes_on(BOTH_AWAY)).then()
    assert given(Conversation, *left).model.state is ConversationState.ON_HOLD


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
    given(Conversation, *history).when(gives_way(MARIA_AWAY)).then()
