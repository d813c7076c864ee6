"""What may be said in a conversation, by whom, and where does it go?"""

import pytest

from domain.channels.messages import Attachment, Body, BodyType, DeliveryStatus, Sender, SenderType
from domain.conversations.conversation import (
    BODY_TEXT_MAX,
    Conversation,
    ConversationOver,
    CustomerGone,
    NotInConversation,
)
from domain.conversations.facts import (
    AgentRoleChanged,
    CloseReason,
    ConversationClosed,
    ConversationDataSet,
    DeliveryReported,
    MessagePosted,
    ParticipantRole,
    SessionJoined,
    SessionLeft,
)
from domain.conversations.standing import OnlyListening
from domain.ids import MessageId
from domain.kernel import Invalid, NotFound
from domain.sessions.facts import SessionEndReason
from tests.domain.conversations.situations import (
    ARRIVED,
    GONE,
    JOHN,
    LATER,
    MARIA,
    NOW,
    ON_TWO_CHANNELS,
    PAUL,
    REQUEST,
    TALKING,
    WEB,
    WEB_CHAT,
    WHATSAPP,
    WHATSAPP_LINE,
    joined,
    said,
)
from tests.domain.scenario import given

OVER = ConversationClosed(CloseReason.EVERYBODY_LEFT, JOHN)
HELLO = Body(text="Hello")
MONITORED = (*TALKING, joined(PAUL, ParticipantRole.SILENT_MONITOR))


def receive(message: MessagePosted | None, session=WEB, channel=WEB_CHAT):
    return lambda it: it.receive(JOHN, session, channel, message)


def say(agent=MARIA, body=HELLO, inactivity_s=600, id_="a1"):
    return lambda it: it.say_as_agent(agent, agent.title(), MessageId(id_), body, NOW, inactivity_s)


def replied(session=WEB, channel=WEB_CHAT, due=LATER, agent=MARIA, id_="a1") -> MessagePosted:
    sender = Sender(SenderType.AGENT, agent, agent.title())
    return MessagePosted(MessageId(id_), sender, HELLO, session, channel, reply_due=due)


# The customer


def test_a_first_message_starts_the_conversation() -> None:
    given(Conversation).when(receive(said("m1"))).then(*ARRIVED, said("m1")).twice()


def test_a_customer_may_arrive_and_say_nothing() -> None:
    given(Conversation).when(receive(None)).then(*ARRIVED).twice()


def test_a_repeated_message_is_posted_once() -> None:  # routing 66
    given(Conversation, *ARRIVED, said("m1")).when(receive(said("m1", "Hello again"))).then()


def test_a_message_of_another_channel_joins_its_session() -> None:  # routing 50
    second = said("m2", session=WHATSAPP, channel=WHATSAPP_LINE)
    given(Conversation, *ARRIVED, said("m1")).when(receive(second, WHATSAPP, WHATSAPP_LINE)).then(
        SessionJoined(WHATSAPP, WHATSAPP_LINE), second
    ).twice()


def test_an_ended_session_says_no_more() -> None:
    given(Conversation, *ARRIVED, GONE).when(receive(said("m1"))).refused(CustomerGone)


def test_a_repeat_from_an_ended_session_is_still_a_repeat() -> None:
    given(Conversation, *ARRIVED, said("m1"), GONE).when(receive(said("m1"))).then()


def test_nobody_writes_in_a_closed_conversation() -> None:
    given(Conversation, *TALKING, OVER).when(receive(said("m1"))).refused(ConversationOver)
    given(Conversation, *TALKING, OVER).when(say()).refused(ConversationOver)


def test_a_session_leaves_once() -> None:
    given(Conversation, *ARRIVED).when(lambda it: it.lose_session(WEB, SessionEndReason.CUSTOMER)).then(GONE).twice()


def test_a_session_that_ended_before_it_got_here_does_not_join_afterwards() -> None:
    lost = given(Conversation).when(lambda it: it.lose_session(WEB, SessionEndReason.CUSTOMER))
    lost.then(GONE).twice()
    given(Conversation, GONE).when(receive(said("m1"))).refused(CustomerGone)


def test_nobody_leaves_a_closed_conversation_again() -> None:
    given(Conversation, *ARRIVED, OVER).when(lambda it: it.lose_session(WEB, SessionEndReason.CUSTOMER)).then()


# The agent


def test_a_reply_goes_to_the_customer_and_awaits_an_answer() -> None:  # routing 56
    reply = given(Conversation, *TALKING).when(say())
    reply.then(replied()).twice()
    assert reply.leaves(lambda it: it.awaiting_reply_to) == "a1"


def test_the_customers_answer_is_no_longer_awaited() -> None:  # routing 56
    answered = given(Conversation, *TALKING, replied(), said("m2")).model
    assert answered.awaiting_reply_to is None


def test_a_request_for_a_human_stops_the_wait_for_the_customer() -> None:  # routing 56
    assert given(Conversation, *TALKING, replied(), REQUEST).leaves(lambda it: it.awaiting_reply_to) is None


def test_nobody_awaits_an_answer_of_whoever_left() -> None:  # routing 56
    assert given(Conversation, *TALKING, replied(), GONE).leaves(lambda it: it.awaiting_reply_to) is None
    both = (*ON_TWO_CHANNELS, *TALKING[2:], replied(), SessionLeft(WHATSAPP, SessionEndReason.CUSTOMER))
    assert given(Conversation, *both).leaves(lambda it: it.awaiting_reply_to) == "a1"


def test_where_silence_has_no_end_nothing_is_awaited() -> None:
    given(Conversation, *TALKING).when(say(inactivity_s=0)).then(replied(due=None))


def test_a_reply_goes_where_the_customer_wrote_last() -> None:
    history = (*ON_TWO_CHANNELS, *TALKING[3:], said("m1"))
    given(Conversation, *history).when(say()).then(replied(WEB, WEB_CHAT))
    last = said("m2", session=WHATSAPP, channel=WHATSAPP_LINE)
    given(Conversation, *history, last).when(say()).then(replied(WHATSAPP, WHATSAPP_LINE))


def test_a_reply_goes_to_the_session_that_remains() -> None:
    history = (*ON_TWO_CHANNELS, *TALKING[3:], said("m1"), SessionLeft(WEB, SessionEndReason.CUSTOMER))
    given(Conversation, *history).when(say()).then(replied(WHATSAPP, WHATSAPP_LINE))


def test_there_is_nobody_to_reply_to_once_the_customer_left() -> None:
    given(Conversation, *TALKING, GONE).when(say()).refused(CustomerGone)


def test_a_repeated_reply_is_posted_once_whatever_happened_since() -> None:  # routing 66
    for since in ((), (GONE,), (OVER,)):
        given(Conversation, *TALKING, replied(), *since).when(say()).then()


def test_whoever_is_not_here_says_nothing() -> None:
    given(Conversation, *TALKING).when(say(PAUL)).refused(NotInConversation)
    given(Conversation, *ARRIVED).when(say()).refused(NotInConversation)


def test_whoever_wraps_up_says_nothing() -> None:
    history = (*TALKING, AgentRoleChanged(MARIA, ParticipantRole.WRAP_UP))
    given(Conversation, *history).when(say()).refused(NotInConversation)


@pytest.mark.parametrize("role", [ParticipantRole.ASSISTANT, ParticipantRole.WHISPER])
def test_the_customer_does_not_hear_what_agents_say_among_themselves(role: ParticipantRole) -> None:
    given(Conversation, *TALKING, joined(PAUL, role)).when(say(PAUL)).then(
        MessagePosted(MessageId("a1"), Sender(SenderType.AGENT, PAUL, "Paul"), HELLO, None)
    ).twice()


@pytest.mark.parametrize("text", ["x", "x" * BODY_TEXT_MAX])
def test_a_text_is_as_long_as_it_may_be(text: str) -> None:
    assert given(Conversation, *TALKING).when(say(body=Body(text=text))).leaves(lambda it: "a1" in it.posted)


@pytest.mark.parametrize("body", [Body(), Body(text="x" * (BODY_TEXT_MAX + 1))])
def test_an_empty_or_an_endless_text_is_refused(body: Body) -> None:
    given(Conversation, *TALKING).when(say(body=body)).refused(Invalid)


@pytest.mark.parametrize(
    "body",
    [
        Body(BodyType.IMAGE, attachment=Attachment("https://media.example/1", "image/png")),
        Body(BodyType.LOCATION, data={"latitude": 52.5}),
    ],
)
def test_a_message_may_do_without_a_text(body: Body) -> None:
    assert given(Conversation, *TALKING).when(say(body=body)).leaves(lambda it: "a1" in it.posted)


# Receipts and data


def test_a_receipt_is_reported_once_and_after_the_end_too() -> None:  # routing 66
    for history in ((*TALKING, replied()), (*TALKING, replied(), OVER)):
        given(Conversation, *history).when(lambda it: it.report_delivery("a1", DeliveryStatus.READ, "")).then(
            DeliveryReported(MessageId("a1"), DeliveryStatus.READ)
        ).twice()


def test_a_late_receipt_changes_nothing() -> None:
    history = (*TALKING, replied(), DeliveryReported(MessageId("a1"), DeliveryStatus.READ))
    given(Conversation, *history).when(lambda it: it.report_delivery("a1", DeliveryStatus.SENT, "")).then()


def test_a_receipt_creates_no_message() -> None:  # routing 66
    given(Conversation).when(lambda it: it.report_delivery("a1", DeliveryStatus.SENT, "")).refused(NotFound)


def test_data_is_set_once_and_kept_together() -> None:
    given(Conversation, *ARRIVED).when(lambda it: it.set_data({"order": "7"})).then(
        ConversationDataSet({"order": "7"})
    ).twice()
    both = given(Conversation, *ARRIVED, ConversationDataSet({"order": "7"})).when(
        lambda it: it.set_data({"vip": "yes"})
    )
    assert both.leaves(lambda it: it.data) == {"order": "7", "vip": "yes"}
    given(Conversation, *ARRIVED, OVER).when(lambda it: it.set_data({"order": "7"})).refused(ConversationOver)


def test_who_listens_silently_says_nothing() -> None:  # routing 47
    given(Conversation, *MONITORED).when(say(PAUL)).refused(OnlyListening)
