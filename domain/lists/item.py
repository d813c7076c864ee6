"""Who works on this request of a list, and does its customer wait? Agents come by themselves; nobody is offered anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Self, assert_never

from domain.ids import AgentId, ListItemId, MessageId, TaskId
from domain.kernel import Decision, GrowingSet, NotFound, WrongState, derived_id, replace
from domain.lists.facts import (
    ListItemArrived,
    ListItemClosed,
    ListItemCloseReason,
    ListItemDismissed,
    ListItemFact,
    ListItemJoined,
    ListItemLeft,
    ListItemState,
    ListItemWritten,
)


class ListItemOver(WrongState):
    code = "LIST_ITEM_CLOSED"


@dataclass(frozen=True, slots=True)
class ListItem:
    """`agents`: who works on it now, each under a task of their own (routing 1). `joins`: how often anybody came."""

    category: ClassVar[str] = "listitem"

    arrived: ListItemArrived | None = None
    agents: Mapping[AgentId, TaskId] = field(default_factory=dict)
    joins: int = 0
    dismissed_by: frozenset[AgentId] = frozenset()
    written: GrowingSet = field(default_factory=GrowingSet)
    unread: int = 0
    waiting_since: datetime | None = None
    closed: ListItemCloseReason | None = None

    @property
    def state(self) -> ListItemState:
        """routing 60: derived from who came and who is still here."""
        if self.closed is not None:
            return ListItemState.CLOSED
        if self.agents:
            return ListItemState.ACTIVE
        return ListItemState.INACTIVE if self.joins else ListItemState.UNREAD

    def next_task(self, item: ListItemId, agent: AgentId) -> TaskId:
        """The task of an agent who joins now; of one who is here already, the one that they have."""
        return self.agents.get(agent) or TaskId(derived_id("pull", item, self.joins, agent))

    # Decisions

    def arrive(self, arrived: ListItemArrived) -> Decision:
        if self.arrived is None:
            yield arrived

    def note(self, message: MessageId, now: datetime) -> Decision:
        """The customer wrote. While somebody works on it they read it anyway; no new notice, but a count (routing 60)."""
        waits = self.state in (ListItemState.UNREAD, ListItemState.INACTIVE)
        if self.arrived is not None and waits and message not in self.written:
            yield ListItemWritten(self.arrived.list_id, message, now)

    def join(self, item: ListItemId, agent: AgentId) -> Decision:
        """One agent more; whether they may is asked of the agent (routing 61)."""
        arrived = self.check_open()
        if agent not in self.agents:
            yield ListItemJoined(arrived.list_id, agent, self.next_task(item, agent))

    def leave(self, agent: AgentId, task: TaskId) -> Decision:
        """`task`: an agent who came back meanwhile is here for another one, and stays."""
        if self.arrived is not None and self.agents.get(agent) == task:
            yield ListItemLeft(self.arrived.list_id, agent, task)

    def dismiss(self, agent: AgentId) -> Decision:
        """Nothing to dismiss for whoever works on it."""
        arrived = self._check_arrived()
        if self.closed is None and agent not in self.agents and agent not in self.dismissed_by:
            yield ListItemDismissed(arrived.list_id, agent)

    def close(self, reason: ListItemCloseReason, agent: AgentId | None = None) -> Decision:
        """From any state (routing 60). Whoever works on it leaves afterwards."""
        arrived = self._check_arrived()
        if self.closed is None:
            yield ListItemClosed(arrived.list_id, arrived.conversation_id, reason, agent)

    def check_open(self) -> ListItemArrived:
        arrived = self._check_arrived()
        if self.closed is not None:
            raise ListItemOver("This request is closed.")
        return arrived

    def _check_arrived(self) -> ListItemArrived:
        if self.arrived is None:
            raise NotFound("There is no such request on any list.", "item_id")
        return self.arrived

    def evolve(self, fact: ListItemFact) -> Self:
        match fact:
            case ListItemArrived(arrived_at=at, unread=unread):
                return replace(self, arrived=fact, unread=unread, waiting_since=at)
            case ListItemWritten(message_id=message, written_at=at):
                since = self.waiting_since or at
                return replace(self, written=self.written.add(message), unread=self.unread + 1, waiting_since=since)
            case ListItemJoined(agent_id=agent, task_id=task):
                agents, dismissed = {**self.agents, agent: task}, self.dismissed_by - {agent}
                came = replace(self, agents=agents, joins=self.joins + 1, dismissed_by=dismissed)
                return replace(came, unread=0, waiting_since=None)
            case ListItemLeft(agent_id=agent):
                return replace(self, agents={a: task for a, task in self.agents.items() if a != agent})
            case ListItemDismissed(agent_id=agent):
                return replace(self, dismissed_by=self.dismissed_by | {agent})
            case ListItemClosed(reason=reason):
                return replace(self, closed=reason, waiting_since=None)
            case _:
                assert_never(fact)
