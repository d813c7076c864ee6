"""An agent stops, or must: what becomes of their work, and of the customers in it? routing 30, 34 to 37."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from commands.agents import GrantMrd, LogIn, LogOut, MakeNotReady, MakeReady, RegisterAgent, ReleaseSlot, ReserveSlot
from commands.colleagues import AskColleague
from commands.domains import MirrorMrd
from commands.tasks import AcceptTask, TakeTaskAway
from domain.agents.agent import Agent, HasWork
from domain.agents.facts import AgentState, LoggedOut, MadeNotReady, MrdState, SlotReserved, SlotState
from domain.channels.inbound import Contact, ContactKind
from domain.channels.messages import SenderType
from domain.configuration.settings import (
    ChannelType,
    DeskPolicy,
    InterruptionAction,
    LogoutPolicy,
    MediaRoutingDomain,
    Queue,
    ReasonCode,
    ReasonKind,
    RoutingPolicy,
)
from domain.conversations.conversation import Conversation
from domain.conversations.facts import ConversationStarted, ConversationState, MessagePosted
from domain.ids import MrdId, OfferId, QueueId, TaskId
from domain.kernel import Cause
from domain.tasks.facts import MediaState, TaskClosed, TaskCloseReason, TaskCreated, TaskDirection, TaskNamed
from domain.tasks.refusals import OfferGone
from domain.tasks.task import REROUTE_PRIORITY, Task
from tests.commands.office import Office, an_office, message
from tests.commands.scenes import MARIA, PAUL, chat, hang_up, newest, reasons, rings, talk, talks, task
from tests.domain.agents.situations import CHAT, EMAIL
from tests.domain.configuration.situations import WHATSAPP

pytestmark = pytest.mark.anyio
CALLS, CALLER = MrdId("calls"), Contact(ContactKind.PHONE, "+4989555")
GONE = TaskCloseReason.AGENT_LOGOUT


PHONE_LINE = replace(
    WHATSAPP, name="Phone", channel_type_id="phone", routing=RoutingPolicy(queue_id=QueueId("hotline"))
)


async def staffed(
    desks: DeskPolicy | None = None, action: InterruptionAction = InterruptionAction.REROUTE, **calls
) -> Office:
    """Chats can be interrupted, calls cannot."""
    office = an_office()
    mrds = {
        CHAT: MediaRoutingDomain("Chat", interruptible=True, interruption_action=action),
        CALLS: MediaRoutingDomain("Calls", **calls),
    }
    reasons = {"callback": ReasonCode("Callback", ReasonKind.NOT_READY, reroutes_work=True)}
    office.catalog = replace(
        office.catalog,
        mrds={**office.catalog.mrds, **mrds},
        reasons={**office.catalog.reasons, **reasons},
        queues={**office.catalog.queues, "hotline": Queue("Hotline", CALLS)},
        channel_types={**office.catalog.channel_types, "phone": ChannelType("Phone", CALLS)},
        channels={**office.catalog.channels, "phone-line": PHONE_LINE},
        desk_policies={"centre": desks or DeskPolicy()},
    )
    for agent in (MARIA, PAUL):
        await office.sends(RegisterAgent(agent, agent, agent.title()), GrantMrd(agent, CHAT, 2), GrantMrd(agent, CALLS))
        await office.sends(LogIn(agent), MakeReady(agent))
    return office


async def maria(office: Office) -> Agent:
    return await office.load(Agent, MARIA)


async def a_call_comes(office: Office) -> TaskId:
    await office.sends(message(1, "phone-line", CALLER))
    call = TaskId(await newest(office, TaskCreated))
    await office.sends(ReserveSlot(MARIA, CALLS, call, OfferId("call"), 0))
    return call


async def order(office: Office) -> list[str]:
    said: list[str] = []
    for recorded in await office.log.read_all(limit=10_000):
        match recorded.fact:
            case MadeNotReady():
                said.append("not ready")
            case TaskClosed(reason=reason):
                said.append(str(reason))
            case LoggedOut():
                said.append("logged out")
    return said


# Signing out (routing 37)


async def test_offers_go_back_then_talks_go_on_and_then_they_are_out() -> None:
    office = await staffed()
    await a_talk_and_an_offer(office)
    await office.send(LogOut(MARIA, "home"))
    assert await order(office) == ["not ready", "REROUTE", "AGENT_LOGOUT", "logged out"]
    await office.settle()
    waiting = await task(office)
    assert (waiting.media_state, waiting.routing.priority) == (MediaState.QUEUED, REROUTE_PRIORITY)
    assert waiting.routing.queue_id == "sales"
    assert ((await maria(office)).state, (await maria(office)).reason) == (AgentState.LOGOUT, "home")
    assert (await maria(office)).mrds[CHAT].misses == 0


async def a_talk_and_an_offer(office: Office) -> None:
    """Maria talks with one customer, and another rings at her."""
    await office.sends(message(1))
    await talks(office)
    await office.sends(message(1, "whatsapp-line", CALLER))
    await rings(office)


async def test_an_offer_goes_back_before_they_are_out_where_live_work_is_in_the_way() -> None:
    office = await staffed(DeskPolicy(logout=LogoutPolicy.REFUSE))
    await office.sends(message(1))
    await rings(office)
    await office.send(LogOut(MARIA))
    assert await order(office) == ["not ready", "REROUTE", "logged out"]


async def test_an_offer_goes_back_before_talks_are_closed() -> None:
    office = await staffed(DeskPolicy(logout=LogoutPolicy.CLOSE))
    await a_talk_and_an_offer(office)
    await office.send(LogOut(MARIA))
    assert await order(office) == ["not ready", "REROUTE", "AGENT_LOGOUT", "logged out"]


async def test_whoever_may_not_leave_loses_nothing() -> None:
    office = await staffed(DeskPolicy(logout=LogoutPolicy.REFUSE))
    await a_talk_and_an_offer(office)
    with pytest.raises(HasWork):
        await office.send(LogOut(MARIA))
    assert (await order(office), (await task(office)).media_state) == ([], MediaState.RESERVED)


async def test_an_offer_goes_back_without_a_count() -> None:
    office = await staffed()
    await office.sends(message(1))
    await rings(office)
    await office.sends(LogOut(MARIA), LogIn(MARIA), MakeReady(MARIA))
    assert await reasons(office) == [TaskCloseReason.REROUTE]
    assert (await maria(office)).mrds[CHAT].misses == 0
    assert (await task(office)).routing.excluded == frozenset()  # routing 24


async def test_what_rings_where_the_slot_was_given_back_is_withdrawn() -> None:  # routing 18, 37
    """Two processes carry out one offer: one knows that its agent is gone, the other lets it ring."""
    office = await staffed()
    await office.sends(message(1))
    waiting = TaskId(await newest(office, TaskCreated))
    await office.send(ReserveSlot(MARIA, CHAT, waiting, OfferId("o"), 0))
    await office.send(ReleaseSlot(MARIA, waiting, "the agent was gone"))
    due, other = office.now + timedelta(seconds=20), Cause(uuid4())
    await office.store.change(Task, waiting, lambda it: it.reserve(OfferId("o"), MARIA, due, 0), other, office.now)
    await office.settle()
    assert await reasons(office) == [TaskCloseReason.REROUTE]
    assert (await task(office)).media_state is MediaState.QUEUED


@pytest.mark.parametrize(
    "stops",
    [MakeNotReady(MARIA, "callback"), LogOut(MARIA), AcceptTask(TaskId("call"), MARIA)],
    ids=lambda it: type(it).__name__,
)
async def test_what_does_not_ring_yet_never_does_at_whoever_stops(stops) -> None:  # routing 30, 36, 37
    """The slot is held, and the agent gives their work away before anybody hears of it."""
    office = await staffed()
    await office.sends(message(1))
    waiting = TaskId(await newest(office, TaskCreated))
    if isinstance(stops, AcceptTask):
        stops = AcceptTask(await a_call_comes(office), MARIA)
    held = SlotReserved(CHAT, waiting, OfferId("o"), 0)  # by an engine that had not heard of the call yet
    await office.store.change(Agent, MARIA, lambda _: iter([held]), Cause(uuid4()), office.now)
    (reserved,) = [it for it in await office.log.read_all() if it.fact == held]
    office.reacted = reserved.position  # its reaction is late
    await office.sends(stops)
    await office.react(reserved)
    await office.settle()
    assert waiting not in (await maria(office)).slots
    before = await office.load(Task, waiting)
    assert (before.media_state, before.routing.attempt, before.offer) == (MediaState.QUEUED, 1, None)
    await office.sends(ReserveSlot(PAUL, CHAT, waiting, OfferId("p"), 0), AcceptTask(waiting, PAUL))
    assert (await office.load(Task, waiting)).agent_id == PAUL


async def test_a_colleague_who_stops_before_it_rings_gives_the_customer_back() -> None:  # routing 30, 44
    office = await staffed()
    await office.sends(message(1))
    first = await talks(office)
    await office.send(AskColleague(first, MARIA, TaskDirection.DIRECT_TRANSFER, colleague_id=PAUL))
    while not (await office.load(Agent, PAUL)).slots:
        (following,) = await office.log.read_all(office.reacted, 1)
        await office.react(following)
        office.reacted = following.position
    await office.send(MakeNotReady(PAUL, "callback"))
    behind = await office.log.read_all(office.reacted)
    for late in sorted(behind, key=lambda it: type(it.fact) is SlotReserved):
        await office.react(late)
    office.reacted = behind[-1].position
    await office.settle()
    named = TaskId((await office.subjects(TaskNamed))[0])
    assert (await office.load(Agent, PAUL)).slots == {}
    assert (await office.load(Task, named)).closed is TaskCloseReason.NO_AGENT_AVAILABLE


async def test_nobody_signs_out_in_mid_talk_where_that_is_refused() -> None:
    office = await staffed(DeskPolicy(logout=LogoutPolicy.REFUSE))
    await office.sends(message(1))
    await talks(office)
    with pytest.raises(HasWork):
        await office.send(LogOut(MARIA))
    assert (await maria(office)).state is AgentState.READY
    await hang_up(office)
    await office.sends(LogOut(MARIA))
    assert (await maria(office)).state is AgentState.LOGOUT


async def test_nothing_stops_a_supervisor() -> None:
    office = await staffed(DeskPolicy(logout=LogoutPolicy.REFUSE))
    await office.sends(message(1))
    await talks(office)
    await office.sends(LogOut(MARIA, "FORCED", forced=True))
    assert await reasons(office) == [GONE]
    assert (await task(office)).media_state is MediaState.QUEUED


async def test_talks_end_where_signing_out_closes_them() -> None:
    office = await staffed(DeskPolicy(logout=LogoutPolicy.CLOSE))
    await office.sends(message(1))
    await talks(office)
    await office.sends(LogOut(MARIA))
    assert await reasons(office) == [GONE]
    assert (await talk(office)).state is ConversationState.CLOSED
    assert (await maria(office)).slots == {}


# A reason that gives work away (routing 30)


async def test_such_a_reason_gives_all_live_work_away_at_once() -> None:
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await office.sends(MakeNotReady(MARIA, "callback"))
    assert await reasons(office) == [TaskCloseReason.REROUTE]
    waiting = await task(office)
    assert (waiting.media_state, waiting.routing.priority) == (MediaState.QUEUED, REROUTE_PRIORITY)
    assert ((await maria(office)).state, (await maria(office)).slots) == (AgentState.NOT_READY, {})
    await talks(office, PAUL)
    assert (await talk(office)).talking == [PAUL]


async def test_such_a_reason_takes_an_offer_back_and_leaves_a_wrap_up() -> None:
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await hang_up(office)
    await office.sends(message(2))
    await rings(office)
    await office.sends(MakeNotReady(MARIA, "callback"))
    assert [slot.state for slot in (await maria(office)).slots.values()] == [SlotState.WRAP_UP]
    assert (await task(office)).media_state is MediaState.QUEUED


async def test_any_other_reason_keeps_live_work_and_counts_it() -> None:
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await office.sends(MakeNotReady(MARIA, "lunch"))
    assert (await chat(office), (await maria(office)).load(CHAT)) == (MrdState.PENDING_NOT_READY, 1)
    assert (await talk(office)).talking == [MARIA]


# Interruption (routing 35, 36)


async def a_call_is_accepted(office: Office) -> TaskId:
    call = await a_call_comes(office)
    await office.sends(AcceptTask(call, MARIA))
    return call


async def test_chats_give_way_when_a_call_is_accepted_not_when_it_rings() -> None:
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    talk_id = await newest(office, ConversationStarted)
    call = await a_call_comes(office)
    chatting = await office.load(Conversation, talk_id)
    assert (await chat(office), chatting.talking) == (MrdState.INTERRUPTED, [MARIA])
    await office.sends(AcceptTask(call, MARIA))
    assert await reasons(office) == [TaskCloseReason.REROUTE]
    waiting = await task(office)
    assert (waiting.media_state, waiting.routing.priority) == (MediaState.QUEUED, REROUTE_PRIORITY)
    chatting = await office.load(Conversation, talk_id)
    assert (await chat(office), chatting.talking) == (MrdState.INTERRUPTED, [])
    told = [it for it in await office.facts(MessagePosted) if it.sender.type is SenderType.SYSTEM]
    assert [it.body.text for it in told] == [office.catalog.mrd(CHAT).interruption_message]


async def test_a_call_that_rings_out_interrupts_nothing() -> None:
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await a_call_comes(office)
    await office.wait(20)
    assert await chat(office) is MrdState.ACTIVE
    assert await reasons(office) == [TaskCloseReason.RONA]


async def test_chats_on_hold_wait_for_the_end_of_the_call() -> None:
    office = await staffed(action=InterruptionAction.HOLD)
    await office.sends(message(1))
    await talks(office)
    call = await a_call_is_accepted(office)
    assert (await chat(office), await reasons(office)) == (MrdState.INTERRUPTED, [])
    await office.sends(TakeTaskAway(call, TaskCloseReason.DONE))
    assert await chat(office) is MrdState.ACTIVE


async def test_chats_that_ignore_calls_are_not_interrupted() -> None:
    office = await staffed(action=InterruptionAction.IGNORE)
    await office.sends(message(1))
    await talks(office)
    await a_call_is_accepted(office)
    assert (await chat(office), await reasons(office)) == (MrdState.ACTIVE, [])


async def test_an_offer_gives_way_too() -> None:
    office = await staffed()
    await office.sends(message(1))
    ringing = await rings(office)
    await a_call_is_accepted(office)
    assert await reasons(office) == [TaskCloseReason.REROUTE]
    assert (await task(office)).media_state is MediaState.QUEUED
    assert ringing not in (await maria(office)).slots
    assert (await task(office)).routing.excluded == frozenset()  # routing 24: only who let it ring or declined


async def test_a_call_of_another_system_interrupts_when_it_is_told() -> None:  # routing 34
    office = await staffed(managed=False)
    await office.sends(message(1))
    await talks(office)
    await office.sends(MirrorMrd(MARIA, CALLS, MrdState.BUSY))
    assert await reasons(office) == [TaskCloseReason.REROUTE]
    assert await chat(office) is MrdState.INTERRUPTED
    await office.sends(MirrorMrd(MARIA, CALLS, MrdState.READY))
    assert await chat(office) is MrdState.READY
    assert EMAIL not in (await maria(office)).mrds


async def test_an_accepted_offer_is_late_after_the_call() -> None:

    office = await staffed()
    await office.sends(message(1))
    ringing = await rings(office)
    await a_call_is_accepted(office)
    with pytest.raises(OfferGone):
        await office.send(AcceptTask(ringing, MARIA))
