"""Do commands, policies and timers together tell the story that people expect? The engine's part is played by the test."""

import pytest

from commands.attendance import LeaveConversation
from commands.bots import TakeBotAnswer
from commands.conversations import EndConversation, ExpireCustomerInactivity
from commands.inbound import OpenSession
from commands.requests import RequestAgent
from commands.tasks import AcceptTask
from commands.wrap_up import ApplyWrapUp, FinishWrapUp
from domain.agents.facts import MrdState
from domain.channels.bots import BotAnswer
from domain.channels.messages import Body, SenderType
from domain.conversations.conversation import NotInConversation
from domain.conversations.facts import (
    AgentRequested,
    ConversationClosed,
    ConversationStarted,
    ConversationState,
    MessagePosted,
    RequestReason,
)
from domain.ids import BotId, ConversationId, MessageId
from domain.sessions.facts import SessionEnded, SessionEndReason
from domain.tasks.facts import MediaState, TaskCloseReason, TaskState
from tests.commands.office import message
from tests.commands.scenes import (
    HANDS_OVER,
    JOHN,
    MARIA,
    PAUL,
    chat,
    hang_up,
    newest,
    reasons,
    reply,
    rings,
    staffed,
    talk,
    talks,
    task,
)

pytestmark = pytest.mark.anyio


async def test_the_customer_from_the_greeting_to_the_wrap_up() -> None:
    """The seventeen steps: web chat, customer, session, conversation, bot, human, queue, agent, talk, end."""
    office = await staffed()
    await office.sends(OpenSession(message("hi", "web-chat", JOHN).inbound))  # 1 to 5
    talk_id = ConversationId(await newest(office, ConversationStarted))
    assert (await talk(office)).bot_on_turn == "greeter"
    greeting = BotAnswer((Body(text="Hello!"),))
    await office.sends(TakeBotAnswer(talk_id, BotId("greeter"), "greeting", greeting))  # 6
    await office.sends(message(1, "web-chat", JOHN, "A human, please"))
    await office.sends(TakeBotAnswer(talk_id, BotId("greeter"), "m1", HANDS_OVER))  # 7, 8
    assert (await task(office)).media_state is MediaState.QUEUED  # 9
    ringing = await rings(office)  # 10, 11
    assert (await task(office)).media_state is MediaState.RESERVED
    assert await chat(office) is MrdState.ACTIVE
    await office.sends(AcceptTask(ringing, MARIA))  # 12, 13
    assert ((await talk(office)).talking, (await talk(office)).bot) == ([MARIA], None)
    await reply(office)  # 14
    await office.sends(message(2, "web-chat", JOHN, "Thank you"))
    await hang_up(office)  # 16
    assert (await talk(office)).state is ConversationState.WRAP_UP
    await office.sends(ApplyWrapUp(ringing, MARIA, ("sale",)), FinishWrapUp(ringing, MARIA))
    assert (await talk(office)).state is ConversationState.CLOSED
    assert await reasons(office) == [TaskCloseReason.WRAP_UP_APPLIED]
    assert await chat(office) is MrdState.READY
    said = [it.sender.type for it in await office.facts(MessagePosted)]
    assert said == [SenderType.BOT, SenderType.CUSTOMER, SenderType.BOT, SenderType.AGENT, SenderType.CUSTOMER]


async def test_an_agent_who_leaves_does_not_end_the_conversation() -> None:  # step 15, routing 48
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await office.sends(LeaveConversation(ConversationId(await newest(office, ConversationStarted)), MARIA))
    assert (await talk(office)).state is ConversationState.INACTIVE
    assert (await task(office)).state is TaskState.WRAP_UP
    await office.sends(message(2))  # whoever writes then is not left alone
    assert (await task(office)).media_state is MediaState.QUEUED


async def test_a_silent_customer_is_let_go() -> None:  # step 17, routing 56
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await reply(office)
    await office.wait(599)
    assert await office.facts(SessionEnded) == []
    await office.wait(1)
    assert [it.reason for it in await office.facts(SessionEnded)] == [SessionEndReason.INACTIVITY]


async def test_a_customer_who_answers_is_not_let_go() -> None:  # routing 42, 56
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await reply(office)
    await office.sends(message(2))
    await office.wait(10_000)
    assert await office.facts(SessionEnded) == []


async def test_a_customer_who_leaves_one_of_two_channels_is_still_let_go_when_silent() -> None:  # routing 56
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await office.sends(message(1, "sms-line"))
    await reply(office)
    await hang_up(office)
    await office.wait(600)
    assert len(await office.facts(SessionEnded)) == 2


async def test_a_request_survives_the_channel_that_the_customer_left() -> None:
    office = await staffed()
    await office.sends(message(1, "sms-line"), message(1))
    talk_id = ConversationId(await newest(office, ConversationStarted))
    await talks(office)
    await office.sends(LeaveConversation(talk_id, MARIA))
    await hang_up(office)  # the channel that was used last
    await office.sends(RequestAgent(talk_id, RequestReason.CUSTOMER_ASKED))
    assert (await talk(office)).request is not None


async def test_a_late_timer_does_not_end_the_session_of_a_customer_who_answered() -> None:  # routing 42
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await reply(office)
    await office.sends(message(2))
    talk_id = ConversationId(await newest(office, ConversationStarted))
    await office.sends(ExpireCustomerInactivity(talk_id, MessageId("a1")))
    assert await office.facts(SessionEnded) == []


async def test_an_agent_ends_it_for_everybody() -> None:
    office = await staffed()
    await office.sends(message(1), message(1, "sms-line"))
    await talks(office)
    await office.sends(EndConversation(ConversationId(await newest(office, ConversationStarted)), MARIA))
    assert [it.reason for it in await office.facts(SessionEnded)] == [SessionEndReason.AGENT] * 2
    with pytest.raises(NotInConversation):
        await reply(office)


async def test_a_bot_that_speaks_nonsense_calls_for_a_human() -> None:
    office = await staffed()
    await office.sends(message(1, "web-chat", JOHN))
    talk_id = ConversationId(await newest(office, ConversationStarted))
    await office.sends(TakeBotAnswer(talk_id, BotId("greeter"), "m1", BotAnswer((Body(),))))
    assert [it.reason for it in await office.facts(AgentRequested)] == [RequestReason.BOT_FAILED]
    assert (await task(office)).media_state is MediaState.QUEUED


async def test_after_a_request_came_to_nothing_the_bot_is_there_again() -> None:
    office = await staffed()
    await office.sends(message(1, "web-chat", JOHN))
    talk_id = ConversationId(await newest(office, ConversationStarted))
    await office.sends(TakeBotAnswer(talk_id, BotId("greeter"), "m1", HANDS_OVER))
    assert (await talk(office)).bot_on_turn is None
    await office.wait(600)
    assert (await talk(office)).bot_on_turn == "greeter"


async def test_every_fact_can_be_reacted_to_twice() -> None:
    """The reactor promises at least once, not once."""
    office = await staffed(MARIA, PAUL)
    await office.sends(message(1))
    await rings(office)
    await office.wait(20)
    ringing = await talks(office, PAUL)
    await reply(office, agent=PAUL)
    await hang_up(office)
    await office.sends(FinishWrapUp(ringing, PAUL))
    head = await office.log.head()
    office.reacted = type(head)(0)
    await office.settle()
    assert await office.log.head() == head
    assert len(await office.facts(ConversationClosed)) == 1
