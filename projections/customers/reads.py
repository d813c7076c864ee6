"""Who are our customers, and by what are they known? The newest first, by the beginning of a name, or by a contact."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from domain.channels.inbound import ContactKind
from domain.ids import ChannelId, ConversationId, CustomerId, IdentityId
from domain.kernel import Position
from projections.paging import FIRST, Connection, Listing, Page, Window


@dataclass(frozen=True, slots=True)
class KnownAs:
    identity_id: IdentityId
    channel_id: ChannelId
    kind: ContactKind
    contact: str


@dataclass(frozen=True, slots=True)
class CustomerProfile:
    """`conversation_id`: the one that is open. `messages`: what the customer wrote, in all conversations."""

    id: CustomerId
    name: str
    anonymous: bool
    identities: tuple[KnownAs, ...]
    conversation_id: ConversationId | None
    conversations: int
    messages: int
    first_seen: datetime
    last_seen: datetime
    position: Position


def _profile(row: dict[str, Any]) -> CustomerProfile:
    row.pop("model", None)
    row["identities"] = tuple(
        KnownAs(it["identity_id"], it["channel_id"], ContactKind(it["kind"]), it["contact"]) for it in row["identities"]
    )
    return CustomerProfile(**row)


_CUSTOMERS = Listing("SELECT * FROM customers.customer", ("first_seen", "id"), ("timestamptz", "text"), _profile)


async def customer(connection: Connection, customer_id: CustomerId) -> CustomerProfile | None:
    return await _CUSTOMERS.one(connection, customer_id)


async def customers(
    connection: Connection, *, name: str = "", contact: str = "", window: Window = FIRST
) -> Page[CustomerProfile]:
    """Newest first; whose name begins with `name` (in any case), and who is known by exactly this `contact`."""
    where = [
        *(("left(lower(name), 100) LIKE %(name)s",) if name else ()),
        *(("identities @> %(contact)s",) if contact else ()),
    ]
    escaped = name[:100].lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    parameters = {"name": f"{escaped}%", "contact": Jsonb([{"contact": contact}])}
    return await _CUSTOMERS.page(connection, where, parameters, window)
