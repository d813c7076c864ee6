"""What was said, and how far it came."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from api.schema.words import doc
from domain.channels import messages
from domain.channels.messages import BodyType, DeliveryStatus, SenderType
from domain.conversations.facts import DeliveryReported, MessagePosted
from domain.ids import ChannelId, ConversationId, MessageId, SessionId
from domain.kernel import Position, Recorded


@strawberry.type(description="Who said it.")
class Sender:
    type: SenderType = doc("What they are.")
    id: strawberry.ID = doc("The id of the agent or bot, or how the channel names the customer.")
    name: str = doc("Their name; empty where nobody knows it.")


@strawberry.type(description="A file that came with a message.")
class Attachment:
    media_url: str = doc("Where it is.")
    mime_type: str = doc("Its media type.")
    size_bytes: int = doc("Its size in bytes; 0 where nobody knows it.")
    name: str = doc("Its name for people.", name="mediaName")


@strawberry.type(description="What a message says.")
class Body:
    type: BodyType = doc("What kind of message it is.")
    text: str = doc("Markdown, or the caption of an attachment. Never HTML: escape it.", name="markdownText")
    attachment: Attachment | None = doc("The file that came with it.")
    data: JSON = doc("What only this type of message knows: an object.")


@strawberry.type(description="The latest receipt for a message to the customer.")
class Delivery:
    status: DeliveryStatus = doc("How far the message came.")
    reason: str = doc("Why it failed; empty otherwise.")
    at: datetime = doc("When Parley heard of it.")
    provider_message_id: str = doc("How the provider names the message; empty where nobody said so.")


@strawberry.type(description="A message in a conversation.")
class Message:
    id: MessageId = doc("Unique in its conversation.")
    conversation_id: ConversationId = doc("The conversation.")
    cursor: Position = doc("Where it stands in the log; messages of a conversation are in this order.")
    at: datetime = doc("When Parley took it.")
    sent_at: datetime | None = doc("When the customer's device or provider says that it was sent.")
    sender: Sender = doc("Who said it.")
    body: Body = doc("What it says.")
    session_id: SessionId | None = doc(
        "The channel session that it came from or goes to; null for a whisper among agents."
    )
    channel_id: ChannelId | None = doc("The channel of that session.")
    reply_due: datetime | None = doc("When the customer's silence after it ends their session.")
    delivery: Delivery | None = doc("The latest receipt; null before the first, and for what customers write.")


def message(recorded: Recorded[MessagePosted], receipt: Recorded[DeliveryReported] | None = None) -> Message:
    fact = recorded.fact
    return Message(
        id=fact.message_id,
        conversation_id=ConversationId(recorded.subject),
        cursor=recorded.position,
        at=recorded.at,
        sent_at=fact.sent_at,
        sender=_as_is(fact.sender),
        body=_as_is(fact.body),
        session_id=fact.session_id,
        channel_id=fact.channel_id,
        reply_due=fact.reply_due,
        delivery=delivery(receipt) if receipt else None,
    )


def delivery(receipt: Recorded[DeliveryReported]) -> Delivery:
    return Delivery(
        status=receipt.fact.status,
        reason=receipt.fact.reason,
        at=receipt.at,
        provider_message_id=receipt.fact.provider_message_id,
    )


def _as_is(word: messages.Sender | messages.Body) -> Any:
    """The domain's own object, which has every attribute that the fields read: a copy would cost more than the rest."""
    return word
