"""How long does a request wait, and where? Its steps, where it is sent on, and how the wait ends without an offer."""

from datetime import datetime

from domain.configuration.diversions import Diversion, DiversionAction
from domain.ids import QueueId
from domain.kernel import Decision
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import MediaState, StepReached, TaskCloseReason, TaskDirection, TaskDiverted
from domain.tasks.leaving import FLUSHED, left_alone
from domain.tasks.standing import Standing

BESIDE = frozenset({TaskDirection.CONSULT, TaskDirection.DIRECT_CONFERENCE})
"""What colleagues ask each other: somebody talks with the customer, who does not wait."""


class InLine(Standing):
    __slots__ = ()

    def widen(self, reached: StepReached) -> Decision:
        """Steps are not gone back, in any of its queues (routing 7, 11)."""
        routing, queue = self.routing, reached.queue_id
        if self.media_state is not MediaState.QUEUED or routing is None:
            return
        before = routing.step if queue is None else routing.steps.get(queue, 0)
        if (queue is None or queue in routing.also_in) and reached.step > before:
            yield reached

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
        talk = self.check_created().conversation_id
        if action is DiversionAction.OTHER_QUEUE or not (beside and diversion.leaves):
            yield TaskDiverted(rule, action, talk, diversion.queue_id, words, measured)
        if action is DiversionAction.OTHER_QUEUE:
            yield self.ends(TaskCloseReason.REROUTE)
        elif diversion.leaves:
            yield self.ends(TaskCloseReason.NO_AGENT_AVAILABLE, words=words)

    def expire(self, now: datetime) -> Decision:
        """Waited too long. A live offer may finish first (routing 27)."""
        if self.media_state is MediaState.QUEUED and self.time_is_up(now):
            yield self.ends(TaskCloseReason.NO_AGENT_AVAILABLE)

    def cancel(
        self,
        reason: TaskCloseReason = TaskCloseReason.CANCELLED,
        left: SessionEndReason | None = None,
        words: str = "",
    ) -> Decision:
        """The request lost its purpose while it waited or rang: nobody let it ring (routing 49, 59, 64)."""
        if self.waits_for_agent or self.media_state is MediaState.RESERVED:
            yield self.ends(reason, left, words)

    def flush(self, queue: QueueId, words: str) -> Decision:
        """Everybody is sent out of this queue; whoever waits in no other one is told so, and gone (routing 64). One that
        rings goes on elsewhere.
        """
        routing = self.routing
        if routing is None or self.media_state not in (MediaState.QUEUED, MediaState.RESERVED):
            return
        if not routing.also_in and queue == routing.queue_id:
            yield self.ends(TaskCloseReason.FORCE_CLOSED, words=words)
            return
        rings_by_it = self.media_state is MediaState.RESERVED and self.queue_id == queue != routing.queue_id
        yield from self._leave_one_queue(queue, f"{queue}: {FLUSHED}", Diversion(DiversionAction.CLOSE))
        if rings_by_it:
            yield self.ends(TaskCloseReason.REROUTE)

    def _leave_one_queue(self, queue: QueueId, rule: str, diversion: Diversion, measured: int = 0) -> Decision:
        """Where it was the first, the request goes on in the next one, or in the one to which it is sent (routing 11)."""
        if self.routing is not None:
            talk = self.check_created().conversation_id
            yield from left_alone(self.routing, queue, rule, diversion, talk, measured)
            if queue == self.routing.queue_id and self.routing.also_in:
                yield self.ends(TaskCloseReason.REROUTE)
