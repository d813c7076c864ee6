"""Does HTTP keep to the GraphQL-over-HTTP draft, and say nothing that it should keep to itself?"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from api.graphql.limits import Profile
from tests.api.transport.conftest import serving
from tests.api.transport.toy import SMALL, transport

pytestmark = pytest.mark.anyio

MODERN = {"accept": "application/graphql-response+json", "content-type": "application/json"}


class Asking:
    """POSTs to one server with the modern media type unless told otherwise."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def __call__(self, query: str, token: str | None = None, **more: Any) -> tuple[int, Any]:
        headers = {**MODERN, "authorization": f"Bearer {token}"} if token else MODERN
        answer = await self.http.post("/graphql", content=orjson.dumps({"query": query, **more}), headers=headers)
        return answer.status_code, answer.json()

    async def raw(self, content: bytes, **headers: str) -> tuple[int, str]:
        """The status and the first code of a body sent as it is."""
        answer = await self.http.post("/graphql", content=content, headers={**MODERN, **headers})
        return answer.status_code, code(answer.json())


@pytest.fixture
async def ask() -> AsyncIterator[Asking]:
    async with serving(transport()) as address, httpx2.AsyncClient(base_url=f"http://{address}") as http:
        yield Asking(http)


@pytest.fixture
async def ask_production() -> AsyncIterator[Asking]:
    app = transport(profile=Profile.production(limits=SMALL))
    async with serving(app) as address, httpx2.AsyncClient(base_url=f"http://{address}") as http:
        yield Asking(http)


def code(answer: Any) -> str:
    return answer["errors"][0]["extensions"]["code"]


async def test_all_audits_of_graphql_over_http_pass(node: Path) -> None:
    async with serving(transport()) as address:
        run = ["node", "audit.mjs", f"http://{address}/graphql"]
        done = await asyncio.to_thread(subprocess.run, run, cwd=node, capture_output=True, check=True)
    audits = orjson.loads(done.stdout)
    assert len(audits) == 61
    assert [audit for audit in audits if audit["status"] != "ok"] == []


async def test_a_query_is_answered(ask: Asking) -> None:
    assert await ask("query($n: String!) { hello(name: $n) }", variables={"n": "Ada"}) == (
        200,
        {"data": {"hello": "Hello Ada"}},
    )


async def test_the_viewer_of_the_token_is_in_the_context(ask: Asking) -> None:
    assert (await ask("{ who }", token="ada"))[1] == {"data": {"who": "ada"}}


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"{", {}, (400, "BAD_REQUEST")),
        (b"\xff\xfe", {}, (400, "BAD_REQUEST")),
        (b"7", {}, (400, "BAD_REQUEST")),
        (b"{}", {}, (400, "BAD_REQUEST")),
        (b'[{"query":"{ hello }"}]', {}, (400, "BAD_REQUEST")),
        (b'{"query":7}', {}, (400, "BAD_REQUEST")),
        (b'{"query":"{ hello }","variables":[]}', {}, (400, "BAD_REQUEST")),
        (b'{"query":"{ hello }","operationName":1}', {}, (400, "BAD_REQUEST")),
        (b'{"query":"{"}', {}, (400, "PARSE_FAILED")),
        (b'{"query":"{ nothing }"}', {}, (400, "VALIDATION_FAILED")),
        (b'{"query":"query A { hello }","operationName":"B"}', {}, (400, "UNKNOWN_OPERATION")),
        (b'{"query":"query($n: Int!) { number(n: $n) }","variables":{"n":"x"}}', {}, (400, "BAD_VARIABLES")),
        (b'{"query":"subscription { count(to: 1) }"}', {}, (400, "UNKNOWN_OPERATION")),
        (b'{"query":"{ hello }"}', {"content-type": "text/plain"}, (415, "BAD_REQUEST")),
        (b'{"query":"{ hello }"}', {"authorization": "Bearer mallory"}, (401, "UNAUTHENTICATED")),
        (b'{"query":"{ hello }"}', {"authorization": "Basic abc"}, (401, "UNAUTHENTICATED")),
        (b'{"query":"' + b" " * 20_000 + b'"}', {}, (413, "TOO_LARGE")),
    ],
)
async def test_each_wrong_request_has_its_status_and_code(
    ask: Asking, body: bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert await ask.raw(body, **headers) == expected


async def test_a_body_without_a_declared_length_is_bounded_too(ask: Asking) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(21):
            yield b" " * 1000

    answer = await ask.http.post("/graphql", content=chunks(), headers=MODERN)
    assert (answer.status_code, code(answer.json())) == (413, "TOO_LARGE")


def nested(depth: int) -> str:
    return "{ " + "nest { " * depth + "hello" + " }" * depth + " }"


def exploding(fragments: int) -> str:
    """Each fragment spreads the next twice: 2^n fields in a few hundred bytes."""
    text = "{ ...f0 } "
    for n in range(fragments):
        text += f"fragment f{n} on Query {{ a: nest {{ ...f{n + 1} }} b: nest {{ ...f{n + 1} }} }} "
    return text + f"fragment f{fragments} on Query {{ hello }}"


@pytest.mark.parametrize(
    "query",
    [
        nested(6),
        nested(150),
        "{ " + " ".join(f"a{n}: hello" for n in range(6)) + " }",
        "{ " + "hello @include(if: true) " * 5 + "}",
        "{ " + "hello " * 61 + "}",
        exploding(20),
        "{ ...f } fragment f on Query { nest { ...f } }",
        "{ " + "hello " * 500 + "}",
    ],
    ids=["deep", "very deep", "aliases", "directives", "fields", "exploding", "cycle", "tokens"],
)
async def test_a_hostile_document_is_refused_quickly(ask: Asking, query: str) -> None:
    began = asyncio.get_running_loop().time()
    status, answer = await ask(query)
    assert (status, code(answer) in {"VALIDATION_FAILED", "PARSE_FAILED"}) == (400, True)
    assert asyncio.get_running_loop().time() - began < 0.5


async def test_a_document_within_the_limits_passes(ask: Asking) -> None:
    assert (await ask(nested(5)))[0] == 200


async def test_a_bug_is_hidden_and_logged_once_with_its_traceback(
    ask: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    status, answer = await ask("{ hello crash }")
    assert (status, answer["data"], code(answer)) == (200, {"hello": "Hello world", "crash": None}, "INTERNAL")
    assert "secret" not in str(answer)
    assert len(caplog.records) == 1
    assert "a secret of the database" in caplog.text


async def test_a_bug_in_authentication_is_hidden_too(ask: Asking, caplog: pytest.LogCaptureFixture) -> None:
    status, answer = await ask("{ hello }", token="crash")
    assert (status, code(answer), "secret" in str(answer)) == (500, "INTERNAL", False)
    assert len(caplog.records) == 1


async def test_a_refusal_on_purpose_is_shown_and_not_logged(ask: Asking, caplog: pytest.LogCaptureFixture) -> None:
    _, answer = await ask("{ refuse }")
    assert (answer["errors"][0]["message"], code(answer), caplog.records) == ("Not today.", "NOT_TODAY", [])


async def test_older_clients_get_200_for_a_document_that_does_not_fit(ask: Asking) -> None:
    answer = await ask.http.post("/graphql", json={"query": "{ nothing }"}, headers={"accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")


async def test_a_mutation_is_not_asked_by_get(ask: Asking) -> None:
    answer = await ask.http.get("/graphql", params={"query": 'mutation { append(queue: "q", text: "t") }'})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_production_takes_no_get(ask_production: Asking) -> None:
    answer = await ask_production.http.get("/graphql", params={"query": "{ hello }"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_production_does_not_show_its_schema(ask_production: Asking) -> None:
    assert (await ask_production("{ __schema { types { name } } }"))[0] == 400


@pytest.mark.parametrize("profile", ["development", "production"])
async def test_only_development_suggests_names(profile: str, ask: Asking, ask_production: Asking) -> None:
    asking: Callable[..., Any] = ask if profile == "development" else ask_production
    _, answer = await asking("{ helo }")
    assert ("Did you mean" in str(answer)) == (profile == "development")
