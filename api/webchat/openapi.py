"""What is said of the web chat's doors in the one OpenAPI document?"""

from typing import Any

import msgspec

from connectors.webchat import payloads as wire

SHAPES = {
    "ChatOpened": {
        "type": "object",
        "required": ["token", "sessionId", "conversationId", "cursor"],
        "properties": {name: {"type": "string"} for name in ("token", "sessionId", "conversationId", "cursor")},
    },
    "ChatEvents": {
        "type": "object",
        "required": ["events", "cursor"],
        "properties": {
            "events": {"type": "array", "items": {"type": "object", "required": ["type"]}},
            "cursor": {"type": ["string", "null"], "description": "Pass it as `after` to go on."},
        },
    },
}
PROBLEMS = {
    "400": "MALFORMED: the body is not JSON.",
    "401": "UNVERIFIED: no visitor's token of this channel.",
    "404": "UNKNOWN_CHANNEL: there is no such web chat.",
    "409": "The conversation keeps closing; send it again.",
    "413": "TOO_LARGE: the body is over the limit.",
    "422": "INVALID: something does not fit; `field` says where.",
    "429": "RATE_LIMITED: wait for `retry-after` seconds.",
    "503": "UNAVAILABLE: the store cannot be reached; send it again.",
}


def openapi() -> tuple[dict[str, Any], dict[str, Any]]:
    """The paths and the component schemas of these doors."""
    (opening, message), schemas = msgspec.json.schema_components(
        [wire.OpenChat, wire.PostMessage], ref_template="#/components/schemas/{name}"
    )
    opened = {status: _answer(text, "ChatOpened") for status, text in (("200", "Welcome back."), ("201", "Welcome."))}
    paths = {
        "sessions": ("post", "Who am I, and is somebody there?", _body(opening, required=False), opened, False),
        "messages": ("post", "Say something; it is stored for good when this is answered.", _body(message, required=True),
                     {"200": _answer("It is stored.", "Taken")}, True),
        "events": ("get", "What was said, by long poll.", {"parameters": [_number("after"), _number("wait")]},
                   {"200": _answer("What is new.", "ChatEvents")}, True),
    }  # fmt: skip
    described = {
        f"/webchat/{{channel_id}}/{name}": {method: _operation(name, summary, more, good, with_token=with_token)}
        for name, (method, summary, more, good, with_token) in paths.items()
    }
    return described, {**schemas, **SHAPES}


def _operation(
    name: str, summary: str, more: dict[str, Any], good: dict[str, Any], *, with_token: bool
) -> dict[str, Any]:
    channel = {"name": "channel_id", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "operationId": f"webchat{name.title()}",
        "tags": ["web chat"],
        "summary": summary,
        **more,
        "parameters": [channel, *more.get("parameters", [])],
        "responses": good | {status: _answer(why, "Problem") for status, why in PROBLEMS.items()},
        **({"security": [{"bearer": []}]} if with_token else {}),
    }


def _body(schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def _number(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string", "pattern": r"^[0-9]{1,18}$"}}


def _answer(why: str, schema: str) -> dict[str, Any]:
    return {"description": why, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
