"""What happens to a supervisor while they take part in talks: they need not be an agent, and hold no slots."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import ConversationId, TaskId
from domain.kernel import Fact


@dataclass(frozen=True, slots=True)
class SupervisionBegan(Fact, stored_as="supervisor.began"):
    """They listen to a talk, or take part in it, for this task."""

    task_id: TaskId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class SupervisionEnded(Fact, stored_as="supervisor.ended"):
    task_id: TaskId


@dataclass(frozen=True, slots=True)
class SupervisorConnected(Fact, stored_as="supervisor.connected"):
    connection_id: str


@dataclass(frozen=True, slots=True)
class SupervisorDisconnected(Fact, stored_as="supervisor.disconnected"):
    """`due`: none while another connection is left; else they leave their talks then (routing 38, 39)."""

    connection_id: str
    due: datetime | None = None


SupervisorFact = SupervisionBegan | SupervisionEnded | SupervisorConnected | SupervisorDisconnected
