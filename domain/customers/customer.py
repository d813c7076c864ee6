"""Who is the customer, and which conversation is open with them? The guard: one open conversation per customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Self, assert_never

from domain.channels.inbound import Contact
from domain.customers.facts import (
    ConversationOpened,
    ConversationReleased,
    CustomerCreated,
    CustomerFact,
    CustomerRenamed,
    IdentityAttached,
    QueueVisited,
)
from domain.ids import AgentId, ChannelId, ConversationId, IdentityId, QueueId, TaskId
from domain.kernel import Decision, NotFound, replace

SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Customer:
    category: ClassVar[str] = "customer"

    exists: bool = False
    name: str = ""
    anonymous: bool = True
    identities: frozenset[IdentityId] = frozenset()
    conversation: ConversationId | None = None
    last_agent: AgentId | None = None
    visits: Mapping[QueueId, QueueVisited] = field(default_factory=dict)
    """The last request in each queue that asks about it."""

    def meet(
        self, identity: IdentityId, channel: ChannelId, contact: Contact, name: str, candidate: ConversationId
    ) -> Decision:
        """The customer turned up: known or new, and with an open conversation afterwards, theirs or `candidate`."""
        if not self.exists:
            yield CustomerCreated(name, anonymous=not name)
        if identity not in self.identities:
            yield IdentityAttached(identity, channel, contact.kind, contact.value)
        if self.conversation is None:
            yield ConversationOpened(candidate)

    def rename(self, name: str) -> Decision:
        if not self.exists:
            raise NotFound("There is no such customer.")
        if name != self.name:
            yield CustomerRenamed(name)

    def come_to(self, queue: QueueId, task: TaskId, at: datetime) -> Decision:
        """They ask for somebody there. Were they there before, not long ago (routing 55)?"""
        last = self.visits.get(queue)
        if last is None or last.task_id != task:
            yield QueueVisited(queue, task, at, came_back=last is not None and at - last.at <= SOON)

    def release(self, conversation: ConversationId, last_agent: AgentId | None = None) -> Decision:
        """That conversation has closed; the next message opens a new one. `last_agent`: who talked in it last."""
        if self.conversation == conversation:
            yield ConversationReleased(conversation, last_agent)

    def evolve(self, fact: CustomerFact) -> Self:
        match fact:
            case CustomerCreated(name=name, anonymous=anonymous):
                return replace(self, exists=True, name=name, anonymous=anonymous)
            case IdentityAttached(identity_id=identity):
                return replace(self, identities=self.identities | {identity})
            case CustomerRenamed(name=name):
                return replace(self, name=name, anonymous=False)
            case ConversationOpened(conversation_id=conversation):
                return replace(self, conversation=conversation)
            case QueueVisited(queue_id=queue):
                return replace(self, visits={**self.visits, queue: fact})
            case ConversationReleased(last_agent_id=agent):
                return replace(self, conversation=None, last_agent=agent or self.last_agent)
            case _:
                assert_never(fact)
