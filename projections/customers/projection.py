"""How do a customer's facts become their row? What they wrote is counted from their open conversation."""

from datetime import datetime
from typing import Any, LiteralString, get_args

import msgspec
from psycopg import AsyncConnection

from domain.channels.messages import SenderType
from domain.conversations.facts import MessagePosted
from domain.customers.customer import Customer
from domain.customers.facts import ConversationOpened, ConversationReleased, CustomerFact, IdentityAttached
from domain.kernel import Fact, Recorded
from projections.table import Table, newcomers_apart


class Known(msgspec.Struct):
    identity_id: str
    channel_id: str
    kind: str
    contact: str


class Row(msgspec.Struct):
    id: str
    first_seen: datetime
    last_seen: datetime
    position: int = 0
    name: str = ""
    anonymous: bool = True
    identities: list[Known] = []
    conversation_id: str | None = None
    conversations: int = 0
    messages: int = 0
    model: Customer = Customer()


class OpenConversation(msgspec.Struct):
    id: str
    customer_id: str


class Customers:
    name: LiteralString = "customers"
    version = 1
    facts: frozenset[type[Fact]] = frozenset(get_args(CustomerFact)) | {MessagePosted}

    def __init__(self) -> None:
        self.customers = Table("customer", Row, ("id",))
        self.open = Table("open_conversation", OpenConversation, ("id",))
        self.tables: tuple[Table[Any], ...] = (self.customers, self.open)

    async def load(self, events: list[Recorded[Any]], connection: AsyncConnection[Any]) -> None:
        own = [event for event in events if type(event.fact) is not MessagePosted]
        opened = {event.fact.conversation_id for event in own if type(event.fact) is ConversationOpened}
        heard = {event.subject for event in events if type(event.fact) is MessagePosted} - opened
        await self.open.warm(sorted(heard), connection)
        writing = {row.customer_id for row in map(self.open.get, heard) if row}
        await self.customers.warm(sorted(writing | newcomers_apart(own)), connection)

    def fold(self, event: Recorded[Any]) -> None:
        if type(event.fact) is MessagePosted:
            if event.fact.sender.type is SenderType.CUSTOMER:
                self._heard(event)
            return
        subject, fact = event.subject, event.fact
        row = self.customers.change(subject) or self.customers.put(Row(subject, event.at, event.at))
        row.model = row.model.evolve(fact)
        row.position = event.position
        match fact:
            case IdentityAttached(identity_id=identity, channel_id=channel, contact_kind=kind, contact=contact):
                row.identities.append(Known(identity, channel, kind, contact))
            case ConversationOpened(conversation_id=conversation):
                row.conversations += 1
                row.last_seen = event.at
                self.open.put(OpenConversation(conversation, subject))
            case ConversationReleased(conversation_id=conversation):
                self.open.remove(conversation)
            case _:
                pass

    def _heard(self, event: Recorded[MessagePosted]) -> None:
        open_ = self.open.get(event.subject)
        row = self.customers.change(open_.customer_id) if open_ else None
        if row is not None:
            row.messages += 1
            row.last_seen = event.at
            row.position = event.position

    def settle(self) -> None:
        for row in self.customers.dirty.values():
            model = row.model
            row.name, row.anonymous, row.conversation_id = model.name, model.anonymous, model.conversation
