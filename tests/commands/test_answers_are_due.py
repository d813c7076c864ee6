"""Are customers answered in time, reminded, and kept on hold as long as they were told? routing 42, 45, 53, 56."""

from dataclasses import replace

import pytest

from commands.agents import GrantMrd, LogIn, MakeReady, RegisterAgent, ReserveSlot
from commands.answering import (
    EndHold,
    ExpireResponse,
    HoldConversation,
    RemindCustomer,
    RemoveAllAgents,
    ResumeConversation,
    WarnOfResponse,
)
from commands.attendance import LeaveConversation
from commands.bots import TakeBotAnswer
from commands.colleagues import AskColleague, PromoteColleague
from commands.conversations import PostAgentMessage
from commands.inbound import EndSession, OpenSession
from commands.supervision import MonitorConversation
from commands.tasks import AcceptTask
from commands.wrap_up import ApplyWrapUp
from domain.agents.agent import Agent
from domain.agents.facts import MrdState
from domain.channels.bots import BotAnswer
from domain.channels.inbound import Contact, ContactKind
from domain.channels.messages import Body, SenderType
from domain.configuration.channels import Reminder
from domain.configuration.settings import MediaRoutingDomain, MrdType
from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    ConversationResumed,
    ConversationStarted,
    ConversationState,
    MessagePosted,
    ResponseTimedOut,
    ResponseWarned,
    ResumeReason,
)
from domain.ids import AgentId, BotId, ConversationId, MessageId, MrdId, OfferId, SessionId, TaskId
from domain.kernel import derived_id
from domain.sessions.facts import SessionEnded, SessionEndReason
from domain.tasks.facts import MediaState, TaskClosed, TaskCloseReason, TaskCreated, TaskDirection, TaskState
from domain.tasks.task import Task
from tests.commands.floor import PAUL, ZOE, talking
from tests.commands.office import Office, an_office, message
from tests.domain.configuration.situations import BUSINESS, CHAT, WEB_CHAT, WHATSAPP, catalog

pytestmark = pytest.mark.anyio
MARIA = AgentId("maria")


async def newest(office: Office, kind: type) -> str:
    return (await office.subjects(kind))[-1]


async def a_talk(**channel: object) -> tuple[Office, ConversationId, TaskId]:
    """Maria talks with John on a channel that is set up like this; he has just been answered."""
    office = an_office()
    office.catalog = catalog({**BUSINESS, "whatsapp-line": replace(WHATSAPP, **channel)})
    await office.sends(
        RegisterAgent(MARIA, "maria", "Maria"), GrantMrd(MARIA, CHAT, 2), LogIn(MARIA), MakeReady(MARIA), message()
    )
    task = TaskId(await newest(office, TaskCreated))
    await office.sends(ReserveSlot(MARIA, CHAT, task, OfferId(derived_id(task)), 0), AcceptTask(task, MARIA))
    talk = ConversationId(await newest(office, ConversationStarted))
    await reply(office, talk, "a0")
    return office, talk, task


async def reply(office: Office, talk: ConversationId, id_: str) -> None:
    await office.sends(PostAgentMessage(talk, MARIA, MessageId(id_), Body(text="Hello John")))


async def warned(office: Office) -> list[int]:
    return [it.percent for it in await office.facts(ResponseWarned)]


async def told(office: Office) -> list[str]:
    return [it.body.text for it in await office.facts(MessagePosted) if it.sender.type is SenderType.SYSTEM]


async def test_an_agent_who_does_not_reply_is_warned_twice_and_then_removed() -> None:
    """routing 56: the customer is offered to others, first in line in the same queue."""
    office, talk, task = await a_talk(response_timeout_s=100)
    await office.sends(message(2))
    await office.wait(49)
    assert await warned(office) == []
    await office.wait(1)
    assert await warned(office) == [50]
    await office.wait(26)
    assert await warned(office) == [50, 75]
    await office.wait(25)
    assert len(await office.facts(ResponseTimedOut)) == 1
    assert [it.reason for it in await office.facts(TaskClosed)] == [TaskCloseReason.RESPONSE_TIMEOUT]
    again = await office.load(Task, await newest(office, TaskCreated))
    assert (again.media_state, again.routing.priority, again.routing.queue_id) == (MediaState.QUEUED, 11, "sales")
    conversation = await office.load(Conversation, talk)
    assert (conversation.agents, conversation.request.task_id) == ({}, await newest(office, TaskCreated))
    assert (await office.load(Agent, MARIA)).mrd_state(CHAT) is MrdState.READY
    assert task != await newest(office, TaskCreated)


async def test_all_who_take_part_go_when_nobody_replied_and_whoever_wraps_up_does_not() -> None:  # routing 56
    floor = await talking()
    await floor.customer_leaves()  # Maria wraps up
    await floor.office.sends(message("again"))
    talks = await floor.comes(PAUL)
    consult = await floor.asks(TaskDirection.CONSULT, by=PAUL, task=talks, colleague_id=ZOE)
    await floor.office.sends(AcceptTask(consult, ZOE), MonitorConversation(floor.talk_id, AgentId("sue"), "Sue"))
    listens = await floor.newest()
    await floor.office.sends(RemoveAllAgents(floor.talk_id, TaskCloseReason.RESPONSE_TIMEOUT))
    assert await floor.reasons() == [TaskCloseReason.RESPONSE_TIMEOUT] * 3
    assert {(await floor.task(it)).closed for it in (talks, consult, listens)} == {TaskCloseReason.RESPONSE_TIMEOUT}
    assert (await floor.task(floor.first)).state is TaskState.WRAP_UP
    assert list((await floor.talk()).agents) == [MARIA]
    assert (await floor.talk()).human_comes


async def test_an_agent_who_replies_in_time_is_left_alone() -> None:  # routing 42, 56
    office, talk, _ = await a_talk(response_timeout_s=100)
    await office.sends(message(2))
    await office.wait(60)
    await reply(office, talk, "a1")
    await office.wait(500)
    assert (await warned(office), await office.facts(ResponseTimedOut)) == ([50], [])


async def a_call_comes(office: Office, talk: ConversationId) -> SessionId:
    """The SMS line has become a telephone."""
    it = office.catalog
    sms = replace(it.channel_types["sms"], mrd_id=MrdId("voice"))
    mrds = {**it.mrds, "voice": MediaRoutingDomain("Calls", type=MrdType.CX_VOICE)}
    office.catalog = replace(it, mrds=mrds, channel_types={**it.channel_types, "sms": sms})
    await office.sends(OpenSession(message("call", "sms-line").inbound))
    return list((await office.load(Conversation, talk)).sessions)[-1]


async def test_an_agent_who_talks_with_the_customer_need_not_write_to_them() -> None:  # routing 56
    office, talk, _ = await a_talk(response_timeout_s=100)
    await office.sends(message(2))
    await office.wait(60)
    call = await a_call_comes(office, talk)
    await office.sends(message(3))
    await office.wait(500)
    assert (await warned(office), await office.facts(ResponseTimedOut)) == ([50], [])
    await office.sends(EndSession(call, SessionEndReason.CUSTOMER), message(4))
    await office.wait(100)
    assert (await warned(office), len(await office.facts(ResponseTimedOut))) == ([50, 50, 75], 1)


async def test_a_customer_who_talks_with_their_agent_is_not_silent() -> None:  # routing 56
    office, talk, _ = await a_talk(customer_inactivity_s=100, inactivity_reminders=REMINDERS)
    call = await a_call_comes(office, talk)
    await office.wait(200)
    await reply(office, talk, "a1")
    await office.wait(700)
    assert (await told(office), await office.facts(SessionEnded)) == ([], [])
    await office.sends(EndSession(call, SessionEndReason.CUSTOMER))
    await reply(office, talk, "a2")
    await office.wait(100)
    assert [it.reason for it in await office.facts(SessionEnded)] == [
        SessionEndReason.CUSTOMER,
        SessionEndReason.INACTIVITY,
    ]


async def test_an_agent_to_whom_a_customer_on_hold_is_passed_replies_in_what_was_left() -> None:  # routing 45, 56
    office, talk, task = await a_talk(response_timeout_s=100)
    paul = AgentId("paul")
    await office.sends(RegisterAgent(paul, "paul", "Paul"), GrantMrd(paul, CHAT, 2), LogIn(paul), MakeReady(paul))
    await office.sends(AskColleague(task, MARIA, TaskDirection.CONSULT, colleague_id=paul))
    await office.sends(AcceptTask(TaskId(await newest(office, TaskCreated)), paul), message(2))
    await office.wait(60)
    await office.sends(HoldConversation(talk, MARIA, 300))
    await office.sends(PromoteColleague(task, MARIA, TaskDirection.CONSULT_TRANSFER))
    await office.wait(39)
    assert await office.facts(ResponseTimedOut) == []
    await office.wait(1)
    assert len(await office.facts(ResponseTimedOut)) == 1


async def test_late_and_repeated_firings_do_nothing() -> None:  # routing 42
    office, talk, _ = await a_talk(response_timeout_s=100)
    await office.sends(message(2))
    waits = (await office.load(Conversation, talk)).unanswered
    await reply(office, talk, "a1")
    head = await office.log.head()
    await office.sends(
        WarnOfResponse(talk, waits, 50, office.now),
        ExpireResponse(talk, waits, office.now),
        EndHold(talk, office.now),
        RemindCustomer(talk, waits, 0),
    )
    assert await office.log.head() == head


async def test_a_note_does_not_stop_the_time_to_reply() -> None:  # routing 53
    office, _, task = await a_talk(response_timeout_s=100)
    await office.sends(message(2), ApplyWrapUp(task, MARIA, ("sale",), "a note"))
    await office.wait(101)
    assert len(await office.facts(ResponseTimedOut)) == 1


async def test_on_hold_nobody_has_to_reply_and_afterwards_there_is_what_was_left() -> None:  # routing 56
    office, talk, _ = await a_talk(response_timeout_s=100)
    await office.sends(message(2))
    await office.wait(60)
    await office.sends(HoldConversation(talk, MARIA, 300))
    assert (await office.load(Conversation, talk)).state is ConversationState.ON_HOLD
    await office.wait(299)
    assert await warned(office) == [50]
    await office.wait(1)  # the hold ends by itself
    assert [it.reason for it in await office.facts(ConversationResumed)] == [ResumeReason.TIME]
    await office.wait(16)
    assert await warned(office) == [50, 75]
    await office.wait(25)
    assert len(await office.facts(ResponseTimedOut)) == 1


async def test_a_note_does_not_end_a_hold_and_a_message_does() -> None:  # routing 53
    office, talk, task = await a_talk()
    await office.sends(HoldConversation(talk, MARIA, 300), ApplyWrapUp(task, MARIA, ("sale",), "a note"))
    assert (await office.load(Conversation, talk)).state is ConversationState.ON_HOLD
    await reply(office, talk, "a1")
    assert (await office.load(Conversation, talk)).state is ConversationState.ACTIVE
    await office.wait(400)
    assert [it.reason for it in await office.facts(ConversationResumed)] == [ResumeReason.AGENT_WROTE]


async def test_an_agent_takes_the_customer_back_from_hold() -> None:
    office, talk, _ = await a_talk()
    await office.sends(HoldConversation(talk, MARIA, 300), ResumeConversation(talk, MARIA))
    assert (await office.load(Conversation, talk)).state is ConversationState.ACTIVE


async def test_a_customer_on_hold_may_be_silent() -> None:  # routing 56
    office, talk, _ = await a_talk(customer_inactivity_s=100)
    await office.sends(HoldConversation(talk, MARIA, 300))
    await office.wait(400)
    assert await office.facts(SessionEnded) == []
    await reply(office, talk, "a1")
    await office.wait(101)
    assert [it.reason for it in await office.facts(SessionEnded)] == [SessionEndReason.INACTIVITY]


REMINDERS = (Reminder(50, "Are you there?"), Reminder(80, "We end this soon."))


async def test_a_silent_customer_is_reminded_and_then_their_session_ends() -> None:  # routing 56
    office, _, _ = await a_talk(customer_inactivity_s=100, inactivity_reminders=REMINDERS)
    await office.wait(49)
    assert await told(office) == []
    await office.wait(2)
    assert await told(office) == ["Are you there?"]
    await office.wait(30)
    assert await told(office) == ["Are you there?", "We end this soon."]
    await office.wait(18)
    assert await office.facts(SessionEnded) == []
    await office.wait(2)
    assert [it.reason for it in await office.facts(SessionEnded)] == [SessionEndReason.INACTIVITY]


async def test_a_customer_who_answers_is_reminded_of_nothing_more() -> None:  # routing 42, 56
    office, talk, _ = await a_talk(customer_inactivity_s=100, inactivity_reminders=REMINDERS)
    await office.wait(60)
    await office.sends(message(2))
    await office.wait(500)
    assert (await told(office), await office.facts(SessionEnded)) == (["Are you there?"], [])
    await reply(office, talk, "a1")  # and then it begins anew
    await office.wait(51)
    assert await told(office) == ["Are you there?", "Are you there?"]


async def test_reminders_stop_when_a_human_is_asked_for() -> None:  # routing 56
    office, talk, task = await a_talk(customer_inactivity_s=100, inactivity_reminders=REMINDERS)
    await office.sends(LeaveConversation(talk, MARIA, "", task))
    await office.sends(message(2))
    await office.wait(90)
    assert await told(office) == []


async def test_whom_a_bot_asked_is_reminded_as_well() -> None:  # routing 56
    office = an_office()
    office.catalog = catalog(
        {**BUSINESS, "web-chat": replace(WEB_CHAT, customer_inactivity_s=100, inactivity_reminders=REMINDERS)}
    )
    visitor = Contact(ContactKind.OPAQUE, "visitor-7")
    await office.sends(OpenSession(message("hi", "web-chat", visitor).inbound))
    talk = ConversationId(await newest(office, ConversationStarted))
    await office.sends(TakeBotAnswer(talk, BotId("greeter"), "greeting", BotAnswer((Body(text="Hello!"),))))
    await office.wait(51)
    assert await told(office) == ["Are you there?"]
    await office.wait(50)
    assert [it.reason for it in await office.facts(SessionEnded)] == [SessionEndReason.INACTIVITY]
