"""What does the engine want done? Moves: an offer of a request to an agent, or a wider step for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.configuration.diversions import Diversion
from domain.configuration.skip_conditions import Measured
from domain.ids import AgentId, MrdId, OfferId, QueueId, TaskId
from domain.kernel import Position, derived_id
from domain.routing.decisions import UNTOLD, Grounds
from domain.tasks.facts import StepReason


class Offer:
    """A request to an agent, by a step of its queue.

    What is only wanted where the offer is carried out is worked out when it is asked for: `offer_id`, always the same for
    the same request, agent and `since` when they were available, so that two engines give one name to one offer; and
    `decision`, why it was chosen. Ask for that before the engine is fed again, for it is told from what the engine knows: see
    `reasons.py`.
    """

    __slots__ = ("_decision", "_offer_id", "_since", "_why", "agent_id", "mrd_id", "step", "task_id")

    def __init__(
        self,
        task_id: TaskId,
        mrd_id: MrdId,
        agent_id: AgentId,
        offer_id: OfferId | None,
        step: int,
        decision: Grounds | None = None,
        since: datetime | None = None,
        why: Callable[[], Grounds] = lambda: UNTOLD,
    ) -> None:
        self.task_id, self.mrd_id, self.agent_id, self.step = task_id, mrd_id, agent_id, step
        self._offer_id, self._decision, self._since, self._why = offer_id, decision, since, why

    @property
    def offer_id(self) -> OfferId:
        if self._offer_id is None:
            since = self._since.isoformat() if self._since else ""
            self._offer_id = OfferId(derived_id("offer", self.task_id, self.agent_id, since))
        return self._offer_id

    @property
    def decision(self) -> Grounds:
        if self._decision is None:
            self._decision = self._why()
        return self._decision

    def __repr__(self) -> str:
        return f"Offer({self.task_id!r}, {self.mrd_id!r}, {self.agent_id!r}, {self.offer_id!r}, {self.step})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Offer) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self.offer_id)

    def _told(self) -> tuple[object, ...]:
        return self.task_id, self.mrd_id, self.agent_id, self.offer_id, self.step, self.decision


@dataclass(frozen=True, slots=True)
class Widening:
    """The request has waited for its next step to begin, or need not wait for it (routing 7, 8, 9, 10, 54). `queue_id`: in
    another of its queues than the first (routing 11). `condition`, `measured`: why it need not, where that was asked.
    """

    task_id: TaskId
    step: int
    reason: StepReason = StepReason.WAITED
    queue_id: QueueId | None = None
    condition: str = ""
    measured: Measured = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Diverting:
    """The request is not to wait on as it does (routing 57, 58). `rule`: by name, for each is applied once. `queue_id`: whose
    rule it is, if not its first queue's (routing 11).
    """

    task_id: TaskId
    rule: str
    diversion: Diversion
    measured: int = 0
    queue_id: QueueId | None = None


@dataclass(frozen=True, slots=True)
class Flushing:
    """The request is sent out of this queue with all that waited beside it; whose customer waits in no other one is told
    these words (routing 64).
    """

    task_id: TaskId
    queue_id: QueueId
    words: str


@dataclass(frozen=True, slots=True)
class Emptied:
    """Nobody waits in a queue that drains, as it is set up at `configuration` (routing 63)."""

    queue_id: QueueId
    configuration: Position


Move = Offer | Widening | Diverting | Flushing | Emptied
