"""How does a task begin, and whose is it?

One model, in the files of its questions: `standing.py` folds the facts, the others decide; here, how it comes to be.
"""

from dataclasses import dataclass

from domain.ids import AgentId, ConversationId, CustomerId, MrdId, OfferId, SessionId, TaskId
from domain.kernel import Decision
from domain.tasks.facts import (
    MediaState,
    MonitoringStarted,
    Routing,
    SessionAdded,
    TaskAccepted,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskMode,
    TaskNamed,
    TaskPulled,
    TaskQueued,
    TaskRedirected,
)
from domain.tasks.in_line import BESIDE, InLine
from domain.tasks.offers import DECLINE_REASON_MAX, Offers
from domain.tasks.refusals import CodesNeeded, NotYourTask, OfferGone, TaskOver
from domain.tasks.standing import GOES_ON, REROUTE_PRIORITY, UNWANTED
from domain.tasks.wrap_up import WRAP_UP_CODES_MAX, WrapUp

__all__ = [
    "BESIDE",
    "DECLINE_REASON_MAX",
    "GOES_ON",
    "REROUTE_PRIORITY",
    "UNWANTED",
    "WRAP_UP_CODES_MAX",
    "CodesNeeded",
    "NotYourTask",
    "OfferGone",
    "Task",
    "TaskOver",
]


@dataclass(frozen=True, slots=True)
class Task(InLine, Offers, WrapUp):
    """A task, as decisions see it."""

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

    def take_away(self, reason: TaskCloseReason) -> Decision:
        """The agent is gone (logout, forced): whatever state it is in, this task ends."""
        if self.created is not None and self.closed is None:
            yield self.ends(reason)
