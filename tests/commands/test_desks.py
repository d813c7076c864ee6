"""What becomes of an agent who misses, loses the connection, idles or is told about? Stories of the whole write side."""

from dataclasses import replace
from typing import get_type_hints

import pytest

from commands.agents import (
    GrantMrd,
    LogIn,
    LogOut,
    MakeMrdNotReady,
    MakeMrdReady,
    MakeNotReady,
    MakeReady,
    RegisterAgent,
    ReserveSlot,
)
from commands.bus import HANDLERS
from commands.desks import ConnectDesk, DisconnectDesk, ExpireDesk, StayLoggedIn
from commands.domains import LoseAgentState, MirrorMrd
from commands.tasks import AcceptTask
from domain.agents.agent import Agent, NotLoggedIn, NotManaged, NotRoutable
from domain.agents.facts import AgentState, IdleWarned, LoggedOut, MrdState
from domain.channels.inbound import Contact, ContactKind
from domain.configuration.settings import DeskPolicy, MediaRoutingDomain, RonaAction
from domain.ids import MrdId, OfferId, TaskId
from domain.kernel import Invalid
from domain.tasks.facts import MediaState
from tests.commands.office import Office, an_office, message
from tests.commands.scenes import MARIA, chat, hang_up, rings, talks, task
from tests.domain.agents.situations import CHAT, EMAIL

pytestmark = pytest.mark.anyio
VOICE = MrdId("voice")


async def staffed(desks: DeskPolicy | None = None, chat: MediaRoutingDomain | None = None) -> Office:
    office = an_office()
    mrds = {**office.catalog.mrds, CHAT: chat or MediaRoutingDomain("Chat"), VOICE: ELSEWHERE}
    office.catalog = replace(office.catalog, mrds=mrds, desk_policies={"centre": desks or DeskPolicy()})
    await office.sends(RegisterAgent(MARIA, "maria", "Maria"), GrantMrd(MARIA, CHAT, 2), GrantMrd(MARIA, EMAIL, 1))
    await office.sends(GrantMrd(MARIA, VOICE, 1), LogIn(MARIA), MakeReady(MARIA))
    return office


ELSEWHERE = MediaRoutingDomain("Calls of another system", managed=False)


async def maria(office: Office) -> Agent:
    return await office.load(Agent, MARIA)


# Missed offers (routing 25)


async def test_a_rest_after_a_missed_offer_ends_by_itself() -> None:
    office = await staffed(chat=MediaRoutingDomain("Chat", rona_action=RonaAction.COOL_DOWN, cool_down_s=45))
    await office.sends(message(1))
    await rings(office)
    await office.wait(20)
    assert await chat(office) is MrdState.NOT_READY
    await office.wait(44)
    assert await chat(office) is MrdState.NOT_READY
    await office.wait(1)
    assert await chat(office) is MrdState.READY


async def test_whoever_readies_themselves_ends_their_rest() -> None:
    office = await staffed(chat=MediaRoutingDomain("Chat", rona_action=RonaAction.COOL_DOWN))
    await office.sends(message(1))
    await rings(office)
    await office.wait(20)
    await office.sends(MakeMrdReady(MARIA, CHAT))
    assert await chat(office) is MrdState.READY
    assert not [key for key in office.timers if key.startswith("cool-down")]


async def test_only_the_second_missed_offer_counts_where_it_says_so() -> None:
    office = await staffed(chat=MediaRoutingDomain("Chat", rona_after=2))
    await office.sends(message(1))
    for state in (MrdState.READY, MrdState.NOT_READY):
        await rings(office)
        await office.wait(20)
        assert await chat(office) is state


# Domains that follow the agent (routing 31), and domains of others (routing 34)


async def test_whoever_becomes_ready_is_ready_where_it_says_so() -> None:
    office = await staffed(chat=MediaRoutingDomain("Chat", auto_sync=False))
    agent = await maria(office)
    assert (agent.mrd_state(CHAT), agent.mrd_state(EMAIL)) == (MrdState.NOT_READY, MrdState.READY)
    await office.sends(MakeReady(MARIA, frozenset({CHAT})))
    assert await chat(office) is MrdState.READY


async def test_the_last_domain_off_means_not_ready_where_it_says_so() -> None:
    office = await staffed(DeskPolicy(last_mrd_off=True))
    await office.sends(MakeMrdNotReady(MARIA, CHAT, "enough"))
    assert (await maria(office)).state is AgentState.READY
    await office.sends(MakeMrdNotReady(MARIA, EMAIL, "enough"))
    assert ((await maria(office)).state, (await maria(office)).reason) == (AgentState.NOT_READY, "enough")


async def test_a_domain_that_somebody_else_routes_mirrors_their_word() -> None:
    office = await staffed()
    for state in (MrdState.READY, MrdState.BUSY, MrdState.PENDING_NOT_READY, MrdState.INTERRUPTED, MrdState.UNKNOWN):
        await office.sends(MirrorMrd(MARIA, VOICE, state))
        assert (await maria(office)).mrd_state(VOICE) is state
    for command in (MakeMrdReady(MARIA, VOICE), MakeMrdNotReady(MARIA, VOICE), MakeReady(MARIA, frozenset({VOICE}))):
        with pytest.raises(NotManaged):
            await office.send(command)
    await office.sends(MakeReady(MARIA))
    assert (await maria(office)).mrd_state(VOICE) is MrdState.UNKNOWN
    with pytest.raises(Invalid):
        await office.send(MirrorMrd(MARIA, CHAT, MrdState.READY))


async def test_a_domain_that_is_routed_here_from_now_on_is_theirs_to_switch() -> None:  # routing 34
    office = await staffed(chat=MediaRoutingDomain("Chat", rona_action=RonaAction.COOL_DOWN, cool_down_s=45))
    here = office.catalog
    await office.sends(message(1))
    await rings(office)
    await office.wait(20)  # a rest
    office.catalog = replace(here, mrds={**here.mrds, CHAT: MediaRoutingDomain("Chat", managed=False)})
    await office.sends(MirrorMrd(MARIA, CHAT, MrdState.BUSY))
    await office.wait(60)
    assert await chat(office) is MrdState.BUSY  # the rest ends nothing that others say
    office.catalog = here
    await office.sends(MakeReady(MARIA))
    assert await chat(office) is MrdState.READY
    office.catalog = replace(here, mrds={**here.mrds, CHAT: MediaRoutingDomain("Chat", managed=False)})
    await office.sends(MirrorMrd(MARIA, CHAT, MrdState.BUSY))
    office.catalog = here
    await office.sends(MakeMrdNotReady(MARIA, CHAT, "enough"))
    assert await chat(office) is MrdState.NOT_READY


async def test_after_a_failure_the_agent_says_what_they_want() -> None:  # routing 29
    office = await staffed()
    await office.sends(LoseAgentState(MARIA, "crash"))
    assert ((await maria(office)).state, await chat(office)) == (AgentState.UNKNOWN, MrdState.UNKNOWN)
    await office.sends(MakeReady(MARIA))
    assert ((await maria(office)).state, await chat(office)) == (AgentState.READY, MrdState.READY)
    await office.sends(LoseAgentState(MARIA), MakeNotReady(MARIA, "lunch"))
    assert (await maria(office)).state is AgentState.NOT_READY


# The connection (routing 39)


async def test_whoever_comes_back_within_the_grace_goes_on() -> None:
    office = await staffed(DeskPolicy(disconnect_grace_s=60))
    await office.sends(ConnectDesk(MARIA, "a"), message(1))
    await talks(office)
    await office.sends(DisconnectDesk(MARIA, "a"))
    assert await chat(office) is MrdState.ACTIVE
    await office.sends(message(2, "sms-line"))
    with pytest.raises(NotRoutable):
        await rings_again(office)
    await office.wait(59)
    await office.sends(ConnectDesk(MARIA, "b"))
    await office.wait(60)
    assert await office.facts(LoggedOut) == []
    assert await chat(office) is MrdState.ACTIVE


async def rings_again(office: Office) -> None:
    await office.send(ReserveSlot(MARIA, CHAT, TaskId("another"), OfferId("o"), 0))


async def test_a_second_desk_strands_nobody() -> None:  # routing 39
    office = await staffed()
    await office.sends(ConnectDesk(MARIA, "a"), message(1))
    await talks(office)
    await office.sends(message(1, contact=Contact(ContactKind.PHONE, "+4989555")))
    ringing = await rings(office)
    before = (await maria(office)).slots
    await office.sends(ConnectDesk(MARIA, "b"), DisconnectDesk(MARIA, "a"))
    assert (await maria(office)).slots == before
    await office.sends(AcceptTask(ringing, MARIA))
    await office.wait(600)
    assert (await maria(office)).load(CHAT) == 2
    assert await office.facts(LoggedOut) == []


def test_nobody_says_in_which_state_they_are() -> None:  # routing 34: BUSY and INTERRUPTED follow from causes
    telling = {it for it in HANDLERS if {MrdState, AgentState} & set(get_type_hints(it).values())}
    assert telling == {MirrorMrd}


async def test_whoever_stays_away_is_signed_out_and_their_work_goes_on() -> None:  # routing 37, 39
    office = await staffed(DeskPolicy(disconnect_grace_s=60))
    await office.sends(ConnectDesk(MARIA, "a"), message(1))
    await talks(office)
    await office.sends(DisconnectDesk(MARIA, "a"))
    await office.wait(60)
    assert await office.facts(LoggedOut) == [LoggedOut("DISCONNECTED")]
    assert (await task(office)).media_state is MediaState.QUEUED
    assert (await maria(office)).slots == {}


async def test_a_late_grace_signs_nobody_out() -> None:  # routing 42
    office = await staffed()
    await office.sends(ConnectDesk(MARIA, "a"), DisconnectDesk(MARIA, "a"))
    (first,) = [it.command for it in office.timers.values() if isinstance(it.command, ExpireDesk)]
    await office.sends(ConnectDesk(MARIA, "a"), first)
    await office.wait(10)
    await office.sends(DisconnectDesk(MARIA, "a"), first)  # they have another grace by now
    assert (await maria(office)).logged_in


@pytest.mark.parametrize(
    ("before", "after"), [(MakeReady(MARIA), "READY"), (MakeNotReady(MARIA, "lunch"), "NOT_READY")]
)
async def test_when_whoever_watched_their_desk_is_gone_nobody_knows_until_they_are_back(before, after: str) -> None:
    """routing 29, 32, 39: a failure; what they had said holds again when they are back."""
    office = await staffed()
    await office.sends(before, ConnectDesk(MARIA, "a"), DisconnectDesk(MARIA, "a", watched=False))
    assert ((await maria(office)).state, await chat(office)) == (AgentState.UNKNOWN, MrdState.UNKNOWN)
    with pytest.raises(NotRoutable):
        await rings_again(office)
    await office.sends(ConnectDesk(MARIA, "b"))
    assert ((await maria(office)).state, await chat(office)) == (after, after)


@pytest.mark.parametrize(
    ("says", "after"), [(MakeReady(MARIA), AgentState.READY), (MakeNotReady(MARIA, "lunch"), AgentState.NOT_READY)]
)
async def test_their_own_word_says_so_too(says, after: AgentState) -> None:  # routing 29
    office = await staffed()
    await office.sends(ConnectDesk(MARIA, "a"), DisconnectDesk(MARIA, "a", watched=False), says)
    assert (await maria(office)).state is after
    assert not (await maria(office)).takes_offers  # their desk is still lost (routing 39)


async def test_who_was_not_seen_again_is_signed_out() -> None:  # routing 29, 39
    office = await staffed(DeskPolicy(disconnect_grace_s=60))
    await office.sends(ConnectDesk(MARIA, "a"), message(1))
    await talks(office)
    await office.sends(DisconnectDesk(MARIA, "a", watched=False))
    await office.wait(60)
    assert (await maria(office)).state is AgentState.LOGOUT
    assert (await task(office)).media_state is MediaState.QUEUED


# Idleness (routing 40)


async def test_whoever_idles_is_warned_and_then_signed_out() -> None:
    office = await staffed(DeskPolicy(idle_logout_s=100))
    await office.wait(80)
    assert len(await office.facts(IdleWarned)) == 1
    await office.wait(20)
    assert await office.facts(LoggedOut) == [LoggedOut("IDLE")]


async def test_whoever_signs_in_and_does_nothing_is_idle_from_then_on() -> None:
    office = await staffed(DeskPolicy(idle_logout_s=100))
    await office.sends(LogOut(MARIA), LogIn(MARIA))
    await office.wait(100)
    assert (await office.facts(LoggedOut))[-1] == LoggedOut("IDLE")


async def test_nobody_is_signed_out_with_live_work() -> None:
    office = await staffed(DeskPolicy(idle_logout_s=100))
    await office.wait(50)
    await office.sends(message(1))
    await talks(office)
    await office.wait(500)
    assert await office.facts(IdleWarned) == []
    await hang_up(office)
    await office.wait(60 + 99)  # the wrap-up, and nearly all of the time
    assert await office.facts(LoggedOut) == []
    await office.wait(1)
    assert await office.facts(LoggedOut) == [LoggedOut("IDLE")]


async def test_nobody_is_signed_out_in_the_midst_of_a_call_of_another_system() -> None:  # routing 34, 40
    office = await staffed(DeskPolicy(idle_logout_s=100))
    await office.wait(50)
    await office.sends(MirrorMrd(MARIA, VOICE, MrdState.BUSY))
    await office.wait(500)
    await office.sends(StayLoggedIn(MARIA))
    await office.wait(500)
    assert (await office.facts(IdleWarned), await office.facts(LoggedOut)) == ([], [])
    await office.sends(MirrorMrd(MARIA, VOICE, MrdState.READY))
    await office.wait(99)
    assert await office.facts(LoggedOut) == []
    await office.wait(1)
    assert await office.facts(LoggedOut) == [LoggedOut("IDLE")]


@pytest.mark.parametrize("does", [StayLoggedIn(MARIA), MakeNotReady(MARIA, "lunch"), MakeMrdNotReady(MARIA, CHAT)])
async def test_whoever_does_something_is_not_idle(does) -> None:
    office = await staffed(DeskPolicy(idle_logout_s=100))
    await office.wait(99)
    await office.sends(does)
    await office.wait(99)
    assert await office.facts(LoggedOut) == []


async def test_nobody_is_signed_out_where_that_is_off() -> None:
    office = await staffed(DeskPolicy(idle_logout_s=100))
    office.catalog = replace(office.catalog, desk_policies={})
    await office.wait(1_000)
    assert (await maria(office)).logged_in
    with pytest.raises(NotLoggedIn):
        await office.sends(LogOut(MARIA), StayLoggedIn(MARIA))
