"""Which state follows from which causes? Pure functions: no state is ever stored (routing 32, 33, 35)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.agents.facts import AgentState, MrdState, SlotState
from domain.configuration.domains import InterruptionAction
from domain.ids import MrdId, OfferId

ROUTABLE = frozenset({MrdState.READY, MrdState.ACTIVE})
AT_WORK = frozenset({MrdState.ACTIVE, MrdState.BUSY, MrdState.PENDING_NOT_READY})
"""States of a mirrored domain in which something goes on there."""
Interrupts = Mapping[MrdId, InterruptionAction]
NOBODY: Interrupts = {}


class Occupying(Protocol):
    """What goes on in a domain, and which others give way to it, and how (routing 35, 36)."""

    @property
    def mrd_id(self) -> MrdId: ...
    @property
    def interruptible(self) -> bool: ...
    @property
    def interrupts(self) -> Interrupts: ...


@dataclass(frozen=True, slots=True)
class Occupation:
    mrd_id: MrdId
    interruptible: bool = False
    interrupts: Interrupts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the tasks that fill an agent's time. `offer_id` names the offer that it began with; empty for pulled work.
    `interruptible` and `interrupts` are as the domains were configured when it began.
    """

    mrd_id: MrdId
    state: SlotState
    offer_id: OfferId
    interruptible: bool = False
    interrupts: Interrupts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The state that an outside system told last."""

    state: MrdState
    interruptible: bool = False
    interrupts: Interrupts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mrd:
    """An agent's stand in one media routing domain. `misses`: offers that rang out, in a row; `rests_until`: the end of
    a cool-down (routing 25); `mirrored`: for a domain that somebody else routes (routing 34).
    """

    tasks_max: int = 0
    willing: bool = False
    misses: int = 0
    rests_until: datetime | None = None
    mirrored: Mirrored | None = None


def agent_state(*, logged_in: bool, ready: bool, lost: bool) -> AgentState:
    """routing 29"""
    if not logged_in:
        return AgentState.LOGOUT
    if lost:
        return AgentState.UNKNOWN
    return AgentState.READY if ready else AgentState.NOT_READY


def mrd_state(
    logged_in: bool,  # noqa: FBT001 - causes, in the order of the rule
    willing: bool,  # noqa: FBT001
    load: int,
    tasks_max: int,
    interrupted: bool = False,  # noqa: FBT001, FBT002
) -> MrdState:
    """A pure function of here?, willing?, how many of how many, interrupted? (routing 32, 33)."""
    if not logged_in:
        return MrdState.LOGOUT
    if not willing:
        return MrdState.PENDING_NOT_READY if load else MrdState.NOT_READY
    if interrupted:
        return MrdState.INTERRUPTED
    if load >= tasks_max:
        return MrdState.BUSY
    return MrdState.ACTIVE if load else MrdState.READY


def interrupted(occupations: Iterable[Occupying]) -> Interrupts:
    """The domains that give way to what goes on in others, in the order in which it began (routing 35): what cannot be
    interrupted goes first; of what can be, whatever came first blocks the rest, and is blocked by nothing that came later.
    """
    all_of_them = list(occupations)
    found: dict[MrdId, InterruptionAction] = {}
    for it in all_of_them:
        if not it.interruptible:
            found.update(it.interrupts)
    begun: set[MrdId] = set()
    for it in all_of_them:
        if it.interruptible and it.mrd_id not in found:
            begun.add(it.mrd_id)
            found.update((other, action) for other, action in it.interrupts.items() if other not in begun)
    return found
