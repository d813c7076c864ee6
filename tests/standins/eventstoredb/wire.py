"""How do records and expectations look on the wire? Messages are those of the package inside esdbclient."""

import re
from collections.abc import Callable
from typing import Any, NoReturn
from uuid import UUID

import grpc
from esdbclient.protos.Grpc import shared_pb2, streams_pb2

from tests.standins.eventstoredb.log import ANY, EXISTS, NO_STREAM, Deleted, Log, Proposed, Record

NOTHING = shared_pb2.Empty()
BITS = 2**64 - 1
_ReadEvent = streams_pb2.ReadResp.ReadEvent


def name_of(identifier: Any) -> str:
    return identifier.stream_name.decode()


def uuid_of(value: Any) -> UUID:
    if value.WhichOneof("value") == "string":
        return UUID(value.string)
    halves = value.structured
    return UUID(int=((halves.most_significant_bits & BITS) << 64) | (halves.least_significant_bits & BITS))


def expected_of(options: Any, oneof: str) -> int:
    kind = options.WhichOneof(oneof) or "any"
    named = {"no_stream": NO_STREAM, "any": ANY, "stream_exists": EXISTS}
    return named[kind] if kind in named else getattr(options, kind)


def proposed_of(message: Any) -> Proposed:
    is_json = message.metadata["content-type"] == "application/json"
    return Proposed(uuid_of(message.id), message.metadata["type"], is_json, message.data, message.custom_metadata)


def recorded(record: Record) -> Any:
    event = _ReadEvent.RecordedEvent(
        id=shared_pb2.UUID(string=str(record.event.id)),
        stream_identifier=shared_pb2.StreamIdentifier(stream_name=record.stream.encode()),
        stream_revision=record.revision,
        commit_position=record.position,
        prepare_position=record.position,
        data=record.event.data,
        custom_metadata=record.event.metadata,
    )
    content_type = "application/json" if record.event.is_json else "application/octet-stream"
    event.metadata.update({"type": record.event.type, "created": str(record.created), "content-type": content_type})
    return event


def read_event(log: Log, record: Record, resolve_links: bool) -> Any:
    answer = _ReadEvent(commit_position=record.position)
    if not (resolve_links and record.event.type == "$>"):
        answer.event.CopyFrom(recorded(record))
        return answer
    answer.link.CopyFrom(recorded(record))
    target = linked(log, record)
    if target is not None:
        answer.event.CopyFrom(recorded(target))
    return answer


def linked(log: Log, link: Record) -> Record | None:
    revision, _, name = link.event.data.decode().partition("@")
    try:
        return next((record for record in log.read(name) or [] if record.revision == int(revision)), None)
    except (Deleted, ValueError):
        return None


def filter_of(options: Any) -> Callable[[Record], bool] | None:
    """A search, not a full match: the client's `^a|b$` binds only its first and last alternative."""
    if options.WhichOneof("filter_option") != "filter":
        return None
    by = options.filter.WhichOneof("filter")
    expression = getattr(options.filter, by)
    if expression.regex:
        found, prefixes = re.compile(expression.regex).search, ()
    else:
        found, prefixes = None, tuple(expression.prefix)

    def passes(record: Record) -> bool:
        subject = record.event.type if by == "event_type" else record.stream
        return found(subject) is not None if found else subject.startswith(prefixes)

    return passes


async def fail(context: Any, code: grpc.StatusCode, text: str, **trailers: object) -> NoReturn:
    await context.abort(code, text, tuple((key.replace("_", "-"), str(value)) for key, value in trailers.items()))
    raise AssertionError("abort raises")


async def deleted(context: Any, name: str) -> NoReturn:
    text = f"Event stream '{name}' is deleted."
    await fail(context, grpc.StatusCode.FAILED_PRECONDITION, text, exception="stream-deleted", stream_name=name)
