"""A silent customer's sessions end together, whoever does something in that very moment (routing 50, 56)."""

import asyncio

import pytest

from commands.attendance import LeaveConversation
from commands.conversations import ExpireCustomerInactivity, PostAgentMessage
from commands.inbound import OpenSession
from domain.channels.messages import Body
from domain.conversations.facts import AgentLeft, ConversationClosed, ConversationState, Release
from domain.ids import MessageId, SessionId
from domain.sessions.facts import SessionEnded, SessionEndReason, SessionStarted
from domain.sessions.session import Session
from domain.tasks.facts import TaskDirection, TaskState
from infra.eventlog.memory import MemoryLog
from tests.commands.floor import MARIA, PAUL, SALES, Floor, talking
from tests.commands.office import RestlessLog, message

pytestmark = pytest.mark.anyio
SILENCE = MessageId("a1")
BY_ANOTHER_WAY = OpenSession(message("second", "sms-line").inbound)


async def silent(log: MemoryLog | None = None) -> Floor:
    """Maria wrote last, and the customer says nothing."""
    floor = await talking(log=log)
    await floor.office.sends(PostAgentMessage(floor.talk_id, MARIA, SILENCE, Body(text="Are you there?")))
    return floor


def their_time_is_up(floor: Floor) -> ExpireCustomerInactivity:
    """The timer fires, and is gone with that."""
    return floor.office.timers.pop(f"inactivity/{floor.talk_id}").command


async def session(floor: Floor, number: int) -> Session:
    return await floor.office.load(Session, SessionId((await floor.office.subjects(SessionStarted))[number]))


async def test_whoever_opened_another_session_and_wrote_nothing_is_silent_in_both() -> None:  # routing 56
    floor = await silent()
    await floor.office.sends(BY_ANOTHER_WAY, their_time_is_up(floor))
    ends = [it.reason for it in await floor.office.facts(SessionEnded)]
    assert ends == [SessionEndReason.INACTIVITY, SessionEndReason.INACTIVITY]
    assert (await floor.talk()).state is ConversationState.WRAP_UP


async def test_whoever_opens_another_session_a_moment_later_is_still_with_their_agent() -> None:  # routing 50, 56
    floor = await silent()
    await floor.office.send(their_time_is_up(floor))
    await floor.office.send(BY_ANOTHER_WAY)
    await floor.office.settle()
    assert ((await session(floor, 0)).ended, (await session(floor, 1)).ended) == (SessionEndReason.INACTIVITY, None)
    assert ((await floor.talk()).state, (await floor.talk()).talking) == (ConversationState.ACTIVE, [MARIA])


async def test_whoever_comes_while_their_agent_begins_to_wrap_up_gets_another() -> None:  # routing 48
    floor = await silent()
    office = floor.office
    await office.send(their_time_is_up(floor))
    late = await office.settle_but_for(f"task-{floor.first}")  # it wraps up, and the talk has not heard of it
    assert (await floor.task(floor.first)).state is TaskState.WRAP_UP
    await office.send(BY_ANOTHER_WAY)
    late += await office.settle_but_for(f"task-{floor.first}")
    assert (await floor.talk()).talking == [MARIA]
    for recorded in late:
        await office.react(recorded)
    await office.settle()
    assert (await floor.talk()).human_comes
    await floor.comes(PAUL)
    assert (await floor.talk()).talking == [PAUL]


@pytest.mark.parametrize("writes_first", [True, False])
async def test_what_a_customer_writes_in_that_moment_is_heard(writes_first: bool) -> None:  # routing 42, 56
    floor = await silent()
    both = [message("late"), their_time_is_up(floor)]
    for command in both if writes_first else reversed(both):
        await floor.office.send(command)
    await floor.office.settle()
    ends = [it.reason for it in await floor.office.facts(SessionEnded)]
    assert ends == ([] if writes_first else [SessionEndReason.INACTIVITY])
    assert (await floor.talk()).talking == [MARIA]
    assert await floor.office.facts(ConversationClosed) == []


@pytest.mark.parametrize("seed", range(40))
async def test_whoever_comes_when_silence_ends_the_talk_is_let_go_or_heard(seed: int) -> None:
    """routing 48, 50, 56: in whatever order; nobody stays whom nobody hears and whom nothing ends."""
    floor = await silent(RestlessLog(seed))
    office, comes = floor.office, BY_ANOTHER_WAY if seed % 2 else message("late")
    await asyncio.gather(office.send(their_time_is_up(floor)), office.settle(), office.send(comes), office.settle())
    await office.settle()
    for number, started in enumerate(await office.facts(SessionStarted)):
        if (await session(floor, number)).is_open and started.conversation_id == floor.talk_id:
            assert (await floor.talk()).talking or (await floor.talk()).human_comes
    await office.sends(LeaveConversation(floor.talk_id, MARIA))
    await office.wait(2_000)
    assert len(await office.facts(SessionStarted)) == len(await office.facts(SessionEnded))
    assert (await floor.talk()).state in (ConversationState.WRAP_UP, ConversationState.CLOSED)


@pytest.mark.parametrize("written", [(), (message("more"),)])
async def test_whoever_stays_alone_when_their_agent_leaves_is_not_awaited_for_ever(written: tuple) -> None:
    """routing 48: their silence is measured from then on, unless it is already."""
    floor = await silent()
    await floor.office.wait(500)
    await floor.office.sends(*written, LeaveConversation(floor.talk_id, MARIA))
    await floor.office.wait(99)
    assert await floor.office.facts(SessionEnded) == []
    await floor.office.wait(1)
    assert len(await floor.office.facts(SessionEnded)) == (0 if written else 1)
    await floor.office.wait(500)
    assert [it.reason for it in await floor.office.facts(SessionEnded)] == [SessionEndReason.INACTIVITY]


async def test_who_leaves_a_customer_to_others_starts_no_clock() -> None:  # routing 48
    floor = await talking()
    await floor.asks(TaskDirection.DIRECT_TRANSFER, queue_id=SALES, release=Release.ON_ACCEPT)
    await floor.office.sends(LeaveConversation(floor.talk_id, MARIA))
    assert (await floor.office.facts(AgentLeft))[-1].reply_due is None
    floor = await talking()
    await floor.asks(TaskDirection.DIRECT_CONFERENCE, queue_id=SALES)
    await floor.comes(PAUL)
    await floor.office.sends(LeaveConversation(floor.talk_id, MARIA))
    assert (await floor.office.facts(AgentLeft))[-1].reply_due is None
