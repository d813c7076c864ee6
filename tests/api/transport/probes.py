"""What is said to both servers, and where ours answers otherwise on purpose."""

from dataclasses import dataclass
from typing import Any

INIT = {"type": "connection_init"}
WAIT = 0.15
"""Seconds of silence, as a frame of a script."""


def ask(query: str, id: Any = "1", **more: Any) -> dict[str, Any]:
    return {"id": id, "type": "subscribe", "payload": {"query": query, **more}}


@dataclass(frozen=True)
class Probe:
    """Frames: a dict is sent as JSON, text as it is, bytes as a binary frame, a number waits."""

    name: str
    frames: tuple[Any, ...]
    explained: str | None = None


COUNT = "subscription { count(to: 3) }"
LONG = "subscription { count(to: 3, delay: 5) }"

PROBES = [
    Probe("an initialisation is acknowledged", (INIT,)),
    Probe("an initialisation with a null payload", ({**INIT, "payload": None},)),
    Probe("an initialisation with parameters", ({**INIT, "payload": {"x": 1}},)),
    Probe("an initialisation with a list as payload", ({**INIT, "payload": []},)),
    Probe("two initialisations", (INIT, WAIT, INIT)),
    Probe("a subscription before the initialisation", (ask("{ hello }"),)),
    Probe("a ping before the initialisation", ({"type": "ping"},)),
    Probe("a ping with a payload", (INIT, {"type": "ping", "payload": {"t": 7}})),
    Probe("a ping with an empty payload", (INIT, {"type": "ping", "payload": {}})),
    Probe("a ping with text as payload", (INIT, WAIT, {"type": "ping", "payload": "now"})),
    Probe("an unasked pong", (INIT, {"type": "pong"})),
    Probe("text that is not JSON", (INIT, WAIT, "hello")),
    Probe("a JSON array", (INIT, WAIT, "[]")),
    Probe("a JSON number", (INIT, WAIT, "7")),
    Probe("a JSON null", (INIT, WAIT, "null")),
    Probe("a message without a type", (INIT, WAIT, "{}")),
    Probe("a message of an unknown type", (INIT, WAIT, {"type": "start"})),
    Probe("a numeric id", (INIT, WAIT, ask("{ hello }", id=1))),
    Probe("a list as id", (INIT, WAIT, ask("{ hello }", id=["1"]))),
    Probe("an empty id", (INIT, WAIT, ask("{ hello }", id=""))),
    Probe("a null payload", (INIT, WAIT, {"id": "1", "type": "subscribe", "payload": None})),
    Probe("a query that is not text", (INIT, WAIT, ask(7))),  # type: ignore[arg-type]
    Probe("variables as text", (INIT, WAIT, ask("{ hello }", variables="{}"))),
    Probe("extensions as a list", (INIT, WAIT, ask("{ hello }", extensions=[]))),
    Probe("a query", (INIT, WAIT, ask("{ hello }"))),
    Probe("a mutation", (INIT, WAIT, ask('mutation { append(queue: "q", text: "t") }'))),
    Probe("a subscription to its end", (INIT, WAIT, ask(COUNT))),
    Probe("a subscription completed by the client", (INIT, WAIT, ask(LONG), WAIT, {"id": "1", "type": "complete"})),
    Probe("an id used again after its end", (INIT, WAIT, ask("{ hello }"), WAIT, ask(COUNT))),
    Probe("an id that is in use", (INIT, WAIT, ask(LONG), WAIT, ask("{ hello }"))),
    Probe("an unknown operation name beside another operation", (INIT, WAIT, ask(LONG, "a"), ask("query A { hello }", "b", operationName="B"))),
    Probe("a document that does not fit the schema", (INIT, WAIT, ask("{ nothing }"), ask("{ hello }", "2"))),
    Probe("variables that do not fit the document", (INIT, WAIT, ask("query($n: Int!) { number(n: $n) }", variables={"n": "x"}))),
    Probe("a field that fails", (INIT, WAIT, ask("{ hello crash }"))),
    Probe("a stream that fails", (INIT, WAIT, ask("subscription { broken }"), ask("{ hello }", "2"))),
    Probe("a completion of nothing", (INIT, WAIT, {"id": "9", "type": "complete"}, ask("{ hello }"))),
    Probe(
        "a document that is not GraphQL",
        (INIT, WAIT, ask(LONG, "a"), ask("{")),
        explained="the reference closes the socket with 4500, and with it every other stream",
    ),
    Probe("a binary frame", (INIT, WAIT, b'{"type":"ping"}'), explained="the protocol is JSON text; the reference is lenient"),
    Probe(
        "a message that only a server sends",
        (INIT, WAIT, {"type": "connection_ack"}),
        explained="a bad request (4400) by the protocol's text; the reference says internal error (4500)",
    ),
]  # fmt: skip

OFFERS: list[tuple[str, list[str] | None]] = [
    ("no sub-protocol", None),
    ("the deprecated sub-protocol alone", ["graphql-ws"]),
    ("both sub-protocols", ["graphql-ws", "graphql-transport-ws"]),
]
