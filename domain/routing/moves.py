"""What does the engine want done? Moves: an offer of a request to an agent, or a wider step for it."""

from dataclasses import dataclass, field

from domain.ids import AgentId, MrdId, OfferId, TaskId
from domain.routing.decisions import UNTOLD, Grounds


@dataclass(frozen=True, slots=True)
class Offer:
    """`step`: by which the agent was found. `candidates`: who could have had it, as a set of numbers. `decision`: why
    this one, once somebody asks (`Engine.explained`).
    """

    task_id: TaskId
    mrd_id: MrdId
    agent_id: AgentId
    offer_id: OfferId
    step: int
    candidates: int = field(default=0, compare=False, repr=False)
    decision: Grounds = field(default=UNTOLD, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Widening:
    """The request has waited for its next step to begin (routing 7, 10)."""

    task_id: TaskId
    step: int


Move = Offer | Widening
