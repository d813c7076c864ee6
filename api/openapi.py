"""What can be asked over plain HTTP? The description that tools read (`/openapi.json`), and a page for people (`/docs`)."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import msgspec

from api.rest import AllAgentStats, AllQueueStats, Health

VERSION = "1.0.0"
PROBLEM = {
    "type": "object",
    "required": ["code", "detail"],
    "properties": {
        "code": {"type": "string", "description": "A lasting code for programs."},
        "detail": {"type": "string", "description": "A sentence for people."},
        "field": {"type": "string", "description": "The part of the request that is to blame."},
    },
}
TOKENS = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "refresh_token"],
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"type": "string", "const": "Bearer"},
        "expires_in": {"type": "integer", "description": "Seconds."},
        "refresh_token": {"type": "string"},
        "refresh_expires_in": {"type": "integer", "description": "Seconds."},
        "scope": {"type": "string"},
    },
}
TOKEN_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}
TOKEN_FORM = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["password", "refresh_token"]},
        "username": {"type": "string"},
        "password": {"type": "string", "format": "password"},
        "refresh_token": {"type": "string"},
    },
}
BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
SIGNATURE = {
    "type": "apiKey",
    "in": "header",
    "name": "webhook-signature",
    "description": "Standard Webhooks: with webhook-id and webhook-timestamp, signed with the channel's secret.",
}
PAGE_STYLE = "body{font:16px/1.5 system-ui;max-width:52rem;margin:2rem auto;padding:0 1rem}code{font-size:1em}td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}"


Description = tuple[dict[str, Any], dict[str, Any]]
"""The paths and the component schemas of further doors."""


def description(*, signs_in: bool, further: Sequence[Description] = ()) -> dict[str, Any]:
    """The OpenAPI document. `signs_in`: are tokens issued here?"""
    shapes, components = msgspec.json.schema_components(
        [AllQueueStats, AllAgentStats, Health], ref_template="#/components/schemas/{name}"
    )
    queues, agents, health = shapes
    paths: dict[str, Any] = {
        "/health": {"get": _get("Can it take work?", health, "UNAVAILABLE")},
        "/ready": {"get": _get("Can it take work?", health, "UNAVAILABLE")},
        "/metrics": {"get": _metrics()},
        "/stats/queues": {"get": _stats("The live board of queues.", queues, [_ids()])},
        "/stats/agents": {"get": _stats("Who is signed in, and who can work where.", agents, [])},
    }
    if signs_in:
        paths["/auth/token"] = {"post": _token()}
        paths["/auth/jwks"] = {"get": _get("The public key that tokens are signed with.", {"type": "object"})}
        paths["/.well-known/openid-configuration"] = {"get": _get("Where all of that is.", {"type": "object"})}
    for more_paths, more_components in further:
        paths |= more_paths
        components |= more_components
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parley",
            "version": VERSION,
            "description": "GraphQL at `/graphql` is the front door; this is what is asked over plain HTTP.",
        },
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": PROBLEM},
            "securitySchemes": {"bearer": BEARER, "webhookSignature": SIGNATURE},
        },
    }


def page(document: dict[str, Any]) -> str:
    """The description as a page without scripts."""
    rows = "".join(
        f"<tr><td><code>{method.upper()}</code></td><td><code>{escape(path)}</code></td><td>{escape(summary)}</td></tr>"
        for path, method, summary in _operations(document)
    )
    info = document["info"]
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])}: HTTP</title>"
        f"<style>{PAGE_STYLE}</style><h1>{escape(info['title'])}</h1><p>{escape(info['description'])}</p>"
        f"<table>{rows}</table><p>For tools: <a href=/openapi.json>openapi.json</a></p></html>"
    )


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation["summary"]


def _answer(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _problem(text: str) -> dict[str, Any]:
    return _answer(text, {"$ref": "#/components/schemas/Problem"})


def _get(summary: str, schema: dict[str, Any], unavailable: str | None = None) -> dict[str, Any]:
    answers = {"200": _answer("Yes.", schema)}
    if unavailable:
        answers["503"] = _problem(f"{unavailable}: not now.")
    return {"summary": summary, "responses": answers}


def _stats(summary: str, schema: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "summary": summary,
        "security": [{"bearer": []}],
        "parameters": parameters,
        "responses": {
            "200": _answer("The numbers now.", schema),
            "401": _problem("UNAUTHENTICATED: no token, or none that is good."),
            "403": _problem("NOT_ALLOWED: none of the roles supervisor, quality, auditor, admin."),
            "422": _problem("INVALID: a parameter that makes no sense."),
            "503": _problem("NOT_YET, UNAVAILABLE: try again."),
        },
    }


def _ids() -> dict[str, Any]:
    schema = {"type": "array", "maxItems": 100, "items": {"type": "string"}}
    return {"name": "id", "in": "query", "description": "Only these queues.", "schema": schema}


def _metrics() -> dict[str, Any]:
    content = {"text/plain": {"schema": {"type": "string"}}}
    return {"summary": "For Prometheus.", "responses": {"200": {"description": "Metrics.", "content": content}}}


def _token() -> dict[str, Any]:
    return {
        "summary": "Sign in, or stay signed in.",
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": TOKEN_FORM}},
        },
        "responses": {
            "200": _answer("Tokens.", TOKENS),
            "400": _answer("RFC 6749, 5.2.", TOKEN_ERROR),
            "413": _answer("The form is too large.", TOKEN_ERROR),
            "429": _answer("Too many failed attempts.", TOKEN_ERROR),
        },
    }
