"""Is this supervisor there for the talks in which they take part? Nobody watches one who takes part in none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Self, assert_never

from domain.ids import ConversationId, TaskId
from domain.kernel import Decision, replace
from domain.supervisors.facts import (
    SupervisionBegan,
    SupervisionEnded,
    SupervisorConnected,
    SupervisorDisconnected,
    SupervisorFact,
)


@dataclass(frozen=True, slots=True)
class Supervisor:
    """`lost_until`: they are cut off, and leave their talks then."""

    category: ClassVar[str] = "supervisor"

    talks: Mapping[TaskId, ConversationId] = field(default_factory=dict)
    connections: frozenset[str] = frozenset()
    lost_until: datetime | None = None

    def begin(self, task: TaskId, conversation: ConversationId) -> Decision:
        if task not in self.talks:
            yield SupervisionBegan(task, conversation)

    def end(self, task: TaskId) -> Decision:
        if task in self.talks:
            yield SupervisionEnded(task)

    def connect(self, connection: str) -> Decision:
        """They follow something, from whatever place: several are as good as one."""
        if self.talks and (connection not in self.connections or self.lost_until):
            yield SupervisorConnected(connection)

    def disconnect(self, connection: str, due: datetime) -> Decision:
        """After the last connection they have until `due` to come back (routing 39)."""
        if connection in self.connections:
            yield SupervisorDisconnected(connection, due if len(self.connections) == 1 else None)

    def evolve(self, fact: SupervisorFact) -> Self:
        match fact:
            case SupervisionBegan(task_id=task, conversation_id=conversation):
                return replace(self, talks={**self.talks, task: conversation})
            case SupervisionEnded(task_id=task):
                talks = {it: talk for it, talk in self.talks.items() if it != task}
                return replace(self, talks=talks) if talks else type(self)()
            case SupervisorConnected(connection_id=connection):
                return replace(self, connections=self.connections | {connection}, lost_until=None)
            case SupervisorDisconnected(connection_id=connection, due=due):
                return replace(self, connections=self.connections - {connection}, lost_until=due)
            case _:
                assert_never(fact)
