"""What does a message say, whatever channel it came by? The words of the field's common message model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class SenderType(StrEnum):
    AGENT = "AGENT"
    BOT = "BOT"
    CUSTOMER = "CUSTOMER"
    APP = "APP"
    CONNECTOR = "CONNECTOR"
    SYSTEM = "SYSTEM"


class BodyType(StrEnum):
    PLAIN = "PLAIN"
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    FILE = "FILE"
    STICKER = "STICKER"
    LOCATION = "LOCATION"
    CONTACT = "CONTACT"
    URL = "URL"
    BUTTON = "BUTTON"
    CAROUSEL = "CAROUSEL"
    TEMPLATE = "TEMPLATE"
    EMAIL = "EMAIL"
    COMMENT = "COMMENT"
    VOICE = "VOICE"
    NOTIFICATION = "NOTIFICATION"
    CUSTOM = "CUSTOM"
    GENERIC = "GENERIC"


class DeliveryStatus(StrEnum):
    """How far a message came. Later ones never go back to earlier ones; `FAILED` ends it."""

    SENT = "SENT"
    DELIVERED = "DELIVERED"
    READ = "READ"
    FAILED = "FAILED"

    def follows(self, earlier: "DeliveryStatus | None") -> bool:
        """Is this news after `earlier`? Receipts arrive repeated and out of order."""
        if earlier is None:
            return True
        if self is DeliveryStatus.FAILED:
            return earlier is DeliveryStatus.SENT
        return earlier is not DeliveryStatus.FAILED and _PROGRESS.index(self) > _PROGRESS.index(earlier)


_PROGRESS = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ)


@dataclass(frozen=True, slots=True)
class Attachment:
    media_url: str
    mime_type: str
    size_bytes: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """`text` is markdown, or the caption of an attachment; `data` holds what only the body's type knows."""

    type: BodyType = BodyType.PLAIN
    text: str = ""
    attachment: Attachment | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sender:
    type: SenderType
    id: str
    name: str = ""
