"""How does a fact look as an event in EventStoreDB, and how is one of ours told from somebody else's?

Position = commit position + 1. A server may give the very first event commit position 0, while our 0 says "before the
first"; the offset keeps both true. Every event of one append has a position of its own; positions grow with gaps of any
size.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from esdbclient import NewEvent, RecordedEvent

from domain.kernel import BEGINNING, Cause, Fact, Position, Recorded
from infra.eventlog import codec
from infra.eventlog.port import event_id


class Why(msgspec.Struct, frozen=True):
    """The metadata of our events, and the sign that an event is ours."""

    cause: Cause
    at: datetime


_encode_why = msgspec.json.Encoder().encode
_decode_why = msgspec.json.Decoder(Why).decode


def new_events(stream: str, facts: Sequence[Fact], cause: Cause, at: datetime) -> list[NewEvent]:
    """A list, for the client may send it twice; with the same ids whenever the command is sent again."""
    why = _encode_why(Why(cause, at))
    return [
        NewEvent(fact.stored_as, codec.encode(fact), why, id=event_id(cause, stream, n)) for n, fact in enumerate(facts)
    ]


def why_of(event: RecordedEvent) -> Why | None:
    """None for an event that somebody else wrote."""
    try:
        return _decode_why(event.metadata)
    except msgspec.DecodeError:
        return None


def recorded_of(event: RecordedEvent) -> Recorded[Any] | None:
    """None for an event that somebody else wrote. Raises `codec.UnknownFact` for one of a newer Parley."""
    why = why_of(event)
    if why is None:
        return None
    fact = codec.decode(event.type, event.data)
    return Recorded(position_of(event), event.stream_name, event.stream_position, why.at, why.cause, fact)


def position_of(event: RecordedEvent) -> Position:
    assert event.commit_position is not None, "EventStoreDB before 22.10 gives no positions in streams"
    return position(event.commit_position)


def position(commit_position: int) -> Position:
    return Position(commit_position + 1)


def commit_position_of(position: Position) -> int | None:
    """None is the start of everything."""
    return None if position == BEGINNING else position - 1
