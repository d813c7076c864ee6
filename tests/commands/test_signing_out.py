"""An agent signs out, whatever they are in the midst of: what becomes of it? routing 37, 38."""

from dataclasses import replace

import pytest

from commands.agents import HandOverWork, LogOut
from commands.tasks import AcceptTask
from domain.agents.agent import Agent
from domain.agents.facts import LoggedOut, MrdState
from domain.conversations.facts import ConversationState
from domain.tasks.facts import MediaState, TaskClosed, TaskCloseReason, TaskCreated
from domain.tasks.task import REROUTE_PRIORITY
from tests.commands.office import message
from tests.commands.scenes import MARIA, PAUL, chat, hang_up, newest, reasons, rings, staffed, talk, talks, task
from tests.domain.configuration.situations import CHAT

pytestmark = pytest.mark.anyio


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
    happened = [type(it.fact) for it in await office.log.read_all(limit=1_000)]
    assert happened.index(TaskClosed) < happened.index(LoggedOut)
