"""Web chat by plain HTTP: what a visitor without a socket may do, and what nobody may."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from api.webchat.bounds import Bounds, Rate
from domain.conversations.facts import MessagePosted
from domain.customers.facts import CustomerCreated
from tests.api.doors.conftest import Centre
from tests.api.transport.conftest import serving

pytestmark = pytest.mark.anyio
MESSAGES = "/webchat/web/messages"


def by(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def facts(centre: Centre, kind: type) -> list[Any]:
    return [it.fact for it in await centre.log.read_all(limit=10_000) if isinstance(it.fact, kind)]


async def events(http: httpx2.AsyncClient, token: str, after: str = "", wait: int = 5) -> dict[str, Any]:
    answer = await http.get(f"/webchat/web/events?after={after}&wait={wait}", headers=by(token))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_bot_greets_before_anything_is_said(http: httpx2.AsyncClient) -> None:
    opened = await http.post("/webchat/web/sessions", json={"name": "Zoë", "data": {"page": "/"}})
    assert opened.status_code == 201
    token, cursor, heard = opened.json()["token"], opened.json()["cursor"], []
    while "message" not in [frame["type"] for frame in heard]:
        news = await events(http, token, cursor)
        heard, cursor = heard + news["events"], news["cursor"]
    assert [frame["type"] for frame in heard] == ["botJoined", "message"]
    assert heard[1]["body"]["text"].startswith("Hello Zoë!")


async def test_a_token_says_nothing_about_the_person(http: httpx2.AsyncClient) -> None:
    opened = (await http.post("/webchat/web/sessions", json={"name": "Zoë Smith"})).json()
    assert "Zo" not in opened["token"].split(".")[0]


async def test_the_same_visitor_comes_back(http: httpx2.AsyncClient, centre: Centre, token: str) -> None:
    again = await http.post("/webchat/web/sessions", json={"token": token})
    assert again.status_code == 200
    assert len(await facts(centre, CustomerCreated)) == 1


async def test_a_message_is_stored_when_it_is_answered(http: httpx2.AsyncClient, centre: Centre, token: str) -> None:
    answer = await http.post(MESSAGES, json={"id": "1", "text": "thanks"}, headers=by(token))
    assert answer.status_code == 200
    stored = [it for it in await facts(centre, MessagePosted) if it.message_id == answer.json()["messageId"]]
    assert [it.body.text for it in stored] == ["thanks"]


async def test_the_same_message_again_gets_the_same_answer(
    http: httpx2.AsyncClient, centre: Centre, token: str
) -> None:
    async def post() -> Any:
        return (await http.post(MESSAGES, json={"id": "1", "text": "thanks"}, headers=by(token))).json()

    first, *others = await asyncio.gather(*(post() for _ in range(5)))
    await asyncio.sleep(0.05)  # the bot answers, so the conversation moves on
    assert {str(answer) for answer in [*others, await post()]} == {str(first)}
    from_customer = [it for it in await facts(centre, MessagePosted) if it.provider_message_id]
    assert len(from_customer) == 1


async def test_a_poll_resumes_without_gap_or_repeat(http: httpx2.AsyncClient, token: str) -> None:
    for n in range(5):
        await http.post(MESSAGES, json={"id": str(n), "text": f"word {n}"}, headers=by(token))
    everything = (await events(http, token))["events"]
    assert [f["body"]["text"] for f in everything if f["type"] == "message" and f.get("id")] == [
        f"word {n}" for n in range(5)
    ]
    for n, frame in enumerate(everything[:-1]):
        assert (await events(http, token, frame["cursor"]))["events"][0] == everything[n + 1]


async def test_a_poll_ends_when_nothing_comes(http: httpx2.AsyncClient, token: str) -> None:
    newest = str(10**9)
    assert await events(http, token, newest, wait=0) in (
        {"events": [], "cursor": newest},
        {"events": [], "cursor": None},
    )


BAD = [
    (b"{", 400, "MALFORMED", None),
    (b"[1]", 422, "INVALID", None),
    (b'{"id":"1"}', 422, "INVALID", "text"),
    (b'{"id":1,"text":"a"}', 422, "INVALID", "id"),
    (b'{"id":"1","text":"a","colour":1}', 422, "INVALID", "colour"),
    (b'{"id":"1","text":"' + b"a" * 200_000 + b'"}', 413, "TOO_LARGE", None),
]


@pytest.mark.parametrize(("body", "status", "code", "field"), BAD, ids=[str(n) for n in range(len(BAD))])
async def test_a_body_that_does_not_fit_says_why(
    http: httpx2.AsyncClient, token: str, body: bytes, status: int, code: str, field: str | None
) -> None:
    answer = await http.post(MESSAGES, content=body, headers=by(token))
    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (status, code, field)


async def test_a_body_without_a_declared_length_is_bounded_too(http: httpx2.AsyncClient, token: str) -> None:
    async def endless() -> Any:
        for _ in range(10):
            yield b"a" * 50_000

    answer = await http.post(MESSAGES, content=endless(), headers=by(token))
    assert answer.status_code == 413


async def test_a_forged_token_is_refused(http: httpx2.AsyncClient, token: str) -> None:
    visitor, expires, signature = token.split(".")
    forged = ["x", f"{visitor}.{int(expires) + 1}.{signature}", f"other.{expires}.{signature}", f"{token}x", "ä.1.ö"]
    for wrong in forged:
        headers = {b"authorization": b"Bearer " + wrong.encode()}
        answer = await http.post(MESSAGES, json={"id": "1", "text": "a"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNVERIFIED"), wrong


async def test_a_token_expires(http: httpx2.AsyncClient, centre: Centre, token: str) -> None:
    centre.clock.offset = timedelta(days=31)
    answer = await http.post(MESSAGES, json={"id": "1", "text": "a"}, headers=by(token))
    assert answer.status_code == 401


async def test_a_token_is_for_its_channel_alone(http: httpx2.AsyncClient, centre: Centre, token: str) -> None:
    other = centre.chat.tokens.issue("elsewhere", "v1")
    assert (await http.post(MESSAGES, json={"id": "1", "text": "a"}, headers=by(other))).status_code == 401


async def test_an_unknown_channel_is_not_there(http: httpx2.AsyncClient, centre: Centre, token: str) -> None:
    await centre.partner()
    for channel in ("nowhere", "partner", "%00", "ä"):
        answer = await http.post(f"/webchat/{channel}/sessions", json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_CHANNEL")


async def test_another_method_is_told_which_one(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/webchat/web/sessions")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")


async def test_a_page_elsewhere_may_embed_the_chat(http: httpx2.AsyncClient) -> None:
    shop = {"origin": "https://shop.example.org", "access-control-request-method": "POST"}
    asked = await http.options(MESSAGES, headers=shop)
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "authorization" in asked.headers["access-control-allow-headers"]


async def test_who_says_too_much_waits(centre: Centre) -> None:
    bounds = Bounds(messages=Rate(2, 0.1), openings=Rate(1, 0.1))
    async with serving(centre.open_doors(bounds)) as address, httpx2.AsyncClient(base_url=f"http://{address}") as http:
        token = (await http.post("/webchat/web/sessions", json={})).json()["token"]
        assert (await http.post("/webchat/web/sessions", json={})).status_code == 429
        answers = [await http.post(MESSAGES, json={"id": str(n), "text": "a"}, headers=by(token)) for n in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[2].headers["retry-after"]) > 0


async def test_only_some_pages_may_embed_the_chat_where_they_are_named(centre: Centre) -> None:
    bounds = Bounds(origins=frozenset({"https://shop.example.org"}))
    async with serving(centre.open_doors(bounds)) as address, httpx2.AsyncClient(base_url=f"http://{address}") as http:
        for origin, allowed in (("https://shop.example.org",) * 2, ("https://evil.example.org", None)):
            answer = await http.post("/webchat/web/sessions", json={}, headers={"origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed


async def test_a_store_that_is_away_is_told_from_a_refusal(
    http: httpx2.AsyncClient, centre: Centre, token: str
) -> None:
    centre.log.down = True
    away = await http.post(MESSAGES, json={"id": "1", "text": "thanks"}, headers=by(token))
    assert (away.status_code, away.json()["code"], away.headers["retry-after"]) == (503, "UNAVAILABLE", "1")
    centre.log.down = False
    assert (await http.post(MESSAGES, json={"id": "1", "text": "thanks"}, headers=by(token))).status_code == 200
