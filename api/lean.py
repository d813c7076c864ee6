"""How is a small JSON request answered for a few microseconds? By plain ASGI: no models, no dependency solving.

A door is a function from a request to an answer. What it may raise on purpose becomes a status and one shape of error:

    {"code": "INVALID", "detail": "A sentence for people.", "field": "text"}

    400 MALFORMED · 401 UNVERIFIED, UNAUTHENTICATED · 403 NOT_ALLOWED · 404 NOT_FOUND, UNKNOWN_… · 405 METHOD
    409 WRONG_STATE … · 413 TOO_LARGE · 422 INVALID · 429 RATE_LIMITED · 503 UNAVAILABLE
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from starlette.types import Receive, Scope, Send

from api.graphql.errors import Unauthenticated
from connectors.errors import ChannelError, Malformed, TryLater, Unreadable, Unsupported, Unverified
from domain.kernel import Invalid, NotAllowed, NotFound, Refused, WrongState

encode = msgspec.json.Encoder().encode
DISCARD_BYTES_MAX = 1_000_000
NOTHING_LEAKS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


class HttpRefusal(Exception):
    """A no that only HTTP knows."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.headers = status, code, detail, headers or {}


class Gone(Exception):
    """The client left before its request was complete."""


@dataclass(frozen=True, slots=True)
class Answer:
    content: object
    status: int = 200


class Request:
    """One HTTP request; headers are looked up once each, by their lower-case name."""

    __slots__ = ("_receive", "headers", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope, self._receive = scope, receive
        self.headers: dict[bytes, bytes] = dict(scope["headers"])

    def path(self, name: str) -> str:
        found: str = self.scope["path_params"][name]
        return found

    @property
    def address(self) -> str:
        client: tuple[str, int] | None = self.scope.get("client")
        return client[0] if client else ""

    @property
    def bearer(self) -> str | None:
        scheme, _, token = self.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    async def body(self, limit: int) -> bytes:
        """Raises `HttpRefusal` for more than `limit` bytes, and `Gone`."""
        declared = self.headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > limit:
            raise await self._too_large(limit)
        body = b""
        more = True
        while more:
            chunk, more = await self._chunk()
            body += chunk
            if len(body) > limit:
                raise await self._too_large(limit)
        return body

    async def _chunk(self) -> tuple[bytes, bool]:
        event = await self._receive()
        if event["type"] == "http.disconnect":
            raise Gone
        return event.get("body", b""), event.get("more_body", False)

    async def _too_large(self, limit: int) -> HttpRefusal:
        """Hears out a client who is not far over the limit: it would not read our answer while it is still sending."""
        heard, more = 0, True
        while more and heard < DISCARD_BYTES_MAX:
            chunk, more = await self._chunk()
            heard += len(chunk)
        detail = f"The body is over the limit of {limit} bytes."
        return HttpRefusal(413, "TOO_LARGE", detail, {"connection": "close"})


Work = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True)
class Door:
    """An ASGI application for one path. `unavailable`: what the store raises when it cannot take writes."""

    method: str
    work: Work
    unavailable: tuple[type[Exception], ...] = ()
    origins: frozenset[str] = field(default_factory=frozenset)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = allowed_origin(request.headers.get(b"origin"), self.origins)
        method = scope["method"]
        if method == "OPTIONS" and headers:
            await _send(send, 204, b"", [*headers, *PREFLIGHT])
            return
        try:
            if method != self.method:
                allow = {"allow": f"{self.method}, OPTIONS" if self.origins else self.method}
                raise HttpRefusal(405, "METHOD", f"This is asked by {self.method}.", allow)
            answer = await self.work(request)
        except Gone:
            return
        except self.unavailable:
            answer = Answer(_problem("UNAVAILABLE", "The store cannot be reached; try again."), 503)
            headers = [*headers, (b"retry-after", b"1")]
        except (HttpRefusal, ChannelError, Refused, Unauthenticated) as no:
            answer, more = _answer_to(no)
            headers = [*headers, *more]
        await _send(send, answer.status, encode(answer.content), headers)


PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type"),
    (b"access-control-max-age", b"86400"),
]


def allowed_origin(origin: bytes | None, origins: frozenset[str]) -> list[tuple[bytes, bytes]]:
    """The header that lets a page of another origin read the answer; none where it may not."""
    if origin is None:
        return []
    if "*" in origins:
        return [(b"access-control-allow-origin", b"*")]
    if origin.decode("latin-1") in origins:
        return [(b"access-control-allow-origin", origin), (b"vary", b"origin")]
    return []


async def _send(send: Send, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
    fixed = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *NOTHING_LEAKS, *headers]})
    await send({"type": "http.response.body", "body": body})


def _answer_to(no: Exception) -> tuple[Answer, list[tuple[bytes, bytes]]]:
    more: list[tuple[bytes, bytes]] = []
    match no:
        case HttpRefusal(status=status, code=code, detail=detail):
            more = [(name.encode(), value.encode()) for name, value in no.headers.items()]
            return Answer(_problem(code, detail), status), more
        case Unauthenticated():
            status, problem = 401, _problem("UNAUTHENTICATED", str(no))
        case ChannelError():
            status, problem = _status_of_channel(no), _problem(no.code, no.detail, no.field)
        case Refused():
            status, problem = _status_of(no), _problem(no.code, no.detail, no.field)
        case _:
            raise no
    if status == 401:
        more = [(b"www-authenticate", b"Bearer")]
    return Answer(problem, status), more


def _status_of_channel(error: ChannelError) -> int:
    match error:
        case Unverified():
            return 401
        case Unsupported():
            return 200
        case Malformed():
            return 400
        case Unreadable():
            return 422
        case TryLater():
            return 503
        case _:
            return 422


def _status_of(refused: Refused) -> int:
    match refused:
        case NotFound():
            return 404
        case NotAllowed():
            return 403
        case Invalid():
            return 422
        case WrongState():
            return 409
        case _:
            return 400


def _problem(code: str, detail: str, field_name: str | None = None) -> dict[str, str]:
    problem = {"code": code, "detail": detail}
    return problem if field_name is None else {**problem, "field": _as_on_the_wire(field_name)}


def _as_on_the_wire(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
