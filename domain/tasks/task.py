"""How far is this request, and whose is it? Queued, reserved, active, wrapping up, closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Self, assert_never

from domain.configuration.diversions import Diversion, DiversionAction
from domain.ids import AgentId, ConversationId, CustomerId, MrdId, OfferId, QueueId, SessionId, TaskId
from domain.kernel import Decision, Invalid, NotFound, WrongState, replace
from domain.routing.decisions import UNTOLD, Grounds
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import (
    MediaState,
    MonitoringStarted,
    QueueLeft,
    Routing,
    SessionAdded,
    StepReached,
    StepReason,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskDiverted,
    TaskFact,
    TaskMode,
    TaskNamed,
    TaskPulled,
    TaskQueued,
    TaskRedirected,
    TaskReserved,
    TaskState,
    WrapUpApplied,
    WrapUpStarted,
)
from domain.tasks.leaving import FLUSHED, left_alone
from domain.tasks.refusals import CodesNeeded, NotYourTask, OfferGone, TaskOver

REROUTE_PRIORITY = 11
"""Only for requests that somebody already waited for in vain (routing 24, 55)."""
WRAP_UP_CODES_MAX = 5
DECLINE_REASON_MAX = 200
GOES_ON = frozenset({TaskCloseReason.RONA, TaskCloseReason.DECLINED, TaskCloseReason.REROUTE})
"""Ends of a task after which its request goes on under another (routing 4, 21)."""

UNWANTED = frozenset({TaskCloseReason.RONA, TaskCloseReason.DECLINED})
"""Those of them after which it is not for the same agent at once: they let it ring or declined it (routing 21, 24)."""

BESIDE = frozenset({TaskDirection.CONSULT, TaskDirection.DIRECT_CONFERENCE})
"""What colleagues ask each other: somebody talks with the customer, who does not wait."""

DECLINES = frozenset({TaskCloseReason.DECLINED, TaskCloseReason.NO_AGENT_AVAILABLE})
"""Ends to which a decline comes, while the wait lasts and after."""


@dataclass(frozen=True, slots=True)
class Task:
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
        if several and self.offer and self.offer.decision.queue_id in several:
            return self.offer.decision.queue_id
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

    # Decisions

    def enqueue(
        self,
        conversation: ConversationId,
        customer: CustomerId,
        session: SessionId,
        routing: Routing,
        direction: TaskDirection = TaskDirection.INBOUND,
        previous: TaskId | None = None,
        requested_by: AgentId | None = None,
        note: str = "",
    ) -> Decision:
        if self.created is None:
            yield TaskCreated(conversation, customer, direction, TaskMode.QUEUE, previous, requested_by, note)
            yield TaskQueued(routing, session)

    def name(self, created: TaskCreated, named: TaskNamed) -> Decision:
        """For one agent alone. The slot is held by the agent's own stream, as always (routing 44)."""
        if self.created is None:
            yield created
            yield named

    def monitor(self, created: TaskCreated, monitoring: MonitoringStarted) -> Decision:
        if self.created is None:
            yield created
            yield monitoring

    def add_session(self, session: SessionId, mrd: MrdId) -> Decision:
        """While its agent talks: no new task, and no new offer (routing 50)."""
        if self.media_state is MediaState.ACTIVE and session != self.session_id and session not in self.further:
            yield SessionAdded(session, mrd)

    def redirect(self, direction: TaskDirection) -> Decision:
        if self.created is not None and self.closed is None and self.direction is not direction:
            yield TaskRedirected(direction)

    def pull(self, pulled: TaskPulled, customer: CustomerId) -> Decision:
        """An agent takes work that they chose themselves: theirs at once, without an offer (routing 60, 61)."""
        if self.created is None:
            yield TaskCreated(pulled.conversation_id, customer, TaskDirection.INBOUND, TaskMode.AGENT)
            yield pulled
            yield TaskAccepted(OfferId(""), pulled.agent_id, pulled.conversation_id)

    def widen(self, step: int, reason: StepReason = StepReason.WAITED, queue_id: QueueId | None = None) -> Decision:
        """`queue_id`: in another of its queues than the first (routing 11)."""
        routing = self.routing
        if self.media_state is not MediaState.QUEUED or routing is None:
            return
        if queue_id is None or queue_id in routing.also_in:
            reached = routing.step if queue_id is None else routing.steps.get(queue_id, 0)
            if step > reached:
                yield StepReached(step, reason, queue_id)

    def divert(self, rule: str, diversion: Diversion, measured: int = 0, queue_id: QueueId | None = None) -> Decision:
        """It is not to wait on as it did; each rule is applied once, and never while it rings (routing 57, 58). A customer
        with whom somebody talks hears nothing of it when that agent's request ends. `queue_id`: whose rule it is, if not
        its first queue's.
        """
        if self.media_state is not MediaState.QUEUED or self.routing is None or rule in self.routing.diverted:
            return
        several = self.routing.also_in
        if diversion.leaves and (several or queue_id is not None):
            yield from self._leave_one_queue(queue_id or self.routing.queue_id, rule, diversion, measured)
            return
        beside = self.direction in BESIDE
        action, words = diversion.action, "" if beside else diversion.message
        talk = self._check_created().conversation_id
        if action is DiversionAction.OTHER_QUEUE or not (beside and diversion.leaves):
            yield TaskDiverted(rule, action, talk, diversion.queue_id, words, measured)
        if action is DiversionAction.OTHER_QUEUE:
            yield self._closed(TaskCloseReason.REROUTE)
        elif diversion.leaves:
            yield self._closed(TaskCloseReason.NO_AGENT_AVAILABLE, words=words)

    def reserve(
        self,
        offer: OfferId,
        agent: AgentId,
        due: datetime,
        step: int,
        why: Grounds = UNTOLD,
        *,
        auto_answer: bool = False,
    ) -> Decision:
        """Offer it to an agent whose slot is held; one live offer at a time (routing 19, 67). `auto_answer`: it is theirs
        in the same moment, and both are said (routing 22).
        """
        if self.offer is not None and self.offer.offer_id == offer:
            return
        if not self._waits or (self.named is not None and self.named.agent_id != agent):
            raise TaskOver("This request does not wait for an agent any more.")
        yield TaskReserved(offer, agent, due, step, why)
        if auto_answer:
            yield TaskAccepted(offer, agent, self._check_created().conversation_id)

    def accept(self, agent: AgentId, offer: OfferId | None = None) -> Decision:
        """The agent takes the offer. `offer`: which one they saw, where their client says so (routing 19)."""
        created = self._check_created()
        if self.agent_id == agent:
            return
        yield TaskAccepted(self._offer_to(agent, offer), agent, created.conversation_id)

    def decline(self, agent: AgentId, reason: str, now: datetime, offer: OfferId | None = None) -> Decision:
        """The agent does not want it: as if it had rung out, but for what that does to them (routing 21, 27)."""
        self._check_created()
        if len(reason) > DECLINE_REASON_MAX:
            raise Invalid(f"A reason has at most {DECLINE_REASON_MAX} characters.", "reason")
        if self.closed in DECLINES and self.offer is not None and self.offer.agent_id == agent:
            return
        self._offer_to(agent, offer)
        yield self._closed(self._end_of_offer(TaskCloseReason.DECLINED, now), words=reason)

    def expire_offer(self, offer: OfferId, now: datetime) -> Decision:
        """Nobody picked up: this task ends with RONA, the request goes on under another (routing 4, 24), unless its
        time is up (routing 27).
        """
        if self.media_state is MediaState.RESERVED and self.offer is not None and self.offer.offer_id == offer:
            yield self._closed(self._end_of_offer(TaskCloseReason.RONA, now))

    def expire(self, now: datetime) -> Decision:
        """Waited too long. A live offer may finish first (routing 27)."""
        if self.media_state is MediaState.QUEUED and self._time_is_up(now):
            yield self._closed(TaskCloseReason.NO_AGENT_AVAILABLE)

    def withdraw(self, now: datetime) -> Decision:
        """Whoever it rang at signed out: nobody is to blame, and it goes on while its time lasts (routing 27, 37)."""
        if self.media_state is MediaState.RESERVED:
            yield self._closed(self._end_of_offer(TaskCloseReason.REROUTE, now))

    def cancel(
        self,
        reason: TaskCloseReason = TaskCloseReason.CANCELLED,
        left: SessionEndReason | None = None,
        words: str = "",
    ) -> Decision:
        """The request lost its purpose while it waited or rang: nobody let it ring (routing 49, 59, 64)."""
        if self._waits or self.media_state is MediaState.RESERVED:
            yield self._closed(reason, left, words)

    def flush(self, queue: QueueId, words: str) -> Decision:
        """Everybody is sent out of this queue; whoever waits in no other one is told so, and gone (routing 64). One that
        rings goes on elsewhere.
        """
        routing = self.routing
        if routing is None or self.media_state not in (MediaState.QUEUED, MediaState.RESERVED):
            return
        if not routing.also_in and queue == routing.queue_id:
            yield self._closed(TaskCloseReason.FORCE_CLOSED, words=words)
            return
        rings_by_it = self.media_state is MediaState.RESERVED and self.queue_id == queue != routing.queue_id
        yield from self._leave_one_queue(queue, f"{queue}: {FLUSHED}", Diversion(DiversionAction.CLOSE))
        if rings_by_it:
            yield self._closed(TaskCloseReason.REROUTE)

    def _leave_one_queue(self, queue: QueueId, rule: str, diversion: Diversion, measured: int = 0) -> Decision:
        """Where it was the first, the request goes on in the next one, or in the one to which it is sent (routing 11)."""
        if self.routing is not None:
            talk = self._check_created().conversation_id
            yield from left_alone(self.routing, queue, rule, diversion, talk, measured)
            if queue == self.routing.queue_id and self.routing.also_in:
                yield self._closed(TaskCloseReason.REROUTE)

    def miss(self) -> Decision:
        """The agent who is named cannot have it: nothing ever rang (routing 44)."""
        if self.named is not None and self._waits:
            yield self._closed(TaskCloseReason.NO_AGENT_AVAILABLE)

    def begin_wrap_up(
        self,
        now: datetime,
        wrap_up_s: int | None,
        ends_as: TaskCloseReason = TaskCloseReason.DONE,
        *,
        needs_codes: bool = False,
    ) -> Decision:
        """The talk is over. `wrap_up_s`: none where wrap-up is off, 0 where it has no limit (routing 43, 51)."""
        if self.media_state is not MediaState.ACTIVE or self.agent_id is None:
            return
        if wrap_up_s is None or self.monitoring is not None:
            yield self._closed(ends_as)
            return
        due = now + timedelta(seconds=wrap_up_s) if wrap_up_s else None
        yield WrapUpStarted(self.agent_id, self._check_created().conversation_id, due, needs_codes, ends_as)

    def apply_wrap_up(self, agent: AgentId, codes: tuple[str, ...], note: str) -> Decision:
        """Codes and a note, in wrap-up or in mid-conversation; a note is not a message (routing 51, 53)."""
        self._check_owner(agent)
        if len(codes) > WRAP_UP_CODES_MAX:
            raise Invalid(f"At most {WRAP_UP_CODES_MAX} wrap-up codes.", "codes")
        if (codes, note) != (self.codes, self.note):
            yield WrapUpApplied(agent, codes, note)

    def finish_wrap_up(self, agent: AgentId) -> Decision:
        if self.closed is not None and self.agent_id == agent:
            return
        self._check_owner(agent)
        if self.wrap_up is None:
            raise WrongState("This task is not in wrap-up: leave the conversation first.")
        if self.wrap_up.needs_codes and not self.codes:
            raise CodesNeeded("Say what it was about first: this queue wants at least one wrap-up code.", "codes")
        applied = self.codes or self.note
        yield self._wrapped_up(TaskCloseReason.WRAP_UP_APPLIED if applied else TaskCloseReason.WRAP_UP_NOT_APPLIED)

    def expire_wrap_up(self) -> Decision:
        if self.state is TaskState.WRAP_UP:
            yield self._wrapped_up(TaskCloseReason.WRAP_UP_EXPIRED)

    def take_away(self, reason: TaskCloseReason) -> Decision:
        """The agent is gone (logout, forced): whatever state it is in, this task ends."""
        if self.created is not None and self.closed is None:
            yield self._closed(reason)

    @property
    def _waits(self) -> bool:
        named = self.named is not None and self.media_state is MediaState.STARTED
        return named or self.media_state is MediaState.QUEUED

    def check_talks(self, agent: AgentId) -> ConversationId:
        """The conversation in which this agent talks for this task."""
        self._check_owner(agent)
        if self.wrap_up is not None:
            raise TaskOver("This task is in wrap-up.")
        return self._check_created().conversation_id

    def _wrapped_up(self, reason: TaskCloseReason) -> TaskClosed:
        """A transfer stays one, however its wrap-up ends (routing 43)."""
        ends_as = self.wrap_up.ends_as if self.wrap_up else TaskCloseReason.DONE
        return self._closed(reason if ends_as is TaskCloseReason.DONE else ends_as)

    def _time_is_up(self, now: datetime) -> bool:
        expires_at = self.routing.expires_at if self.routing else None
        return expires_at is not None and now >= expires_at

    def _end_of_offer(self, reason: TaskCloseReason, now: datetime) -> TaskCloseReason:
        """An offer may outlast its request; refused then, nobody was available (routing 27)."""
        return TaskCloseReason.NO_AGENT_AVAILABLE if self._time_is_up(now) else reason

    def _offer_to(self, agent: AgentId, offer: OfferId | None) -> OfferId:
        """The offer that rings at this agent; `offer`: the one that they saw, where their client says so."""
        if self.media_state is not MediaState.RESERVED or self.offer is None:
            raise OfferGone("This offer has ended: it timed out, was withdrawn, or somebody else has it.")
        if self.offer.agent_id != agent or offer not in (None, self.offer.offer_id):
            raise OfferGone("This offer is not yours (any more).")
        return self.offer.offer_id

    def _closed(self, reason: TaskCloseReason, left: SessionEndReason | None = None, words: str = "") -> TaskClosed:
        created = self._check_created()
        holder = self.agent_id or (self.offer.agent_id if self.offer else None)
        offer = self.offer.offer_id if self.offer else None
        return TaskClosed(reason, created.conversation_id, holder, offer, left, words)

    def _check_created(self) -> TaskCreated:
        if self.created is None:
            raise NotFound("There is no such task.", "task_id")
        return self.created

    def _check_owner(self, agent: AgentId) -> None:
        self._check_created()
        if self.agent_id != agent:
            raise NotYourTask("This task belongs to another agent, or to nobody yet.")
        if self.closed is not None:
            raise TaskOver("This task is closed.")

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
