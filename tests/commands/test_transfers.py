"""Agents pass their customer on, to a queue or to a colleague, and nobody is ever left alone (routing 43, 44)."""

from dataclasses import replace

import pytest

from commands.agents import LogOut, MakeNotReady, ReserveSlot
from commands.answering import HoldConversation
from commands.attendance import LeaveConversation
from commands.colleagues import AskColleague, WithdrawRequest
from commands.conversations import SetConversationData
from commands.tasks import AcceptTask
from commands.wrap_up import FinishWrapUp
from domain.agents.agent import NotRoutable
from domain.agents.facts import MrdState, SlotReserved
from domain.conversations.facts import (
    AgentRequestEnded,
    ColleagueRequested,
    ConversationResumed,
    ConversationState,
    Release,
    ResumeReason,
)
from domain.ids import OfferId, QueueId, TaskId
from domain.kernel import Invalid, NotFound, Refused
from domain.lines.line import QueueDraining
from domain.tasks.facts import MediaState, TaskCloseReason, TaskDirection, TaskMode, TaskState
from domain.tasks.refusals import NotYourTask, TaskOver
from domain.tasks.task import REROUTE_PRIORITY
from tests.commands.floor import MARIA, OMAR, PAUL, RETURNS, SALES, ZOE, Floor, talking
from tests.commands.office import message
from tests.domain.configuration.situations import CHAT, EMAIL

pytestmark = pytest.mark.anyio
TRANSFER, AGENT = TaskDirection.DIRECT_TRANSFER, TaskMode.AGENT


async def test_a_customer_who_is_passed_on_waits_in_the_new_queue() -> None:  # routing 27, 43
    floor = await talking()
    await floor.office.wait(30)
    request = await floor.asks(TRANSFER, queue_id=RETURNS, note="A parcel", priority=3)
    waiting = await floor.task(request)
    assert (waiting.created.direction, waiting.created.mode) == (TRANSFER, TaskMode.QUEUE)
    assert (waiting.created.previous_task_id, waiting.created.requested_by, waiting.created.note) == (
        floor.first,
        MARIA,
        "A parcel",
    )
    assert (waiting.media_state, waiting.routing.queue_id, waiting.routing.priority) == (
        MediaState.QUEUED,
        RETURNS,
        3,
    )
    assert waiting.routing.first_enqueued_at == floor.office.now
    assert (waiting.routing.expires_at - floor.office.now).total_seconds() == 600  # a new wait begins
    assert await floor.told() == ["One moment, please: a colleague takes over."]
    talk = await floor.talk()
    assert (talk.talking, talk.state, talk.bot) == ([], ConversationState.ACTIVE, None)
    assert (await floor.task(floor.first)).state is TaskState.WRAP_UP
    await floor.comes(PAUL)
    assert ((await floor.talk()).talking, (await floor.talk()).awaited) == ([PAUL], set())


async def test_a_customer_who_is_passed_on_is_told_what_the_new_queue_has_to_say() -> None:  # routing 43
    floor = await talking()
    it = floor.office.catalog
    returns = replace(it.queues[RETURNS], transfer_message="Returns will be with you soon.")
    floor.office.catalog = replace(it, queues={**it.queues, RETURNS: returns})
    await floor.asks(TRANSFER, queue_id=RETURNS)
    assert await floor.told() == ["Returns will be with you soon."]


async def test_a_transfer_stays_one_however_its_wrap_up_ends() -> None:  # routing 3, 43
    floor = await talking()
    await floor.asks(TRANSFER, queue_id=SALES)
    await floor.office.sends(FinishWrapUp(floor.first, MARIA))
    assert await floor.reasons() == [TaskCloseReason.TRANSFERRED]
    assert await floor.slots(MARIA) == 0
    other = await talking()
    await other.asks(TRANSFER, queue_id=SALES)
    await other.office.wait(60)
    assert await other.reasons() == [TaskCloseReason.TRANSFERRED]


async def test_where_wrap_up_is_off_a_transfer_ends_the_task_at_once() -> None:  # routing 43
    floor = await talking()
    catalog = floor.office.catalog
    sales = replace(catalog.queues[SALES], wrap_up_enabled=False)
    floor.office.catalog = replace(catalog, queues={**catalog.queues, SALES: sales})
    await floor.asks(TRANSFER, queue_id=RETURNS)
    assert await floor.reasons() == [TaskCloseReason.TRANSFERRED]
    assert await floor.slots(MARIA) == 0


async def test_a_queue_tries_on_when_an_agent_misses_it() -> None:  # routing 43
    floor = await talking()
    request = await floor.asks(TRANSFER, queue_id=RETURNS)
    await floor.rings(PAUL)
    await floor.office.wait(20)
    again = await floor.newest()
    waiting = await floor.task(again)
    assert (waiting.created.direction, waiting.created.requested_by) == (TRANSFER, MARIA)
    assert (waiting.routing.root_request_id, waiting.routing.priority) == (request, REROUTE_PRIORITY)
    assert {MARIA, PAUL} == waiting.routing.excluded
    await floor.comes(ZOE)
    assert (await floor.talk()).talking == [ZOE]


async def test_a_customer_for_whom_nobody_was_free_is_told() -> None:  # routing 28, 43
    floor = await talking()
    await floor.asks(TRANSFER, queue_id=RETURNS)
    await floor.office.wait(600)
    assert (await floor.told())[1:] == ["Nobody is free at the moment. Please write to us again later."]
    talk = await floor.talk()
    assert (talk.awaited, talk.state) == (set(), ConversationState.INACTIVE)
    await floor.office.sends(message("again"))  # and is heard when they write again
    assert (await floor.talk()).request is not None


async def test_their_silence_counts_from_then_on() -> None:  # routing 28
    floor = await talking()
    await floor.asks(TRANSFER, queue_id=RETURNS)
    await floor.office.wait(600)
    await floor.office.wait(599)
    assert (await floor.talk()).sessions != {}
    await floor.office.wait(1)
    assert (await floor.talk()).state is ConversationState.CLOSED


async def test_whoever_stays_until_the_other_comes_leaves_then() -> None:  # routing 44: release on accept
    floor = await talking()
    await floor.asks(TRANSFER, queue_id=RETURNS, release=Release.ON_ACCEPT)
    assert (await floor.talk()).talking == [MARIA]
    assert await floor.told() == []
    await floor.comes(PAUL)
    assert (await floor.talk()).talking == [PAUL]
    await floor.office.sends(FinishWrapUp(floor.first, MARIA))
    assert await floor.reasons() == [TaskCloseReason.TRANSFERRED]


async def test_whoever_stays_hears_that_nobody_was_free_and_goes_on() -> None:
    floor = await talking()
    await floor.asks(TRANSFER, queue_id=RETURNS, release=Release.ON_ACCEPT)
    await floor.office.wait(600)
    assert ((await floor.talk()).talking, (await floor.talk()).awaited) == ([MARIA], set())
    assert await floor.told() == []
    await floor.asks(TRANSFER, queue_id=SALES)


async def test_whoever_stays_may_call_it_off() -> None:  # routing 49
    floor = await talking()
    request = await floor.asks(TRANSFER, queue_id=RETURNS, release=Release.ON_ACCEPT)
    ringing = await floor.rings(PAUL)
    await floor.office.sends(WithdrawRequest(floor.first, MARIA, request))
    assert await floor.reasons() == [TaskCloseReason.CANCELLED]
    assert await floor.mrd(PAUL) is MrdState.READY  # without blame
    with pytest.raises(Refused):
        await floor.office.send(AcceptTask(ringing, PAUL))


# By name (routing 44)


async def by_name(floor: Floor, **how: object) -> TaskId:
    return await floor.asks(TRANSFER, colleague_id=PAUL, **how)


async def test_a_named_colleague_is_asked_at_once_without_the_engine() -> None:
    floor = await talking()
    request = await by_name(floor, note="She asks for you")
    ringing = await floor.task(request)
    assert (ringing.media_state, ringing.offer.agent_id) == (MediaState.RESERVED, PAUL)
    assert (ringing.created.mode, ringing.created.note, ringing.routing) == (AGENT, "She asks for you", None)
    await floor.office.sends(AcceptTask(request, PAUL))
    assert (await floor.talk()).talking == [PAUL]
    await floor.customer_leaves()
    assert (await floor.task(request)).state is TaskState.WRAP_UP  # as in the queue of the talk
    await floor.office.wait(60)
    assert await floor.reasons() == [TaskCloseReason.TRANSFERRED, TaskCloseReason.WRAP_UP_EXPIRED]


async def test_a_named_colleague_who_misses_it_sends_the_customer_back_first_in_line() -> None:
    floor = await talking()
    request = await by_name(floor)
    await floor.office.wait(20)
    back = await floor.newest()
    waiting = await floor.task(back)
    assert (await floor.reasons())[0] is TaskCloseReason.RONA
    assert await floor.mrd(PAUL) is MrdState.NOT_READY
    assert (waiting.routing.queue_id, waiting.routing.priority, waiting.routing.excluded) == (
        SALES,
        REROUTE_PRIORITY,
        {PAUL},
    )
    assert (waiting.created.previous_task_id, waiting.routing.root_request_id) == (request, request)
    assert (await floor.talk()).awaited == {request}
    await floor.comes(ZOE)
    assert ((await floor.talk()).talking, (await floor.talk()).awaited) == ([ZOE], set())


async def test_a_named_colleague_who_misses_it_leaves_the_customer_with_whoever_stayed() -> None:
    floor = await talking()
    request = await by_name(floor, release=Release.ON_ACCEPT)
    await floor.office.wait(20)
    assert (await floor.talk()).talking == [MARIA]
    assert [(it.task_id, it.reason) for it in await floor.office.facts(AgentRequestEnded)] == [(request, "RONA")]
    assert (await floor.task(floor.first)).media_state is MediaState.ACTIVE


@pytest.mark.parametrize("release", Release)
async def test_a_named_colleague_who_signs_out_while_it_rings_does_not_keep_the_customer(release: Release) -> None:
    floor = await talking()
    await by_name(floor, release=release)
    await floor.office.sends(LogOut(PAUL))
    stays = release is Release.ON_ACCEPT
    assert (await floor.talk()).talking == ([MARIA] if stays else [])
    assert bool((await floor.talk()).awaited) != stays
    if not stays:
        await floor.comes(ZOE)


@pytest.mark.parametrize("whom", [{"queue_id": SALES}, {"colleague_id": PAUL}], ids=["queue", "name"])
async def test_a_request_whose_agent_signs_out_before_it_rings_waits_on(whom: dict) -> None:  # routing 37
    floor = await talking()
    await floor.office.send(AskColleague(floor.first, MARIA, TRANSFER, **whom))
    request = None
    while request is None or PAUL not in await floor.office.subjects(SlotReserved):
        recorded = (await floor.office.log.read_all(floor.office.reacted))[0]
        await floor.office.react(recorded)
        floor.office.reacted = recorded.position
        request = (await floor.office.facts(ColleagueRequested))[-1].task_id
        if "queue_id" in whom and await floor.newest() == request:
            await floor.office.send(ReserveSlot(PAUL, CHAT, request, OfferId("held"), 0))
    await floor.office.send(LogOut(PAUL))
    await floor.office.settle()
    waiting = await floor.task(await floor.newest())
    assert (waiting.media_state, waiting.root_request_id) == (MediaState.QUEUED, request)
    assert await floor.slots(PAUL) == 0
    assert (await floor.talk()).awaited == {request}


async def test_who_cannot_have_it_is_refused_before_anybody_left() -> None:
    floor = await talking()
    await floor.office.sends(MakeNotReady(PAUL, "lunch"))
    for whom, refusal in (
        ({"colleague_id": PAUL}, NotRoutable),
        ({"colleague_id": "nobody"}, NotFound),
        ({"colleague_id": MARIA}, Invalid),
        ({"queue_id": QueueId("letters")}, Invalid),  # of another media routing domain (routing 63)
        ({"queue_id": QueueId("nowhere")}, NotFound),
        ({}, Invalid),
        ({"queue_id": SALES, "colleague_id": ZOE}, Invalid),
        ({"queue_id": SALES, "priority": 11}, Invalid),
    ):
        with pytest.raises(refusal):
            await floor.office.send(AskColleague(floor.first, MARIA, TRANSFER, **whom))
    assert (await floor.talk()).talking == [MARIA]


async def test_who_became_busy_in_between_does_not_keep_the_customer() -> None:
    """Between the question and the reservation: nothing ever rings, and the customer is first in line."""
    floor = await talking()
    await floor.office.send(AskColleague(floor.first, MARIA, TRANSFER, colleague_id=PAUL))
    await floor.office.send(MakeNotReady(PAUL, "lunch"))
    await floor.office.settle()
    assert (await floor.reasons())[0] is TaskCloseReason.NO_AGENT_AVAILABLE
    waiting = await floor.task(await floor.newest())
    assert (waiting.media_state, waiting.routing.priority) == (MediaState.QUEUED, REROUTE_PRIORITY)
    assert waiting.routing.excluded == frozenset()  # nothing rang: Paul may have it after lunch
    await floor.comes(ZOE)


async def test_what_a_request_carries_is_asked_anew_by_the_queue_to_which_it_is_passed_on() -> None:  # routing 45
    """What is known of the customer goes along; steps, waiting and the last agent of the former queue do not."""
    floor = await talking()
    await floor.office.sends(SetConversationData(floor.talk_id, {"order": "250", "segment": "vip"}))
    passed_on = (await floor.task(await floor.asks(TRANSFER, queue_id=RETURNS))).routing
    assert passed_on.data == {"order": "250"}  # what the steps of the new queue ask about
    assert (passed_on.step, passed_on.steps, passed_on.also_in, passed_on.last_agent_id) == (0, {}, (), None)


async def test_where_the_talk_has_no_queue_any_more_the_customer_is_told() -> None:  # routing 28
    floor = await talking()
    await by_name(floor)
    floor.office.catalog = replace(floor.office.catalog, queues={})
    await floor.office.wait(20)
    assert len(await floor.told()) == 2
    assert (await floor.talk()).awaited == set()


async def test_only_whoever_talks_for_it_passes_a_task_on() -> None:
    floor = await talking()
    with pytest.raises(NotYourTask):
        await floor.office.send(AskColleague(floor.first, PAUL, TRANSFER, queue_id=SALES))
    with pytest.raises(NotFound):
        await floor.office.send(AskColleague(TaskId("none"), PAUL, TRANSFER, queue_id=SALES))
    await floor.office.sends(LeaveConversation(floor.talk_id, MARIA))
    with pytest.raises(TaskOver):
        await floor.office.send(AskColleague(floor.first, MARIA, TRANSFER, queue_id=SALES))


async def test_a_customer_who_leaves_meanwhile_leaves_nothing_behind() -> None:  # routing 49
    for whom in ({"queue_id": SALES}, {"colleague_id": PAUL}):
        floor = await talking()
        await floor.asks(TRANSFER, **whom)
        await floor.customer_leaves()
        await floor.office.wait(60)
        assert await floor.reasons() == [TaskCloseReason.CANCELLED, TaskCloseReason.TRANSFERRED]
        assert (await floor.talk()).state is ConversationState.CLOSED
        assert await floor.slots(PAUL) == 0


async def test_a_customer_may_be_passed_back_while_the_first_still_wraps_up() -> None:
    floor = await talking()
    request = await by_name(floor)
    await floor.office.sends(AcceptTask(request, PAUL))
    back = await floor.asks(TRANSFER, by=PAUL, task=request, colleague_id=MARIA)
    await floor.office.sends(AcceptTask(back, MARIA))
    assert (await floor.talk()).talking == [MARIA]
    await floor.office.sends(FinishWrapUp(floor.first, MARIA))
    assert (await floor.talk()).talking == [MARIA]


async def test_an_agent_for_whom_it_rings_but_who_is_in_the_talk_is_not_the_one() -> None:  # routing 12
    """The engine did not know yet that Paul came by another way: the request goes on without him."""
    floor = await talking()
    await floor.asks(TaskDirection.DIRECT_CONFERENCE, queue_id=SALES)
    rings_at_paul = await floor.rings(PAUL)
    consult = await floor.asks(TaskDirection.CONSULT, colleague_id=OMAR)
    await floor.office.sends(AcceptTask(consult, OMAR))
    await floor.office.sends(AcceptTask(rings_at_paul, PAUL))
    third = await floor.asks(TaskDirection.CONSULT, queue_id=SALES)
    await floor.office.sends(ReserveSlot(PAUL, CHAT, third, OfferId("again"), 0), AcceptTask(third, PAUL))
    waiting = await floor.task(await floor.newest())
    assert waiting.media_state is MediaState.QUEUED
    assert PAUL in waiting.routing.excluded
    assert await floor.slots(PAUL) == 1


@pytest.mark.parametrize("release", Release)
async def test_a_customer_on_hold_who_is_passed_on_is_on_hold_no_more(release: Release) -> None:  # routing 45
    floor = await talking()
    await floor.office.sends(HoldConversation((await floor.task(floor.first)).created.conversation_id, MARIA, 600))
    assert (await floor.talk()).state is ConversationState.ON_HOLD
    await floor.asks(TRANSFER, queue_id=RETURNS, release=release)
    assert (await floor.talk()).state is ConversationState.ACTIVE
    await floor.office.wait(500)
    assert [it.reason for it in await floor.office.facts(ConversationResumed)] == [ResumeReason.TRANSFER]


async def test_nobody_is_passed_on_to_a_queue_that_drains() -> None:  # routing 63
    floor = await talking()
    office = floor.office
    drains = replace(office.catalog.queue(RETURNS), draining=True)
    office.catalog = replace(office.catalog, queues={**office.catalog.queues, RETURNS: drains})
    with pytest.raises(QueueDraining):
        await office.send(AskColleague(floor.first, MARIA, TRANSFER, queue_id=RETURNS))
    assert (await floor.talk()).talking == [MARIA]


# A customer who comes by another channel, too (routing 50)


async def test_a_second_session_belongs_to_the_same_task() -> None:
    floor = await talking()
    await floor.office.sends(message("second", "sms-line"))
    task = await floor.task(floor.first)
    assert await floor.newest() == floor.first
    assert (await floor.talk()).awaited == set()
    assert task.media == {CHAT: tuple((await floor.talk()).sessions)}
    assert len(task.media[CHAT]) == 2


async def test_a_session_of_another_domain_is_another_media_of_the_same_task() -> None:
    floor = await talking()
    catalog = floor.office.catalog
    letters = replace(catalog.channel_types["sms"], mrd_id=EMAIL)
    floor.office.catalog = replace(catalog, channel_types={**catalog.channel_types, "sms": letters})
    await floor.office.sends(message("second", "sms-line"))
    assert await floor.newest() == floor.first
    assert list((await floor.task(floor.first)).media) == [CHAT, EMAIL]


async def test_a_session_of_a_domain_that_joins_by_itself_belongs_to_the_media_that_is_there() -> None:  # routing 50
    floor = await talking()
    it = floor.office.catalog
    letters = replace(it.channel_types["sms"], mrd_id=EMAIL)
    joins = replace(it.mrds[EMAIL], auto_join=True)
    floor.office.catalog = replace(
        it, channel_types={**it.channel_types, "sms": letters}, mrds={**it.mrds, EMAIL: joins}
    )
    await floor.office.sends(message("second", "sms-line"))
    assert await floor.newest() == floor.first
    assert (await floor.task(floor.first)).media == {CHAT: tuple((await floor.talk()).sessions)}


async def test_whoever_joins_later_has_both_sessions() -> None:
    floor = await talking()
    await floor.office.sends(message("second", "sms-line"))
    request = await by_name(floor)
    await floor.office.sends(AcceptTask(request, PAUL))
    assert len((await floor.task(request)).media[CHAT]) == 2
