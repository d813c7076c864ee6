"""All doors in one application. GraphQL stands outermost: nothing wraps what it sends."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from strawberry.http.ides import get_graphql_ide_html

from api.auth import Viewer
from api.graphql.attendance import Attendance
from api.graphql.doors import Authenticate
from api.graphql.feeds import Feeds
from api.graphql.limits import Profile
from api.graphql.transport import GraphQLTransport
from api.issuer import Issuer
from api.openapi import Description, description, page
from api.rest import Stats
from api.schema.build import build_schema, core_of
from api.schema.context import Behind, Context
from api.schema.shortcut import Shortcuts

PATH = "/graphql"
SECURITY = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
PROBLEMS = {404: ("NOT_FOUND", "There is nothing here."), 405: ("METHOD", "This is not asked that way.")}


def build_app(
    *,
    behind: Behind,
    authenticate: Authenticate[Viewer],
    feeds: Feeds[Viewer] | None,
    profile: Profile,
    clock: Callable[[], float],
    attendance: Attendance[Viewer] | None = None,
    issuer: Issuer | None = None,
    routes: Sequence[BaseRoute] = (),
    descriptions: Sequence[Description] = (),
) -> "Doors":
    """`issuer`: where tokens are issued here. `routes`: further doors (web chat, channels, the desk's own files), with
    their OpenAPI `descriptions`. They are tried first, since what customers write comes that way.
    """

    def make_context(viewer: Viewer, _connection: HTTPConnection | None) -> Context:
        return Context(behind, viewer)

    schema = build_schema()
    graphql = GraphQLTransport(
        schema,
        authenticate=authenticate,
        make_context=make_context,
        feeds=feeds,
        profile=profile,
        clock=clock,
        attendance=attendance,
        shortcut=Shortcuts(core_of(schema)),
    )
    stats = Stats(behind, authenticate, lambda: len(graphql.fanout.groups))
    document = description(signs_in=issuer is not None, further=descriptions)
    own = [*stats.routes(), *(issuer.routes() if issuer else []), *_documents(document)]
    rest = Starlette(routes=[*routes, *own], exception_handlers={HTTPException: _problem, Exception: _bug})
    return Doors(graphql, rest, Router(routes), explorable=profile.introspection)


class Doors:
    """The application. `explorable`: a browser that comes to `/graphql` gets a page to try queries on."""

    def __init__(self, graphql: GraphQLTransport[Viewer], rest: ASGIApp, sockets: ASGIApp, *, explorable: bool) -> None:
        """`sockets` answers what is a WebSocket and not GraphQL: without middleware, for that would touch every frame."""
        self.graphql = graphql
        self._rest, self._sockets = rest, sockets
        self._explorable = explorable

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._rest(scope, receive, send)
        elif scope["path"] == PATH:
            if self._explorable and _is_browser(scope):
                await HTMLResponse(_IDE)(scope, receive, send)
            else:
                await self.graphql(scope, receive, send)
        elif scope["type"] == "http":
            await self._rest(scope, receive, _guarded(send))
        else:
            await self._sockets(scope, receive, send)


_IDE = get_graphql_ide_html(graphql_ide="graphiql")


def _is_browser(scope: Scope) -> bool:
    accept: bytes = dict(scope["headers"]).get(b"accept", b"")
    return scope["type"] == "http" and scope["method"] == "GET" and b"text/html" in accept and not scope["query_string"]


def _guarded(send: Send) -> Send:
    """Adds the headers that keep a browser from doing harm with our answers."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def _documents(document: dict[str, Any]) -> list[Route]:
    async def openapi(_request: Request) -> Response:
        return JSONResponse(document)

    async def docs(_request: Request) -> Response:
        return HTMLResponse(page(document))

    return [Route("/openapi.json", openapi, methods=["GET"]), Route("/docs", docs, methods=["GET"])]


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = PROBLEMS.get(error.status_code, ("REFUSED", str(error.detail)))
    return JSONResponse({"code": code, "detail": detail}, error.status_code, error.headers)


async def _bug(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"code": "INTERNAL", "detail": "Something went wrong on our side."}, 500)
