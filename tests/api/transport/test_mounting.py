"""Does the transport work where applications put it?"""

import httpx2
import pytest
import strawberry
from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute
from strawberry.extensions import ParserCache

from api.graphql.transport import GraphQLTransport
from tests.api.transport.conftest import client, serving
from tests.api.transport.toy import Query, authenticate, transport

pytestmark = pytest.mark.anyio


async def test_it_lives_beside_the_routes_of_fastapi() -> None:
    graphql = transport()
    app = FastAPI(routes=[Route("/graphql", graphql), WebSocketRoute("/graphql", graphql)])
    async with serving(app) as address, client(address) as desk, httpx2.AsyncClient() as http:
        answer = await http.post(f"http://{address}/graphql", json={"query": "{ hello }"})
        assert answer.json() == {"data": {"hello": "Hello world"}}
        await desk.subscribe("1", "{ hello }")
        assert (await desk.receive())["payload"] == {"data": {"hello": "Hello world"}}


def test_a_schema_whose_extensions_would_not_run_is_refused() -> None:
    schema = strawberry.Schema(Query, extensions=[ParserCache])
    with pytest.raises(ValueError, match="not run"):
        GraphQLTransport(schema, authenticate=authenticate, make_context=lambda *_: None, clock=lambda: 0.0)
