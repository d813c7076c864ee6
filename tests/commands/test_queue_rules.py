"""Do queues treat requests and agents as they were set up? routing 21, 22, 27, 28, 51, 53, 59."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.agents import GrantMrd, LogIn, LogOut, MakeReady, RegisterAgent, ReserveSlot, SwitchAutoAnswer
from commands.conversations import PostAgentMessage, SetConversationData
from commands.inbound import EndSession, ReceiveMessage
from commands.requests import RequestAgent
from commands.tasks import AcceptTask, DeclineTask, EnqueueTask
from commands.wrap_up import ApplyWrapUp, FinishWrapUp
from domain.agents.agent import Agent
from domain.agents.facts import MrdState
from domain.channels.messages import Body, SenderType
from domain.configuration.priorities import PriorityLabel
from domain.configuration.settings import ReasonCode, ReasonKind, RelationalOperator
from domain.conversations.conversation import Conversation
from domain.conversations.facts import ConversationStarted, MessagePosted, RequestReason
from domain.customers.facts import QueueVisited
from domain.ids import AgentId, ChannelId, ConversationId, MessageId, OfferId, QueueId, SessionId, TaskId
from domain.kernel import Invalid, NotFound, Refused, derived_id
from domain.sessions.facts import SessionEnded, SessionEndReason, SessionStarted
from domain.tasks.facts import (
    MediaState,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskReserved,
    TaskState,
)
from domain.tasks.refusals import CodesNeeded, DeclineNotAllowed
from domain.tasks.task import Task
from tests.commands.office import Office, an_office, message
from tests.commands.scenes import JOHN
from tests.domain.configuration.situations import BUSINESS, CHAT, SALES, catalog

pytestmark = pytest.mark.anyio
MARIA = AgentId("maria")
LINE = ChannelId("whatsapp-line")
QUEUE = QueueId("sales")


async def an_office_where(**sales: object) -> Office:
    """Maria is ready; the sales queue is set up like this."""
    office = an_office()
    office.catalog = catalog({**BUSINESS, "sales": replace(SALES, **sales)})
    await office.sends(RegisterAgent(MARIA, "maria", "Maria"), GrantMrd(MARIA, CHAT, 2), LogIn(MARIA), MakeReady(MARIA))
    return office


async def newest(office: Office, kind: type) -> str:
    return (await office.subjects(kind))[-1]


async def rings(office: Office) -> TaskId:
    """The engine chose Maria for the newest request."""
    waiting = TaskId(await newest(office, TaskCreated))
    await office.sends(ReserveSlot(MARIA, CHAT, waiting, OfferId(derived_id(waiting, MARIA)), 0))
    return waiting


async def talks(office: Office) -> TaskId:
    await office.sends(message())
    ringing = await rings(office)
    await office.sends(AcceptTask(ringing, MARIA))
    return ringing


async def ends(office: Office) -> list[TaskCloseReason]:
    return [it.reason for it in await office.facts(TaskClosed)]


async def told(office: Office) -> list[str]:
    return [it.body.text for it in await office.facts(MessagePosted) if it.sender.type is SenderType.SYSTEM]


async def test_a_declined_request_goes_on_without_its_agent_and_without_blame() -> None:
    """routing 21: the way of a missed offer, but the agent stays ready."""
    office = await an_office_where(decline_allowed=True)
    await office.sends(message())
    declined = await rings(office)
    await office.sends(DeclineTask(declined, MARIA, "not mine"))
    assert [(it.reason, it.words) for it in await office.facts(TaskClosed)] == [(TaskCloseReason.DECLINED, "not mine")]
    after = await office.load(Task, await newest(office, TaskCreated))
    assert after.media_state is MediaState.QUEUED
    assert (after.routing.priority, after.routing.excluded) == (11, frozenset({MARIA}))
    maria = await office.load(Agent, MARIA)
    assert (maria.mrd_state(CHAT), maria.slots) == (MrdState.READY, {})


async def test_declining_is_a_permission_of_the_queue() -> None:  # routing 21
    office = await an_office_where()
    await office.sends(message())
    ringing = await rings(office)
    with pytest.raises(DeclineNotAllowed):
        await office.send(DeclineTask(ringing, MARIA))


async def test_a_decline_names_one_of_its_reasons_where_there_are_such() -> None:  # routing 21
    office = await an_office_where(decline_allowed=True)
    reasons = {**BUSINESS, "sales": replace(SALES, decline_allowed=True)}
    office.catalog = catalog({**reasons, "language": ReasonCode("Wrong language", ReasonKind.DECLINE)})
    await office.sends(message())
    ringing = await rings(office)
    with pytest.raises(Invalid):
        await office.send(DeclineTask(ringing, MARIA, "no mood"))
    await office.sends(DeclineTask(ringing, MARIA, "language"))
    assert await ends(office) == [TaskCloseReason.DECLINED]


async def test_work_that_answers_itself_rings_and_is_accepted_in_one_go() -> None:
    """routing 22: both facts are written, and the agent is in the talk."""
    office = await an_office_where(auto_answer=True)
    await office.sends(message())
    await rings(office)
    assert len(await office.facts(TaskReserved)) == len(await office.facts(TaskAccepted)) == 1
    talk = await office.load(Conversation, await newest(office, ConversationStarted))
    assert talk.talking == [MARIA]
    assert (await office.load(Agent, MARIA)).mrd_state(CHAT) is MrdState.ACTIVE


async def test_an_agent_may_have_all_that_rings_at_them_accepted() -> None:  # routing 22
    office = await an_office_where(auto_answer=False)
    await office.sends(SwitchAutoAnswer(MARIA, on=True), message())
    await rings(office)
    assert [type(it.fact) for it in await office.log.read_all() if it.category == "task"][-2:] == [
        TaskReserved,
        TaskAccepted,
    ]
    talk = await office.load(Conversation, await newest(office, ConversationStarted))
    assert talk.talking == [MARIA]


@pytest.mark.parametrize(("queue", "agent", "accepted"), [(True, False, 1), (False, False, 0), (True, True, 1)])
async def test_what_the_queue_says_holds_at_every_desk(queue: bool, agent: bool, accepted: int) -> None:  # routing 22
    office = await an_office_where(auto_answer=queue)
    await office.sends(SwitchAutoAnswer(MARIA, on=True), SwitchAutoAnswer(MARIA, on=agent), message())
    await rings(office)
    assert len(await office.facts(TaskAccepted)) == accepted


async def test_nobody_answers_by_themselves_who_is_nobody() -> None:  # routing 22
    office = await an_office_where()
    with pytest.raises(NotFound):
        await office.send(SwitchAutoAnswer(AgentId("nobody"), on=True))


async def test_the_wait_survives_missed_offers_and_ends_when_it_was_to_end() -> None:
    """routing 27: an offer that rings when the time is up may finish; missed, nobody was available."""
    office = await an_office_where(offer_timeout_s=20, request_ttl_s=50)
    await office.sends(message())
    await rings(office)
    await office.wait(20)
    assert await ends(office) == [TaskCloseReason.RONA]
    await office.wait(15)
    await office.sends(MakeReady(MARIA))
    await rings(office)  # until 55 s, and the wait ends at 50 s
    await office.wait(16)
    assert await ends(office) == [TaskCloseReason.RONA]
    await office.wait(5)
    assert await ends(office) == [TaskCloseReason.RONA, TaskCloseReason.NO_AGENT_AVAILABLE]
    assert (await office.load(Agent, MARIA)).mrd_state(CHAT) is MrdState.READY  # it was no missed offer any more


async def test_whoever_comes_by_a_channel_waits_as_long_as_that_says() -> None:  # routing 27
    office = await an_office_where(offer_timeout_s=20, request_ttl_s=600)
    hasty = replace(office.catalog.channels[LINE], request_ttl_s=30)
    office.catalog = replace(office.catalog, channels={**office.catalog.channels, LINE: hasty})
    await office.sends(message())
    await office.wait(29)
    assert await ends(office) == []
    await office.wait(2)
    assert await ends(office) == [TaskCloseReason.NO_AGENT_AVAILABLE]


async def test_an_offer_that_outlasted_the_wait_is_still_accepted() -> None:  # routing 27
    office = await an_office_where(offer_timeout_s=20, request_ttl_s=30)
    await office.sends(message())
    await office.wait(15)
    ringing = await rings(office)
    await office.wait(18)
    await office.sends(AcceptTask(ringing, MARIA))
    assert (await office.load(Task, ringing)).agent_id == MARIA


async def test_whoever_signs_out_while_the_wait_is_over_ends_it() -> None:  # routing 27, 37
    office = await an_office_where(offer_timeout_s=20, request_ttl_s=30)
    await office.sends(message())
    await office.wait(15)
    await rings(office)
    await office.wait(18)
    await office.sends(LogOut(MARIA))
    assert await ends(office) == [TaskCloseReason.NO_AGENT_AVAILABLE]


async def test_a_customer_for_whom_nobody_was_free_is_told_and_may_fall_silent() -> None:
    """routing 28: their silence is measured from then on, and ends their session."""
    office = await an_office_where(request_ttl_s=30, no_agent_message="Nobody is free. Write to us tomorrow.")
    await office.sends(message())
    await office.wait(31)
    assert await told(office) == ["Nobody is free. Write to us tomorrow."]
    await office.wait(598)
    assert await office.facts(SessionEnded) == []
    await office.wait(2)
    assert [it.reason for it in await office.facts(SessionEnded)] == [SessionEndReason.INACTIVITY]


async def test_a_customer_is_told_nothing_where_there_is_nothing_to_tell_and_their_silence_counts() -> None:
    office = await an_office_where(request_ttl_s=30)  # routing 28
    await office.sends(message())
    await office.wait(31)
    assert await told(office) == []
    await office.wait(600)
    assert [it.reason for it in await office.facts(SessionEnded)] == [SessionEndReason.INACTIVITY]


async def test_a_customer_who_writes_after_nobody_was_free_is_not_silent() -> None:  # routing 28, 42
    office = await an_office_where(request_ttl_s=30)
    await office.sends(message())
    await office.wait(31)
    await office.sends(message(2))  # asks for a human again
    await rings(office)
    await office.sends(AcceptTask(TaskId(await newest(office, TaskCreated)), MARIA))
    await office.wait(700)
    assert await office.facts(SessionEnded) == []


async def test_a_mandatory_wrap_up_waits_for_a_code() -> None:  # routing 51
    office = await an_office_where(wrap_up_mandatory=True, wrap_up_s=0)
    its = await talks(office)
    await office.sends(EndSession(SessionId(await newest(office, SessionStarted)), SessionEndReason.CUSTOMER))
    await office.wait(100_000)
    assert (await office.load(Task, its)).state is TaskState.WRAP_UP
    with pytest.raises(CodesNeeded):
        await office.send(FinishWrapUp(its, MARIA))
    await office.sends(ApplyWrapUp(its, MARIA, ("sale",)), FinishWrapUp(its, MARIA))
    assert await ends(office) == [TaskCloseReason.WRAP_UP_APPLIED]


async def test_a_wrap_up_note_is_no_message() -> None:
    """routing 53: the customer's silence, which an agent's message would measure anew, goes on."""
    office = await an_office_where()
    its = await talks(office)
    talk = ConversationId(await newest(office, ConversationStarted))
    await office.sends(PostAgentMessage(talk, MARIA, MessageId("a1"), Body(text="Hello John")))
    await office.wait(590)
    await office.sends(ApplyWrapUp(its, MARIA, ("sale",), "in mid-conversation"))
    await office.wait(11)
    assert [it.reason for it in await office.facts(SessionEnded)] == [SessionEndReason.INACTIVITY]


@pytest.mark.parametrize("reason", [SessionEndReason.CUSTOMER, SessionEndReason.NETWORK, SessionEndReason.FORCE_CLOSED])
@pytest.mark.parametrize("ringing", [False, True])
async def test_a_customer_who_leaves_before_an_answer_is_cancelled_and_nobody_missed_anything(reason, ringing) -> None:
    """routing 59: the agent is ready for others at once, and it is known how the customer went."""
    office = await an_office_where()
    await office.sends(message())
    if ringing:
        await rings(office)
    await office.sends(EndSession(SessionId(await newest(office, SessionStarted)), reason))
    assert [(it.reason, it.left) for it in await office.facts(TaskClosed)] == [(TaskCloseReason.CANCELLED, reason)]
    maria = await office.load(Agent, MARIA)
    assert (maria.mrd_state(CHAT), maria.slots) == (MrdState.READY, {})


VIP, BIG = PriorityLabel("segment", "vip", 8), PriorityLabel("order", "100", 5, RelationalOperator.GE)


async def priority(office: Office) -> int:
    return (await office.load(Task, await newest(office, TaskCreated))).routing.priority


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, 1),
        ({"segment": "vip"}, 8),
        ({"order": "250"}, 5),
        ({"order": "250", "segment": "vip"}, 8),
        ({"order": "9"}, 1),
    ],
)
async def test_labels_make_a_request_urgent_and_the_highest_wins(data, expected) -> None:  # routing 55
    office = await an_office_where(priority_labels=(BIG, VIP))
    inbound = replace(message().inbound, channel_data=data)
    await office.sends(ReceiveMessage(inbound))
    assert await priority(office) == expected


async def test_what_an_agent_noted_counts_and_what_waited_in_vain_stays_first() -> None:  # routing 24, 55
    office = await an_office_where(priority_labels=(VIP,), request_ttl_s=30)
    await office.sends(message())
    talk = ConversationId(await newest(office, ConversationStarted))
    assert await priority(office) == 1
    await office.sends(SetConversationData(talk, {"segment": "vip"}))
    await office.wait(31)  # nobody was free
    await office.sends(message(2))
    assert await priority(office) == 8
    await rings(office)
    await office.wait(20)
    assert await priority(office) == 11


@pytest.mark.parametrize(("asked", "expected"), [(3, 8), (9, 9)])
async def test_who_asks_for_more_than_their_labels_say_has_it(asked: int, expected: int) -> None:  # routing 55
    office = await an_office_where(priority_labels=(VIP,))
    web = replace(message(channel="web-chat").inbound, contact=JOHN, channel_data={"segment": "vip"})
    await office.sends(ReceiveMessage(web))
    talk = ConversationId(await newest(office, ConversationStarted))
    await office.sends(RequestAgent(talk, RequestReason.CUSTOMER_ASKED, QUEUE, asked))
    assert await priority(office) == expected


async def test_whose_agent_is_gone_stays_before_those_who_are_only_back() -> None:  # routing 37, 55
    office = await an_office_where(returning_first=True)
    await talks(office)
    await office.sends(LogOut(MARIA))
    assert await priority(office) == 11


@pytest.mark.parametrize("wanted", [0, 11, 100])
async def test_nobody_asks_for_the_place_of_those_who_waited_in_vain(wanted: int) -> None:  # routing 55
    office = await an_office_where()
    await office.sends(message())
    talk = ConversationId(await newest(office, ConversationStarted))
    with pytest.raises(Invalid):
        await office.send(RequestAgent(talk, RequestReason.CUSTOMER_ASKED, QUEUE, wanted))


@pytest.mark.parametrize(("hours", "expected"), [(1, 10), (24, 10), (25, 1)])
async def test_a_customer_who_is_back_within_a_day_goes_first(hours, expected) -> None:  # routing 55
    office = await an_office_where(returning_first=True)
    await office.sends(message())
    assert await priority(office) == 1
    await office.sends(EndSession(SessionId(await newest(office, SessionStarted)), SessionEndReason.CUSTOMER))
    office.now += timedelta(hours=hours)
    await office.sends(message(2))
    assert await priority(office) == expected


async def test_who_is_back_goes_first_only_where_the_queue_says_so() -> None:  # routing 55
    office = await an_office_where()
    await office.sends(message())
    await office.sends(EndSession(SessionId(await newest(office, SessionStarted)), SessionEndReason.CUSTOMER))
    await office.sends(message(2))
    assert await priority(office) == 1
    assert await office.facts(QueueVisited) == []


async def test_a_request_that_is_enqueued_twice_is_no_return() -> None:  # routing 55, 66
    office = await an_office_where(returning_first=True)
    await office.sends(message())
    its = TaskId(await newest(office, TaskCreated))
    talk, session = await newest(office, ConversationStarted), await newest(office, SessionStarted)
    await office.sends(EnqueueTask(its, ConversationId(talk), SessionId(session), QUEUE, CHAT, 1))
    assert await priority(office) == 1
    assert [it.came_back for it in await office.facts(QueueVisited)] == [False]


async def test_what_was_declined_after_the_customer_left_is_gone() -> None:  # routing 59
    office = await an_office_where(decline_allowed=True)
    await office.sends(message())
    ringing = await rings(office)
    await office.sends(EndSession(SessionId(await newest(office, SessionStarted)), SessionEndReason.CUSTOMER))
    with pytest.raises(Refused):
        await office.send(DeclineTask(ringing, MARIA))
