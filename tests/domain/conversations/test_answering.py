"""How long may a customer wait for a reply, and what does a hold do to that? routing 45, 53, 56."""

from datetime import timedelta

import pytest

from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.answering import HOLD_S_MAX, NotOnHold, ResponseTime, next_percent, percent_at
from domain.conversations.conversation import Conversation, CustomerGone, NotInConversation
from domain.conversations.facts import (
    AgentLeft,
    ConversationHeld,
    ConversationResumed,
    ConversationState,
    MessagePosted,
    ParticipantRole,
    ResponseAwaited,
    ResponseTimedOut,
    ResponseWarned,
    ResumeReason,
    SessionJoined,
    SessionLeft,
)
from domain.ids import MessageId
from domain.kernel import Invalid
from domain.sessions.facts import SessionEndReason
from tests.domain.conversations.situations import (
    ARRIVED,
    GONE,
    JOHN,
    MARIA,
    NOW,
    PAUL,
    TALKING,
    TASK,
    WEB,
    WEB_CHAT,
    WHATSAPP,
    WHATSAPP_LINE,
    joined,
    said,
)
from tests.domain.scenario import given

MINUTE = ResponseTime(NOW, 60)
DUE = NOW + timedelta(seconds=60)
AWAITED = ResponseAwaited(MessageId("m1"), WEB, DUE, 60)
ASKED = (*TALKING, said("m1"), AWAITED)
HELD = ConversationHeld(MARIA, NOW + timedelta(seconds=300), "", 45.0)
REPLY = MessagePosted(MessageId("a1"), Sender(SenderType.AGENT, MARIA), Body(text="Hi"), WEB, WEB_CHAT)
WHISPER = MessagePosted(MessageId("w1"), Sender(SenderType.AGENT, PAUL), Body(text="psst"), None)


def hears(id_: str, session=WEB, channel=WEB_CHAT, within=MINUTE):
    return lambda it: it.receive(JOHN, session, channel, said(id_, session=session, channel=channel), within)


def test_the_time_to_reply_begins_with_what_a_customer_writes_to_an_agent() -> None:  # routing 56
    given(Conversation, *TALKING).when(hears("m1")).then(said("m1"), AWAITED).twice()


def test_it_is_measured_from_the_first_message_that_waits() -> None:  # routing 56
    given(Conversation, *ASKED).when(hears("m2")).then(said("m2"))


@pytest.mark.parametrize("within", [None, ResponseTime(NOW, 0)])
def test_where_agents_reply_whenever_they_like_nothing_is_measured(within) -> None:  # routing 56
    given(Conversation, *TALKING).when(hears("m1", within=within)).then(said("m1"))


def test_where_no_agent_is_there_nothing_is_measured() -> None:  # routing 56
    facts = tuple(hears("m1")(given(Conversation, *ARRIVED).model))
    assert [type(fact) for fact in facts] == [MessagePosted]


def test_a_second_session_starts_the_time_anew() -> None:  # routing 50, 56
    there = (*ASKED, SessionJoined(WHATSAPP, WHATSAPP_LINE))
    message = said("m2", session=WHATSAPP, channel=WHATSAPP_LINE)
    given(Conversation, *there).when(hears("m2", WHATSAPP, WHATSAPP_LINE)).then(
        message, ResponseAwaited(MessageId("m2"), WHATSAPP, DUE, 60)
    )


def test_the_reply_of_whoever_talks_with_the_customer_ends_it_and_a_whisper_does_not() -> None:  # routing 56
    assert given(Conversation, *ASKED, REPLY).model.response is None
    advised = (*ASKED, joined(PAUL, ParticipantRole.ASSISTANT), WHISPER)
    assert given(Conversation, *advised).model.response == AWAITED


def test_it_is_of_the_conversation_and_goes_on_when_one_of_two_sessions_ends() -> None:  # routing 56
    """What they wrote is still to be answered, where they are still to be found."""
    there = (*TALKING, SessionJoined(WHATSAPP, WHATSAPP_LINE), said("m1"), AWAITED, GONE)
    assert given(Conversation, *there).model.response == AWAITED
    given(Conversation, *there).when(lambda it: it.time_out_response("m1", DUE)).then(ResponseTimedOut("m1"))


CALL = SessionJoined(WHATSAPP, WHATSAPP_LINE, live_voice=True)
HUNG_UP = SessionLeft(WHATSAPP, SessionEndReason.CUSTOMER)


def test_during_a_call_nobody_has_to_reply_in_writing() -> None:  # routing 56
    given(Conversation, *TALKING, CALL).when(hears("m1")).then(said("m1"))
    call = given(Conversation, *ASKED, CALL)
    assert call.leaves(lambda it: (it.response, it.unanswered, it.response_warned)) == (None, None, 0)
    call.when(lambda it: it.time_out_response("m1", DUE)).then()
    call.when(lambda it: it.warn_of_response("m1", 50, DUE)).then()
    held = given(Conversation, *TALKING, CALL, said("m1"), ConversationHeld(MARIA, HELD.due))
    held.when(lambda it: it.resume(MARIA, MINUTE)).then(ConversationResumed(ResumeReason.AGENT))


def test_after_a_call_the_next_message_is_to_be_answered_again() -> None:  # routing 56
    after = given(Conversation, *ASKED, CALL, HUNG_UP)
    assert after.model.calls == frozenset()
    due = ResponseAwaited(MessageId("m2"), WEB, DUE, 60)
    after.when(hears("m2")).then(said("m2"), due)


def test_what_is_said_in_a_call_begins_no_time() -> None:  # routing 56
    spoken = said("m1", session=WHATSAPP, channel=WHATSAPP_LINE)
    begins = given(Conversation, *TALKING).when(
        lambda it: it.receive(JOHN, WHATSAPP, WHATSAPP_LINE, spoken, MINUTE, live_voice=True)
    )
    begins.then(CALL, spoken).twice()


@pytest.mark.parametrize("fact", [AgentLeft(MARIA, TASK), GONE])
def test_it_ends_with_the_talk(fact) -> None:  # routing 56
    assert given(Conversation, *ASKED, fact).model.response is None


def test_each_warning_is_told_once_and_only_of_what_still_waits() -> None:  # routing 42, 56
    half = ResponseWarned(MessageId("m1"), 50, DUE, 60)
    given(Conversation, *ASKED).when(lambda it: it.warn_of_response("m1", 50, DUE)).then(half).twice()
    given(Conversation, *ASKED, half).when(lambda it: it.warn_of_response("m1", 75, DUE)).then(
        ResponseWarned(MessageId("m1"), 75, DUE, 60)
    )
    given(Conversation, *ASKED, REPLY).when(lambda it: it.warn_of_response("m1", 50, DUE)).then()
    given(Conversation, *ASKED).when(lambda it: it.warn_of_response("m0", 50, DUE)).then()
    given(Conversation, *ASKED).when(lambda it: it.warn_of_response("m1", 50, NOW)).then()  # put off by a hold


def test_it_runs_out_once() -> None:  # routing 42, 56
    given(Conversation, *ASKED).when(lambda it: it.time_out_response("m1", DUE)).then(ResponseTimedOut("m1")).twice()
    given(Conversation, *ASKED, REPLY).when(lambda it: it.time_out_response("m1", DUE)).then()
    given(Conversation, *ASKED).when(lambda it: it.time_out_response("m1", NOW)).then()  # put off by a hold


def test_warnings_come_at_half_and_at_three_quarters() -> None:  # routing 56
    assert percent_at(50, DUE, 60) == NOW + timedelta(seconds=30)
    assert [next_percent(NOW + timedelta(seconds=s), DUE, 60, 0) for s in (0, 30, 44, 45, 99)] == [50, 75, 75, 100, 100]
    assert next_percent(NOW, DUE, 60, told=50) == 75
    assert next_percent(NOW, DUE, 60, told=75) == 100


# Hold


def test_on_hold_the_time_stands_still_and_silence_is_not_measured() -> None:  # routing 56
    later = NOW + timedelta(seconds=15)
    held = ConversationHeld(MARIA, later + timedelta(seconds=300), "asks around", 45.0)
    given(Conversation, *ASKED).when(lambda it: it.hold(MARIA, later, 300, "asks around")).then(held).twice()
    model = given(Conversation, *ASKED, held).model
    assert (model.state, model.response, model.awaiting_reply_to) == (ConversationState.ON_HOLD, None, None)


def test_holding_again_sets_a_new_end_and_keeps_what_was_left() -> None:
    given(Conversation, *ASKED, HELD).when(lambda it: it.hold(MARIA, NOW, 600)).then(
        ConversationHeld(MARIA, NOW + timedelta(seconds=600), "", 45.0)
    )


def test_what_was_left_of_the_time_goes_on_afterwards() -> None:  # routing 56
    goes_on = ResponseAwaited(MessageId("m1"), WEB, NOW + timedelta(seconds=45), 60)
    given(Conversation, *ASKED, HELD).when(lambda it: it.resume(MARIA, MINUTE)).then(
        ConversationResumed(ResumeReason.AGENT), goes_on
    )
    given(Conversation, *ASKED, HELD).when(lambda it: it.end_hold(HELD.due, MINUTE)).then(
        ConversationResumed(ResumeReason.TIME), goes_on
    ).twice()


def test_what_was_told_before_a_hold_is_known_after_it_and_forgotten_with_the_reply() -> None:  # routing 56
    half = ResponseWarned(MessageId("m1"), 50, DUE, 60)
    told = ResponseAwaited(MessageId("m1"), WEB, NOW + timedelta(seconds=45), 60, warned=50)
    given(Conversation, *ASKED, half, HELD).when(lambda it: it.resume(MARIA, MINUTE)).then(
        ConversationResumed(ResumeReason.AGENT), told
    )
    later = (*ASKED, half, REPLY, ConversationHeld(MARIA, HELD.due), said("m2"))
    given(Conversation, *later).when(lambda it: it.resume(MARIA, MINUTE)).then(
        ConversationResumed(ResumeReason.AGENT), ResponseAwaited(MessageId("m2"), WEB, DUE, 60)
    )


def test_who_writes_during_a_hold_is_answered_after_it() -> None:  # routing 56
    quiet = ConversationHeld(MARIA, HELD.due)
    given(Conversation, *TALKING, quiet).when(hears("m1")).then(said("m1"))
    given(Conversation, *TALKING, quiet, said("m1")).when(lambda it: it.resume(MARIA, MINUTE)).then(
        ConversationResumed(ResumeReason.AGENT), AWAITED
    )
    given(Conversation, *TALKING, quiet).when(lambda it: it.resume(MARIA, MINUTE)).then(
        ConversationResumed(ResumeReason.AGENT)
    )


def test_an_agent_who_writes_to_the_customer_ends_the_hold_and_a_whisper_does_not() -> None:  # routing 53
    given(Conversation, *ASKED, HELD).when(lambda it: it.say_as_agent(MARIA, "", "a1", Body(text="Hi"), NOW, 0)).then(
        ConversationResumed(ResumeReason.AGENT_WROTE), REPLY
    ).twice()
    advised = (*ASKED, joined(PAUL, ParticipantRole.ASSISTANT), HELD)
    given(Conversation, *advised).when(lambda it: it.say_as_agent(PAUL, "", "w1", Body(text="psst"), NOW, 0)).then(
        WHISPER
    )


def test_the_end_of_another_hold_does_nothing() -> None:  # routing 42
    given(Conversation, *ASKED, HELD).when(lambda it: it.end_hold(NOW, MINUTE)).then()
    given(Conversation, *ASKED).when(lambda it: it.end_hold(HELD.due, MINUTE)).then()


@pytest.mark.parametrize("fact", [AgentLeft(MARIA, TASK), GONE])
def test_a_hold_ends_with_the_talk(fact) -> None:
    assert given(Conversation, *ASKED, HELD, fact).model.held is None


def test_who_may_hold_and_how_long() -> None:
    given(Conversation, *TALKING).when(lambda it: it.hold(PAUL, NOW, 60)).refused(NotInConversation)
    given(Conversation, *TALKING, GONE).when(lambda it: it.hold(MARIA, NOW, 60)).refused(CustomerGone)
    for seconds in (0, HOLD_S_MAX + 1):
        given(Conversation, *TALKING).when(lambda it, s=seconds: it.hold(MARIA, NOW, s)).refused(Invalid)
    given(Conversation, *TALKING).when(lambda it: it.resume(MARIA, MINUTE)).refused(NotOnHold)
