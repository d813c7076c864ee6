"""Is somebody at this agent's desk, and have they anything to do? Decisions about connections and idleness."""

from datetime import datetime

from domain.agents.agent import Agent
from domain.agents.facts import DeskConnected, DeskDisconnected, IdleWarned, IdlingBegan
from domain.kernel import Decision, NotFound


def connect(agent: Agent, connection: str, *, several: bool) -> Decision:
    """Somebody signed in as them follows their desk; whoever did so elsewhere does no more (routing 39)."""
    if not agent.username:
        raise NotFound("There is no such agent.", "agent_id")
    evicted = () if several else tuple(sorted(agent.desks - {connection}))
    if connection not in agent.desks or evicted or agent.lost_desk:
        yield DeskConnected(connection, evicted)


def disconnect(agent: Agent, connection: str, due: datetime) -> Decision:
    """A lost connection changes no state; after the last one there are no offers, and until `due` they may come back."""
    if connection in agent.desks:
        is_last = agent.logged_in and len(agent.desks) == 1
        yield DeskDisconnected(connection, due if is_last else None)


def begin_idling(agent: Agent, warn_at: datetime, due: datetime) -> Decision:
    """Signed in, and nothing to do: never while there is live work (routing 40)."""
    if agent.logged_in and not agent.slots and agent.idle_due != due:
        yield IdlingBegan(warn_at, due)


def warn_of_idling(agent: Agent, due: datetime) -> Decision:
    if agent.idle_due == due and not agent.idle_warned:
        yield IdleWarned(due)
