"""When does a bot's answer count, and when does it call for a human?"""

from dataclasses import replace

import pytest

from domain.channels.bots import BotAnswer
from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    AgentLeft,
    BotAnswered,
    BotJoined,
    BotLeft,
    CloseReason,
    ConversationClosed,
    ConversationDataSet,
    MessagePosted,
    RequestReason,
)
from domain.ids import BotId, MessageId
from domain.kernel import Invalid, derived_id
from tests.domain.conversations.situations import (
    BOT,
    GONE,
    JOHN,
    LATER,
    MARIA,
    REQUEST,
    TALKING,
    TASK,
    WAITING,
    WEB,
    WEB_CHAT,
    WITH_BOT,
    said,
)
from tests.domain.scenario import given

ASKED = (*WITH_BOT, said("m1", "Prices?"))
SURE, LOST = BotAnswer((Body(text="From 5 euros."),)), BotAnswer((Body(text="Pardon?"),), misunderstood=True)
TO_A_HUMAN = BotAnswer((Body(text="One moment."),), hands_over=True)
OVER = ConversationClosed(CloseReason.FORCE_CLOSED, JOHN)


def answer(what: BotAnswer = SURE, turn: str = "m1", request=REQUEST, bot=BOT):
    return lambda it: it.take_bot_answer(bot, "Greeter", turn, what, request, LATER)


def spoke(text: str, turn: str = "m1", number: int = 0) -> MessagePosted:
    sender = Sender(SenderType.BOT, BOT, "Greeter")
    return MessagePosted(MessageId(derived_id(turn, number)), sender, Body(text=text), WEB, WEB_CHAT, reply_due=LATER)


def answered(turn: str = "m1", misunderstood: bool = False) -> BotAnswered:
    return BotAnswered(BOT, MessageId(f"{turn}:answered"), misunderstood)


def test_what_a_bot_found_out_is_known_before_a_human_is_asked_for() -> None:  # routing 9
    knows = replace(TO_A_HUMAN, data={"topic": "returns"})
    told = ConversationDataSet({"topic": "returns"})
    given(Conversation, *ASKED).when(answer(knows)).then(spoke("One moment."), answered(), told, REQUEST).twice()
    given(Conversation, *ASKED, told).when(answer(knows)).then(spoke("One moment."), answered(), REQUEST)


def test_an_answer_is_taken_once() -> None:
    taken = given(Conversation, *ASKED).when(answer())
    taken.then(spoke("From 5 euros."), answered()).twice()
    assert taken.leaves(lambda it: it.awaiting_reply_to) == derived_id("m1", 0)


def test_an_answer_may_be_several_messages_or_none() -> None:
    given(Conversation, *ASKED).when(answer(BotAnswer((Body(text="a"), Body(text="b"))))).then(
        spoke("a"), spoke("b", number=1), answered()
    )
    given(Conversation, *ASKED).when(answer(BotAnswer())).then(answered()).twice()


@pytest.mark.parametrize("since", [(REQUEST,), (GONE,), (OVER,), (BotLeft(BOT),), TALKING[-3:]], ids=lambda _: "")
def test_an_answer_out_of_turn_is_dropped(since) -> None:
    given(Conversation, *ASKED, *since).when(answer()).then()


def test_the_answer_of_another_bot_is_dropped() -> None:
    given(Conversation, *ASKED).when(answer(bot=BotId("other"))).then()


def test_a_bot_that_hands_over_calls_for_a_human() -> None:
    handed = given(Conversation, *ASKED).when(answer(TO_A_HUMAN))
    handed.then(spoke("One moment."), answered(), REQUEST).twice()
    assert handed.leaves(lambda it: it.bot_on_turn) is None


def test_a_bot_that_hands_over_where_nobody_is_just_goes_on() -> None:
    given(Conversation, *ASKED).when(answer(TO_A_HUMAN, request=None)).then(spoke("One moment."), answered())


def test_a_second_misunderstanding_calls_for_a_human() -> None:
    once = (*ASKED, spoke("Pardon?"), answered(misunderstood=True), said("m2"))
    given(Conversation, *ASKED).when(answer(LOST)).then(spoke("Pardon?"), answered(misunderstood=True))
    given(Conversation, *once).when(answer(LOST, "m2")).then(
        spoke("Pardon?", "m2"),
        answered("m2", misunderstood=True),
        replace(REQUEST, reason=RequestReason.BOT_MISUNDERSTOOD),
    ).twice()


def test_an_answer_in_between_begins_the_count_anew() -> None:
    history = (*ASKED, answered(misunderstood=True), answered("m2"))
    given(Conversation, *history).when(answer(LOST, "m3")).then(
        spoke("Pardon?", "m3"), answered("m3", misunderstood=True)
    )


def test_a_bot_that_comes_back_begins_the_count_anew() -> None:
    history = (
        *ASKED,
        answered(misunderstood=True),
        *WAITING[-1:],
        *TALKING[-2:],
        AgentLeft(MARIA, TASK),
        BotJoined(BOT, greets=False),
    )
    assert given(Conversation, *history).leaves(lambda it: it.misunderstandings) == 0


def test_a_bot_may_not_say_nothing_at_length() -> None:
    given(Conversation, *ASKED).when(answer(BotAnswer((Body(),)))).refused(Invalid)
