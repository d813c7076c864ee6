"""A call comes while an agent chats: does the customer wait, for how long, and who is blamed? routing 34, 36, 56."""

from dataclasses import replace

import pytest

from commands.agents import LogOut, ReserveSlot
from commands.answering import HoldConversation
from commands.attendance import LeaveConversation
from commands.colleagues import AskColleague, PromoteColleague
from commands.conversations import PostAgentMessage
from commands.domains import MirrorMrd
from commands.tasks import AcceptTask, TakeTaskAway
from domain.agents.facts import MrdState
from domain.channels.messages import Body
from domain.configuration.settings import InterruptionAction
from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    ConversationHeld,
    ConversationResumed,
    ConversationStarted,
    ConversationState,
    ResponseTimedOut,
    ResponseWarned,
    ResumeReason,
)
from domain.ids import AgentId, ConversationId, MessageId, OfferId, TaskId
from domain.tasks.facts import TaskCloseReason, TaskCreated, TaskDirection, TaskNamed
from tests.commands.office import Office, message
from tests.commands.scenes import MARIA, PAUL, newest, reasons, talks
from tests.commands.test_departures import CALLER, CALLS, a_call_comes, a_call_is_accepted, staffed
from tests.domain.configuration.situations import WHATSAPP

pytestmark = pytest.mark.anyio
ON_HOLD, ACTIVE = ConversationState.ON_HOLD, ConversationState.ACTIVE


async def chatting(**calls: object) -> tuple[Office, ConversationId]:
    """Maria is to reply to John within a minute, on a channel whose talks wait for calls."""
    office = await staffed(action=InterruptionAction.HOLD, **calls)
    line = replace(WHATSAPP, response_timeout_s=60)
    office.catalog = replace(office.catalog, channels={**office.catalog.channels, "whatsapp-line": line})
    await office.sends(message(1))
    await talks(office)
    await office.sends(message(2))
    return office, ConversationId(await newest(office, ConversationStarted))


async def state(office: Office, talk_id: ConversationId) -> ConversationState:
    return (await office.load(Conversation, talk_id)).state


async def why(office: Office) -> list[ResumeReason]:
    return [it.reason for it in await office.facts(ConversationResumed)]


async def test_a_talk_that_gives_way_is_on_hold_until_the_agent_is_free() -> None:  # routing 36, 56
    office, talk_id = await chatting()
    await office.wait(20)
    call = await a_call_is_accepted(office)
    assert await state(office, talk_id) is ON_HOLD
    await office.wait(600)
    assert (await office.facts(ResponseWarned), await office.facts(ResponseTimedOut)) == ([], [])
    await office.sends(TakeTaskAway(call, TaskCloseReason.DONE))
    assert (await state(office, talk_id), await why(office)) == (ACTIVE, [ResumeReason.AGENT_FREE])
    await office.wait(39)
    assert await office.facts(ResponseTimedOut) == []
    await office.wait(2)
    assert len(await office.facts(ResponseTimedOut)) == 1


async def test_it_is_not_while_the_call_only_rings() -> None:  # routing 36
    office, talk_id = await chatting()
    await a_call_comes(office)
    assert await state(office, talk_id) is ACTIVE
    await office.wait(20)
    assert await office.facts(ConversationHeld) == []


async def test_it_goes_on_when_the_agent_writes_in_the_midst_of_the_call() -> None:  # routing 36
    office, talk_id = await chatting()
    call = await a_call_comes(office)
    await office.sends(AcceptTask(call, MARIA))
    await office.sends(PostAgentMessage(talk_id, MARIA, MessageId("a1"), Body(text="One moment")))
    assert (await state(office, talk_id), await why(office)) == (ACTIVE, [ResumeReason.AGENT_WROTE])
    await office.sends(TakeTaskAway(call, TaskCloseReason.DONE))
    assert len(await office.facts(ConversationHeld)) == 1


async def test_what_the_agent_held_before_is_taken_up_by_the_agent() -> None:  # routing 36
    office, talk_id = await chatting()
    await office.sends(HoldConversation(talk_id, MARIA, 3600))
    call = await a_call_is_accepted(office)
    await office.sends(TakeTaskAway(call, TaskCloseReason.DONE))
    assert (await state(office, talk_id), await why(office)) == (ON_HOLD, [])


async def test_it_waits_for_the_last_of_several_calls() -> None:  # routing 35, 36
    office, talk_id = await chatting(max_requests=2)
    first = await a_call_is_accepted(office)
    await office.sends(message(2, "phone-line", replace(CALLER, value="+4989666")))
    second = TaskId(await newest(office, TaskCreated))
    await office.sends(ReserveSlot(MARIA, CALLS, second, OfferId("second"), 0), AcceptTask(second, MARIA))
    await office.sends(TakeTaskAway(first, TaskCloseReason.DONE))
    assert await state(office, talk_id) is ON_HOLD
    await office.sends(TakeTaskAway(second, TaskCloseReason.DONE))
    assert await state(office, talk_id) is ACTIVE


async def test_it_waits_for_a_call_of_another_system() -> None:  # routing 34, 36
    office, talk_id = await chatting(managed=False)
    await office.sends(MirrorMrd(MARIA, CALLS, MrdState.BUSY))
    assert await state(office, talk_id) is ON_HOLD
    await office.sends(MirrorMrd(MARIA, CALLS, MrdState.READY))
    assert await state(office, talk_id) is ACTIVE


@pytest.fixture
async def conference() -> tuple[Office, ConversationId]:
    """Paul has come into the talk of Maria and John; no answer is awaited."""
    office, talk_id = await chatting()
    first = (await office.load(Conversation, talk_id)).agents[MARIA].task_id
    await office.sends(AskColleague(first, MARIA, TaskDirection.DIRECT_CONFERENCE, colleague_id=PAUL))
    await office.sends(AcceptTask(TaskId(await newest(office, TaskNamed)), PAUL))
    return office, talk_id


async def called_away(office: Office, agent: AgentId) -> TaskId:
    await office.sends(message(1, "phone-line", replace(CALLER, value=f"+49{len(agent)}8")))
    call = TaskId(await newest(office, TaskCreated))
    await office.sends(ReserveSlot(agent, CALLS, call, OfferId(call), 0), AcceptTask(call, agent))
    return call


async def test_a_talk_of_two_waits_only_while_both_are_away(conference) -> None:  # routing 35, 36
    office, talk_id = conference
    hers = await called_away(office, MARIA)
    assert await state(office, talk_id) is ACTIVE
    his = await called_away(office, PAUL)
    assert await state(office, talk_id) is ON_HOLD
    await office.wait(7_200)
    assert (await state(office, talk_id), await office.facts(ResponseTimedOut)) == (ON_HOLD, [])
    await office.sends(TakeTaskAway(hers, TaskCloseReason.DONE))
    assert (await state(office, talk_id), await why(office)) == (ACTIVE, [ResumeReason.AGENT_FREE])
    await office.sends(TakeTaskAway(his, TaskCloseReason.DONE))
    assert len(await why(office)) == 1


@pytest.mark.parametrize("goes", ["leaves", "is taken away", "signs out"])
async def test_a_talk_of_two_waits_when_the_one_who_is_there_goes(conference, goes: str) -> None:  # routing 36
    office, talk_id = conference
    call = await called_away(office, MARIA)
    his = (await office.load(Conversation, talk_id)).agents[PAUL].task_id
    ways = {"leaves": LeaveConversation(talk_id, PAUL), "signs out": LogOut(PAUL)}
    await office.sends(ways.get(goes, TakeTaskAway(his, TaskCloseReason.DONE)))
    assert (await state(office, talk_id), (await office.load(Conversation, talk_id)).talking) == (ON_HOLD, [MARIA])
    await office.sends(TakeTaskAway(call, TaskCloseReason.DONE))
    assert await state(office, talk_id) is ACTIVE


async def test_nobody_waits_for_one_once_another_has_come() -> None:  # routing 36
    office, talk_id = await chatting()
    first = (await office.load(Conversation, talk_id)).agents[MARIA].task_id
    await office.sends(AskColleague(first, MARIA, TaskDirection.CONSULT, colleague_id=PAUL))
    await office.sends(AcceptTask(TaskId(await newest(office, TaskNamed)), PAUL))
    await a_call_is_accepted(office)
    assert await state(office, talk_id) is ON_HOLD  # who gives advice does not talk with the customer
    await office.sends(PromoteColleague(first, MARIA, TaskDirection.CONSULT_CONFERENCE))
    assert (await state(office, talk_id), await why(office)) == (ACTIVE, [ResumeReason.AGENT_FREE])


async def test_it_goes_to_others_when_the_agent_signs_out_meanwhile() -> None:  # routing 36, 37
    office, talk_id = await chatting()
    await a_call_is_accepted(office)
    await office.sends(LogOut(MARIA))
    assert set(await reasons(office)) == {TaskCloseReason.AGENT_LOGOUT}
    assert (await office.load(Conversation, talk_id)).held is None


@pytest.mark.parametrize("action", [InterruptionAction.IGNORE, InterruptionAction.REROUTE])
async def test_no_talk_waits_that_goes_on_or_goes_to_others(action: InterruptionAction) -> None:  # routing 36
    office = await staffed(action=action)
    await office.sends(message(1))
    await talks(office)
    await a_call_is_accepted(office)
    assert await office.facts(ConversationHeld) == []
