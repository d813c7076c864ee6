"""How does somebody else's connector hand over what customers write? `POST /channels/{channel}/messages`.

The body is a message or a receipt. Who posts is known by a bearer token with the role `connector`, or by the signature
of Standard Webhooks with the channel's own secret.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Protocol
from uuid import UUID

import msgspec
from starlette.routing import Route

from api.graphql.doors import Authenticate
from api.lean import Answer, Door, Request
from api.ports import Configuration, Sender
from commands.inbound import ReceiveMessage, ReportReceipt, message_id
from connectors.errors import Malformed, Unreadable
from connectors.webhook import channel as webhook
from connectors.webhook import payloads as wire
from domain.channels.inbound import Receipt
from domain.ids import ChannelId, ConversationId, MessageId
from domain.kernel import NotAllowed, NotFound, derived_id

BODY_BYTES_MAX = 262_144
CONNECTOR = "connector"
PATH = "/channels/{channel_id}/messages"


class UnknownMessage(NotFound):
    code = "UNKNOWN_MESSAGE"


class Viewer(Protocol):
    """What this door wants to know of somebody with a token (`api.auth`)."""

    @property
    def subject(self) -> str: ...

    @property
    def roles(self) -> Collection[str]: ...

    @property
    def expires_at(self) -> float | None: ...


Whereabouts = Callable[[ChannelId, MessageId, ConversationId | None], Awaitable[ConversationId | None]]
"""In which conversation a message to a customer of this channel stands; none when there is no such message there."""


class ChannelDoor:
    """`masters`: keys that channels' secrets derive from, the newest first."""

    def __init__(
        self,
        commands: Sender,
        catalog: Configuration,
        authenticate: Authenticate[Viewer],
        whereabouts: Whereabouts,
        masters: Sequence[bytes],
        unavailable: tuple[type[Exception], ...] = (),
    ) -> None:
        self._commands, self._catalog, self._authenticate = commands, catalog, authenticate
        self._whereabouts, self._masters, self._unavailable = whereabouts, masters, unavailable

    def routes(self) -> list[Route]:
        return [Route(PATH, Door("POST", self._take, self._unavailable))]

    async def _take(self, request: Request) -> Answer:
        channel = ChannelId(request.path("channel_id"))
        body = await request.body(BODY_BYTES_MAX)
        actor = await self._actor(request, channel, body)
        self._catalog().channel(channel)
        if _is_receipt(body):
            return await self._receipt(channel, body, actor)
        inbound = webhook.read_message(body, channel)
        id_ = message_id(channel, inbound.provider_message_id)
        position = await self._commands.send(ReceiveMessage(inbound), UUID(id_), actor)
        return Answer({"messageId": id_, "cursor": str(position)})

    async def _receipt(self, channel: ChannelId, body: bytes, actor: str) -> Answer:
        """A receipt never makes a conversation: of what we never sent there is no news."""
        news = webhook.read_receipt(body)
        asked = ConversationId(news.conversation_id) if news.conversation_id else None
        conversation = await self._whereabouts(channel, MessageId(news.message_id), asked)
        if conversation is None:
            raise UnknownMessage("There is no such message to a customer of this channel.", "messageId")
        report = ReportReceipt(
            conversation, Receipt(channel, news.message_id, news.status, news.reason, news.provider_message_id or "")
        )
        id_ = UUID(derived_id("receipt", news.message_id, news.status))
        position = await self._commands.send(report, id_, actor)
        return Answer({"messageId": news.message_id, "cursor": str(position)})

    async def _actor(self, request: Request, channel: ChannelId, body: bytes) -> str:
        """Who posts this. Raises `Unverified`, `Unauthenticated`, `NotAllowed`."""
        token = request.bearer
        if token is None:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
            webhook.verify(headers, body, channel, self._masters)
            return f"connector of {channel}"
        viewer = await self._authenticate(token)
        if CONNECTOR not in viewer.roles:
            raise NotAllowed("This needs the role `connector`.")
        return viewer.subject


_PEEK = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _is_receipt(body: bytes) -> bool:
    """A receipt names a message of ours and its status, a message the provider's own. Raises `Malformed`, `Unreadable`."""
    try:
        keys = _PEEK.decode(body).keys()
    except msgspec.ValidationError:
        raise Unreadable("An object is expected.") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Malformed("The body is not JSON.") from None
    return "messageId" in keys and ("providerMessageId" not in keys or "status" in keys)


def openapi() -> tuple[dict[str, Any], dict[str, Any]]:
    """The paths and the component schemas of this door, for the one OpenAPI document."""
    (message, receipt), schemas = msgspec.json.schema_components(
        [wire.MessageIn, wire.ReceiptIn], ref_template="#/components/schemas/{name}"
    )
    schemas["Taken"] = {
        "type": "object",
        "required": ["messageId", "cursor"],
        "properties": {"messageId": {"type": "string"}, "cursor": {"type": "string"}},
    }
    schemas["Problem"] = {
        "type": "object",
        "required": ["code", "detail"],
        "properties": {name: {"type": "string"} for name in ("code", "detail", "field")},
    }
    operation = {
        "operationId": "postChannelMessage",
        "tags": ["channels"],
        "summary": "Hand over a customer's message, or news of a message to a customer",
        "description": "The same message again gives the same answer. A receipt never makes a conversation.",
        "security": [{"bearer": []}, {"webhookSignature": []}],
        "parameters": [{"name": "channel_id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"oneOf": [message, receipt]}}},
        },
        "responses": {"200": _response("Stored for good.", "Taken")}
        | {status: _response(why, "Problem") for status, why in _PROBLEMS.items()},
    }
    return {PATH: {"post": operation}}, schemas


_PROBLEMS = {
    "400": "The body is not JSON.",
    "401": "Neither a token nor a signature that fits.",
    "403": "The token lacks the role `connector`.",
    "404": "UNKNOWN_CHANNEL or UNKNOWN_MESSAGE.",
    "409": "The conversation keeps closing; send it again.",
    "413": "The body is too large.",
    "422": "The body does not fit; `field` says where.",
    "503": "The store cannot be reached; send it again.",
}


def _response(why: str, schema: str) -> dict[str, Any]:
    return {"description": why, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
