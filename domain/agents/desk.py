"""Is somebody at this agent's desk, and have they anything to do? Decisions about connections and idleness."""

from datetime import datetime

from domain.agents.facts import DeskConnected, DeskDisconnected, IdleWarned, IdlingBegan
from domain.agents.standing import Standing
from domain.kernel import Decision, NotFound


class Desk(Standing):
    __slots__ = ()

    def connect(self, connection: str, *, several: bool) -> Decision:
        """Somebody signed in as them follows their desk; whoever did so elsewhere does no more (routing 39)."""
        if not self.username:
            raise NotFound("There is no such agent.", "agent_id")
        evicted = () if several else tuple(sorted(self.desks - {connection}))
        if connection not in self.desks or evicted or self.lost_desk:
            yield DeskConnected(connection, evicted)

    def disconnect(self, connection: str, due: datetime, *, watched: bool = True) -> Decision:
        """A lost connection changes no state; after the last one there are no offers, and until `due` they may come back.
        `watched`: unless whoever watched it is gone; then nobody knows whether they are there (routing 29).
        """
        if connection in self.desks:
            is_last = self.logged_in and len(self.desks) == 1
            yield DeskDisconnected(connection, due if is_last else None, watched)

    def begin_idling(self, warn_at: datetime, due: datetime) -> Decision:
        """Signed in, and nothing to do: never while there is live work, wherever it comes from (routing 40)."""
        if self.logged_in and not self.is_at_work and self.idle_due != due:
            yield IdlingBegan(warn_at, due)

    def warn_of_idling(self, due: datetime) -> Decision:
        if self.idle_due == due and not self.idle_warned:
            yield IdleWarned(due)
