"""Agents ask a colleague for advice, or to come in beside them (routing 46, 47, 49)."""

from dataclasses import replace

import pytest

from commands.agents import LogOut
from commands.attendance import LeaveConversation
from commands.colleagues import EndConsult, PromoteColleague, WithdrawRequest
from commands.conversations import PostAgentMessage, SetConversationData
from commands.tasks import AcceptTask
from commands.wrap_up import FinishWrapUp
from domain.agents.facts import MrdState
from domain.channels.messages import Body
from domain.configuration.priorities import PriorityLabel
from domain.conversations.facts import AgentRequestEnded, ConversationState, MessagePosted, ParticipantRole
from domain.conversations.standing import TooManyAgents
from domain.customers.facts import QueueVisited
from domain.ids import AgentId, MessageId, TaskId
from domain.tasks.facts import MediaState, TaskCloseReason, TaskDirection, TaskReserved, TaskState
from tests.commands.floor import MARIA, OMAR, PAUL, SALES, ZOE, Floor, talking

pytestmark = pytest.mark.anyio
CONSULT, CONFERENCE = TaskDirection.CONSULT, TaskDirection.DIRECT_CONFERENCE
BECOMES_TRANSFER, BECOMES_CONFERENCE = TaskDirection.CONSULT_TRANSFER, TaskDirection.CONSULT_CONFERENCE


async def consulting() -> tuple[Floor, TaskId]:
    """Maria talks with the customer, and asks Paul."""
    floor = await talking()
    request = await floor.asks(CONSULT, colleague_id=PAUL, note="May I refund this?")
    await floor.office.sends(AcceptTask(request, PAUL))
    return floor, request


async def test_who_is_consulted_whispers_and_the_customer_hears_nothing() -> None:  # routing 46
    floor, _ = await consulting()
    talk = await floor.talk()
    assert talk.agents[PAUL].role is ParticipantRole.ASSISTANT
    assert talk.talking == [MARIA]
    await floor.office.sends(PostAgentMessage(floor.talk_id, PAUL, MessageId("p1"), Body(text="You may.")))
    said = (await floor.office.facts(MessagePosted))[-1]
    assert (said.body.text, said.session_id) == ("You may.", None)
    assert await floor.told() == []


async def test_a_consult_by_queue_is_routed_like_any_other_request() -> None:  # routing 46
    floor = await talking()
    request = await floor.asks(CONSULT, queue_id=SALES, priority=10)
    waiting = await floor.task(request)
    assert (waiting.created.direction, waiting.routing.priority, waiting.routing.excluded) == (CONSULT, 10, {MARIA})
    await floor.rings(PAUL)
    await floor.office.wait(20)
    assert (await floor.task(await floor.newest())).created.direction is CONSULT
    await floor.comes(ZOE)
    assert (await floor.talk()).agents[ZOE].role is ParticipantRole.ASSISTANT
    assert (await floor.talk()).talking == [MARIA]


async def test_what_makes_a_customer_urgent_makes_no_consult_urgent() -> None:  # routing 46, 55
    """Nor is the customer back in a queue in which a colleague was asked for."""
    floor = await talking()
    it = floor.office.catalog
    urgent = replace(it.queues[SALES], returning_first=True, priority_labels=(PriorityLabel("segment", "vip"),))
    floor.office.catalog = replace(it, queues={**it.queues, SALES: urgent})
    await floor.office.sends(SetConversationData(floor.talk_id, {"segment": "vip"}))
    for direction in (CONSULT, CONFERENCE):
        request = await floor.asks(direction, queue_id=SALES, priority=3)
        assert (await floor.task(request)).routing.priority == 3
    assert await floor.office.facts(QueueVisited) == []


async def test_a_consult_becomes_a_transfer_without_a_new_offer() -> None:  # routing 46
    floor, advice = await consulting()
    offers = len(await floor.office.facts(TaskReserved))
    await floor.office.sends(PromoteColleague(floor.first, MARIA, BECOMES_TRANSFER))
    assert (await floor.talk()).talking == [PAUL]
    assert len(await floor.office.facts(TaskReserved)) == offers
    assert (await floor.task(advice)).direction is BECOMES_TRANSFER
    await floor.office.sends(FinishWrapUp(floor.first, MARIA))
    assert await floor.reasons() == [TaskCloseReason.TRANSFERRED]


async def test_a_consult_becomes_a_conference_without_a_new_offer() -> None:  # routing 46
    floor, advice = await consulting()
    await floor.office.sends(PromoteColleague(floor.first, MARIA, BECOMES_CONFERENCE, PAUL))
    assert (await floor.talk()).talking == [MARIA, PAUL]
    assert (await floor.task(advice)).direction is BECOMES_CONFERENCE
    await floor.office.sends(LeaveConversation(floor.talk_id, MARIA))
    assert (await floor.talk()).talking == [PAUL]  # the rest go on


async def test_a_consult_ends_and_whoever_gave_advice_wraps_up() -> None:  # routing 46
    floor, advice = await consulting()
    await floor.office.sends(EndConsult(floor.first, MARIA))
    assert (await floor.task(advice)).state is TaskState.WRAP_UP
    assert (await floor.talk()).talking == [MARIA]
    await floor.office.sends(FinishWrapUp(advice, PAUL))
    assert await floor.mrd(PAUL) is MrdState.READY


async def test_a_consulted_colleague_who_misses_it_is_no_matter_for_the_customer() -> None:  # routing 46
    floor = await talking()
    request = await floor.asks(CONSULT, colleague_id=PAUL)
    await floor.office.wait(20)
    assert [(it.task_id, it.reason) for it in await floor.office.facts(AgentRequestEnded)] == [(request, "RONA")]
    talk = await floor.talk()
    assert (talk.talking, talk.awaited) == ([MARIA], set())
    assert await floor.told() == []


async def test_a_consult_for_which_nobody_is_free_is_reported_to_whoever_asked() -> None:  # routing 28, 46
    floor = await talking()
    await floor.asks(CONSULT, queue_id=SALES)
    await floor.office.wait(600)
    assert [it.reason for it in await floor.office.facts(AgentRequestEnded)] == ["NO_AGENT_AVAILABLE"]
    assert ((await floor.talk()).talking, await floor.told()) == ([MARIA], [])


async def test_a_colleague_comes_beside_whoever_talks() -> None:  # routing 47
    floor = await talking()
    by_queue = await floor.asks(CONFERENCE, queue_id=SALES)
    await floor.comes(PAUL)
    by_name = await floor.asks(CONFERENCE, colleague_id=ZOE)
    await floor.office.sends(AcceptTask(by_name, ZOE))
    assert (await floor.talk()).talking == [MARIA, PAUL, ZOE]
    assert {(await floor.task(it)).media_state for it in (by_queue, by_name)} == {MediaState.ACTIVE}
    await floor.customer_leaves()
    assert (await floor.talk()).state is ConversationState.WRAP_UP
    assert {part.role for part in (await floor.talk()).agents.values()} == {ParticipantRole.WRAP_UP}


async def test_four_agents_are_enough() -> None:  # routing 47
    floor = await talking(MARIA, PAUL, ZOE, OMAR, AgentId("anna"))
    for colleague in (PAUL, ZOE, OMAR):
        request = await floor.asks(CONFERENCE, colleague_id=colleague)
        await floor.office.sends(AcceptTask(request, colleague))
    with pytest.raises(TooManyAgents):
        await floor.asks(CONSULT, colleague_id=AgentId("anna"))


@pytest.mark.parametrize("direction", [CONSULT, CONFERENCE])
@pytest.mark.parametrize("whom", [{"queue_id": SALES}, {"colleague_id": PAUL}], ids=["queue", "name"])
async def test_who_was_asked_is_not_needed_when_nobody_talks_any_more(direction: TaskDirection, whom: dict) -> None:
    """routing 49"""
    floor = await talking()
    request = await floor.asks(direction, **whom)
    if "queue_id" in whom:
        await floor.rings(PAUL)
    await floor.office.sends(LeaveConversation(floor.talk_id, MARIA))
    assert (await floor.task(request)).closed is TaskCloseReason.CANCELLED
    assert await floor.mrd(PAUL) is MrdState.READY  # without blame
    assert (await floor.talk()).state is ConversationState.INACTIVE


@pytest.mark.parametrize("direction", [CONSULT, CONFERENCE])
async def test_who_accepts_when_nobody_talks_any_more_is_sent_away(direction: TaskDirection) -> None:  # routing 49
    floor = await talking()
    request = await floor.asks(direction, colleague_id=PAUL)
    await floor.office.send(LeaveConversation(floor.talk_id, MARIA))
    await floor.office.send(AcceptTask(request, PAUL))
    await floor.office.settle()
    assert (await floor.task(request)).closed is TaskCloseReason.CANCELLED
    assert await floor.slots(PAUL) == 0


async def test_who_was_asked_may_be_told_not_to_come() -> None:  # routing 49
    floor = await talking()
    request = await floor.asks(CONFERENCE, queue_id=SALES)
    await floor.office.sends(WithdrawRequest(floor.first, MARIA, request))
    assert await floor.reasons() == [TaskCloseReason.CANCELLED]
    assert (await floor.talk()).awaited == set()


async def test_a_request_that_is_called_off_before_it_stands_in_line_does_not_stay_there() -> None:  # routing 49
    for whom in ({"queue_id": SALES}, {"colleague_id": PAUL}):
        floor = await talking()
        request = await floor.asks(CONSULT, colleague_id=OMAR)
        await floor.office.sends(WithdrawRequest(floor.first, MARIA, request))
        settle, floor.office.settle = floor.office.settle, _nothing
        request = await floor.asks(CONSULT, **whom)
        await floor.office.send(WithdrawRequest(floor.first, MARIA, request))
        floor.office.settle = settle
        await floor.office.settle()
        assert (await floor.task(request)).closed is TaskCloseReason.CANCELLED
        assert await floor.slots(PAUL) == 0


async def _nothing() -> None:
    return


async def test_whoever_gives_advice_and_signs_out_is_not_replaced() -> None:  # routing 38
    floor, _ = await consulting()
    await floor.office.sends(LogOut(PAUL))
    talk = await floor.talk()
    assert (talk.talking, talk.awaited, list(talk.agents)) == ([MARIA], set(), [MARIA])


async def test_whoever_asked_for_advice_and_signs_out_is_replaced_and_the_advice_ends() -> None:  # routing 38
    floor, advice = await consulting()
    await floor.office.sends(LogOut(MARIA))
    talk = await floor.talk()
    assert (talk.agents, talk.request is not None) == ({}, True)
    assert (await floor.task(advice)).state is TaskState.WRAP_UP
    await floor.comes(ZOE)
    assert (await floor.talk()).talking == [ZOE]


async def test_in_a_conference_the_rest_go_on_when_one_signs_out() -> None:  # routing 38
    floor, _ = await consulting()
    await floor.office.sends(PromoteColleague(floor.first, MARIA, BECOMES_CONFERENCE), LogOut(MARIA))
    talk = await floor.talk()
    assert (talk.talking, talk.request, talk.awaited) == ([PAUL], None, set())


async def test_whoever_signs_out_is_replaced_in_the_queue_where_the_customer_stood() -> None:  # routing 37, 38
    floor = await talking()
    catalog = floor.office.catalog
    other = {"support": replace(catalog.queues[SALES], name="Support")}
    floor.office.catalog = replace(catalog, queues={**catalog.queues, **other})
    await floor.asks(TaskDirection.DIRECT_TRANSFER, queue_id="support")
    second = await floor.comes(PAUL)
    await floor.office.sends(LogOut(PAUL))
    waiting = await floor.task(await floor.newest())
    assert (waiting.routing.queue_id, waiting.routing.priority, waiting.created.previous_task_id) == (
        "support",
        11,
        second,
    )
