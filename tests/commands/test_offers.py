"""An offer rings: who takes it, and what if nobody does, or the customer leaves? routing 18, 24 to 28, 49, 59."""

from dataclasses import replace

import pytest

from commands.agents import ReleaseSlot, ReserveSlot
from commands.attendance import LoseSession, SettleDeparture
from commands.inbound import EndSession
from commands.requests import RequestAgent
from commands.tasks import AcceptTask, ExpireOffer, OfferTask
from domain.agents.facts import MrdState
from domain.conversations.facts import AgentRequested, ConversationStarted, ConversationState, RequestReason
from domain.ids import ConversationId, OfferId, SessionId, TaskId
from domain.sessions.facts import SessionEndReason, SessionStarted
from domain.tasks.facts import TaskCloseReason, TaskCreated, TaskState
from domain.tasks.refusals import OfferGone
from domain.tasks.task import REROUTE_PRIORITY
from tests.commands.office import Office, message
from tests.commands.scenes import CHAT, MARIA, PAUL, chat, hang_up, newest, reasons, rings, staffed, talk, talks, task

pytestmark = pytest.mark.anyio


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


async def test_an_offer_that_was_given_back_does_not_ring_late_for_a_slot_that_is_held_anew() -> None:  # routing 19, 22
    office = await staffed()
    await office.sends(message(1))
    waiting = TaskId(await newest(office, TaskCreated))
    await office.send(ReserveSlot(MARIA, CHAT, waiting, OfferId("first"), 0))
    await office.send(ReleaseSlot(MARIA, waiting, "the agent was gone"))
    await office.send(ReserveSlot(MARIA, CHAT, waiting, OfferId("second"), 0))
    await office.send(OfferTask(waiting, MARIA, OfferId("first"), 0))
    assert (await task(office)).offer is None
    await office.settle()
    assert (await task(office)).offer.offer_id == "second"


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


async def test_two_agents_who_are_offered_the_same_request_share_nothing() -> None:  # routing 18, 67
    office = await staffed(MARIA, PAUL)
    await office.sends(message(1))
    await rings(office, MARIA)
    await rings(office, PAUL)
    assert await chat(office, PAUL) is MrdState.READY
    assert (await task(office)).offer.agent_id == MARIA


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
