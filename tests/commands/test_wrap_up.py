"""After the talk: how long does wrap-up last, what does it hold, and which codes fit? routing 51, 52."""

from dataclasses import replace

import pytest

from commands.tasks import AcceptTask
from commands.wrap_up import ApplyWrapUp
from domain.agents.facts import MrdState
from domain.configuration.settings import ReasonCode, ReasonKind
from domain.configuration.wrap_up import WrapUpCategory, WrapUpForm
from domain.conversations.facts import ConversationStarted, ConversationState, ParticipantRole
from domain.ids import QueueId, ReasonId, WrapUpFormId
from domain.kernel import Invalid
from domain.tasks.facts import MediaState, TaskCloseReason
from tests.commands.office import message
from tests.commands.scenes import MARIA, chat, hang_up, reasons, rings, staffed, talk, talks, task

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
