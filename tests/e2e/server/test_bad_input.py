"""Whatever is sent to it, the server answers with a code that its documents name, and nothing is half done."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from standardwebhooks import Webhook
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.issuer import signing_key
from connectors.webhook.channel import secret_of
from domain.ids import ChannelId
from tests.e2e.server.client import GRAPHQL, Centre, Refused, Staff, history
from tests.e2e.server.people import private_line
from tests.e2e.server.process import Server

pytestmark = pytest.mark.anyio
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
DEEP = '{"a":' * 5_000 + "1" + "}" * 5_000
LONE_SURROGATE = b'{"id":"s","text":"\\ud800"}'


@dataclass(frozen=True)
class Bad:
    """A request that cannot be taken, and the answer to it. `by`: whose token is sent along."""

    name: str
    path: str
    body: bytes | str | None
    status: int
    code: str
    by: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    method: str = "POST"

    def __str__(self) -> str:
        return self.name


MESSAGES, SESSIONS, DOOR = "/webchat/web/messages", "/webchat/web/sessions", "/channels/partner/messages"
PARTNER = {"providerMessageId": "m1", "contact": {"kind": "PHONE", "value": "+4912345678"}, "body": {"type": "PLAIN", "text": "Hi"}}


def _partner(**changes: Any) -> str:
    return json.dumps({**PARTNER, **changes})


WEB_CHAT = [
    Bad("nothing", MESSAGES, b"", 400, "MALFORMED", by="visitor"),
    Bad("no JSON", MESSAGES, b"{", 400, "MALFORMED", by="visitor"),
    Bad("no UTF-8", MESSAGES, b'{"id":"1","text":"\xff\xfe"}', 400, "MALFORMED", by="visitor"),
    Bad("half a character", MESSAGES, LONE_SURROGATE, 400, "MALFORMED", by="visitor"),
    Bad("nested without end", MESSAGES, DEEP, 422, "INVALID", by="visitor"),
    Bad("data nested without end", MESSAGES, f'{{"id":"1","text":"x","data":{DEEP}}}', 400, "MALFORMED", by="visitor"),
    Bad("a list", MESSAGES, "[]", 422, "INVALID", by="visitor"),
    Bad("an unknown field", MESSAGES, '{"id":"1","text":"x","colour":"red"}', 422, "INVALID", by="visitor"),
    Bad("a number for a text", MESSAGES, '{"id":"1","text":1}', 422, "INVALID", by="visitor"),
    Bad("an empty id", MESSAGES, '{"id":"","text":"x"}', 422, "INVALID", by="visitor"),
    Bad("nothing said", MESSAGES, '{"id":"1"}', 422, "INVALID", by="visitor"),
    Bad("NUL in a text", MESSAGES, r'{"id":"1","text":"a\u0000b"}', 422, "INVALID", by="visitor"),
    Bad("NUL in an id", MESSAGES, r'{"id":"a\u0000b","text":"x"}', 422, "INVALID", by="visitor"),
    Bad("NUL in data", MESSAGES, r'{"id":"1","text":"x","data":{"k":"a\u0000b"}}', 422, "INVALID", by="visitor"),
    Bad("a text as long as a book", MESSAGES, json.dumps({"id": "1", "text": "x" * 20_000}), 422, "INVALID", by="visitor"),
    Bad("too large a body", MESSAGES, b" " * 140_000, 413, "TOO_LARGE", by="visitor"),
    Bad("no token", MESSAGES, '{"id":"1","text":"x"}', 401, "UNVERIFIED"),
    Bad("a forged token", MESSAGES, '{"id":"1","text":"x"}', 401, "UNVERIFIED", by="forged visitor"),
    Bad("an unknown channel", "/webchat/nowhere/sessions", "{}", 404, "UNKNOWN_CHANNEL"),
    Bad("a channel that is no web chat", "/webchat/partner/sessions", "{}", 404, "UNKNOWN_CHANNEL"),
    Bad("another method", MESSAGES, None, 405, "METHOD", method="PUT"),
    Bad("a foreign token at the opening", SESSIONS, '{"token":"a.b.c"}', 401, "UNVERIFIED"),
    Bad("NUL in a name", SESSIONS, r'{"name":"a\u0000b"}', 422, "INVALID"),
    Bad("a cursor that is none", "/webchat/web/events?after=x", None, 422, "INVALID", by="visitor", method="GET"),
    Bad("a negative wait", "/webchat/web/events?wait=-1", None, 422, "INVALID", by="visitor", method="GET"),
]
WEBHOOKS = [
    Bad("no signature", DOOR, _partner(), 401, "UNVERIFIED"),
    Bad("a token without the role", DOOR, _partner(), 403, "NOT_ALLOWED", by="ada"),
    Bad("a bad token", DOOR, _partner(), 401, "UNAUTHENTICATED", by="nonsense"),
    Bad("no JSON", DOOR, "{", 400, "MALFORMED", by="connector"),
    Bad("no UTF-8", DOOR, b'{"providerMessageId":"\xff"}', 400, "MALFORMED", by="connector"),
    Bad("nested without end", DOOR, DEEP, 400, "MALFORMED", by="connector"),
    Bad("an unknown field", DOOR, _partner(colour="red"), 422, "INVALID", by="connector"),
    Bad("a number for an id", DOOR, _partner(providerMessageId=1), 422, "INVALID", by="connector"),
    Bad("no number", DOOR, _partner(contact={"kind": "PHONE", "value": "soon"}), 422, "INVALID", by="connector"),
    Bad("another kind of contact", DOOR, _partner(contact={"kind": "PIGEON", "value": "x"}), 422, "INVALID", by="connector"),
    Bad("NUL in a text", DOOR, _partner(body={"type": "PLAIN", "text": "\0"}), 422, "INVALID", by="connector"),
    Bad("a year that is none", DOOR, _partner(sentAt="soon"), 422, "INVALID", by="connector"),
    Bad("an unknown channel", "/channels/nowhere/messages", _partner(), 404, "UNKNOWN_CHANNEL", by="connector"),
    Bad("too large a body", DOOR, b" " * 270_000, 413, "TOO_LARGE", by="connector"),
    Bad("news of nothing", DOOR, '{"messageId":"none","status":"READ"}', 404, "UNKNOWN_MESSAGE", by="connector"),
    Bad("news that is none", DOOR, '{"messageId":"none","status":"LOST"}', 422, "INVALID", by="connector"),
]
QUERY = '{"query":"{ me { name } }"}'
TRANSPORT = [
    Bad("no token", "/graphql", QUERY, 401, "UNAUTHENTICATED"),
    Bad("nonsense for a token", "/graphql", QUERY, 401, "UNAUTHENTICATED", by="nonsense"),
    Bad("an expired token", "/graphql", QUERY, 401, "UNAUTHENTICATED", by="expired"),
    Bad("a token of another key", "/graphql", QUERY, 401, "UNAUTHENTICATED", by="forged"),
    Bad("a refresh token", "/graphql", QUERY, 401, "UNAUTHENTICATED", by="refresh"),
    Bad("a token for somebody else", "/graphql", QUERY, 401, "UNAUTHENTICATED", by="audience"),
    Bad("no JSON", "/graphql", "{", 400, "BAD_REQUEST", by="ada"),
    Bad("no UTF-8", "/graphql", b'{"query":"\xff"}', 400, "BAD_REQUEST", by="ada"),
    Bad("nested without end", "/graphql", DEEP, 400, "BAD_REQUEST", by="ada"),
    Bad("a list", "/graphql", "[]", 400, "BAD_REQUEST", by="ada"),
    Bad("no query", "/graphql", "{}", 400, "BAD_REQUEST", by="ada"),
    Bad("a syntax error", "/graphql", '{"query":"{"}', 400, "PARSE_FAILED", by="ada"),
    Bad("an unknown field", "/graphql", '{"query":"{ me { shoeSize } }"}', 400, "VALIDATION_FAILED", by="ada"),
    Bad("too deep", "/graphql", json.dumps({"query": "{ a" * 40 + "}" * 40}), 400, "VALIDATION_FAILED", by="ada"),
    Bad("too many words", "/graphql", json.dumps({"query": "{" + " me" * 5_000 + "}"}), 400, "PARSE_FAILED", by="ada"),
    Bad("too large a body", "/graphql", b" " * 300_000, 413, "TOO_LARGE", by="ada"),
    Bad("a form", "/graphql", "query=x", 415, "BAD_REQUEST", by="ada", headers=FORM),
    Bad("another method", "/graphql", None, 405, "BAD_REQUEST", by="ada", method="PUT"),
]
SIGN_IN = [
    Bad("no form", "/auth/token", "{}", 400, "invalid_request"),
    Bad("nothing", "/auth/token", "", 400, "invalid_request", headers=FORM),
    Bad("another grant", "/auth/token", "grant_type=implicit", 400, "unsupported_grant_type", headers=FORM),
    Bad("a wrong password", "/auth/token", "grant_type=password&username=ada&password=x", 400, "invalid_grant", headers=FORM),
    Bad("NUL", "/auth/token", "grant_type=password&username=%00&password=x", 400, "invalid_request", headers=FORM),
    Bad("no UTF-8", "/auth/token", "grant_type=password&username=%ff&password=x", 400, "invalid_grant", headers=FORM),
    Bad("half a character", "/auth/token", "grant_type=password&username=%ed%a0%80&password=x", 400, "invalid_grant", headers=FORM),
    Bad("twice the same", "/auth/token", "grant_type=password&grant_type=password", 400, "invalid_request", headers=FORM),
    Bad("a bad refresh token", "/auth/token", "grant_type=refresh_token&refresh_token=x", 400, "invalid_grant", headers=FORM),
    Bad("too many fields", "/auth/token", "a=1&" * 20, 400, "invalid_request", headers=FORM),
    Bad("too large a form", "/auth/token", "a=" + "x" * 20_000, 413, "invalid_request", headers=FORM),
    Bad("nothing there", "/nowhere", None, 404, "NOT_FOUND", method="GET"),
    Bad("statistics of strangers", "/stats/queues", None, 401, "UNAUTHENTICATED", method="GET"),
    Bad("statistics of customers", "/stats/queues", None, 403, "NOT_ALLOWED", by="ada", method="GET"),
    Bad("NUL for a queue", "/stats/queues?id=%00", None, 422, "INVALID", by="sam", method="GET"),
]


@pytest.mark.parametrize("bad", [*WEB_CHAT, *WEBHOOKS, *TRANSPORT, *SIGN_IN], ids=lambda bad: f"{bad.path.split('/')[1]}: {bad}")
async def test_a_bad_request_is_refused_with_its_code(centre: Centre, server: Server, tokens: "Tokens", bad: Bad) -> None:
    headers = {"accept": GRAPHQL if bad.path == "/graphql" else "*/*", **bad.headers, **await tokens.header(bad.by)}
    before = await tokens.log_ends_at()
    answer = await centre.http.request(bad.method, bad.path, content=bad.body, headers=headers)
    assert (answer.status_code, _code(answer.json())) == (bad.status, bad.code), answer.text
    assert "Traceback" not in answer.text
    assert await tokens.log_ends_at() == before


@dataclass(frozen=True)
class Wrong:
    """A mutation that makes no sense, by whom, and its code."""

    by: str
    mutation: str
    given: Mapping[str, Any]
    code: str

    def __str__(self) -> str:
        return f"{self.mutation} {self.code}"


MESSAGE = {"conversationId": "none", "messageId": "m", "text": "x"}
MUTATIONS = [
    Wrong("alan", "makeReady", {}, "NOT_LOGGED_IN"),
    Wrong("alan", "acceptTask", {"taskId": "none"}, "NOT_FOUND"),
    Wrong("alan", "postMessage", MESSAGE, "NOT_IN_CONVERSATION"),
    Wrong("alan", "applyWrapUp", {"taskId": "none", "codes": ["resolved"]}, "NOT_FOUND"),
    Wrong("alan", "finishWrapUp", {"taskId": "none"}, "NOT_FOUND"),
    Wrong("alan", "postMessage", {**MESSAGE, "text": "a\0b"}, "INVALID"),
    Wrong("alan", "postMessage", {**MESSAGE, "text": "x" * 30_000}, "INVALID"),
    Wrong("alan", "postMessage", {**MESSAGE, "data": {"a": json.loads('{"a":' * 60 + "1" + "}" * 60)}}, "INVALID"),
    Wrong("alan", "logIn", {"clientMutationId": ""}, "INVALID"),
    Wrong("alan", "configureQueue", {"id": "q", "name": "Q", "mrdId": "chat"}, "FORBIDDEN"),
    Wrong("sam", "requestAgent", {"conversationId": "none"}, "NOT_FOUND"),
    Wrong("admin", "configureQueue", {"id": "q", "name": "", "mrdId": "chat"}, "INVALID"),
    Wrong("admin", "configureQueue", {"id": "q", "name": "Q", "mrdId": "nowhere"}, "INVALID"),
    Wrong("admin", "configureQueue", {"id": "q", "name": "Q", "mrdId": "chat", "offerTimeoutS": -1}, "INVALID"),
    Wrong("admin", "configureQueue", {"id": "q", "name": "Q", "mrdId": "chat", "priority": "high"}, "BAD_VARIABLES"),
    Wrong("admin", "configureQueue", {"id": "q", "name": "Q", "mrdId": "chat", "colour": "red"}, "BAD_VARIABLES"),
    Wrong("admin", "configureBot", {"id": "b", "name": "B", "timeoutS": 0}, "INVALID"),
    Wrong("admin", "createUser", {"id": "u", "username": "ada", "name": "A", "password": "parley-demo", "roles": ["AGENT"]}, "USERNAME_TAKEN"),
    Wrong("admin", "createUser", {"id": "u", "username": "u", "name": "U", "password": "x", "roles": ["AGENT"]}, "INVALID"),
    Wrong("admin", "retire", {"kind": "QUEUE", "id": "nowhere"}, "NOT_FOUND"),
]


@pytest.mark.parametrize("wrong", MUTATIONS, ids=str)
async def test_a_mutation_that_makes_no_sense_is_refused_with_its_code(tokens: "Tokens", wrong: Wrong) -> None:
    before = await tokens.log_ends_at()
    with pytest.raises(Refused) as refused:
        await (await tokens.staff(wrong.by)).do(wrong.mutation, **wrong.given)
    assert refused.value.code == wrong.code, refused.value
    assert await tokens.log_ends_at() == before


@pytest.mark.parametrize(
    ("by", "mutation", "given"),
    [("alan", "leaveConversation", {"conversationId": "none"}), ("sam", "forceLogOut", {"agentId": "nobody"}), ("alan", "logOut", {})],
)
async def test_to_end_what_never_began_changes_nothing(tokens: "Tokens", by: str, mutation: str, given: Any) -> None:
    before = await tokens.log_ends_at()
    await (await tokens.staff(by)).do(mutation, **given)
    assert await tokens.log_ends_at() == before


QUERIES = [
    ('{ conversation(id: "none") { state } }', "NOT_FOUND"),
    ('{ conversation(id: "a\\u0000b") { state } }', "INVALID"),
    ('{ task(id: "none") { state } }', "NOT_FOUND"),
    ('{ agent(id: "none") { state } }', "NOT_FOUND"),
    ('{ queue(id: "none") { name } }', "NOT_FOUND"),
    ('{ customer(id: "none") { name } }', "NOT_FOUND"),
    ("{ conversations(first: -1) { nodes { id } } }", "INVALID"),
    ("{ conversations(first: 1000000) { nodes { id } } }", "INVALID"),
    ('{ conversations(first: 1, after: "nonsense") { nodes { id } } }', "INVALID"),
    ('{ tasks(first: 1, waitFor: "nonsense") { nodes { id } } }', "VALIDATION_FAILED"),
    ("{ history(first: 1) { nodes { type } } }", "FORBIDDEN"),
    ("{ agents(first: 1, states: [ASLEEP]) { nodes { id } } }", "VALIDATION_FAILED"),
]


@pytest.mark.parametrize(("query", "code"), QUERIES)
async def test_a_query_that_makes_no_sense_is_refused_with_its_code(tokens: "Tokens", query: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        await (await tokens.staff("sam")).ask(query)
    assert refused.value.code == code, refused.value


SOCKETS = [
    ("/graphql", "graphql-transport-ws", b"\x00\xff", 4400),
    ("/graphql", "graphql-transport-ws", "{", 4400),
    ("/graphql", "graphql-transport-ws", "[]", 4400),
    ("/graphql", "graphql-transport-ws", DEEP, 4400),
    ("/graphql", "graphql-transport-ws", '{"type":"connection_init","payload":{"authorization":"Bearer x"}}', 4403),
    ("/graphql", "graphql-transport-ws", '{"type":"subscribe","id":"1","payload":{"query":"{me{name}}"}}', 4401),
    ("/webchat/web/socket", None, b"\x00\xff", 4400),
    ("/webchat/web/socket", None, "{", 4400),
    ("/webchat/web/socket", None, DEEP, 4400),
    ("/webchat/web/socket", None, '{"type":"typing","isTyping":true}', 4401),
    ("/webchat/web/socket", None, '{"type":"hello","token":"a.b.c"}', 4403),
    ("/webchat/nowhere/socket", None, '{"type":"hello","token":"a.b.c"}', 4404),
    ("/webchat/web/socket", None, " " * 140_000, 1009),
]


@pytest.mark.parametrize(("path", "protocol", "frame", "code"), SOCKETS, ids=lambda it: str(it)[:40])
async def test_a_bad_frame_ends_its_socket_with_a_code(server: Server, path: str, protocol: str, frame: Any, code: int) -> None:
    protocols = [Subprotocol(protocol)] if protocol else None
    async with connect(server.url.replace("http", "ws", 1) + path, subprotocols=protocols) as socket:
        await socket.send(frame)
        with pytest.raises(ConnectionClosed):
            while True:
                await asyncio.wait_for(socket.recv(), 5)
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
    position = await tokens.log_ends_at(settled=True)
    assert await visitor.say("once", "same") == first
    assert await visitor.say("another text under the same id", "same") == first
    assert await tokens.log_ends_at() == position
    other = await centre.visitor().open()
    assert (await other.say("of somebody else", "same"))["messageId"] != first["messageId"]


async def test_webhooks_may_come_twice_at_once_and_out_of_order(centre: Centre, server: Server, tokens: "Tokens") -> None:
    number = f"+49{uuid4().int % 10**9:09}"
    bodies = [
        json.dumps({**PARTNER, "providerMessageId": f"p{n}", "contact": {"kind": "PHONE", "value": number}, "sentAt": f"2026-11-20T10:00:{59 - n:02}Z"})
        for n in range(5)
    ]
    answers = await asyncio.gather(*(_signed(centre, server, body) for body in bodies * 4))
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    ids = {answer.json()["messageId"] for answer in answers}
    assert len(ids) == len(bodies)
    audrey = await tokens.staff("audrey")
    said = [it for it in await history(audrey) if it["type"] == "conversation.message-posted" and it["data"]["message_id"] in ids]
    assert len(said) == len(bodies)
    assert len({it["stream"] for it in said}) == 1


async def test_a_receipt_that_comes_late_or_before_its_elder_takes_nothing_back(centre: Centre, tokens: "Tokens") -> None:
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
    ada, grace, audrey = await private_line(centre, "wrong-state"), await tokens.staff("grace"), await tokens.staff("audrey")
    desk = await ada.desk()
    await ada.do("logIn")
    await ada.do("makeReady")
    visitor = centre.visitor("wrong-state")
    await (await visitor.open()).say("Is somebody there?")
    task, conversation = (await desk.first("TaskOffered"))["taskId"], visitor.conversation
    await tokens.log_ends_at(settled=True)
    await _is_refused(audrey, grace, "acceptTask", "OFFER_GONE", taskId=task)
    await _is_refused(audrey, ada, "acceptTask", "OFFER_GONE", taskId=task, offerId="another")
    await _is_refused(audrey, ada, "finishWrapUp", "NOT_YOUR_TASK", taskId=task)
    await _is_refused(audrey, ada, "postMessage", "NOT_IN_CONVERSATION", conversationId=conversation, messageId="m", text="x")
    await ada.do("acceptTask", taskId=task)
    await desk.first("AgentJoined", conversationId=conversation)
    await tokens.log_ends_at(settled=True)
    await _is_refused(audrey, grace, "postMessage", "NOT_IN_CONVERSATION", conversationId=conversation, messageId="m", text="x")
    await _is_refused(audrey, grace, "endConversation", "NOT_IN_CONVERSATION", conversationId=conversation)
    await ada.do("leaveConversation", conversationId=conversation)
    await desk.first("AgentLeft", conversationId=conversation)
    await tokens.log_ends_at(settled=True)
    await _is_refused(audrey, ada, "postMessage", "NOT_IN_CONVERSATION", conversationId=conversation, messageId="m", text="x")


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


async def _is_refused(auditor: Staff, who: Staff, mutation: str, code: str, **given: Any) -> None:
    before = len(await history(auditor))
    with pytest.raises(Refused) as refused:
        await who.do(mutation, **given)
    assert refused.value.code == code, refused.value
    assert len(await history(auditor)) == before


async def _signed(centre: Centre, server: Server, body: str) -> Any:
    """As a foreign connector posts it, with the channel's own secret."""
    secret = secret_of((server.data_dir / "keys" / "master").read_text().strip().encode(), ChannelId("partner"))
    now, id_ = datetime.now(UTC), str(uuid4())
    headers = {"webhook-id": id_, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": Webhook(secret).sign(id_, now, body)}
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
            await self.log_ends_at(settled=True)
        assert self._visitor_token is not None
        return self._visitor_token

    async def _forged(self, key: ECKey, **changes: Any) -> str:
        """Ada's token with other claims, by whichever key."""
        ours = signing_key(self._server.data_dir / "keys" / "issuer.pem")
        good = jwt.decode((await self.staff("ada")).token, ours, algorithms=["ES256"])
        return jwt.encode({"alg": "ES256", "kid": ours.kid}, {**good.claims, **changes}, key, algorithms=["ES256"])

    async def log_ends_at(self, *, settled: bool = False) -> str | None:
        """The newest position. `settled`: once a visitor's opening has had all its effects."""
        audrey = await self.staff("audrey")
        while True:
            before, self._end = self._end, await _newest(audrey, self._end)
            if not settled:
                return self._end
            settled = before != self._end
            await asyncio.sleep(0.2 if settled else 0)


async def _newest(auditor: Staff, after: str | None) -> str | None:
    query = "query ($after: Cursor) { history(first: 100, after: $after) { endCursor hasNextPage } }"
    while True:
        found = (await auditor.ask(query, after=after))["history"]
        after = found["endCursor"] or after
        if not found["hasNextPage"]:
            return after


@pytest.fixture(scope="module")
async def tokens(server: Server) -> AsyncIterator[Tokens]:
    async with Centre(server.url) as centre:
        yield Tokens(centre, server)
