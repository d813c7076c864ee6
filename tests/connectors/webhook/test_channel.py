"""Do foreign connectors and Parley believe each other, and nobody else?"""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from connectors.errors import Unreadable, Unverified
from connectors.webhook import channel as webhook
from domain.ids import ChannelId

PAYLOADS = Path(__file__).parent / "payloads"
PARTNER = ChannelId("partner")
NEW, OLD = b"n" * 32, b"o" * 32
BODY = (PAYLOADS / "message-text.json").read_bytes()


def signed(master: bytes, channel: ChannelId = PARTNER, at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    signature = Webhook(webhook.secret_of(master, channel)).sign("SM9f2d", at, BODY.decode())
    return {"Webhook-Id": "SM9f2d", "Webhook-Timestamp": str(int(at.timestamp())), "Webhook-Signature": signature}


@pytest.mark.parametrize("master", [NEW, OLD])
def test_either_key_is_good_while_they_are_rotated(master: bytes) -> None:
    webhook.verify(signed(master), BODY, PARTNER, [NEW, OLD])


FORGED = {
    "nothing at all": {},
    "another key": signed(b"x" * 32),
    "another channel's": signed(NEW, ChannelId("web")),
    "an old one": signed(NEW, at=datetime.now(UTC) - timedelta(minutes=6)),
    "one from the future": signed(NEW, at=datetime.now(UTC) + timedelta(days=1)),
    "no base64": {**signed(NEW), "Webhook-Signature": "v1,%%%"},
    "no comma": {**signed(NEW), "Webhook-Signature": "v1"},
    "two commas": {**signed(NEW), "Webhook-Signature": "v1,a,b"},
    "no time": {**signed(NEW), "Webhook-Timestamp": "now"},
    "not a number": {**signed(NEW), "Webhook-Timestamp": "nan"},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_a_forged_signature_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Unverified):
        webhook.verify(headers, BODY, PARTNER, [NEW, OLD])


def test_every_flipped_byte_is_noticed() -> None:
    headers = signed(NEW)
    for place in range(len(BODY)):
        flipped = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        with pytest.raises(Unverified):
            webhook.verify(headers, flipped, PARTNER, [NEW])


def test_without_a_key_nobody_is_believed() -> None:
    with pytest.raises(Unverified):
        webhook.verify(signed(NEW), BODY, PARTNER, [])


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("message-*.json")), ids=lambda path: path.stem)
def test_messages_are_read(path: Path) -> None:
    assert webhook.read_message(path.read_bytes(), PARTNER).channel_id == PARTNER


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("receipt-*.json")), ids=lambda path: path.stem)
def test_receipts_are_read(path: Path) -> None:
    assert webhook.read_receipt(path.read_bytes()).message_id


@pytest.mark.parametrize(
    ("kind", "written", "normal"),
    [
        ("PHONE", "+49 (30) 1234-567", "+49301234567"),
        ("EMAIL", " Zoe@Example.ORG ", "zoe@example.org"),
        ("OPAQUE", "u/1", "u/1"),
    ],
)
def test_a_contact_is_written_as_everywhere(kind: str, written: str, normal: str) -> None:
    assert webhook.read_message(about(kind, written), PARTNER).contact.value == normal


@pytest.mark.parametrize(
    ("kind", "value"), [("PHONE", "030 1234"), ("PHONE", "+٤٩٣٠١٢٣٤٥"), ("EMAIL", "zoe"), ("OPAQUE", " "), ("FAX", "1")]
)
def test_a_contact_that_is_none_is_refused(kind: str, value: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        webhook.read_message(about(kind, value), PARTNER)
    assert (refusal.value.field or "").startswith("contact")


def about(kind: str, value: str) -> bytes:
    contact = {"kind": kind, "value": value}
    return json.dumps({"providerMessageId": "1", "contact": contact, "body": {"text": "hi"}}).encode()


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
NEARLY = st.fixed_dictionaries(
    {"providerMessageId": st.text(min_size=1), "body": st.fixed_dictionaries({"text": st.text()}) | ANY_JSON},
    optional={
        "contact": st.fixed_dictionaries({"kind": st.sampled_from(["PHONE", "EMAIL", "OPAQUE"]), "value": st.text()}),
        "channelData": st.dictionaries(st.text(), st.text()) | ANY_JSON,
        "customerName": st.text() | ANY_JSON,
    },
)


@given(st.binary() | (ANY_JSON | NEARLY).map(lambda value: json.dumps(value).encode()))
def test_anything_is_a_message_or_a_typed_refusal(raw: bytes) -> None:
    for read in (lambda: webhook.read_message(raw, PARTNER), lambda: webhook.read_receipt(raw)):
        with suppress(Unreadable):
            assert read()
