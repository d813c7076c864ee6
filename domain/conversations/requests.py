"""When is a human asked for, and when no more?"""

from datetime import datetime

from domain.conversations.facts import AgentRequested, AgentRequestEnded, RequestListed, RequestReason, RequestUnlisted
from domain.conversations.notices import Notices
from domain.conversations.standing import CustomerGone
from domain.ids import ListItemId, MessageId, MrdId, QueueId, SessionId, TaskId
from domain.kernel import Decision, derived_id, replace


class Requests(Notices):
    __slots__ = ()

    def request_agent(
        self,
        task: TaskId,
        queue: QueueId,
        mrd: MrdId,
        session: SessionId,
        priority: int,
        reason: RequestReason,
        previous: TaskId | None = None,
        also_in: tuple[QueueId, ...] = (),
    ) -> Decision:
        """Ask for a human, unless one is here or on the way. `previous`: the task of whoever is gone."""
        self._check_may_request(session)
        if not self.human_comes and not self.talking:
            yield AgentRequested(task, queue, mrd, session, priority, reason, previous, also_in)

    def list_request(self, listed: RequestListed) -> Decision:
        """Ask for a human on a list, unless one is here or on the way (routing 60)."""
        self._check_may_request(listed.session_id)
        if not self.human_comes and not self.talking:
            yield replace(listed, unread=self.unread)

    def unlist_request(self, item: ListItemId, reason: str) -> Decision:
        """The item was closed: nobody is asked for any more."""
        if self.listed is not None and self.listed.item_id == item:
            yield RequestUnlisted(item, reason)

    def end_request(self, task: TaskId, reason: str, words: str = "", reply_due: datetime | None = None) -> Decision:
        """The request came to nothing (nobody free in time, cancelled). The customer is told in these words, and has until
        `reply_due` to say what they want now (routing 28).
        """
        if self.request is not None and self.request.task_id == task:
            yield AgentRequestEnded(task, reason, reply_due if self.sessions and not self.talking else None)
            yield from self.notify(notice_of_end(task), words)

    def tell_wait(self, task: TaskId, message: MessageId, words: str) -> Decision:
        """How long it may still be, for a customer who waits (routing 65)."""
        if self.request is not None and self.request.task_id == task and not self.talking:
            yield from self.notify(message, words)

    def _check_may_request(self, session: SessionId) -> None:
        self.check_open()
        if session not in self.sessions:
            raise CustomerGone("The customer has left this conversation.")


def notice_of_end(task: TaskId) -> MessageId:
    """The notice that nobody comes, of which there is one for each request; `task`: the first of it."""
    return MessageId(derived_id("request ended", task))
