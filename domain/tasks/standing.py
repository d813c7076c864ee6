"""How does this task stand: how far is it, and whose is it? Facts are folded here, nothing is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Self, assert_never

from domain.ids import AgentId, ConversationId, MrdId, QueueId, SessionId, TaskId
from domain.kernel import NotFound, replace
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import (
    MediaState,
    MonitoringStarted,
    QueueLeft,
    Routing,
    SessionAdded,
    StepReached,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskDiverted,
    TaskFact,
    TaskNamed,
    TaskPulled,
    TaskQueued,
    TaskRedirected,
    TaskReserved,
    TaskState,
    WrapUpApplied,
    WrapUpStarted,
)
from domain.tasks.refusals import NotYourTask, TaskOver

REROUTE_PRIORITY = 11
"""Only for requests that somebody already waited for in vain (routing 24, 55)."""
GOES_ON = frozenset({TaskCloseReason.RONA, TaskCloseReason.DECLINED, TaskCloseReason.REROUTE})
"""Ends of a task after which its request goes on under another (routing 4, 21)."""
UNWANTED = frozenset({TaskCloseReason.RONA, TaskCloseReason.DECLINED})
"""Those of them after which it is not for the same agent at once: they let it ring or declined it (routing 21, 24)."""


@dataclass(frozen=True, slots=True)
class Standing:
    category: ClassVar[str] = "task"

    created: TaskCreated | None = None
    routing: Routing | None = None
    session_id: SessionId | None = None
    pulled: TaskPulled | None = None
    named: TaskNamed | None = None
    monitoring: MonitoringStarted | None = None
    redirected: TaskDirection | None = None
    further: Mapping[SessionId, MrdId] = field(default_factory=dict)
    """The channel sessions that came after the first."""
    diverted: TaskDiverted | None = None
    offer: TaskReserved | None = None
    agent_id: AgentId | None = None
    wrap_up: WrapUpStarted | None = None
    codes: tuple[str, ...] = ()
    note: str = ""
    closed: TaskCloseReason | None = None

    @property
    def state(self) -> TaskState:
        if self.closed is not None:
            return TaskState.CLOSED
        return TaskState.ACTIVE if self.wrap_up is None else TaskState.WRAP_UP

    @property
    def media_state(self) -> MediaState:
        if self.closed is not None or self.wrap_up is not None:
            return MediaState.CLOSED
        if self.agent_id is not None:
            return MediaState.ACTIVE
        if self.offer is not None:
            return MediaState.RESERVED
        return MediaState.STARTED if self.routing is None else MediaState.QUEUED

    @property
    def direction(self) -> TaskDirection | None:
        return self.redirected or (self.created.direction if self.created else None)

    @property
    def mrd_id(self) -> MrdId | None:
        source = self.routing or self.named or self.pulled
        return source.mrd_id if source else None

    @property
    def queue_id(self) -> QueueId | None:
        """The queue whose settings hold for it: of several the one by which it was offered, the first before (routing 11)."""
        several = self.routing.also_in if self.routing else ()
        if several and self.offer and self.offer.queue_id in several:
            return self.offer.queue_id
        source = self.routing or self.named
        return source.queue_id if source else None

    @property
    def root_request_id(self) -> TaskId | None:
        """The first task of its request."""
        source = self.routing or self.named
        return source.root_request_id if source else None

    @property
    def media(self) -> Mapping[MrdId, tuple[SessionId, ...]]:
        """One for each media routing domain, with the channel sessions that belong to it (routing 1, 50)."""
        first = {self.session_id: self.mrd_id} if self.session_id is not None and self.mrd_id is not None else {}
        media: dict[MrdId, tuple[SessionId, ...]] = {}
        for session, mrd in {**first, **self.further}.items():
            media[mrd] = (*media.get(mrd, ()), session)
        return media

    @property
    def goes_on(self) -> bool:
        """Does its request go on under another task? One for a named agent who could not have it does, too."""
        unreachable = self.named is not None and self.closed is TaskCloseReason.NO_AGENT_AVAILABLE
        return self.closed in GOES_ON or unreachable

    @property
    def moves_to(self) -> QueueId | None:
        """The queue in which its request goes on (routing 57, 58); none for its own."""
        return self.diverted.queue_id if self.diverted and self.closed is TaskCloseReason.REROUTE else None

    # What decisions ask first, and how they end it

    @property
    def waits_for_agent(self) -> bool:
        named = self.named is not None and self.media_state is MediaState.STARTED
        return named or self.media_state is MediaState.QUEUED

    def time_is_up(self, now: datetime) -> bool:
        expires_at = self.routing.expires_at if self.routing else None
        return expires_at is not None and now >= expires_at

    def check_talks(self, agent: AgentId) -> ConversationId:
        """The conversation in which this agent talks for this task."""
        self.check_owner(agent)
        if self.wrap_up is not None:
            raise TaskOver("This task is in wrap-up.")
        return self.check_created().conversation_id

    def check_created(self) -> TaskCreated:
        if self.created is None:
            raise NotFound("There is no such task.", "task_id")
        return self.created

    def check_owner(self, agent: AgentId) -> None:
        self.check_created()
        if self.agent_id != agent:
            raise NotYourTask("This task belongs to another agent, or to nobody yet.")
        if self.closed is not None:
            raise TaskOver("This task is closed.")

    def ends(self, reason: TaskCloseReason, left: SessionEndReason | None = None, words: str = "") -> TaskClosed:
        """The fact with which it ends as it stands."""
        created = self.check_created()
        holder = self.agent_id or (self.offer.agent_id if self.offer else None)
        offer = self.offer.offer_id if self.offer else None
        return TaskClosed(reason, created.conversation_id, holder, offer, left, words)

    def evolve(self, fact: TaskFact) -> Self:
        match fact:
            case TaskCreated():
                return replace(self, created=fact)
            case TaskQueued(routing=routing, session_id=session):
                return replace(self, routing=routing, session_id=session)
            case TaskPulled():
                return replace(self, pulled=fact)
            case TaskNamed(session_id=session):
                return replace(self, named=fact, session_id=session)
            case MonitoringStarted(agent_id=agent):
                return replace(self, monitoring=fact, agent_id=agent)
            case SessionAdded(session_id=session, mrd_id=mrd):
                return replace(self, further={**self.further, session: mrd})
            case TaskRedirected(direction=direction):
                return replace(self, redirected=direction)
            case StepReached(step=step, queue_id=queue):
                if self.routing is None:
                    return self
                if queue is None:
                    return replace(self, routing=replace(self.routing, step=step))
                return replace(self, routing=replace(self.routing, steps={**self.routing.steps, queue: step}))
            case TaskDiverted(rule=rule):
                told = replace(self, diverted=fact)
                if self.routing is None:
                    return told
                return replace(told, routing=replace(self.routing, diverted=self.routing.diverted | {rule}))
            case QueueLeft(queue_id=queue, rule=rule, instead=instead):
                return replace(self, routing=self.routing and self.routing.without(queue, rule, instead))
            case TaskReserved():
                return replace(self, offer=fact)
            case TaskAccepted(agent_id=agent):
                return replace(self, agent_id=agent)
            case WrapUpStarted():
                return replace(self, wrap_up=fact)
            case WrapUpApplied(codes=codes, note=note):
                return replace(self, codes=codes, note=note)
            case TaskClosed(reason=reason):
                return replace(self, closed=reason)
            case _:
                assert_never(fact)
