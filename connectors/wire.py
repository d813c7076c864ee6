"""How is JSON from outside read? Into typed structs, strictly: anything else is one typed error, never a traceback."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec

from connectors.errors import Malformed, Unreadable
from domain.channels.messages import Attachment, Body, BodyType
from domain.conversations.conversation import BODY_TEXT_MAX

DATA_DEPTH_MAX = 16
_PLACE = re.compile(r"(?:^(.*?) - at `\$\.?(.*)`$)|(?:unknown field `(.*)`$)|(?:required field `(.*)`$)", re.DOTALL)
_CONTROL = re.compile(r"\\u00(?:0[0-8bBeEfF]|1[0-9a-fA-F]|7[fF])")

T = TypeVar("T")
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Url = Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s]+$", max_length=2_048)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Notes = Annotated[
    Mapping[Annotated[str, msgspec.Meta(max_length=64)], Annotated[str, msgspec.Meta(max_length=1_024)]],
    msgspec.Meta(max_length=32),
]
"""What a channel knows besides: the page's language, a basket, a campaign."""


class Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What all structs of our own wires have in common."""


class AttachmentOnTheWire(Wire, frozen=True):
    media_url: Url
    mime_type: Annotated[str, msgspec.Meta(pattern=r"^[\w.+-]+/[\w.+-]+$", max_length=100)]
    size_bytes: Annotated[int, msgspec.Meta(ge=0, le=2**40)] = 0
    name: Name = ""


Text = Annotated[str, msgspec.Meta(max_length=BODY_TEXT_MAX)]


class BodyOnTheWire(Wire, frozen=True):
    """`type` may be left out: it is PLAIN, or what the attachment's media type says."""

    type: BodyType | None = None
    text: Text = ""
    attachment: AttachmentOnTheWire | None = None
    data: Mapping[str, Any] = {}

    def body(self) -> Body:
        """Raises `Unreadable`."""
        return body_of(self.type, self.text, self.attachment, self.data)


def body_of(kind: BodyType | None, text: str, found: AttachmentOnTheWire | None, data: Mapping[str, Any]) -> Body:
    """Raises `Unreadable` for a body that says nothing at all, or nests its data too deeply."""
    if not text.strip() and found is None and not data:
        raise Unreadable("A message needs a text, an attachment or data.", "text")
    _check_depth(data)
    attachment = Attachment(found.media_url, found.mime_type, found.size_bytes, found.name) if found else None
    kind = kind or (_kind_of(found.mime_type) if found else BodyType.PLAIN)
    return Body(kind, text, attachment, data)


def read(decoder: msgspec.json.Decoder[T], raw: bytes | str) -> T:
    """The struct in a JSON text. Raises `Malformed` and `Unreadable`."""
    try:
        found = decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise _unreadable(str(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Malformed("The body is not JSON, or nested too deeply.") from None
    if (b"\\u00" in raw) if isinstance(raw, bytes) else ("\\u00" in raw):
        _refuse_control_characters(found)
    return found


def _check_depth(value: object) -> None:
    """Raises `Unreadable` for data that others could only read with a very deep stack."""
    level = [value]
    for _ in range(DATA_DEPTH_MAX):
        level = [below for item in level for below in _children(item)]
        if not level:
            return
    raise Unreadable(f"Data may be nested {DATA_DEPTH_MAX} levels deep.", "data")


def _children(item: object) -> list[object]:
    if isinstance(item, Mapping):
        return list(item.values())
    return item if isinstance(item, list) else []


def _refuse_control_characters(found: object) -> None:
    """Line breaks and tabs are fine; NUL and the like are no text, and PostgreSQL would not store them."""
    if _CONTROL.search(msgspec.json.encode(found).decode().replace("\\\\", "")):
        raise Unreadable("Control characters are not taken.")


def _unreadable(message: str) -> Unreadable:
    place = _PLACE.search(message)
    field = next((name for name in (place.group(2, 3, 4) if place else ()) if name), None)
    return Unreadable(message.partition(" - at `$")[0] + ".", field)


def _kind_of(mime_type: str) -> BodyType:
    family = mime_type.partition("/")[0].upper()
    return BodyType[family] if family in {"IMAGE", "VIDEO", "AUDIO"} else BodyType.FILE
