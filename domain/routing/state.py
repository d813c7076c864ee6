"""What has the engine learned from the log? A snapshot is this, and everything else that it keeps follows from it."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.agents.agent import Agent
from domain.agents.facts import SlotState
from domain.agents.states import Interrupts
from domain.configuration.catalog import Catalog
from domain.ids import AgentId, ConversationId, MrdId, OfferId, QueueId, TaskId
from domain.kernel import BEGINNING, Position
from domain.tasks.facts import Routing


@dataclass(slots=True)
class Request:
    """A request that waits, or rings: `ringing` while an offer of it is out. `missed`: since when each of those that
    are left out of it are (routing 26). `steps`: which it has reached in its other queues (routing 11).
    """

    routing: Routing
    step: int
    ringing: bool = False
    conversation_id: ConversationId | None = None
    missed: dict[AgentId, Position] = field(default_factory=dict)
    steps: dict[QueueId, int] = field(default_factory=dict)


@dataclass(slots=True)
class Slot:
    """What fills an agent's time, as their stream tells it; this one is not a value, it goes on with the task."""

    mrd_id: MrdId
    state: SlotState
    offer_id: OfferId
    interruptible: bool = False
    interrupts: Interrupts = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """`agents` holds who they are and whether they want work; `slots` what fills their time, for it changes with every
    task. `since`: available since (routing 15). `readied`: when they last became ready. `missed`: of requests whose
    offer rang out and that are not queued again yet, by their first task. `talking`: who is in a conversation, and for
    which tasks, for somebody may be there for two. `flushed`: who is sent out of which queues, and in which words, until
    they are.
    `position`: everything up to there is in it.
    """

    agents: dict[AgentId, Agent] = field(default_factory=dict)
    slots: dict[AgentId, dict[TaskId, Slot]] = field(default_factory=dict)
    since: dict[AgentId, dict[MrdId, datetime]] = field(default_factory=dict)
    readied: dict[AgentId, dict[MrdId, Position]] = field(default_factory=dict)
    requests: dict[TaskId, Request] = field(default_factory=dict)
    created: dict[TaskId, ConversationId] = field(default_factory=dict)
    missed: dict[TaskId, dict[AgentId, Position]] = field(default_factory=dict)
    talking: dict[ConversationId, dict[TaskId, AgentId]] = field(default_factory=dict)
    catalog: Catalog = field(default_factory=Catalog)
    flushed: dict[TaskId, dict[QueueId, str]] = field(default_factory=dict)
    position: Position = BEGINNING
