"""How does GraphQL travel over HTTP? By the GraphQL-over-HTTP draft, checked by its own audits.

    application/graphql-response+json   400 when nothing was executed, 200 otherwise
    application/json                    the older habit: 200 for every well-formed request
    always                              400 malformed, 401 who are you, 405 method, 413 too large, 415 content type

Batches, forms and subscriptions are not taken here.
"""

from collections.abc import Mapping
from typing import Any, Generic

import orjson
from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.graphql.doors import Authenticate, MakeContext, V, bearer
from api.graphql.engine import Engine, Payload
from api.graphql.errors import RequestRefused, Unauthenticated, internal
from api.graphql.limits import Profile

MODERN = "application/graphql-response+json"
LEGACY = "application/json"
HEADERS = {"cache-control": "no-store", "vary": "accept, authorization", "x-content-type-options": "nosniff"}


class Rejected(Exception):
    """A request that never becomes an operation; has an HTTP status of its own in both media types."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers or {}
        self.payload: Payload = {"errors": [{"message": message, "extensions": {"code": code}}]}


class HttpEndpoint(Generic[V]):
    """An ASGI application for the `http` scope. Never answers with a traceback."""

    def __init__(
        self, engine: Engine, authenticate: Authenticate[V], make_context: MakeContext[V], profile: Profile
    ) -> None:
        self._engine, self._authenticate, self._make_context = engine, authenticate, make_context
        self._profile = profile

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        media = MODERN if MODERN in request.headers.get("accept", "") else LEGACY
        try:
            response = await self._respond(request, media)
        except ClientDisconnect:
            return
        except Rejected as no:
            response = _response(no.payload, no.status, media, no.headers)
        except Exception as bug:  # noqa: BLE001 - a bug is logged there, and its text is nobody's business
            response = _response({"errors": internal(bug)}, 500, media)
        await response(scope, receive, send)

    async def _respond(self, request: Request, media: str) -> Response:
        asked = await self._asked(request)
        viewer = await self._viewer(request)
        try:
            operation = self._engine.prepare(asked["query"], asked.get("operationName"))
            _permit(operation.kind, request.method)
            context = self._make_context(viewer, request)
            payload = await self._engine.execute(operation, asked.get("variables"), context)
        except RequestRefused as no:
            payload = {"errors": no.errors}
        return _response(payload, 400 if media == MODERN and "data" not in payload else 200, media)

    async def _viewer(self, request: Request) -> V:
        try:
            return await self._authenticate(bearer(request.headers.get("authorization")))
        except Unauthenticated as no:
            raise Rejected(401, "UNAUTHENTICATED", str(no), {"www-authenticate": "Bearer"}) from None

    async def _asked(self, request: Request) -> dict[str, Any]:
        if request.method == "GET" and self._profile.get:
            return _checked(_from_url(request))
        if request.method != "POST":
            allowed = "GET, POST" if self._profile.get else "POST"
            raise Rejected(405, "BAD_REQUEST", "GraphQL is asked by POST.", {"allow": allowed})
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Rejected(415, "BAD_REQUEST", "The body is expected as application/json.")
        return _checked(_json(await self._body(request), "body"))

    async def _body(self, request: Request) -> bytes:
        limit, body = self._profile.limits.body_bytes, bytearray()
        too_large = Rejected(413, "TOO_LARGE", f"The body is over the limit of {limit} bytes.", {"connection": "close"})
        declared = request.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > limit:
            raise too_large
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise too_large
        return bytes(body)


def _from_url(request: Request) -> dict[str, Any]:
    asked: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if asked.get(name):
            asked[name] = _json(asked[name], name)
        else:
            asked.pop(name, None)
    return asked


def _json(text: str | bytes, where: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Rejected(400, "BAD_REQUEST", f"The {where} is not JSON.") from None


def _checked(asked: object) -> dict[str, Any]:
    if isinstance(asked, list):
        raise Rejected(400, "BAD_REQUEST", "Batches are not taken.")
    if not isinstance(asked, dict):
        raise Rejected(400, "BAD_REQUEST", "The request is expected to be an object.")
    if not isinstance(asked.get("query"), str):
        raise Rejected(400, "BAD_REQUEST", "`query` is expected to be a string.")
    if not isinstance(asked.get("operationName"), str | None):
        raise Rejected(400, "BAD_REQUEST", "`operationName` is expected to be a string or null.")
    for name in ("variables", "extensions"):
        if not isinstance(asked.get(name), dict | None):
            raise Rejected(400, "BAD_REQUEST", f"`{name}` is expected to be an object or null.")
    return asked


def _permit(kind: OperationType, method: str) -> None:
    if kind is OperationType.SUBSCRIPTION:
        raise RequestRefused("UNKNOWN_OPERATION", "Subscriptions are asked over a graphql-transport-ws socket.")
    if kind is OperationType.MUTATION and method == "GET":
        raise Rejected(405, "BAD_REQUEST", "A mutation is asked by POST.", {"allow": "POST"})


def _response(payload: Payload, status: int, media: str, headers: Mapping[str, str] | None = None) -> Response:
    content = {"content-type": f"{media}; charset=utf-8", **HEADERS, **(headers or {})}
    return Response(orjson.dumps(payload), status, content)
