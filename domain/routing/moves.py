"""What does the engine want done? Moves: an offer of a request to an agent, or a wider step for it."""

from dataclasses import dataclass

from domain.ids import AgentId, MrdId, OfferId, TaskId
from domain.tasks.facts import StepReason


@dataclass(frozen=True, slots=True)
class Offer:
    task_id: TaskId
    mrd_id: MrdId
    agent_id: AgentId
    offer_id: OfferId
    step: int
    decision: dict[str, str]


@dataclass(frozen=True, slots=True)
class Widening:
    """The request has waited for its next step to begin, or need not wait for it (routing 7, 8, 9, 10, 54)."""

    task_id: TaskId
    step: int
    reason: StepReason = StepReason.WAITED


Move = Offer | Widening
