"""Who is typing? Not a fact: it goes over the bus between desks and web chats, and is gone the moment it is heard."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from domain.channels.messages import SenderType
from domain.ids import ConversationId


class Bus(Protocol):
    """What carries signals that nobody has to remember (`infra.bus`). Lose some, and only latency is lost."""

    async def publish(self, subject: str, data: bytes) -> None: ...

    def subscribe(self, subject: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """What is published while the context is open, by this process or another."""
        ...


class TypingNote(msgspec.Struct, frozen=True, rename="camel"):
    """A desk publishes one when an agent whom the customer talks with begins or stops to type, a chat for its visitor."""

    who: SenderType
    is_typing: bool
    id: str = ""
    name: str = ""


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(TypingNote).decode


def subject_of(conversation: ConversationId) -> str:
    return f"typing.{conversation}"
