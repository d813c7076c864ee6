"""Is every frame of ours read, and everything else refused with a code, never with a traceback?"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.errors import Malformed, Unreadable
from connectors.webchat import channel as webchat
from connectors.webchat import payloads as wire
from domain.channels.inbound import Inbound
from domain.channels.messages import BodyType
from domain.ids import ChannelId

PAYLOADS = Path(__file__).parent / "payloads"
WEB = ChannelId("web")
READ = {"post": webchat.read_message, "open": webchat.read_open, "frame": webchat.read_frame}


def captured(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda path: path.stem)
def test_what_browsers_send_is_read(path: Path) -> None:
    assert READ[path.stem.partition("-")[0]](path.read_bytes())


def test_a_text_keeps_its_words_and_its_time() -> None:
    inbound = webchat.inbound(WEB, "v1", webchat.read_message(captured("post-text")))
    assert inbound.body.text == "Hello, when do you open?\n**Thanks** 😀"
    assert inbound.provider_message_id == "v1/b7c1e6f0-1"
    assert inbound.sent_at is not None
    assert inbound.sent_at.utcoffset() is not None


def test_an_attachment_says_what_it_is() -> None:
    body = webchat.inbound(WEB, "v1", webchat.read_message(captured("post-image"))).body
    assert (body.type, body.attachment and body.attachment.size_bytes) == (BodyType.IMAGE, 48_211)


@pytest.mark.parametrize(
    ("raw", "kind", "field"),
    [
        (b"", Malformed, None),
        (b"{", Malformed, None),
        (b"\xff\xfe", Malformed, None),
        (b'{"id":"1","text":"\xff"}', Malformed, None),
        (b'{"id":"1","data":{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}}", Malformed, None),
        (b"[]", Unreadable, None),
        (b'{"id":"1","text":7}', Unreadable, "text"),
        (b'{"text":"hello"}', Unreadable, "id"),
        (b'{"id":"","text":"hello"}', Unreadable, "id"),
        (b'{"id":"1","text":"hello","colour":"red"}', Unreadable, "colour"),
        (b'{"id":"1","text":"   "}', Unreadable, "text"),
        (b'{"id":"1","text":"' + b"x" * 16_385 + b'"}', Unreadable, "text"),
        (b'{"id":"1","text":"a\\u0000b"}', Unreadable, None),
        (b'{"id":"1","text":"a","sentAt":"yesterday"}', Unreadable, "sentAt"),
        (b'{"id":"1","text":"a","sentAt":"2026-11-20T07:15:30"}', Unreadable, "sentAt"),
        (b'{"id":"1","attachment":{"mediaUrl":"javascript:x","mimeType":"a/b"}}', Unreadable, "attachment.mediaUrl"),
        (b'{"id":"1","bodyType":"SHOUT","text":"a"}', Unreadable, "bodyType"),
        (b'{"id":"1","data":{"a":' + b"[" * 20 + b"]" * 20 + b"}}", Unreadable, "data"),
    ],
)
def test_a_message_that_does_not_fit_names_its_field(raw: bytes, kind: type[Unreadable], field: str | None) -> None:
    with pytest.raises(Unreadable) as refusal:
        webchat.inbound(WEB, "v1", webchat.read_message(raw))
    assert type(refusal.value) is kind
    assert refusal.value.field == field


def test_words_about_escapes_are_words() -> None:
    said = json.dumps({"id": "1", "text": "write \\u0000 in JSON"}).encode()
    assert webchat.read_message(said).text == "write \\u0000 in JSON"


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["message", "hello", "typing", "PLAIN", "IMAGE"]) | ANY_JSON,
        "id": st.text() | ANY_JSON,
        "text": st.text() | ANY_JSON,
        "data": ANY_JSON,
        "attachment": st.fixed_dictionaries({"mediaUrl": st.just("https://a.b/c"), "mimeType": st.text()}) | ANY_JSON,
        "sentAt": st.datetimes().map(str) | ANY_JSON,
        "token": st.text() | ANY_JSON,
        "name": st.text() | ANY_JSON,
    },
)
ANYTHING = st.binary() | ANY_JSON.map(lambda v: json.dumps(v).encode()) | NEARLY.map(lambda v: json.dumps(v).encode())


def refusal_of(read: Callable[[], object]) -> str | None:
    try:
        read()
    except Unreadable as refusal:
        return f"{refusal.code}: {refusal.detail}"
    return None


@given(ANYTHING)
@example(b'{"id":"\\ud800","text":"a"}')
def test_anything_is_a_message_or_a_typed_refusal(raw: bytes) -> None:
    found: list[Inbound] = []
    refusal = refusal_of(lambda: found.append(webchat.inbound(WEB, "v1", webchat.read_message(raw))))
    if refusal is None:
        assert "\0" not in found[0].body.text
        wire.encode(found[0].body)
    else:
        assert refusal.startswith(("MALFORMED: ", "INVALID: "))


@given(ANYTHING)
def test_anything_is_a_frame_or_a_typed_refusal(raw: bytes) -> None:
    for read in (webchat.read_frame, webchat.read_open):
        refusal = refusal_of(partial(read, raw))
        assert refusal is None or refusal.startswith(("MALFORMED: ", "INVALID: "))
