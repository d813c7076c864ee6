"""What makes a customer's silence count, and what stops that? routing 28, 48, 56."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.answering import ResponseTime
from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    AgentLeft,
    AgentRequestEnded,
    ColleagueRequested,
    ConversationHeld,
    ConversationResumed,
    MessagePosted,
    ParticipantRole,
    Release,
    ResponseAwaited,
    ResumeReason,
    SessionJoined,
    SessionLeft,
)
from domain.ids import MessageId, MrdId, QueueId, TaskId
from domain.kernel import Fact
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskDirection
from tests.domain.conversations.situations import (
    ARRIVED,
    BOT,
    LATER,
    LISTED,
    MARIA,
    NOW,
    PAUL,
    REQUEST,
    TALKING,
    TASK,
    WEB,
    WEB_CHAT,
    WHATSAPP,
    WHATSAPP_LINE,
    WITH_BOT,
    joined,
    said,
)
from tests.domain.scenario import given

ASKS = MessagePosted(
    MessageId("a1"), Sender(SenderType.AGENT, MARIA), Body(text="And you?"), WEB, WEB_CHAT, reply_due=LATER
)
BOT_ASKS = replace(ASKS, message_id=MessageId("b1"), sender=Sender(SenderType.BOT, BOT))
WHISPER = replace(ASKS, message_id=MessageId("w1"), session_id=None, channel_id=None, reply_due=None)
NOTICE = replace(ASKS, message_id=MessageId("n1"), sender=Sender(SenderType.SYSTEM, "parley"), reply_due=None)
SILENT = (*TALKING, ASKS)
TRANSFER = ColleagueRequested(
    TaskId("request"), TaskDirection.DIRECT_TRANSFER, MARIA, TASK, MrdId("chat"), WEB, QueueId("sales")
)
STAYS = replace(TRANSFER, release=Release.ON_ACCEPT)
BESIDE = [replace(TRANSFER, direction=it) for it in (TaskDirection.CONSULT, TaskDirection.DIRECT_CONFERENCE)]


def awaited(*facts: Fact) -> MessageId | None:
    return given(Conversation, *facts).model.awaiting_reply_to


def test_silence_counts_from_what_an_agent_or_a_bot_said_last() -> None:  # routing 56
    assert awaited(*SILENT) == "a1"
    assert awaited(*SILENT, replace(ASKS, message_id=MessageId("a2"))) == "a2"
    assert awaited(*WITH_BOT, BOT_ASKS) == "b1"
    assert awaited(*SILENT, WHISPER, NOTICE) == "a1"  # nothing that is new to the customer, or from anybody to them


@pytest.mark.parametrize(
    "stops",
    [
        (said("m1"),),
        (ConversationHeld(MARIA, LATER),),
        (TRANSFER,),
        (SessionLeft(WEB, SessionEndReason.CUSTOMER),),
        (SessionJoined(WHATSAPP, WHATSAPP_LINE, live_voice=True),),
        (STAYS, AgentLeft(MARIA, TASK)),
    ],
    ids=["an answer", "a hold", "a transfer", "their leaving", "a call", "the end of a talk that others go on with"],
)
def test_silence_counts_no_more_after(stops: tuple[Fact, ...]) -> None:  # routing 56
    assert awaited(*SILENT, *stops) is None


@pytest.mark.parametrize("asks_for", [REQUEST, LISTED], ids=["in a queue", "on a list"])
def test_silence_does_not_count_while_a_human_is_asked_for(asks_for: Fact) -> None:  # routing 56
    assert awaited(*WITH_BOT, BOT_ASKS, asks_for) is None


@pytest.mark.parametrize(
    "goes_on",
    [*BESIDE, STAYS, joined(PAUL, ParticipantRole.SILENT_MONITOR), SessionJoined(WHATSAPP, WHATSAPP_LINE)],
    ids=["a consult", "a conference", "a transfer for which they are waited for", "a monitor", "another session"],
)
def test_silence_goes_on_through(goes_on: Fact) -> None:  # routing 56
    """Somebody stays with the customer, and it is still theirs to answer."""
    assert awaited(*SILENT, goes_on) == "a1"


def test_silence_counts_from_when_nobody_came_or_stayed() -> None:  # routing 28, 48
    assert awaited(*ARRIVED, REQUEST, AgentRequestEnded(TASK, "NO_AGENT_AVAILABLE", LATER)) == TASK
    assert awaited(*TALKING, AgentLeft(MARIA, TASK, reply_due=LATER)) == TASK


def test_who_leaves_a_customer_alone_starts_the_clock_that_is_not_running() -> None:  # routing 48
    def leaves(it: Conversation):
        return it.leave(MARIA, reply_due=LATER)

    given(Conversation, *TALKING).when(leaves).then(AgentLeft(MARIA, TASK, reply_due=LATER))
    for nobody_is_alone in (SILENT, (*TALKING, STAYS), (*TALKING, joined(PAUL, task=TaskId("task-2")))):
        given(Conversation, *nobody_is_alone).when(leaves).then(AgentLeft(MARIA, TASK))


def test_silence_ends_all_sessions_in_one_decision_and_only_the_silence_that_was_meant() -> None:  # routing 42, 56
    gone = [SessionLeft(it, SessionEndReason.INACTIVITY) for it in (WEB, WHATSAPP)]
    two = given(Conversation, *TALKING, SessionJoined(WHATSAPP, WHATSAPP_LINE), ASKS)
    two.when(lambda it: it.end_silence(MessageId("a1"))).then(*gone).twice()
    two.when(lambda it: it.end_silence(MessageId("a0"))).then()


def test_who_is_not_silent_any_more_is_not_reminded() -> None:  # routing 42, 56
    def reminds(it: Conversation):
        return it.remind(MessageId("a1"), 0, "Are you there?", None)

    assert given(Conversation, *SILENT).when(reminds).leaves(lambda it: len(it.posted)) == 2
    for nobody_is_asked in ((*SILENT, said("m1")), (*SILENT, TRANSFER), (*SILENT, ConversationHeld(MARIA, LATER))):
        given(Conversation, *nobody_is_asked).when(reminds).then()


def test_the_time_to_reply_is_of_the_first_message_that_waits() -> None:  # routing 56
    """Whoever wrote twice while they were on hold."""
    held = (*TALKING, ConversationHeld(MARIA, LATER), said("m1"), said("m2"))
    given(Conversation, *held).when(lambda it: it.resume(MARIA, ResponseTime(NOW, 60))).then(
        ConversationResumed(ResumeReason.AGENT),
        ResponseAwaited(MessageId("m1"), WEB, NOW + timedelta(seconds=60), 60),
    )
