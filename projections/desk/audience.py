"""Which agents' desks show this fact? Answered for the newest fact, and for any fact of the last while."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from domain.conversations.facts import AgentJoined, AgentLeft
from domain.ids import AgentId, ConversationId
from domain.kernel import BEGINNING, Position, Recorded
from domain.tasks.facts import TaskAccepted, TaskClosed, TaskReserved, WrapUpApplied, WrapUpStarted

KEPT = 200_000
"""How many facts back a desk can resume: ended stays in conversations are forgotten after that."""


@dataclass(slots=True)
class Stay:
    """An agent's time in a conversation, from the fact that let them in to the fact that let them go, both included."""

    agent_id: AgentId
    since: Position
    until: Position | None = None

    def covers(self, position: Position) -> bool:
        return self.since <= position and (self.until is None or position <= self.until)


@dataclass(slots=True)
class Stays:
    """All stays that may still matter, and the position before which nothing is known any more."""

    by_conversation: dict[ConversationId, list[Stay]] = field(default_factory=dict)
    forgotten: Position = BEGINNING
    newest: Position = BEGINNING


class Audience:
    """Feed it the log in order. A fact of the future has no audience yet."""

    name = "desk"
    shape = 1

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
                for stay in self.stays.by_conversation.get(ConversationId(recorded.subject), ()):
                    if stay.agent_id == agent and stay.until is None:
                        stay.until = recorded.position
            case _:
                return

    def of(self, recorded: Recorded[Any]) -> Iterator[AgentId]:
        """The agents whose desks show this fact."""
        match recorded.category:
            case "conversation":
                for stay in self.stays.by_conversation.get(ConversationId(recorded.subject), ()):
                    if stay.covers(recorded.position):
                        yield stay.agent_id
            case "agent":
                yield AgentId(recorded.subject)
            case "task":
                holder = _holder(recorded.fact)
                if holder is not None:
                    yield holder
            case _:
                return

    def took_part(self, agent: AgentId, conversation: ConversationId) -> bool:
        return any(stay.agent_id == agent for stay in self.stays.by_conversation.get(conversation, ()))

    def knows_since(self, position: Position) -> bool:
        """Can a desk resume after this position without missing anything?"""
        return position >= self.stays.forgotten

    def forget(self) -> None:
        """Drop the stays that ended long ago."""
        limit = Position(self.stays.newest - KEPT)
        if limit <= self.stays.forgotten:
            return
        self.stays.forgotten = limit
        kept = {
            conversation: recent
            for conversation, stays in self.stays.by_conversation.items()
            if (recent := [stay for stay in stays if stay.until is None or stay.until > limit])
        }
        self.stays.by_conversation = kept


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
