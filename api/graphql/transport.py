"""GraphQL over HTTP and sockets as one ASGI application, for any Strawberry schema."""

from collections.abc import Callable, Mapping
from typing import Any, Generic

import strawberry
from starlette.types import Receive, Scope, Send

from api.graphql.attendance import Attendance, Nobody
from api.graphql.doors import Authenticate, MakeContext, V
from api.graphql.engine import Engine, Shortcut
from api.graphql.fanout import Fanout
from api.graphql.feeds import Feeds
from api.graphql.http import HttpEndpoint
from api.graphql.limits import Profile
from api.graphql.websocket import WebSocketEndpoint

PRODUCTION = Profile.production()


class NoFeeds:
    """Nothing is shared: each subscriber's field is resolved on its own."""

    async def open(self, _field: str, _arguments: Mapping[str, Any], _viewer: object, /) -> None:
        return None


class GraphQLTransport(Generic[V]):
    """Mount it at the path of the API, as far outside as possible: middleware that wraps `send` costs the fan-out dear.

    `clock` tells the seconds since 1970, to end sockets whose viewer's rights expire.
    Raises `ValueError` for a schema with extensions, for they would silently not run: rules of documents belong to the
    profile, permissions to fields and feeds.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        authenticate: Authenticate[V],
        make_context: MakeContext[V],
        feeds: Feeds[V] | None = None,
        profile: Profile = PRODUCTION,
        clock: Callable[[], float],
        attendance: Attendance[V] | None = None,
        shortcut: Shortcut | None = None,
    ) -> None:
        if schema.extensions:
            raise ValueError("Schema extensions are not run by this transport.")
        self.engine = Engine(schema._schema, profile, shortcut)  # noqa: SLF001 - Strawberry has no public name for it
        self.fanout: Fanout[V] = Fanout(self.engine, feeds or NoFeeds(), make_context)
        self._http = HttpEndpoint(self.engine, authenticate, make_context, profile)
        self._websocket = WebSocketEndpoint(
            self.engine, self.fanout, authenticate, make_context, profile.sockets, clock, attendance or Nobody()
        )

    async def close(self) -> None:
        """End the sources of all shared subscriptions, when the server has stopped."""
        await self.fanout.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            raise ValueError(f"The transport has no {scope['type']} scope.")
