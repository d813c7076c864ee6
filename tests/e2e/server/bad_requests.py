"""What cannot be taken, and the code that answers it: tables for `test_bad_input.py`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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


@dataclass(frozen=True)
class Wrong:
    """A mutation that makes no sense, by whom, and its code."""

    by: str
    mutation: str
    given: Mapping[str, Any]
    code: str

    def __str__(self) -> str:
        return f"{self.mutation} {self.code}"


MESSAGES, SESSIONS, DOOR = "/webchat/web/messages", "/webchat/web/sessions", "/channels/partner/messages"
PARTNER = {
    "providerMessageId": "m1",
    "contact": {"kind": "PHONE", "value": "+4912345678"},
    "body": {"type": "PLAIN", "text": "Hi"},
}


def _partner(**changes: Any) -> str:
    return json.dumps({**PARTNER, **changes})


# fmt: off
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
MESSAGE = {"conversationId": "none", "messageId": "m", "text": "x"}
MUTATIONS = [
    Wrong("alan", "makeReady", {}, "NOT_LOGGED_IN"),
    Wrong("alan", "acceptTask", {"taskId": "none"}, "NOT_FOUND"),
    Wrong("alan", "postMessage", MESSAGE, "NOT_IN_CONVERSATION"),
    Wrong("alan", "applyWrapUp", {"taskId": "none", "codes": ["resolved"]}, "NOT_FOUND"),
    Wrong("alan", "finishWrapUp", {"taskId": "none"}, "NOT_FOUND"),
    Wrong("alan", "leaveConversation", {"conversationId": "none"}, "NOT_FOUND"),
    Wrong("sam", "forceLogOut", {"agentId": "nobody"}, "NOT_FOUND"),
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
# fmt: on
