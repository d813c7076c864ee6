"""What does a channel connector hand over? Everything that a vendor sends, in words that the rest of Parley understands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.channels.messages import Body, DeliveryStatus
from domain.ids import ChannelId


class ContactKind(StrEnum):
    """What identifies a customer on a channel. Phone numbers and e-mail addresses mean the same person on any channel."""

    PHONE = "PHONE"
    EMAIL = "EMAIL"
    OPAQUE = "OPAQUE"


@dataclass(frozen=True, slots=True)
class Contact:
    """`value` is normalised by the connector: E.164 for a phone number, lower case for an address."""

    kind: ContactKind
    value: str


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message from a customer. `provider_message_id` is unique on its channel: it is what a repeat is known by.

    `is_newcomer`: the connector has drawn this contact's identifier just now, so there is nothing to look up.
    """

    channel_id: ChannelId
    contact: Contact
    provider_message_id: str
    body: Body
    sent_at: datetime | None = None
    customer_name: str = ""
    channel_data: Mapping[str, str] = field(default_factory=dict)
    is_newcomer: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says of a message that we sent. `message_id` is ours, `provider_message_id` is theirs."""

    channel_id: ChannelId
    message_id: str
    status: DeliveryStatus
    reason: str = ""
    provider_message_id: str = ""
