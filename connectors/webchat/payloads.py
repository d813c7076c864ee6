"""What do a browser and Parley say to each other? The wire of our own web chat: JSON, camelCase, strict."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from connectors.wire import AttachmentOnTheWire, Id, Moment, Name, Notes, Text, Wire
from domain.channels.messages import Attachment, BodyType

ClientId = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
# What a browser posts.


class OpenChat(Wire, frozen=True):
    """`token`: of an earlier visit, to be the same visitor again. `data`: what the page knows (language, basket …)."""

    name: Name = ""
    data: Notes = msgspec.field(default_factory=dict)
    token: Annotated[str, msgspec.Meta(max_length=1_000)] | None = None


class PostMessage(Wire, frozen=True):
    """`id` is the browser's own: the same again is the same message. `body_type` may be left out."""

    id: ClientId
    text: Text = ""
    attachment: AttachmentOnTheWire | None = None
    data: Mapping[str, Any] = {}
    body_type: BodyType | None = None
    sent_at: Moment | None = None


# What a browser sends through its socket.


class Hello(Wire, frozen=True, tag="hello"):
    """The first frame. `after`: the newest cursor seen, none to begin with the open conversation."""

    token: Annotated[str, msgspec.Meta(max_length=1_000)]
    after: Annotated[str, msgspec.Meta(pattern=r"^\d{1,18}$")] | None = None


class SendMessage(PostMessage, frozen=True, tag="message"):
    pass


class Typing(Wire, frozen=True, tag="typing"):
    is_typing: bool


class Delivered(Wire, frozen=True, tag="delivered"):
    message_id: Id


class Read(Wire, frozen=True, tag="read"):
    message_id: Id


class Leave(Wire, frozen=True, tag="leave"):
    pass


class Ping(Wire, frozen=True, tag="ping"):
    pass


class Pong(Wire, frozen=True, tag="pong"):
    pass


Frame = Hello | SendMessage | Typing | Delivered | Read | Leave | Ping | Pong


# What Parley pushes. `cursor` is opaque: hand the newest back as `after`.


class Push(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A frame to the browser."""


class Ready(Push, frozen=True, tag="ready"):
    """The hello was heard; `cursor` is where the frames that follow begin."""

    cursor: str


class From(Push, frozen=True):
    type: str
    name: str = ""


class BodyOut(Push, frozen=True):
    type: BodyType
    text: str
    attachment: Attachment | None = None
    data: dict[str, Any] = {}


class Message(Push, frozen=True, tag="message"):
    """`from_` is CUSTOMER, AGENT, BOT or SYSTEM; `id` is the browser's own, on what this visitor wrote."""

    cursor: str
    message_id: str
    from_: From = msgspec.field(name="from")
    body: BodyOut
    at: str
    id: str | None = None


class SomebodyJoined(Push, frozen=True, tag="agentJoined"):
    cursor: str
    name: str


class SomebodyLeft(Push, frozen=True, tag="agentLeft"):
    cursor: str
    name: str


class BotArrived(Push, frozen=True, tag="botJoined"):
    cursor: str
    name: str


class BotGone(Push, frozen=True, tag="botLeft"):
    cursor: str


class AgentAwaited(Push, frozen=True, tag="agentRequested"):
    cursor: str


class Wait(Push, frozen=True, tag="wait"):
    """Their place in line, and how many seconds it may still be, where that is known. It is no fact: it has no cursor."""

    position: int
    wait_s: int | None = None


class AgentNotFound(Push, frozen=True, tag="agentRequestEnded"):
    cursor: str


class SessionBegun(Push, frozen=True, tag="sessionStarted"):
    cursor: str
    session_id: str
    conversation_id: str


class SessionOver(Push, frozen=True, tag="sessionEnded"):
    """`reason`: CUSTOMER, INACTIVITY, NETWORK, AGENT or FORCE_CLOSED. Whoever writes again opens a new session."""

    cursor: str
    session_id: str
    reason: str


class DeliveryNews(Push, frozen=True, tag="delivery"):
    cursor: str
    message_id: str
    status: str


class SomebodyTypes(Push, frozen=True, tag="typing", omit_defaults=False):
    name: str
    is_typing: bool


class Ack(Push, frozen=True, tag="ack"):
    """The message is stored for good. Its `cursor` is no place to resume from: earlier frames may be on their way."""

    id: str
    message_id: str
    cursor: str


class NotTaken(Push, frozen=True, tag="refused"):
    code: str
    detail: str
    id: str | None = None
    field: str | None = None


encode = msgspec.json.Encoder().encode
OPEN_CHAT = msgspec.json.Decoder(OpenChat)
POST_MESSAGE = msgspec.json.Decoder(PostMessage)
FRAME: msgspec.json.Decoder[Frame] = msgspec.json.Decoder(Frame)
