"""Is this frame a message that a client of graphql-transport-ws may send?"""

from typing import Any

import orjson

Message = dict[str, Any]


class NotOfTheProtocol(Exception):
    """The frame is not a message that a client may send: the socket closes with 4400."""


def read(text: str | None, bytes_max: int) -> Message:
    """The message in a frame. Raises `NotOfTheProtocol`."""
    if text is None:
        raise NotOfTheProtocol("Binary frames are not taken")
    if len(text) > bytes_max:
        raise NotOfTheProtocol("Message too large")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise NotOfTheProtocol("Invalid message received") from None
    if not isinstance(message, dict) or not _fits(message):
        raise NotOfTheProtocol("Invalid message received")
    return message


def _fits(message: Message) -> bool:
    payload, name = message.get("payload"), message.get("id")
    match message.get("type"):
        case "connection_init" | "ping" | "pong":
            return isinstance(payload, dict | None)
        case "complete":
            return isinstance(name, str) and name != ""
        case "subscribe":
            return isinstance(name, str) and name != "" and isinstance(payload, dict) and _is_a_request(payload)
        case _:
            return False


def _is_a_request(payload: Message) -> bool:
    return (
        isinstance(payload.get("query"), str)
        and isinstance(payload.get("operationName"), str | None)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("extensions"), dict | None)
    )
