"""How does somebody else's connector speak for a channel? It posts to us, we post to it, and both sign.

Signatures are those of Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`. A channel's secret
derives from a master key; while keys are rotated there are two, and either is good.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import httpx2
import msgspec
from standardwebhooks import Webhook, WebhookVerificationError

from connectors.errors import TryLater, Undeliverable, Unreadable, Unverified
from connectors.webhook import payloads as wire
from connectors.wire import read
from domain.channels.inbound import Contact, ContactKind, Inbound, Receipt
from domain.channels.messages import DeliveryStatus
from domain.configuration.settings import Channel
from domain.conversations.facts import MessagePosted
from domain.ids import ChannelId
from domain.kernel import Recorded
from domain.sessions.facts import SessionStarted

NAME = "webhook"
REASON_MAX = 300
_PHONE = re.compile(r"\+[1-9]\d{5,14}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def secret_of(master: bytes, channel: ChannelId) -> str:
    """What the operator of a foreign connector is given, in the form that Standard Webhooks libraries take."""
    derived = hmac.new(master, b"channel " + channel.encode(), hashlib.sha256).digest()
    return "whsec_" + base64.b64encode(derived).decode()


def verify(headers: Mapping[str, str], body: bytes, channel: ChannelId, masters: Sequence[bytes]) -> None:
    """Raises `Unverified` unless one of the channel's secrets signed this body within the last five minutes."""
    for master in masters:
        try:
            Webhook(secret_of(master, channel)).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError):  # ValueError: a signature that is no base64, a body no UTF-8
            continue
        return
    raise Unverified("The signature is missing, wrong or too old.")


def read_message(raw: bytes, channel: ChannelId) -> Inbound:
    """Raises `Malformed`, `Unreadable`."""
    said = read(wire.MESSAGE, raw)
    contact = Contact(said.contact.kind, _normal(said.contact))
    return Inbound(
        channel,
        contact,
        said.provider_message_id,
        said.body.body(),
        said.sent_at,
        said.customer_name,
        said.channel_data,
    )


def read_receipt(raw: bytes) -> wire.ReceiptIn:
    """Raises `Malformed`, `Unreadable`."""
    return read(wire.RECEIPT, raw)


def _normal(contact: wire.ContactIn) -> str:
    """The contact as every channel writes it, so that a person is the same person everywhere."""
    value = contact.value.strip()
    match contact.kind:
        case ContactKind.PHONE:
            value = re.sub(r"[\s().-]", "", value)
            if not _PHONE.fullmatch(value) or not value.isascii():
                raise Unreadable("A phone number is written in E.164, like +4930123456.", "contact.value")
        case ContactKind.EMAIL:
            value = value.lower()
            if not _EMAIL.fullmatch(value):
                raise Unreadable("This is no e-mail address.", "contact.value")
        case ContactKind.OPAQUE:
            if not value:
                raise Unreadable("A contact needs a value.", "contact.value")
    return value


@dataclass(frozen=True)
class WebhookCourier:
    """Takes messages to the connectors behind `delivery_url`. `masters`: the newest key first."""

    client: httpx2.AsyncClient
    masters: Sequence[bytes]
    clock: Callable[[], datetime]
    timeout_s: float = 15.0

    async def deliver(self, channel: Channel, to: SessionStarted, message: Recorded[MessagePosted]) -> Receipt:
        """SENT when it was taken; FAILED when it will never be. Raises `TryLater`."""
        body = wire.encode(_delivery(channel, to, message))
        message_id = message.fact.message_id
        try:
            response = await self.client.post(
                channel.delivery_url,
                content=body,
                headers=self._signed(message_id, to.channel_id, body),
                timeout=self.timeout_s,
                follow_redirects=False,
            )
        except httpx2.RequestError as error:
            raise TryLater(f"The connector cannot be reached: {type(error).__name__}") from error
        except httpx2.InvalidURL as error:
            return Receipt(to.channel_id, message_id, DeliveryStatus.FAILED, f"The delivery URL is wrong: {error}")
        try:
            _judge(response)
        except Undeliverable as never:
            return Receipt(to.channel_id, message_id, DeliveryStatus.FAILED, never.detail)
        return Receipt(
            to.channel_id, message_id, DeliveryStatus.SENT, provider_message_id=_provider_message_id(response)
        )

    def _signed(self, message_id: str, channel: ChannelId, body: bytes) -> dict[str, str]:
        now, text = self.clock(), body.decode()
        signatures = [Webhook(secret_of(master, channel)).sign(message_id, now, text) for master in self.masters]
        return {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def _judge(response: httpx2.Response) -> None:
    """2xx is taken; 408, 425, 429 and 5xx may be taken later; anything else never will be."""
    status = response.status_code
    if 200 <= status < 300:
        return
    if status in {408, 425, 429} or status >= 500:
        raise TryLater(f"The connector answered {status}.")
    said = response.text[:REASON_MAX].strip()
    raise Undeliverable(f"The connector answered {status}{': ' + said if said else '.'}")


def _provider_message_id(response: httpx2.Response) -> str:
    """How the provider names the message, where the connector says so; its answer is free to say anything else."""
    try:
        return wire.TAKEN.decode(response.content).provider_message_id
    except (msgspec.DecodeError, ValueError):
        return ""


def _delivery(channel: Channel, to: SessionStarted, message: Recorded[MessagePosted]) -> wire.Delivery:
    fact = message.fact
    return wire.Delivery(
        fact.message_id,
        message.subject,
        to.channel_id,
        fact.session_id or "",
        channel.service_identifier,
        wire.ContactOut(channel.contact_kind, to.contact),
        wire.SenderOut(fact.sender.type, fact.sender.name),
        wire.BodyOut(fact.body.type, fact.body.text, fact.body.attachment, dict(fact.body.data)),
        message.at.isoformat(),
        dict(to.channel_data),
    )
