"""Which agents' desks show this fact? Answered for the newest fact, and for any fact of the last while."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from domain.agents.facts import ListSubscribed, ListUnsubscribed
from domain.conversations.facts import AgentJoined, AgentLeft, ConversationClosed
from domain.ids import AgentId, ConversationId, ListId
from domain.kernel import BEGINNING, Position, Recorded
from domain.lists.facts import ListItemDismissed
from domain.tasks.facts import TaskAccepted, TaskClosed, TaskReserved, WrapUpApplied, WrapUpStarted

K = TypeVar("K")
KEPT = 200_000
"""How many facts back a desk can resume: ended stays in conversations are forgotten after that."""


@dataclass(slots=True)
class Stay:
    """An agent's time in a conversation or with a list, from the fact that let them in to the fact that let them go,
    both included.
    """

    agent_id: AgentId
    since: Position
    until: Position | None = None

    def covers(self, position: Position) -> bool:
        return self.since <= position and (self.until is None or position <= self.until)


@dataclass(slots=True)
class Stays:
    """All stays that may still matter, and the position before which nothing is known any more."""

    by_conversation: dict[ConversationId, list[Stay]] = field(default_factory=dict)
    by_list: dict[ListId, list[Stay]] = field(default_factory=dict)
    forgotten: Position = BEGINNING
    newest: Position = BEGINNING


class Audience:
    """Feed it the log in order. A fact of the future has no audience yet."""

    name = "desk"
    shape = 2

    def __init__(self, stays: Stays | None = None) -> None:
        self.stays = stays or Stays()

    def dump(self) -> bytes:
        self.forget()
        return msgspec.json.encode(self.stays)

    def restore(self, state: bytes) -> None:
        self.stays = msgspec.json.decode(state, type=Stays)

    def feed(self, recorded: Recorded[Any]) -> None:
        self.stays.newest = recorded.position
        match recorded.fact:
            case AgentJoined(agent_id=agent):
                stays = self.stays.by_conversation.setdefault(ConversationId(recorded.subject), [])
                stays.append(Stay(agent, recorded.position))
            case AgentLeft(agent_id=agent):
                _end(self.stays.by_conversation.get(ConversationId(recorded.subject), ()), agent, recorded.position)
            case ListSubscribed(list_id=list_id):
                stays = self.stays.by_list.setdefault(list_id, [])
                stays.append(Stay(AgentId(recorded.subject), recorded.position))
            case ListUnsubscribed(list_id=list_id):
                _end(self.stays.by_list.get(list_id, ()), AgentId(recorded.subject), recorded.position)
            case _:
                return

    def of(self, recorded: Recorded[Any]) -> Iterator[AgentId]:
        """The agents whose desks show this fact."""
        match recorded.category:
            case "conversation":
                stays = self.stays.by_conversation.get(ConversationId(recorded.subject), ())
                if isinstance(recorded.fact, ConversationClosed):  # also for whoever left before: it is over for good
                    yield from {stay.agent_id: None for stay in stays if stay.since <= recorded.position}
                    return
                for stay in stays:
                    if stay.covers(recorded.position):
                        yield stay.agent_id
            case "agent":
                yield AgentId(recorded.subject)
            case "task":
                holder = _holder(recorded.fact)
                if holder is not None:
                    yield holder
            case "listitem":
                yield from self._of_list(recorded)
            case _:
                return

    def _of_list(self, recorded: Recorded[Any]) -> Iterator[AgentId]:
        """Whoever follows the list, but a notice that somebody put away is their own business (routing 60)."""
        if isinstance(recorded.fact, ListItemDismissed):
            yield recorded.fact.agent_id
            return
        for stay in self.stays.by_list.get(recorded.fact.list_id, ()):
            if stay.covers(recorded.position):
                yield stay.agent_id

    def knows_since(self, position: Position) -> bool:
        """Can a desk resume after this position without missing anything?"""
        return position >= self.stays.forgotten

    def forget(self) -> None:
        """Drop the stays that ended long ago."""
        limit = Position(self.stays.newest - KEPT)
        if limit <= self.stays.forgotten:
            return
        self.stays.forgotten = limit
        self.stays.by_conversation = _kept(self.stays.by_conversation, limit)
        self.stays.by_list = _kept(self.stays.by_list, limit)


def _end(stays: Iterable[Stay], agent: AgentId, position: Position) -> None:
    for stay in stays:
        if stay.agent_id == agent and stay.until is None:
            stay.until = position


def _kept(stays: dict[K, list[Stay]], limit: Position) -> dict[K, list[Stay]]:
    return {
        key: recent
        for key, those in stays.items()
        if (recent := [stay for stay in those if stay.until is None or stay.until > limit])
    }


def _holder(fact: Any) -> AgentId | None:
    """The agent whom a fact of a task concerns."""
    match fact:
        case (
            TaskReserved(agent_id=agent)
            | TaskAccepted(agent_id=agent)
            | WrapUpStarted(agent_id=agent)
            | WrapUpApplied(agent_id=agent)
            | TaskClosed(agent_id=agent)
        ):
            return agent
        case _:
            return None
