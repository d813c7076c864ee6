"""Whom nobody needs any more is not looked for, does not ring, and does not come in (routing 49)."""

import pytest

from commands.agents import LogOut
from commands.answering import RemoveAllAgents
from commands.attendance import LeaveConversation, LoseSession
from commands.bus import Command
from commands.colleagues import NameTask
from commands.inbound import EndSession
from commands.tasks import AcceptTask, EnqueueTask, ExpireOffer, rerouted
from domain.agents.facts import MrdState
from domain.conversations.facts import AgentRequested, ColleagueRequested, ConversationStarted, Release
from domain.ids import ConversationId, SessionId, TaskId
from domain.sessions.facts import SessionEndReason, SessionStarted
from domain.tasks.facts import MediaState, TaskCloseReason, TaskDirection
from tests.commands.floor import MARIA, PAUL, SALES, Floor, a_floor, talking
from tests.commands.office import message
from tests.domain.configuration.situations import CHAT

pytestmark = pytest.mark.anyio
STAGES = ["queued", "ringing", "accepted meanwhile"]
BESIDE = [TaskDirection.CONSULT, TaskDirection.DIRECT_CONFERENCE]


async def comes_to(stage: str, floor: Floor, cause: Command) -> TaskId:
    """How far the newest request has come when the cause happens."""
    task = await floor.newest()
    if stage != "queued":
        await floor.rings(PAUL)
    await floor.office.send(cause)
    if stage == "accepted meanwhile":
        await floor.office.send(AcceptTask(task, PAUL))
    await floor.office.settle()
    return task


async def is_cancelled(floor: Floor, task: TaskId) -> None:
    assert (await floor.task(task)).closed is TaskCloseReason.CANCELLED
    assert (await floor.talk()).awaited == set()
    assert PAUL not in (await floor.talk()).agents
    assert (await floor.slots(PAUL), await floor.mrd(PAUL)) == (0, MrdState.READY)  # without blame
    await floor.office.wait(700)
    assert TaskCloseReason.NO_AGENT_AVAILABLE not in await floor.reasons()


async def last_session_ends(floor: Floor) -> EndSession:
    return EndSession(SessionId((await floor.office.subjects(SessionStarted))[-1]), SessionEndReason.CUSTOMER)


@pytest.mark.parametrize("stage", STAGES)
async def test_a_customer_who_leaves_is_looked_after_by_nobody(stage: str) -> None:
    floor = await a_floor()
    await floor.office.sends(message())
    floor.talk_id = ConversationId((await floor.office.subjects(ConversationStarted))[-1])
    await is_cancelled(floor, await comes_to(stage, floor, await last_session_ends(floor)))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("release", Release)
@pytest.mark.parametrize("direction", [*BESIDE, TaskDirection.DIRECT_TRANSFER])
async def test_whom_an_agent_asked_for_is_not_needed_for_a_customer_who_left(direction, release, stage) -> None:
    floor = await talking()
    await floor.asks(direction, queue_id=SALES, release=release)
    await is_cancelled(floor, await comes_to(stage, floor, await last_session_ends(floor)))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("ends", ["leaves", "signs out", "is removed"])
@pytest.mark.parametrize("direction", BESIDE)
async def test_whom_the_last_agent_asked_beside_themselves_is_not_needed_without_them(direction, ends, stage) -> None:
    floor = await talking()
    await floor.asks(direction, queue_id=SALES)
    task = await comes_to(stage, floor, goes(floor, ends))
    assert (await floor.task(task)).closed is TaskCloseReason.CANCELLED
    assert PAUL not in (await floor.talk()).agents
    assert (await floor.slots(PAUL), await floor.mrd(PAUL)) == (0, MrdState.READY)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("ends", ["leaves", "signs out", "is removed"])
async def test_whoever_is_to_take_over_is_needed_all_the_more(ends: str, stage: str) -> None:
    """The customer waits for them, and for nobody else."""
    floor = await talking()
    await floor.asks(TaskDirection.DIRECT_TRANSFER, queue_id=SALES, release=Release.ON_ACCEPT)
    task = await comes_to(stage, floor, goes(floor, ends))
    assert (await floor.talk()).request is None
    if stage == "ringing":
        await floor.office.sends(AcceptTask(task, PAUL))
    elif stage == "queued":
        await floor.comes(PAUL)
    assert (await floor.task(task)).media_state is MediaState.ACTIVE
    assert (await floor.talk()).talking == [PAUL]


def goes(floor: Floor, how: str) -> Command:
    match how:
        case "leaves":
            return LeaveConversation(floor.talk_id, MARIA)
        case "signs out":
            return LogOut(MARIA, forced=True)
        case _:
            return RemoveAllAgents(floor.talk_id, TaskCloseReason.RESPONSE_TIMEOUT)


# What is carried out late, because its stream was reacted to late


async def test_what_rang_in_vain_while_its_customer_left_does_not_go_on() -> None:
    """The departure is settled before the request stands in line again."""
    floor = await talking()
    await floor.asks(TaskDirection.DIRECT_TRANSFER, queue_id=SALES)
    ringing = await floor.rings(PAUL)
    offer = (await floor.task(ringing)).offer
    await floor.office.send(ExpireOffer(ringing, offer.offer_id))
    await floor.office.send(await last_session_ends(floor))
    late = await floor.office.settle_but_for(f"task-{ringing}")
    assert (await floor.talk()).sessions == {}
    for recorded in late:
        await floor.office.react(recorded)
    await floor.office.settle()
    assert (await floor.reasons()).count(TaskCloseReason.CANCELLED) == 1
    assert (await floor.task(rerouted(ringing))).closed is TaskCloseReason.CANCELLED


@pytest.mark.parametrize("whom", [{"queue_id": SALES}, {"agent_id": PAUL, "queue_id": SALES}], ids=["queue", "name"])
async def test_whoever_is_looked_for_too_late_is_looked_for_no_more(whom: dict) -> None:
    floor = await talking()
    session, *_ = (await floor.talk()).sessions
    asked = ColleagueRequested(TaskId("late"), TaskDirection.CONSULT, MARIA, floor.first, CHAT, session, **whom)
    if asked.agent_id is not None:
        late = NameTask(floor.talk_id, asked)
    else:
        late = EnqueueTask(asked.task_id, floor.talk_id, session, SALES, CHAT, 1, asked.direction)
    await floor.office.sends(late)
    assert (await floor.task(asked.task_id)).closed is TaskCloseReason.CANCELLED
    assert await floor.slots(PAUL) == 0


async def test_nobody_is_looked_for_once_the_customer_is_gone_whoever_settles_that() -> None:
    floor = await a_floor()
    await floor.office.send(message())
    (asked,) = await floor.office.settle_but_for("", until=AgentRequested)
    talk = ConversationId(asked.subject)
    session = asked.fact.session_id
    await floor.office.send(LoseSession(talk, session, SessionEndReason.CUSTOMER))
    await floor.office.carry_out_policies(asked)
    assert (await floor.task(asked.fact.task_id)).closed is TaskCloseReason.CANCELLED
