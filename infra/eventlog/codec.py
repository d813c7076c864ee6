"""How is a fact written down? As plain JSON under its stored name; enums, dates and ids come back as themselves."""

from typing import Any

import msgspec

from domain.kernel import FACTS, UPGRADES, Cause, Fact

_encode = msgspec.json.Encoder(order="deterministic").encode  # equal facts are equal bytes: sets are sorted
_decoders: dict[str, msgspec.json.Decoder[Fact]] = {}
_cause_decoder = msgspec.json.Decoder(Cause)


class UnknownFact(Exception):
    """The log holds a fact that this version of Parley does not know: it was written by a newer one."""


def encode(fact: Fact) -> bytes:
    return _encode(fact)


def decode(stored_as: str, data: bytes) -> Fact:
    """Raises `UnknownFact` for a name never registered, `msgspec.ValidationError` for a body of another shape."""
    decoder = _decoders.get(stored_as)
    if decoder is not None:
        return decoder.decode(data)
    if stored_as in UPGRADES:
        newer, carry = UPGRADES[stored_as]
        return decode(newer, _encode(carry(msgspec.json.decode(data))))
    if stored_as not in FACTS:
        raise UnknownFact(stored_as)
    decoder = _decoders[stored_as] = msgspec.json.Decoder(FACTS[stored_as])
    return decoder.decode(data)


def encode_cause(cause: Cause) -> bytes:
    return _encode(cause)


def decode_cause(data: bytes) -> Cause:
    return _cause_decoder.decode(data)


def fields(fact: Fact) -> dict[str, Any]:
    """A fact as plain values, for people who read the log."""
    return msgspec.to_builtins(fact)  # type: ignore[no-any-return]
