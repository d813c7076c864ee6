"""What do a foreign connector and Parley post to each other? The wire for connectors written in any language."""

from typing import Annotated, Any

import msgspec

from connectors.wire import BodyOnTheWire, Id, Moment, Name, Notes, Wire
from domain.channels.inbound import ContactKind
from domain.channels.messages import Attachment, BodyType, DeliveryStatus


class ContactIn(Wire, frozen=True):
    """`value`: E.164 with its plus sign for PHONE, an address for EMAIL, anything that lasts for OPAQUE."""

    kind: ContactKind
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=320)]


class MessageIn(Wire, frozen=True):
    """A customer wrote. The same `provider_message_id` again is the same message."""

    provider_message_id: Id
    contact: ContactIn
    body: BodyOnTheWire
    customer_name: Name = ""
    sent_at: Moment | None = None
    channel_data: Notes = msgspec.field(default_factory=dict)


class ReceiptIn(Wire, frozen=True):
    """News of a message that Parley handed over. `conversation_id` as it was delivered helps to find an old one."""

    message_id: Id
    status: DeliveryStatus
    reason: Annotated[str, msgspec.Meta(max_length=1_000)] = ""
    conversation_id: Id | None = None
    provider_message_id: Id | None = None


class Taken(msgspec.Struct, frozen=True, rename="camel"):
    """What a connector may answer to a delivery: how the provider names the message."""

    provider_message_id: Annotated[str, msgspec.Meta(max_length=300)] = ""


class ContactOut(msgspec.Struct, frozen=True):
    kind: ContactKind
    value: str


class SenderOut(msgspec.Struct, frozen=True):
    type: str
    name: str


class BodyOut(msgspec.Struct, frozen=True, rename="camel"):
    type: BodyType
    text: str
    attachment: Attachment | None
    data: dict[str, Any]


class Delivery(msgspec.Struct, frozen=True, rename="camel"):
    """What Parley posts to `delivery_url`, signed: take it to the customer."""

    message_id: str
    conversation_id: str
    channel_id: str
    session_id: str
    service_identifier: str
    contact: ContactOut
    sender: SenderOut
    body: BodyOut
    at: str
    channel_data: dict[str, str]


MESSAGE = msgspec.json.Decoder(MessageIn)
RECEIPT = msgspec.json.Decoder(ReceiptIn)
TAKEN = msgspec.json.Decoder(Taken)
encode = msgspec.json.Encoder().encode
