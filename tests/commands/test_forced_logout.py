"""Whoever goes leaves others behind: the whole matrix of routing 38, by each of the ways in which agents go (37, 39, 40)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from commands.agents import LogOut, MakeNotReady
from commands.colleagues import PromoteColleague
from commands.desks import ConnectDesk, DisconnectDesk
from commands.supervision import BargeIn, MonitorConversation, Whisper
from commands.tasks import AcceptTask
from domain.configuration.settings import DeskPolicy, LogoutPolicy, ReasonCode, ReasonKind
from domain.conversations.facts import AgentLeft, ParticipantRole
from domain.ids import AgentId
from domain.tasks.facts import MediaState, TaskDirection
from projections.desk.audience import Audience
from tests.commands.floor import MARIA, OMAR, PAUL, ZOE, Floor, talking

pytestmark = pytest.mark.anyio
SUE = AgentId("sue")
PRIMARY, ASSISTANT = ParticipantRole.PRIMARY, ParticipantRole.ASSISTANT

Scene = Callable[[Floor], Awaitable[None]]


async def alone(floor: Floor) -> None:
    """Maria talks with the customer, and nobody else is there."""


async def _comes(floor: Floor, who: AgentId, direction: TaskDirection) -> None:
    await floor.office.sends(AcceptTask(await floor.asks(direction, colleague_id=who), who))


async def in_a_consult(floor: Floor) -> None:
    await _comes(floor, PAUL, TaskDirection.CONSULT)


async def asking_for_advice(floor: Floor) -> None:
    await floor.asks(TaskDirection.CONSULT, colleague_id=PAUL)


async def in_a_conference(floor: Floor) -> None:
    await _comes(floor, PAUL, TaskDirection.DIRECT_CONFERENCE)


async def in_a_conference_that_was_a_consult(floor: Floor) -> None:
    await in_a_consult(floor)
    await floor.office.sends(PromoteColleague(floor.first, MARIA, TaskDirection.CONSULT_CONFERENCE))


async def in_a_conference_with_advice(floor: Floor) -> None:
    await in_a_conference(floor)
    await _comes(floor, ZOE, TaskDirection.CONSULT)


async def listened_to(floor: Floor) -> None:
    await floor.office.sends(MonitorConversation(floor.talk_id, SUE, "Sue"))


async def whispered_to(floor: Floor) -> None:
    await listened_to(floor)
    await floor.office.sends(Whisper(floor.talk_id, SUE))


async def joined_by_a_supervisor(floor: Floor) -> None:
    await listened_to(floor)
    await floor.office.sends(BargeIn(floor.talk_id, SUE))


async def joined_by_a_supervisor_in_a_consult(floor: Floor) -> None:
    await in_a_consult(floor)
    await joined_by_a_supervisor(floor)


@dataclass(frozen=True)
class Row:
    """`goes`: who is signed out. `left`: who is in the talk afterwards. `replaced`: is the customer first in line again?"""

    scene: Scene
    goes: AgentId
    left: dict[AgentId, ParticipantRole]
    replaced: bool


MATRIX = [
    Row(alone, OMAR, {MARIA: PRIMARY}, False),  # idle: nothing
    Row(alone, MARIA, {}, True),
    Row(in_a_consult, MARIA, {}, True),
    Row(in_a_consult, PAUL, {MARIA: PRIMARY}, False),
    Row(asking_for_advice, MARIA, {}, True),
    Row(asking_for_advice, PAUL, {MARIA: PRIMARY}, False),
    Row(in_a_conference, MARIA, {PAUL: PRIMARY}, False),
    Row(in_a_conference, PAUL, {MARIA: PRIMARY}, False),
    Row(in_a_conference_that_was_a_consult, MARIA, {PAUL: PRIMARY}, False),
    Row(in_a_conference_with_advice, MARIA, {PAUL: PRIMARY, ZOE: ASSISTANT}, False),
    Row(in_a_conference_with_advice, ZOE, {MARIA: PRIMARY, PAUL: PRIMARY}, False),
    Row(listened_to, MARIA, {}, True),
    Row(whispered_to, MARIA, {}, True),
    Row(joined_by_a_supervisor, MARIA, {SUE: PRIMARY}, False),
    Row(joined_by_a_supervisor_in_a_consult, MARIA, {SUE: PRIMARY, PAUL: ASSISTANT}, False),
    Row(joined_by_a_supervisor_in_a_consult, PAUL, {SUE: PRIMARY, MARIA: PRIMARY}, False),
]


async def signs_out(floor: Floor, agent: AgentId) -> None:
    await floor.office.sends(LogOut(agent))


async def is_forced(floor: Floor, agent: AgentId) -> None:
    policy = {"centre": DeskPolicy(logout=LogoutPolicy.REFUSE)}
    floor.office.catalog = replace(floor.office.catalog, desk_policies=policy)
    await floor.office.sends(LogOut(agent, "FORCED", forced=True))


async def stays_away(floor: Floor, agent: AgentId) -> None:
    grace_s = 10  # less than an offer rings
    floor.office.catalog = replace(
        floor.office.catalog, desk_policies={"centre": DeskPolicy(disconnect_grace_s=grace_s)}
    )
    await floor.office.sends(ConnectDesk(agent, "a"), DisconnectDesk(agent, "a"))
    await floor.office.wait(grace_s)


async def gives_work_away(floor: Floor, agent: AgentId) -> None:
    """routing 30"""
    reasons = {"callback": ReasonCode("Callback", ReasonKind.NOT_READY, reroutes_work=True)}
    floor.office.catalog = replace(floor.office.catalog, reasons=reasons)
    await floor.office.sends(MakeNotReady(agent, "callback"))


@pytest.mark.parametrize("goes", [signs_out, is_forced, stays_away, gives_work_away], ids=lambda it: it.__name__)
@pytest.mark.parametrize("row", MATRIX, ids=lambda row: f"{row.scene.__name__}, {row.goes}")
async def test_whoever_goes_leaves_the_others_as_the_matrix_says(row: Row, goes) -> None:
    floor = await talking()
    await row.scene(floor)
    await goes(floor, row.goes)
    talk = await floor.talk()
    assert {agent: part.role for agent, part in talk.agents.items()} == row.left
    assert talk.sessions
    assert (talk.request is not None) is row.replaced
    assert talk.colleagues == {}
    assert await floor.slots(row.goes) == 0
    if row.replaced:
        waiting = await floor.task(await floor.newest())
        assert (waiting.media_state, waiting.routing.priority, waiting.routing.queue_id) == (
            MediaState.QUEUED,
            11,
            "sales",
        )
        assert waiting.created.previous_task_id == floor.first


@pytest.mark.parametrize("scene", [in_a_consult, in_a_conference], ids=lambda it: it.__name__)
async def test_whoever_goes_on_is_told(scene: Scene) -> None:
    floor = await talking()
    await scene(floor)
    await floor.office.sends(LogOut(PAUL))
    audience = Audience()
    told: set[AgentId] = set()
    for recorded in await floor.office.log.read_all(limit=10_000):
        audience.feed(recorded)
        if isinstance(recorded.fact, AgentLeft) and recorded.fact.agent_id == PAUL:
            told.update(audience.of(recorded))
    assert MARIA in told
