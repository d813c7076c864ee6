"""Who the customer is, and by what they are known."""

from datetime import datetime

import strawberry

from api.schema.context import Info
from api.schema.types.paging import Connection
from api.schema.words import doc
from domain.channels.inbound import ContactKind
from domain.ids import ChannelId, ConversationId, CustomerId, IdentityId
from projections.customers.reads import CustomerProfile, customer


@strawberry.type(description="Something that a customer is known by on a channel.")
class Identity:
    id: IdentityId = doc("Its id.")
    channel_id: ChannelId = doc("The channel.")
    kind: ContactKind = doc("What kind of contact it is.")
    contact: str = doc("The number, the address, or how the channel names them.")


@strawberry.type(description="A customer, over all channels and conversations.")
class Customer:
    id: CustomerId = doc("Their id.")
    name: str = doc("Their name; empty for somebody whom nobody knows yet.")
    anonymous: bool = doc("Does nobody know their name?", name="isAnonymous")
    identities: list[Identity] = doc("By what they are known.")
    conversation_id: ConversationId | None = doc("The conversation that is open with them.")
    conversations: int = doc("How many conversations there were.", name="conversationCount")
    messages: int = doc("How many messages they wrote.", name="messageCount")
    first_seen: datetime = doc("When they first turned up.", name="firstSeenAt")
    last_seen: datetime = doc("When they were last heard of.", name="lastSeenAt")


CustomerConnection = Connection[Customer]


def of_profile(row: CustomerProfile) -> Customer:
    return Customer(
        id=row.id,
        name=row.name,
        anonymous=row.anonymous,
        identities=[
            Identity(id=it.identity_id, channel_id=it.channel_id, kind=it.kind, contact=it.contact)
            for it in row.identities
        ],
        conversation_id=row.conversation_id,
        conversations=row.conversations,
        messages=row.messages,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )


async def customer_named(info: Info, customer_id: CustomerId | None) -> Customer | None:
    """Read once per operation, however many conversations and tasks name them."""
    if customer_id is None:
        return None
    rows = info.context.profiles
    if customer_id not in rows:
        async with info.context.reading() as connection:
            rows[customer_id] = await customer(connection, customer_id)
    if rows[customer_id] is None:  # somebody who turned up just now
        await info.context.behind.caught_up(info.context.behind.position())
        async with info.context.reading() as connection:
            rows[customer_id] = await customer(connection, customer_id)
    row = rows[customer_id]
    return of_profile(row) if row else None
