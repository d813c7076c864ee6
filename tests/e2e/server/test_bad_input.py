"""Whatever is sent to it, the server answers with a code that its documents name, and nothing is half done."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from standardwebhooks import Webhook
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.issuer import signing_key
from connectors.webhook.channel import secret_of
from domain.ids import ChannelId
from tests.e2e.server.bad_requests import (
    DOOR,
    FORM,
    JSON,
    MUTATIONS,
    PARTNER,
    QUERIES,
    SIGN_IN,
    SOCKETS,
    TRANSPORT,
    WEB_CHAT,
    WEBHOOKS,
    Bad,
    Wrong,
)
from tests.e2e.server.client import GRAPHQL, Centre, Refused, Staff, history
from tests.e2e.server.people import private_line
from tests.e2e.server.process import Server

pytestmark = pytest.mark.anyio

BY_ITSELF = {"system", "engine"}
"""Whose facts may come at any moment: customers whom other tests left waiting have timers."""


@pytest.mark.parametrize(
    "bad", [*WEB_CHAT, *WEBHOOKS, *TRANSPORT, *SIGN_IN], ids=lambda bad: f"{bad.path.split('/')[1]}: {bad}"
)
async def test_a_bad_request_is_refused_with_its_code(
    centre: Centre, server: Server, tokens: "Tokens", bad: Bad
) -> None:
    headers = {"accept": GRAPHQL if bad.path == "/graphql" else "*/*", **bad.headers, **await tokens.header(bad.by)}
    await tokens.written()
    answer = await centre.http.request(bad.method, bad.path, content=bad.body, headers=headers)
    assert (answer.status_code, _code(answer.json())) == (bad.status, bad.code), answer.text
    assert "Traceback" not in answer.text
    assert await tokens.written() == []


@pytest.mark.parametrize("wrong", MUTATIONS, ids=str)
async def test_a_mutation_that_makes_no_sense_is_refused_with_its_code(tokens: "Tokens", wrong: Wrong) -> None:
    await tokens.written()
    with pytest.raises(Refused) as refused:
        await (await tokens.staff(wrong.by)).do(wrong.mutation, **wrong.given)
    assert refused.value.code == wrong.code, refused.value
    assert await tokens.written() == []


async def test_to_sign_out_twice_changes_nothing(tokens: "Tokens") -> None:
    await tokens.written()
    await (await tokens.staff("alan")).do("logOut")
    assert await tokens.written() == []


@pytest.mark.parametrize(("query", "code"), QUERIES)
async def test_a_query_that_makes_no_sense_is_refused_with_its_code(tokens: "Tokens", query: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        await (await tokens.staff("sam")).ask(query)
    assert refused.value.code == code, refused.value


@pytest.mark.parametrize(("path", "protocol", "frame", "code"), SOCKETS, ids=lambda it: str(it)[:40])
async def test_a_bad_frame_ends_its_socket_with_a_code(
    server: Server, path: str, protocol: str, frame: Any, code: int
) -> None:
    protocols = [Subprotocol(protocol)] if protocol else None
    async with connect(server.url.replace("http", "ws", 1) + path, subprotocols=protocols) as socket:
        await socket.send(frame)
        async with asyncio.timeout(5):
            await socket.wait_closed()
        assert socket.close_code == code


async def test_a_form_without_a_declared_end_is_not_read_without_end(centre: Centre) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"a" * 1_000

    with suppress(httpx2.TransportError):  # it may hang up while we are still sending
        answer = await centre.http.post("/auth/token", content=chunks(), headers=FORM)
        assert (answer.status_code, _code(answer.json())) == (413, "invalid_request")


async def test_the_same_message_again_is_the_same_message(centre: Centre, tokens: "Tokens") -> None:
    visitor = await centre.visitor().open()
    first = await visitor.say("once", "same")
    await tokens.written()
    assert await visitor.say("once", "same") == first
    assert await visitor.say("another text under the same id", "same") == first
    assert await tokens.written() == []
    other = await centre.visitor().open()
    assert (await other.say("of somebody else", "same"))["messageId"] != first["messageId"]


async def test_webhooks_may_come_twice_at_once_and_out_of_order(
    centre: Centre, server: Server, tokens: "Tokens"
) -> None:
    number = f"+49{uuid4().int % 10**9:09}"
    bodies = [
        json.dumps(
            {
                **PARTNER,
                "providerMessageId": f"p{n}",
                "contact": {"kind": "PHONE", "value": number},
                "sentAt": f"2026-11-20T10:00:{59 - n:02}Z",
            }
        )
        for n in range(5)
    ]
    answers = await asyncio.gather(*(_signed(centre, server, body) for body in bodies * 4))
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    ids = {answer.json()["messageId"] for answer in answers}
    assert len(ids) == len(bodies)
    audrey = await tokens.staff("audrey")
    said = [
        it
        for it in await history(audrey)
        if it["type"] == "conversation.message-posted" and it["data"]["message_id"] in ids
    ]
    assert len(said) == len(bodies)
    assert len({it["stream"] for it in said}) == 1


async def test_a_receipt_that_comes_late_or_before_its_elder_takes_nothing_back(
    centre: Centre, tokens: "Tokens"
) -> None:
    visitor = await (await centre.visitor().open()).listen()
    visitor.confirms = False
    greeting = await visitor.hears("I am the assistant")
    for type_ in ("read", "delivered", "read"):
        await visitor.send(type=type_, messageId=greeting["messageId"])
    await visitor.first("delivery", status="READ")
    await visitor.send(type="read", messageId="unknown")
    refused = await visitor.first("refused")
    assert refused["code"] == "NOT_FOUND"
    news = [it["status"] for it in visitor.of("delivery") if it["messageId"] == greeting["messageId"]]
    assert news[-1] == "READ"


async def test_commands_in_the_wrong_state_change_nothing(centre: Centre, tokens: "Tokens") -> None:
    ada, grace = await private_line(centre, "wrong-state"), await tokens.staff("grace")
    desk = await ada.desk()
    await ada.do("logIn")
    await ada.do("makeReady")
    visitor = centre.visitor("wrong-state")
    await (await visitor.open()).say("Is somebody there?")
    task, conversation = (await desk.first("TaskOffered"))["taskId"], visitor.conversation
    await _is_refused(tokens, grace, "acceptTask", "OFFER_GONE", taskId=task)
    await _is_refused(tokens, ada, "acceptTask", "OFFER_GONE", taskId=task, offerId="another")
    await _is_refused(tokens, ada, "finishWrapUp", "NOT_YOUR_TASK", taskId=task)
    await _is_refused(
        tokens, ada, "postMessage", "NOT_IN_CONVERSATION", conversationId=conversation, messageId="m", text="x"
    )
    await ada.do("acceptTask", taskId=task)
    await desk.first("AgentJoined", conversationId=conversation)
    await _is_refused(
        tokens, grace, "postMessage", "NOT_IN_CONVERSATION", conversationId=conversation, messageId="m", text="x"
    )
    await _is_refused(tokens, grace, "endConversation", "NOT_IN_CONVERSATION", conversationId=conversation)
    await ada.do("leaveConversation", conversationId=conversation)
    await desk.first("AgentLeft", conversationId=conversation)
    await _is_refused(
        tokens, ada, "postMessage", "NOT_IN_CONVERSATION", conversationId=conversation, messageId="m", text="x"
    )


async def test_a_bot_that_nobody_runs_hands_the_customer_to_a_human(centre: Centre) -> None:
    admin = await centre.staff("admin")
    await admin.do("configureBot", id="absent", name="Absent", connector="not-there", timeoutS=1)
    agent = await private_line(centre, "botless", mode="HYBRID", bot="absent")
    desk = await agent.desk()
    await agent.do("logIn")
    await agent.do("makeReady")
    visitor = await (await centre.visitor("botless").open()).listen()
    offered = await desk.first("TaskOffered")
    assert offered["conversation"]["id"] == visitor.conversation
    await agent.do("acceptTask", taskId=offered["taskId"])
    await visitor.first("agentJoined", name="Botless")


async def _is_refused(tokens: "Tokens", who: Staff, mutation: str, code: str, **given: Any) -> None:
    await tokens.written()
    with pytest.raises(Refused) as refused:
        await who.do(mutation, **given)
    assert refused.value.code == code, refused.value
    assert await tokens.written() == []


async def _signed(centre: Centre, server: Server, body: str) -> Any:
    """As a foreign connector posts it, with the channel's own secret."""
    secret = secret_of((server.data_dir / "keys" / "master").read_text().strip().encode(), ChannelId("partner"))
    now, id_ = datetime.now(UTC), str(uuid4())
    headers = {
        "webhook-id": id_,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(id_, now, body),
    }
    return await centre.http.post(DOOR, content=body, headers={**JSON, **headers})


def _code(content: Any) -> str | None:
    """The code, in whichever of the three documented shapes."""
    if "errors" in content:
        return content["errors"][0]["extensions"]["code"]
    return content.get("code", content.get("error"))


class Tokens:
    """Good and bad ones, and an auditor who watches the end of the log."""

    def __init__(self, centre: Centre, server: Server) -> None:
        self._centre, self._server = centre, server
        self._staff: dict[str, Staff] = {}
        self._end: str | None = None
        self._visitor_token: str | None = None

    async def staff(self, name: str) -> Staff:
        if name not in self._staff:
            self._staff[name] = await self._centre.staff(name)
        return self._staff[name]

    async def header(self, by: str) -> dict[str, str]:
        if not by:
            return {}
        return {"authorization": f"Bearer {await self._token(by)}"}

    async def _token(self, by: str) -> str:
        match by:
            case "nonsense":
                return "nonsense"
            case "visitor":
                return await self._visitor()
            case "forged visitor":
                good = await self._visitor()
                return f"{good[:-4]}AAAA"
            case "expired":
                return await self._forged(signing_key(self._server.data_dir / "keys" / "issuer.pem"), exp=1_000_000_000)
            case "audience":
                return await self._forged(signing_key(self._server.data_dir / "keys" / "issuer.pem"), aud=["another"])
            case "refresh":
                return await self._forged(signing_key(self._server.data_dir / "keys" / "issuer.pem"), typ="Refresh")
            case "forged":
                return await self._forged(ECKey.generate_key("P-256"))
        return (await self.staff(by)).token

    async def _visitor(self) -> str:
        if self._visitor_token is None:
            self._visitor_token = (await self._centre.visitor().open()).token
        assert self._visitor_token is not None
        return self._visitor_token

    async def _forged(self, key: ECKey, **changes: Any) -> str:
        """Ada's token with other claims, by whichever key."""
        ours = signing_key(self._server.data_dir / "keys" / "issuer.pem")
        good = jwt.decode((await self.staff("ada")).token, ours, algorithms=["ES256"])
        return jwt.encode({"alg": "ES256", "kid": ours.kid}, {**good.claims, **changes}, key, algorithms=["ES256"])

    async def written(self) -> list[str]:
        """What people have written since this was asked last: the types of their facts."""
        query = "query ($after: Cursor) { history(first: 100, after: $after) { nodes { type actor } endCursor hasNextPage } }"
        types: list[str] = []
        while True:
            found = (await (await self.staff("audrey")).ask(query, after=self._end))["history"]
            types += [fact["type"] for fact in found["nodes"] if fact["actor"] not in BY_ITSELF]
            self._end = found["endCursor"] or self._end
            if not found["hasNextPage"]:
                return types


@pytest.fixture(scope="module")
async def tokens(server: Server) -> AsyncIterator[Tokens]:
    async with Centre(server.url) as centre:
        yield Tokens(centre, server)
