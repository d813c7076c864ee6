"""After the talk: how long does wrap-up last, what does it hold, and which codes fit? routing 51, 52."""

from dataclasses import replace

import pytest

from commands.tasks import AcceptTask
from commands.wrap_up import ApplyWrapUp, FinishWrapUp
from domain.agents.facts import MrdState
from domain.configuration.settings import ReasonCode, ReasonKind, WrapUpMode
from domain.configuration.wrap_up import WrapUpCategory, WrapUpForm
from domain.conversations.facts import ConversationStarted, ConversationState, ParticipantRole
from domain.ids import QueueId, ReasonId, WrapUpFormId
from domain.kernel import Invalid
from domain.tasks.facts import MediaState, TaskCloseReason
from domain.tasks.refusals import CodesNeeded
from tests.commands.office import message
from tests.commands.scenes import MARIA, chat, hang_up, reasons, rings, staffed, talk, talks, task
from tests.domain.configuration.situations import CHAT

pytestmark = pytest.mark.anyio


async def test_a_wrap_up_holds_the_slot_until_its_time_is_up() -> None:  # routing 51, 52
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await hang_up(office)
    assert await chat(office) is MrdState.ACTIVE
    assert (await talk(office)).agents[MARIA].role is ParticipantRole.WRAP_UP
    await office.wait(60)
    assert await chat(office) is MrdState.READY
    assert await reasons(office) == [TaskCloseReason.WRAP_UP_EXPIRED]
    assert (await talk(office)).state is ConversationState.CLOSED


async def test_where_wrap_up_is_off_everything_ends_at_once() -> None:  # routing 51
    office = await staffed()
    sales = replace(office.catalog.queue("sales"), wrap_up_enabled=False)
    office.catalog = replace(office.catalog, queues={**office.catalog.queues, "sales": sales})
    await office.sends(message(1))
    await talks(office)
    await hang_up(office)
    assert await reasons(office) == [TaskCloseReason.DONE]
    assert await chat(office) is MrdState.READY
    assert (await talk(office)).state is ConversationState.CLOSED


OWED = {"enabled": True, "mandatory": False, "s": 60}


@pytest.mark.parametrize(
    ("wrap_up", "mode", "without_codes", "in_time"),
    [
        ({"enabled": False}, WrapUpMode.NONE, TaskCloseReason.DONE, TaskCloseReason.DONE),
        ({}, WrapUpMode.OPTIONAL, TaskCloseReason.WRAP_UP_NOT_APPLIED, TaskCloseReason.WRAP_UP_EXPIRED),
        ({"s": 0}, WrapUpMode.OPTIONAL, TaskCloseReason.WRAP_UP_NOT_APPLIED, None),
        ({"mandatory": True, "s": 0}, WrapUpMode.MANDATORY, None, None),
        ({"mandatory": True}, WrapUpMode.MANDATORY_TIMED, None, TaskCloseReason.WRAP_UP_EXPIRED),
    ],
    ids=["none", "optional", "optional without end", "mandatory", "mandatory for a time"],
)
@pytest.mark.parametrize("waits", [True, False])
async def test_what_an_agent_owes_after_a_talk(wrap_up, mode, without_codes, in_time, waits: bool) -> None:
    """routing 51: the five ways to be done, or not: by one's own word, or when the time is up."""
    office = await staffed()
    ways = {f"wrap_up_{name}": value for name, value in {**OWED, **wrap_up}.items()}
    sales = replace(office.catalog.queue(QueueId("sales")), **ways)
    assert sales.wrap_up_mode is mode
    office.catalog = replace(office.catalog, queues={**office.catalog.queues, "sales": sales})
    await office.sends(message(1))
    its = await talks(office)
    await hang_up(office)
    if waits:
        await office.wait(60)
        assert await reasons(office) == ([in_time] if in_time else [])
        await office.wait(100_000)
    elif without_codes is None:
        with pytest.raises(CodesNeeded):
            await office.send(FinishWrapUp(its, MARIA))
    else:
        await office.sends(FinishWrapUp(its, MARIA))
    ends = in_time if waits else without_codes
    assert await reasons(office) == ([ends] if ends else [])
    if ends is None:
        await office.sends(ApplyWrapUp(its, MARIA, ("sale",)), FinishWrapUp(its, MARIA))
        assert await reasons(office) == [TaskCloseReason.WRAP_UP_APPLIED]
    assert await chat(office) is MrdState.READY


@pytest.mark.parametrize("holds_slot", [True, False])
async def test_several_wrap_ups_run_at_once_and_hold_as_many_slots(holds_slot: bool) -> None:
    """routing 52: by default; where the domain says otherwise, none."""
    office = await staffed()
    chats = replace(office.catalog.mrds[CHAT], wrap_up_holds_slot=holds_slot)
    office.catalog = replace(office.catalog, mrds={**office.catalog.mrds, CHAT: chats})
    for number in (1, 2):
        await office.sends(message(number))
        await talks(office)
        await hang_up(office)
    assert await chat(office) is (MrdState.BUSY if holds_slot else MrdState.READY)
    await office.wait(60)
    assert await reasons(office) == [TaskCloseReason.WRAP_UP_EXPIRED] * 2
    assert await chat(office) is MrdState.READY


async def test_only_codes_that_there_are_may_be_given() -> None:  # routing 51
    office = await staffed()
    await office.sends(message())
    its = await talks(office)
    for code in ("lunch", "nothing at all"):
        with pytest.raises(Invalid):
            await office.send(ApplyWrapUp(its, MARIA, (code,)))


async def test_a_customer_who_comes_back_during_the_wrap_up_is_heard() -> None:
    office = await staffed()
    await office.sends(message(1))
    await talks(office)
    await hang_up(office)
    await office.sends(message(2))
    assert len(await office.facts(ConversationStarted)) == 1
    assert (await task(office)).media_state is MediaState.QUEUED


async def test_codes_that_are_not_in_the_queues_form_are_refused() -> None:  # routing 51
    office = await staffed()
    form = WrapUpForm("Form", (WrapUpCategory("End", (ReasonId("sale"),)),))
    sales = replace(office.catalog.queue(QueueId("sales")), wrap_up_form_id=WrapUpFormId("form"))
    other = {**office.catalog.reasons, ReasonId("other"): ReasonCode("Other", ReasonKind.WRAP_UP)}
    office.catalog = replace(
        office.catalog, reasons=other, wrap_up_forms={"form": form}, queues={**office.catalog.queues, "sales": sales}
    )
    await office.sends(message())
    ringing = await rings(office)
    await office.sends(AcceptTask(ringing, MARIA), ApplyWrapUp(ringing, MARIA, ("sale",)))
    with pytest.raises(Invalid):
        await office.send(ApplyWrapUp(ringing, MARIA, ("other",)))
