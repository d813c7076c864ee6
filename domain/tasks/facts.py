"""What happens to a task: one agent's share of one conversation, and the request that looks for that agent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from domain.configuration.diversions import DiversionAction
from domain.configuration.skip_conditions import Measure
from domain.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    ListId,
    ListItemId,
    MrdId,
    OfferId,
    QueueId,
    SessionId,
    TaskId,
)
from domain.kernel import Fact, replace, upgrades
from domain.routing.decisions import Grounds, of_names, of_texts
from domain.sessions.facts import SessionEndReason


class TaskState(StrEnum):
    """routing 1"""

    ACTIVE = "ACTIVE"
    WRAP_UP = "WRAP_UP"
    CLOSED = "CLOSED"


class MediaState(StrEnum):
    """routing 1"""

    STARTED = "STARTED"
    QUEUED = "QUEUED"
    RESERVED = "RESERVED"
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"


class TaskDirection(StrEnum):
    """routing 2"""

    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"
    CONSULT = "CONSULT"
    CONSULT_TRANSFER = "CONSULT_TRANSFER"
    CONSULT_CONFERENCE = "CONSULT_CONFERENCE"
    DIRECT_TRANSFER = "DIRECT_TRANSFER"
    DIRECT_CONFERENCE = "DIRECT_CONFERENCE"
    SILENT_MONITOR = "SILENT_MONITOR"
    BARGE_IN = "BARGE_IN"


class TaskMode(StrEnum):
    AGENT = "AGENT"
    QUEUE = "QUEUE"


class TaskCloseReason(StrEnum):
    """routing 3: the fine reason is stored, the disposition is derived. DECLINED is ours (routing 21)."""

    RONA = "RONA"
    DECLINED = "DECLINED"
    DONE = "DONE"
    RESPONSE_TIMEOUT = "RESPONSE_TIMEOUT"
    NO_AGENT_AVAILABLE = "NO_AGENT_AVAILABLE"
    REROUTE = "REROUTE"
    CANCELLED = "CANCELLED"
    AGENT_LOGOUT = "AGENT_LOGOUT"
    TRANSFERRED = "TRANSFERRED"
    FORCE_CLOSED = "FORCE_CLOSED"
    WRAP_UP_APPLIED = "WRAP_UP_APPLIED"
    WRAP_UP_NOT_APPLIED = "WRAP_UP_NOT_APPLIED"
    WRAP_UP_EXPIRED = "WRAP_UP_EXPIRED"

    @property
    def disposition(self) -> "TaskCloseReason":
        return TaskCloseReason.DONE if self.name.startswith("WRAP_UP") else self


LAST_AGENT_STEP = -1
"""Before the first step of a queue: the customer's last agent alone (routing 54)."""


class StepReason(StrEnum):
    """Why a request went on to the next step."""

    WAITED = "WAITED"
    NONE_LOGGED_IN = "NONE_LOGGED_IN"
    NONE_READY = "NONE_READY"
    NOT_CONSIDERED = "NOT_CONSIDERED"
    LAST_AGENT_GONE = "LAST_AGENT_GONE"
    CONDITION_HELD = "CONDITION_HELD"


@dataclass(frozen=True, slots=True)
class Routing:
    """What the engine must know of a request. It survives re-routing from task to task (routing 4, 10, 24, 27).

    `step` counts from 0; `LAST_AGENT_STEP` comes before, for those who wait for `last_agent_id`, until `last_agent_until`
    (routing 54). `data`: what the queue's steps ask about, as it was when the request came, and `left_out`: which steps of
    which queue were not for it by that (routing 9). `diverted`: the rules that were applied to it, each once (routing 57, 58).
    `also_in`: other queues in which it waits at the same time, and `steps`: which it has reached there, where that is not the
    first (routing 11). `entered_at`: when this queue became its first, if that was later; `waited_since`: when it came into it,
    if it had been one of the others before.
    """

    root_request_id: TaskId
    queue_id: QueueId
    mrd_id: MrdId
    first_enqueued_at: datetime
    expires_at: datetime | None
    priority: int = 1
    step: int = 0
    attempt: int = 1
    excluded: frozenset[AgentId] = frozenset()
    last_agent_id: AgentId | None = None
    last_agent_until: datetime | None = None
    data: Mapping[str, str] = field(default_factory=dict, hash=False)
    entered_at: datetime | None = None
    diverted: frozenset[str] = frozenset()
    also_in: tuple[QueueId, ...] = ()
    steps: Mapping[QueueId, int] = field(default_factory=dict, hash=False)
    waited_since: datetime | None = None
    left_out: Mapping[QueueId, tuple[int, ...]] = field(default_factory=dict, hash=False)

    @property
    def came_at(self) -> datetime:
        """Into its first queue."""
        return self.waited_since or self.entered_at or self.first_enqueued_at

    def waits_in(self, queue_id: QueueId) -> bool:
        return queue_id == self.queue_id or queue_id in self.also_in

    def in_queue(self, queue_id: QueueId, step: int) -> Self:
        """How the request stands in a further one of its queues (routing 11)."""
        anew = replace(self, queue_id=queue_id, step=step, also_in=(), last_agent_id=None)
        return replace(anew, entered_at=None, waited_since=None)

    def moved(self, queue_id: QueueId, at: datetime) -> Self:
        """Its first queue is that one now, and no more the one that was."""
        was_there = queue_id in self.also_in
        steps = {it: step for it, step in self.steps.items() if it != queue_id}
        also_in = tuple(it for it in self.also_in if it != queue_id)
        anew = replace(self, queue_id=queue_id, step=self.steps.get(queue_id, 0), steps=steps, also_in=also_in)
        since = self.first_enqueued_at if was_there else None
        return replace(anew, last_agent_id=None, entered_at=at, waited_since=since)

    def without(self, queue_id: QueueId, rule: str, instead: QueueId | None = None) -> Self:
        """It does not wait in that one of its further queues any more, but `instead` in another."""
        places = (instead if it == queue_id else it for it in self.also_in)
        steps = {it: step for it, step in self.steps.items() if it != queue_id}
        also_in = tuple(it for it in places if it is not None)
        return replace(self, also_in=also_in, steps=steps, diverted=self.diverted | {rule})


@dataclass(frozen=True, slots=True)
class TaskCreated(Fact, stored_as="task.created"):
    """`requested_by`, `note`: the colleague who asks, and what they say to whoever comes."""

    conversation_id: ConversationId
    customer_id: CustomerId
    direction: TaskDirection
    mode: TaskMode
    previous_task_id: TaskId | None = None
    requested_by: AgentId | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TaskQueued(Fact, stored_as="task.queued"):
    routing: Routing
    session_id: SessionId


@dataclass(frozen=True, slots=True)
class TaskPulled(Fact, stored_as="task.pulled"):
    """An agent chose this work from a list; nobody offered it to them (routing 60)."""

    item_id: ListItemId
    list_id: ListId
    mrd_id: MrdId
    agent_id: AgentId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class TaskNamed(Fact, stored_as="task.named"):
    """For one agent alone: nobody is chosen, their slot is held at once (routing 44).

    `queue_id`: whose settings hold, that of the talk; none where it came from a list.
    """

    agent_id: AgentId
    mrd_id: MrdId
    root_request_id: TaskId
    session_id: SessionId
    queue_id: QueueId | None = None


@dataclass(frozen=True, slots=True)
class MonitoringStarted(Fact, stored_as="task.monitoring-started"):
    """A supervisor listens in. It takes no slot: supervisors need not be agents (routing 47)."""

    agent_id: AgentId
    name: str
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class SessionAdded(Fact, stored_as="task.session-added"):
    """The customer came by a further channel session: it belongs to the same task, as another media of it where the
    channel is of another media routing domain (routing 1, 50).
    """

    session_id: SessionId
    mrd_id: MrdId


@dataclass(frozen=True, slots=True)
class TaskRedirected(Fact, stored_as="task.redirected"):
    """The same task, for something else: a consult became a transfer, listening became taking part (routing 46, 47)."""

    direction: TaskDirection


@dataclass(frozen=True, slots=True)
class StepReached(Fact, stored_as="task.step-reached"):
    """The request widened to the `step`-th step of its queue, counted from 0 (routing 7, 10); `reason`: why it left the
    one before. `queue_id`: in another of its queues than the first (routing 11). `condition`: what held of the step before, and
    `measured`: what was found of all that it names (routing 8).
    """

    step: int
    reason: StepReason = StepReason.WAITED
    queue_id: QueueId | None = None
    condition: str = ""
    measured: Mapping[Measure, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class TaskDiverted(Fact, stored_as="task.diverted"):
    """A rule of its queue did not let it wait on as it was (routing 57, 58). `measured`: how many waited before it, or how
    long it had waited, in seconds.
    """

    rule: str
    action: DiversionAction
    conversation_id: ConversationId
    queue_id: QueueId | None = None
    message: str = ""
    measured: int = 0


@dataclass(frozen=True, slots=True)
class QueueLeft(Fact, stored_as="task.queue-left"):
    """A rule of one of its further queues took it out of that queue alone: it waits on in the others, and `instead` in
    another one (routing 11). `measured`: as in `TaskDiverted`.
    """

    queue_id: QueueId
    rule: str
    instead: QueueId | None = None
    measured: int = 0


@dataclass(frozen=True, slots=True)
class TaskReserved(Fact, stored_as="task.reserved", version=3):
    """Offered to an agent, until `due`, from `queue_id`. Why to this one stands where their slot is held: in the fact of
    their stream that has the version `slot_version`; in offers of former times here, as `decision`.
    """

    offer_id: OfferId
    agent_id: AgentId
    due: datetime
    step: int
    queue_id: QueueId | None = None
    slot_version: int | None = None
    decision: Grounds | None = None


@upgrades("task.reserved", TaskReserved)
def _typed(stored: Mapping[str, Any]) -> dict[str, Any]:
    texts = stored.get("decision", {})
    return {**stored, "queue_id": texts.get("queue"), "decision": of_texts(texts, stored["agent_id"])}


@upgrades("task.reserved@2", TaskReserved)
def _brief(stored: Mapping[str, Any]) -> dict[str, Any]:
    told = stored["decision"]
    return {**stored, "queue_id": told.get("queue_id"), "decision": of_names(told)}


@dataclass(frozen=True, slots=True)
class TaskAccepted(Fact, stored_as="task.accepted"):
    offer_id: OfferId
    agent_id: AgentId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class WrapUpStarted(Fact, stored_as="task.wrap-up-started"):
    """`needs_codes`: it is not finished without one, though it may end at `due` (routing 51). `ends_as`: why the task will
    have ended; DONE where how the wrap-up ends decides that (routing 3, 43).
    """

    agent_id: AgentId
    conversation_id: ConversationId
    due: datetime | None
    needs_codes: bool = False
    ends_as: TaskCloseReason = TaskCloseReason.DONE


@dataclass(frozen=True, slots=True)
class WrapUpApplied(Fact, stored_as="task.wrap-up-applied"):
    agent_id: AgentId
    codes: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class TaskClosed(Fact, stored_as="task.closed"):
    """`agent_id` and `offer_id`: whose slot this frees, none for a task that was only queued.

    `left`: how the customer went while they waited (routing 59). `words`: why the agent declined (routing 21), or what the
    customer is told (routing 64).
    """

    reason: TaskCloseReason
    conversation_id: ConversationId
    agent_id: AgentId | None = None
    offer_id: OfferId | None = None
    left: SessionEndReason | None = None
    words: str = ""


TaskFact = (
    TaskCreated
    | TaskQueued
    | TaskPulled
    | TaskNamed
    | MonitoringStarted
    | TaskRedirected
    | SessionAdded
    | StepReached
    | TaskDiverted
    | QueueLeft
    | TaskReserved
    | TaskAccepted
    | WrapUpStarted
    | WrapUpApplied
    | TaskClosed
)
