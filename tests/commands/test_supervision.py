"""Supervisors listen, whisper and take part, without being agents (routing 38, 47)."""

import asyncio
from uuid import uuid4

import pytest

from commands.agents import LogOut
from commands.attendance import AdmitAgent, LeaveConversation
from commands.colleagues import AskColleague
from commands.conversations import PostAgentMessage
from commands.supervision import BargeIn, MonitorConversation, Whisper
from commands.supervisors import ConnectSupervisor, DisconnectSupervisor, ExpireSupervisor
from domain.channels.messages import Body
from domain.conversations.conversation import NotInConversation
from domain.conversations.facts import AgentJoined, MessagePosted, ParticipantRole
from domain.conversations.standing import OnlyListening, TooManyAgents
from domain.ids import AgentId, ConversationId, MessageId, TaskId
from domain.kernel import NotFound
from domain.tasks.facts import (
    MediaState,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskMode,
    TaskState,
)
from domain.tasks.refusals import NotYourTask
from tests.commands.floor import MARIA, PAUL, SALES, ZOE, Floor, talking
from tests.commands.office import RestlessLog, message
from tests.domain.configuration.situations import CHAT, catalog

pytestmark = pytest.mark.anyio
GRACE_S = catalog().desks.disconnect_grace_s
SUE, SAM = AgentId("sue"), AgentId("sam")
"""Supervisors, who are no agents."""


async def monitored() -> tuple[Floor, TaskId]:
    floor = await talking()
    await floor.office.sends(MonitorConversation(floor.talk_id, SUE, "Sue"))
    return floor, await floor.newest()


async def test_a_supervisor_listens_without_being_an_agent() -> None:
    floor, listening = await monitored()
    talk, task = await floor.talk(), await floor.task(listening)
    assert (talk.monitor, talk.talking) == (SUE, [MARIA])
    assert (task.direction, task.created.mode, task.media_state) == (
        TaskDirection.SILENT_MONITOR,
        TaskMode.AGENT,
        MediaState.ACTIVE,
    )
    assert (await floor.office.facts(AgentJoined))[-1].name == "Sue"
    with pytest.raises(OnlyListening):
        await floor.office.send(PostAgentMessage(floor.talk_id, SUE, MessageId("s1"), Body(text="Hello")))


async def test_one_supervisor_is_enough() -> None:
    floor, _ = await monitored()
    with pytest.raises(TooManyAgents):
        await floor.office.send(MonitorConversation(floor.talk_id, SAM, "Sam"))
    with pytest.raises(NotFound):
        await floor.office.send(MonitorConversation(ConversationId("none"), SUE, "Sue"))


@pytest.mark.parametrize("seed", range(10))
async def test_of_two_supervisors_who_come_at_once_one_listens_and_the_other_is_refused(seed: int) -> None:
    """routing 47: the loser hears that at once, and when they ask again."""
    floor = await talking(log=RestlessLog(seed))
    asked = {MonitorConversation(floor.talk_id, who, who): uuid4() for who in (SUE, SAM)}
    answers = await asyncio.gather(*(floor.office.send(*it) for it in asked.items()), return_exceptions=True)
    await floor.office.settle()
    refused = [it for it, answer in zip(asked, answers, strict=True) if isinstance(answer, TooManyAgents)]
    (listens,) = asked.keys() - set(refused)
    assert (await floor.talk()).monitor == listens.supervisor_id
    with pytest.raises(TooManyAgents):
        await floor.office.send(refused[0], asked[refused[0]])


async def test_when_one_supervisor_takes_part_another_may_listen() -> None:  # routing 47
    floor, _ = await monitored()
    await floor.office.sends(BargeIn(floor.talk_id, SUE), MonitorConversation(floor.talk_id, SAM, "Sam"))
    assert ((await floor.talk()).talking, (await floor.talk()).monitor) == ([MARIA, SUE], SAM)


async def test_the_sessions_of_a_customer_are_the_work_of_those_who_work_for_them() -> None:  # routing 50
    floor, listening = await monitored()
    await floor.office.sends(message("second", "sms-line"))
    assert (await floor.task(listening)).media == {}
    assert len((await floor.task(floor.first)).media[CHAT]) == 2


async def test_a_supervisor_whispers_to_the_agents_alone() -> None:
    floor, _ = await monitored()
    await floor.office.sends(Whisper(floor.talk_id, SUE))
    await floor.office.sends(PostAgentMessage(floor.talk_id, SUE, MessageId("s1"), Body(text="Offer a refund")))
    assert (await floor.office.facts(MessagePosted))[-1].session_id is None


async def test_a_supervisor_takes_part() -> None:
    floor, listening = await monitored()
    await floor.office.sends(BargeIn(floor.talk_id, SUE))
    assert (await floor.talk()).talking == [MARIA, SUE]
    assert (await floor.task(listening)).direction is TaskDirection.BARGE_IN
    await floor.office.sends(PostAgentMessage(floor.talk_id, SUE, MessageId("s1"), Body(text="Hello")))
    assert (await floor.office.facts(MessagePosted))[-1].session_id is not None
    with pytest.raises(NotInConversation):
        await floor.office.send(BargeIn(floor.talk_id, PAUL))


async def test_a_supervisor_stops_listening_and_has_nothing_to_wrap_up() -> None:
    floor, listening = await monitored()
    await floor.office.sends(LeaveConversation(floor.talk_id, SUE))
    assert (await floor.task(listening)).closed is TaskCloseReason.DONE
    assert ((await floor.talk()).monitor, (await floor.talk()).talking) == (None, [MARIA])


async def test_who_listens_goes_with_the_last_who_talks() -> None:
    floor, listening = await monitored()
    await floor.office.sends(LeaveConversation(floor.talk_id, MARIA))
    assert (await floor.task(listening)).state is TaskState.CLOSED
    assert (await floor.talk()).agents == {}


async def test_who_listens_goes_with_the_customer() -> None:
    floor, listening = await monitored()
    await floor.customer_leaves()
    assert (await floor.task(listening)).state is TaskState.CLOSED
    assert list((await floor.talk()).agents) == [MARIA]


async def test_an_agent_who_signs_out_is_replaced_and_nobody_listens() -> None:  # routing 38
    floor, listening = await monitored()
    await floor.office.sends(LogOut(MARIA))
    assert (await floor.task(listening)).state is TaskState.CLOSED
    assert ((await floor.talk()).agents, (await floor.talk()).request is not None) == ({}, True)


async def test_a_supervisor_who_took_part_takes_over_from_whoever_signs_out() -> None:  # routing 38
    floor, _ = await monitored()
    await floor.office.sends(BargeIn(floor.talk_id, SUE), LogOut(MARIA))
    talk = await floor.talk()
    assert (talk.talking, talk.request) == ([SUE], None)


async def test_a_supervisor_who_took_part_passes_the_customer_on() -> None:
    floor, listening = await monitored()
    await floor.office.sends(BargeIn(floor.talk_id, SUE), LeaveConversation(floor.talk_id, MARIA))
    with pytest.raises(NotYourTask):
        await floor.office.send(AskColleague(listening, ZOE, TaskDirection.DIRECT_TRANSFER, SALES))
    await floor.asks(TaskDirection.DIRECT_TRANSFER, by=SUE, task=listening, queue_id=SALES)
    assert (await floor.task(listening)).closed is TaskCloseReason.TRANSFERRED
    await floor.comes(PAUL)
    assert (await floor.talk()).talking == [PAUL]


async def test_who_was_let_in_is_let_in_once() -> None:
    floor, listening = await monitored()
    await floor.office.sends(AdmitAgent(floor.talk_id, SUE, listening))
    assert [it.role for it in await floor.office.facts(AgentJoined)].count(ParticipantRole.SILENT_MONITOR) == 1
    assert len(await floor.office.facts(TaskCreated)) == 2


# The connection (routing 38, 39)


async def test_a_supervisor_who_took_part_alone_and_stays_away_is_replaced() -> None:
    floor, listening = await monitored()
    await floor.office.sends(ConnectSupervisor(SUE, "a"), BargeIn(floor.talk_id, SUE), LogOut(MARIA))
    assert (await floor.talk()).talking == [SUE]
    await floor.office.sends(DisconnectSupervisor(SUE, "a"))
    await floor.office.wait(GRACE_S - 1)
    assert (await floor.talk()).talking == [SUE]
    await floor.office.wait(1)
    talk, waiting = await floor.talk(), await floor.task(await floor.newest())
    assert (talk.agents, (await floor.task(listening)).closed) == ({}, TaskCloseReason.AGENT_LOGOUT)
    assert (waiting.media_state, waiting.routing.priority) == (MediaState.QUEUED, 11)
    await floor.comes(PAUL)
    assert (await floor.talk()).talking == [PAUL]


@pytest.mark.parametrize("part", ["listens", "whispers", "takes part"])
async def test_beside_an_agent_a_supervisor_who_stays_away_only_goes(part: str) -> None:
    floor, listening = await monitored()
    more = {"whispers": [Whisper(floor.talk_id, SUE)], "takes part": [BargeIn(floor.talk_id, SUE)]}.get(part, [])
    await floor.office.sends(ConnectSupervisor(SUE, "a"), *more, DisconnectSupervisor(SUE, "a"))
    await floor.office.wait(GRACE_S)
    talk = await floor.talk()
    assert (list(talk.agents), talk.request, talk.awaited) == ([MARIA], None, set())
    assert (await floor.task(listening)).closed is TaskCloseReason.AGENT_LOGOUT


async def test_a_supervisor_who_comes_back_in_time_goes_on() -> None:
    floor, listening = await monitored()
    await floor.office.sends(ConnectSupervisor(SUE, "a"), DisconnectSupervisor(SUE, "a"))
    (grace,) = [it.command for it in floor.office.timers.values() if isinstance(it.command, ExpireSupervisor)]
    await floor.office.wait(GRACE_S - 1)
    await floor.office.sends(ConnectSupervisor(SUE, "b"))
    await floor.office.wait(600)
    await floor.office.sends(grace, DisconnectSupervisor(SUE, "b"), grace)  # late, and of another time (routing 42)
    assert (await floor.talk()).monitor == SUE
    assert (await floor.task(listening)).closed is None


async def test_one_of_several_places_is_enough() -> None:
    floor, _ = await monitored()
    await floor.office.sends(ConnectSupervisor(SUE, "a"), ConnectSupervisor(SUE, "b"), DisconnectSupervisor(SUE, "a"))
    await floor.office.wait(600)
    assert (await floor.talk()).monitor == SUE


async def test_nobody_watches_a_supervisor_who_takes_part_in_nothing() -> None:
    floor, _ = await monitored()
    await floor.office.sends(ConnectSupervisor(SUE, "a"), LeaveConversation(floor.talk_id, SUE))
    head = await floor.office.log.head()
    await floor.office.sends(DisconnectSupervisor(SUE, "a"), ConnectSupervisor(SUE, "b"))
    assert await floor.office.log.head() == head
