"""Do commands, policies and timers together tell the story that people expect? The engine's part is played by the test."""

from dataclasses import replace
from uuid import uuid4

import pytest

from commands.agents import GrantMrd, HandOverWork, LogIn, LogOut, MakeReady, RegisterAgent, ReserveSlot
from commands.attendance import LeaveConversation, LoseSession, SettleDeparture
from commands.bots import TakeBotAnswer
from commands.configuration import Configure, Retire
from commands.conversations import EndConversation, ExpireCustomerInactivity, PostAgentMessage
from commands.inbound import EndSession, OpenSession
from commands.requests import RequestAgent
from commands.tasks import AcceptTask, ExpireOffer
from commands.wrap_up import ApplyWrapUp, FinishWrapUp
from domain.agents.agent import Agent
from domain.agents.facts import MrdState
from domain.channels.bots import BotAnswer
from domain.channels.inbound import Contact, ContactKind
from domain.channels.messages import Body, SenderType
from domain.configuration.settings import Queue, ReasonCode, ReasonKind
from domain.configuration.wrap_up import WrapUpCategory, WrapUpForm
from domain.conversations.conversation import Conversation, NotInConversation
from domain.conversations.facts import (
    AgentRequested,
    ConversationClosed,
    ConversationStarted,
    ConversationState,
    MessagePosted,
    ParticipantRole,
    RequestReason,
)
from domain.ids import (
    AgentId,
    BotId,
    ConversationId,
    MessageId,
    OfferId,
    QueueId,
    ReasonId,
    SessionId,
    TaskId,
    WrapUpFormId,
)
from domain.kernel import Invalid, derived_id
from domain.sessions.facts import SessionEnded, SessionEndReason, SessionStarted
from domain.tasks.facts import MediaState, TaskClosed, TaskCloseReason, TaskCreated, TaskState
from domain.tasks.refusals import OfferGone
from domain.tasks.task import REROUTE_PRIORITY, Task
from tests.commands.office import Office, an_office, message
from tests.domain.configuration.situations import CHAT

pytestmark = pytest.mark.anyio
MARIA, PAUL = AgentId("maria"), AgentId("paul")
JOHN = Contact(ContactKind.OPAQUE, "visitor-7")
HANDS_OVER = BotAnswer((Body(text="One moment."),), hands_over=True)


async def staffed(*agents: AgentId) -> Office:
    office = an_office()
    for agent in agents or (MARIA,):
        await office.sends(
            RegisterAgent(agent, agent, agent.title()), GrantMrd(agent, CHAT, 2), LogIn(agent), MakeReady(agent)
        )
    return office


async def newest(office: Office, kind: type) -> str:
    return (await office.subjects(kind))[-1]


async def talk(office: Office) -> Conversation:
    return await office.load(Conversation, await newest(office, ConversationStarted))


async def task(office: Office) -> Task:
    return await office.load(Task, await newest(office, TaskCreated))


async def chat(office: Office, agent: AgentId = MARIA) -> MrdState:
    return (await office.load(Agent, agent)).mrd_state(CHAT)


async def rings(office: Office, agent: AgentId = MARIA) -> TaskId:
    """The engine chose this agent for the newest request."""
    waiting = TaskId(await newest(office, TaskCreated))
    await office.sends(ReserveSlot(agent, CHAT, waiting, OfferId(derived_id(waiting, agent)), 0))
    return waiting


async def talks(office: Office, agent: AgentId = MARIA) -> TaskId:
    ringing = await rings(office, agent)
    await office.sends(AcceptTask(ringing, agent))
    return ringing


async def hang_up(office: Office, reason: SessionEndReason = SessionEndReason.CUSTOMER) -> None:
    await office.sends(EndSession(SessionId(await newest(office, SessionStarted)), reason))


async def reply(office: Office, id_: str = "a1", agent: AgentId = MARIA) -> None:
    talk_id = ConversationId(await newest(office, ConversationStarted))
    await office.sends(PostAgentMessage(talk_id, agent, MessageId(id_), Body(text="Hello John")))


async def reasons(office: Office) -> list[TaskCloseReason]:
    return [it.reason for it in await office.facts(TaskClosed)]


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


async def test_an_offer_that_rings_out_goes_to_others_first_in_line() -> None:  # routing 4, 24, 25
    office = await staffed(MARIA, PAUL)
    await office.sends(message(1))
    before = await task(office)
    first = await rings(office)
    await office.wait(20)
    after = await task(office)
    assert await reasons(office) == [TaskCloseReason.RONA]
    assert await chat(office) is MrdState.NOT_READY
    assert after.routing == replace(before.routing, priority=REROUTE_PRIORITY, attempt=2, excluded=frozenset({MARIA}))
    assert after.created.previous_task_id == first
    with pytest.raises(OfferGone):
        await office.send(AcceptTask(first, MARIA))
    await talks(office, PAUL)
    assert ((await talk(office)).talking, (await talk(office)).request) == ([PAUL], None)


async def test_a_request_for_which_nobody_came_is_reported() -> None:  # routing 27, 28
    office = await staffed()
    await office.sends(message(1))
    await office.wait(600)
    assert await reasons(office) == [TaskCloseReason.NO_AGENT_AVAILABLE]
    assert (await talk(office)).request is None
    await office.sends(message(2))
    assert len(await office.facts(AgentRequested)) == 2


async def test_a_rerouted_request_for_which_nobody_came_is_reported_too() -> None:  # routing 27, 28
    office = await staffed()
    await office.sends(message(1))
    await rings(office)
    await office.wait(600)
    assert await reasons(office) == [TaskCloseReason.RONA, TaskCloseReason.NO_AGENT_AVAILABLE]
    assert (await talk(office)).request is None


async def test_an_offer_that_rings_when_time_is_up_may_be_taken() -> None:  # routing 27
    office = await staffed()
    await office.sends(message(1))
    await office.wait(595)
    ringing = await rings(office)
    await office.wait(10)
    await office.sends(AcceptTask(ringing, MARIA))
    assert (await talk(office)).talking == [MARIA]


async def test_an_offer_that_rings_out_when_time_is_up_ends_the_request() -> None:  # routing 27
    office = await staffed()
    await office.sends(message(1))
    await office.wait(595)
    await rings(office)
    await office.wait(20)
    assert await reasons(office) == [TaskCloseReason.NO_AGENT_AVAILABLE]


async def test_a_customer_who_leaves_while_it_rings_frees_the_agent_without_blame() -> None:  # routing 49, 59
    office = await staffed()
    await office.sends(message(1))
    await rings(office)
    await hang_up(office)
    assert await reasons(office) == [TaskCloseReason.CANCELLED]
    assert await chat(office) is MrdState.READY
    assert (await talk(office)).state is ConversationState.CLOSED


async def test_a_customer_who_leaves_after_a_reroute_leaves_no_request_behind() -> None:  # routing 49
    office = await staffed(MARIA, PAUL)
    await office.sends(message(1))
    await rings(office)
    await office.wait(20)
    await hang_up(office)
    assert await reasons(office) == [TaskCloseReason.RONA, TaskCloseReason.CANCELLED]
    assert await chat(office, PAUL) is MrdState.READY


async def test_an_agent_who_accepts_after_the_customer_left_is_sent_away() -> None:  # routing 49
    office = await staffed()
    await office.sends(message(1))
    ringing = await rings(office)
    await office.send(EndSession(SessionId(await newest(office, SessionStarted)), SessionEndReason.CUSTOMER))
    await office.send(AcceptTask(ringing, MARIA))
    await office.settle()
    assert (await task(office)).state is TaskState.CLOSED
    assert await chat(office) is MrdState.READY
    assert (await talk(office)).state is ConversationState.CLOSED


async def leaves_unnoticed(office: Office) -> None:
    """The customer is gone and that is settled, before what was already on its way gets there."""
    session, talk_id = SessionId(await newest(office, SessionStarted)), await newest(office, ConversationStarted)
    await office.send(EndSession(session, SessionEndReason.CUSTOMER))
    await office.send(LoseSession(ConversationId(talk_id), session, SessionEndReason.CUSTOMER))
    await office.send(SettleDeparture(ConversationId(talk_id)))
    assert (await talk(office)).state is ConversationState.CLOSED


async def test_a_request_that_gets_in_line_after_the_customer_left_does_not_stay_there() -> None:  # routing 49
    office = await staffed()
    await office.send(message(1))
    talk_id = ConversationId(await newest(office, ConversationStarted))
    await office.send(RequestAgent(talk_id, RequestReason.CUSTOMER_ASKED))
    await leaves_unnoticed(office)
    await office.settle()
    assert await reasons(office) == [TaskCloseReason.CANCELLED]


async def test_a_request_that_is_rerouted_after_the_customer_left_does_not_go_on() -> None:  # routing 49
    office = await staffed(MARIA, PAUL)
    await office.sends(message(1))
    ringing = await rings(office)
    await office.send(ExpireOffer(ringing, (await task(office)).offer.offer_id))
    await leaves_unnoticed(office)
    await office.settle()
    assert await reasons(office) == [TaskCloseReason.RONA, TaskCloseReason.CANCELLED]


async def test_whoever_accepted_while_signing_out_is_replaced() -> None:
    """The task is accepted, the slot still says that it rings: the work goes on with somebody else all the same."""
    office = await staffed(MARIA, PAUL)
    await office.sends(message(1))
    ringing = await rings(office)
    await office.send(AcceptTask(ringing, MARIA))
    await office.send(LogOut(MARIA))
    await office.send(HandOverWork(MARIA))
    await office.settle()
    assert await reasons(office) == [TaskCloseReason.AGENT_LOGOUT]
    waiting = await task(office)
    assert waiting.media_state is MediaState.QUEUED
    assert (await talk(office)).request.task_id == waiting.routing.root_request_id


async def test_a_late_timer_does_not_end_the_session_of_a_customer_who_answered() -> None:  # routing 42
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await reply(office)
    await office.sends(message(2))
    talk_id = ConversationId(await newest(office, ConversationStarted))
    await office.sends(ExpireCustomerInactivity(talk_id, MessageId("a1")))
    assert await office.facts(SessionEnded) == []


async def test_two_agents_who_are_offered_the_same_request_share_nothing() -> None:  # routing 18, 67
    office = await staffed(MARIA, PAUL)
    await office.sends(message(1))
    await rings(office, MARIA)
    await rings(office, PAUL)
    assert await chat(office, PAUL) is MrdState.READY
    assert (await task(office)).offer.agent_id == MARIA


async def test_whoever_signs_out_in_mid_talk_is_replaced_first_in_line() -> None:  # routing 37, 38
    office = await staffed(MARIA, PAUL)
    await office.sends(message(1))
    first = await talks(office)
    await office.sends(LogOut(MARIA))
    assert await reasons(office) == [TaskCloseReason.AGENT_LOGOUT]
    assert (await office.load(Agent, MARIA)).slots == {}
    waiting = await task(office)
    assert waiting.media_state is MediaState.QUEUED
    assert waiting.routing.priority == REROUTE_PRIORITY
    assert await newest(office, TaskCreated) != first
    await talks(office, PAUL)
    assert (await talk(office)).talking == [PAUL]


async def test_whoever_signs_out_while_it_rings_is_not_blamed() -> None:  # routing 37
    office = await staffed(MARIA, PAUL)
    await office.sends(message(1))
    await rings(office)
    await office.sends(LogOut(MARIA))
    assert await reasons(office) == [TaskCloseReason.REROUTE]
    assert (await task(office)).media_state is MediaState.QUEUED
    assert (await office.load(Agent, MARIA)).slots == {}


async def test_whoever_signs_out_in_wrap_up_is_done() -> None:  # routing 37
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await hang_up(office)
    await office.sends(LogOut(MARIA))
    assert await reasons(office) == [TaskCloseReason.WRAP_UP_EXPIRED]
    assert (await talk(office)).state is ConversationState.CLOSED


async def test_whoever_signs_out_in_a_wrap_up_without_slot_or_limit_is_done_too() -> None:  # routing 37, 52
    office = await staffed()
    sales = replace(office.catalog.queue("sales"), wrap_up_s=0)
    chats = replace(office.catalog.mrds[CHAT], wrap_up_holds_slot=False)
    office.catalog = replace(
        office.catalog,
        queues={**office.catalog.queues, "sales": sales},
        mrds={**office.catalog.mrds, CHAT: chats},
    )
    await office.sends(message(1))
    await talks(office)
    await hang_up(office)
    assert await chat(office) is MrdState.READY
    await office.sends(LogOut(MARIA))
    assert await reasons(office) == [TaskCloseReason.WRAP_UP_EXPIRED]
    assert (await office.load(Agent, MARIA)).wrap_ups == frozenset()
    assert (await talk(office)).state is ConversationState.CLOSED


async def test_a_wrap_up_holds_the_slot_until_its_time_is_up() -> None:  # routing 51, 52
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await hang_up(office)
    assert await chat(office) is MrdState.ACTIVE
    assert (await talk(office)).agents[MARIA].role is ParticipantRole.WRAP_UP
    await office.wait(60)
    assert await chat(office) is MrdState.READY
    assert await reasons(office) == [TaskCloseReason.WRAP_UP_EXPIRED]
    assert (await talk(office)).state is ConversationState.CLOSED


async def test_where_wrap_up_is_off_everything_ends_at_once() -> None:  # routing 51
    office = await staffed()
    sales = replace(office.catalog.queue("sales"), wrap_up_enabled=False)
    office.catalog = replace(office.catalog, queues={**office.catalog.queues, "sales": sales})
    await office.sends(message(1))
    await talks(office)
    await hang_up(office)
    assert await reasons(office) == [TaskCloseReason.DONE]
    assert await chat(office) is MrdState.READY
    assert (await talk(office)).state is ConversationState.CLOSED


async def test_a_customer_who_comes_back_during_the_wrap_up_is_heard() -> None:
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await hang_up(office)
    await office.sends(message(2))
    assert len(await office.facts(ConversationStarted)) == 1
    assert (await task(office)).media_state is MediaState.QUEUED


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


async def test_a_setting_is_retired_once_and_asking_again_is_no_error() -> None:  # routing 66
    office, again = an_office(), uuid4()
    await office.send(Configure("late", Queue("Late", CHAT)))
    await office.send(Retire(Queue, "late"), again)
    await office.send(Retire(Queue, "late"), again)
    assert await office.log.head() == 2


async def test_codes_that_are_not_in_the_queues_form_are_refused() -> None:  # routing 51
    office = await staffed()
    form = WrapUpForm("Form", (WrapUpCategory("End", (ReasonId("sale"),)),))
    sales = replace(office.catalog.queue(QueueId("sales")), wrap_up_form_id=WrapUpFormId("form"))
    other = {**office.catalog.reasons, ReasonId("other"): ReasonCode("Other", ReasonKind.WRAP_UP)}
    office.catalog = replace(
        office.catalog, reasons=other, wrap_up_forms={"form": form}, queues={**office.catalog.queues, "sales": sales}
    )
    await office.sends(message())
    ringing = await rings(office)
    await office.sends(AcceptTask(ringing, MARIA), ApplyWrapUp(ringing, MARIA, ("sale",)))
    with pytest.raises(Invalid):
        await office.send(ApplyWrapUp(ringing, MARIA, ("other",)))
