"""Whoever must stop gives their work away, and it goes on with others."""

from collections.abc import Iterator

from commands.bus import Command
from commands.departures import GiveWay, GiveWorkAway
from commands.policies.registry import reacts_to
from domain.agents.facts import MadeNotReady, MrdMirrored, SlotFilled
from domain.agents.states import AT_WORK, Interrupts
from domain.configuration.settings import InterruptionAction
from domain.ids import AgentId
from domain.kernel import Recorded


@reacts_to(MadeNotReady)
def whoever_stops_for_such_a_reason_gives_their_work_away(event: Recorded[MadeNotReady]) -> Iterator[Command]:
    """routing 30"""
    if event.fact.reroutes_work:
        yield GiveWorkAway(AgentId(event.subject))


@reacts_to(SlotFilled)
def what_gives_way_to_accepted_work_goes_to_others(event: Recorded[SlotFilled]) -> Iterator[Command]:
    """routing 35, 36: when it is accepted, for an offer that rings out interrupts nothing."""
    yield from _give_way(AgentId(event.subject), event.fact.interrupts)


@reacts_to(MrdMirrored)
def what_gives_way_to_work_elsewhere_goes_to_others(event: Recorded[MrdMirrored]) -> Iterator[Command]:
    """routing 34, 35"""
    if event.fact.state in AT_WORK:
        yield from _give_way(AgentId(event.subject), event.fact.interrupts)


def _give_way(agent_id: AgentId, interrupts: Interrupts) -> Iterator[Command]:
    for mrd_id, action in interrupts.items():
        if action is InterruptionAction.REROUTE:
            yield GiveWay(agent_id, mrd_id)
