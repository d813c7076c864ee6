"""What gives way to other work waits for its agent, and goes on when they are free."""

from collections.abc import Iterator

from commands.bus import Command
from commands.interruptions import HoldTalks, SettleHold, TakeUpTalks
from commands.policies.registry import reacts_to
from domain.agents.facts import MrdMirrored, SlotFilled, SlotReleased
from domain.agents.states import AT_WORK, Interrupts
from domain.configuration.settings import InterruptionAction
from domain.conversations.facts import AgentJoined, AgentLeft, AgentRoleChanged, ParticipantRole
from domain.ids import AgentId, ConversationId
from domain.kernel import Recorded


@reacts_to(SlotFilled)
def what_gives_way_to_accepted_work_is_on_hold(event: Recorded[SlotFilled]) -> Iterator[Command]:
    """routing 36: when it is accepted, for an offer that rings out interrupts nothing."""
    yield from _hold(AgentId(event.subject), event.fact.interrupts)


@reacts_to(SlotReleased)
def what_gave_way_goes_on_when_the_agent_is_free(event: Recorded[SlotReleased]) -> Iterator[Command]:
    """routing 36"""
    if event.fact.goes_on:
        yield TakeUpTalks(AgentId(event.subject))


@reacts_to(MrdMirrored)
def what_gives_way_to_work_elsewhere_is_on_hold_until_that_is_over(event: Recorded[MrdMirrored]) -> Iterator[Command]:
    """routing 34, 36"""
    if event.fact.state in AT_WORK:
        yield from _hold(AgentId(event.subject), event.fact.interrupts)
    else:
        yield TakeUpTalks(AgentId(event.subject))


@reacts_to(AgentJoined)
def whoever_comes_to_talk_may_be_free(event: Recorded[AgentJoined]) -> Iterator[Command]:
    """routing 36: nobody waits for one of two."""
    if event.fact.role is ParticipantRole.PRIMARY:
        yield SettleHold(ConversationId(event.subject))


@reacts_to(AgentRoleChanged)
def whoever_begins_to_talk_or_to_wrap_up_leaves_others_to_attend(
    event: Recorded[AgentRoleChanged],
) -> Iterator[Command]:
    """routing 36"""
    if event.fact.role in (ParticipantRole.PRIMARY, ParticipantRole.WRAP_UP):
        yield SettleHold(ConversationId(event.subject))


@reacts_to(AgentLeft)
def whoever_leaves_may_leave_nobody_who_is_free(event: Recorded[AgentLeft]) -> Iterator[Command]:
    """routing 36"""
    yield SettleHold(ConversationId(event.subject))


def _hold(agent_id: AgentId, interrupts: Interrupts) -> Iterator[Command]:
    for mrd_id, action in interrupts.items():
        if action is InterruptionAction.HOLD:
            yield HoldTalks(agent_id, mrd_id)
