"""What do `Append`, `BatchAppend`, `Delete` and `Tombstone` answer?"""

# ruff: noqa: N802 (the methods are named by the protocol)

from collections.abc import AsyncIterator
from typing import Any

import grpc
from esdbclient.protos.Grpc import shared_pb2, status_pb2, streams_pb2
from google.protobuf import any_pb2, empty_pb2

from tests.standins.eventstoredb import wire
from tests.standins.eventstoredb.faults import Faults
from tests.standins.eventstoredb.log import ANY, EXISTS, NO_STREAM, Deleted, Log, Record, WrongVersion

APPEND_BYTES_MAX = 1024 * 1024
_EXPECTED = {ANY: "expected_any", NO_STREAM: "expected_no_stream", EXISTS: "expected_stream_exists"}


class Writing:
    """The writing half of the Streams service."""

    log: Log
    faults: Faults

    async def Append(self, requests: AsyncIterator[Any], context: Any) -> Any:
        await self.faults.meet(context)
        options, events, size = (await anext(aiter(requests))).options, [], 0
        name = wire.name_of(options.stream_identifier)
        expected = wire.expected_of(options, "expected_stream_revision")
        async for request in requests:
            event = wire.proposed_of(request.proposed_message)
            if not event.type:
                text = "Required Metadata Property 'type' is missing"
                await wire.fail(context, grpc.StatusCode.INVALID_ARGUMENT, text)
            events.append(event)
            size += event.size
            if size > APPEND_BYTES_MAX:
                text, kind = f"Maximum Append Size of {APPEND_BYTES_MAX} Exceeded.", "maximum-append-size-exceeded"
                await wire.fail(context, grpc.StatusCode.INVALID_ARGUMENT, text, exception=kind)
        try:
            last = await self.log.append(name, expected, events)
        except Deleted:
            await wire.deleted(context, name)
        except WrongVersion as wrong:
            return streams_pb2.AppendResp(wrong_expected_version=_wrong_append(expected, wrong.current))
        await self.faults.drop(context)
        return streams_pb2.AppendResp(success=self._appended(name, last))

    def _appended(self, name: str, last: Record | None) -> Any:
        success = streams_pb2.AppendResp.Success()
        position = last.position if last else self.log.next_position
        success.position.CopyFrom(streams_pb2.AppendResp.Position(commit_position=position, prepare_position=position))
        if last or self.log.stream(name).records:
            success.current_revision = last.revision if last else self.log.stream(name).last
        else:
            success.no_stream.CopyFrom(wire.NOTHING)
        return success

    async def BatchAppend(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        """One atomic write for each correlation id, when its `is_final` has come."""
        await self.faults.meet(context)
        begun: dict[object, tuple[Any, list[Any]]] = {}
        async for request in requests:
            key = wire.uuid_of(request.correlation_id)
            if request.HasField("options"):
                begun.setdefault(key, (request.options, []))
            if key not in begun:
                continue
            options, events = begun[key]
            events += map(wire.proposed_of, request.proposed_messages)
            answer = streams_pb2.BatchAppendResp(
                correlation_id=request.correlation_id, stream_identifier=options.stream_identifier
            )
            too_much = sum(event.size for event in events) > APPEND_BYTES_MAX
            if too_much or request.is_final:
                del begun[key]
                if too_much:
                    detail = shared_pb2.MaximumAppendSizeExceeded(maxAppendSize=APPEND_BYTES_MAX)
                    _refuse(answer, 3, "Maximum Append Size Exceeded", detail)
                else:
                    await self._append_batch(options, events, answer)
                if answer.HasField("success"):
                    await self.faults.drop(context)
                yield answer

    async def _append_batch(self, options: Any, events: list[Any], answer: Any) -> None:
        name = wire.name_of(options.stream_identifier)
        expected = wire.expected_of(options, "expected_stream_position")
        if options.WhichOneof("deadline_option") == "deadline" and options.deadline.ToNanoseconds() <= 0:
            _refuse(answer, 4, "Timeout", shared_pb2.Timeout())
            return
        try:
            last = await self.log.append(name, expected, events)
        except Deleted:
            gone = shared_pb2.StreamDeleted(stream_identifier=options.stream_identifier)
            _refuse(answer, 2, f"Stream '{name}' is deleted.", gone)
        except WrongVersion as wrong:
            _refuse(answer, 2, "WrongExpectedVersion", _wrong_batch(expected, wrong.current))
        else:
            self._succeed(answer.success, last)

    def _succeed(self, success: Any, last: Record | None) -> None:
        success.position.commit_position = last.position if last else self.log.next_position
        success.position.prepare_position = success.position.commit_position
        if last is None:
            success.no_stream.CopyFrom(empty_pb2.Empty())
        else:
            success.current_revision = last.revision

    async def Delete(self, request: Any, context: Any) -> Any:
        position = await self._delete(request, context, for_good=False)
        return streams_pb2.DeleteResp(position=streams_pb2.DeleteResp.Position(**position))

    async def Tombstone(self, request: Any, context: Any) -> Any:
        position = await self._delete(request, context, for_good=True)
        return streams_pb2.TombstoneResp(position=streams_pb2.TombstoneResp.Position(**position))

    async def _delete(self, request: Any, context: Any, *, for_good: bool) -> dict[str, int]:
        await self.faults.meet(context)
        options = request.options
        name = wire.name_of(options.stream_identifier)
        expected = wire.expected_of(options, "expected_stream_revision")
        try:
            record = await self.log.delete(name, expected, for_good=for_good)
        except Deleted:
            await wire.deleted(context, name)
        except WrongVersion as wrong:
            text = (
                f"Delete failed due to WrongExpectedVersion. Stream: {name}, "
                f"Expected version: {expected}, Actual version: {wrong.current}"
            )
            await wire.fail(context, grpc.StatusCode.FAILED_PRECONDITION, text, exception="wrong-expected-version")
        return {"commit_position": record.position, "prepare_position": record.position}


def _wrong_append(expected: int, current: int) -> Any:
    wrong = streams_pb2.AppendResp.WrongExpectedVersion()
    if current < 0:
        wrong.current_no_stream.CopyFrom(wire.NOTHING)
    else:
        wrong.current_revision = current
    if expected in _EXPECTED:
        getattr(wrong, _EXPECTED[expected]).CopyFrom(wire.NOTHING)
    else:
        wrong.expected_revision = expected
    return wrong


def _wrong_batch(expected: int, current: int) -> Any:
    wrong, nothing = shared_pb2.WrongExpectedVersion(), empty_pb2.Empty()
    if current < 0:
        wrong.current_no_stream.CopyFrom(nothing)
    else:
        wrong.current_stream_revision = current
    if expected in _EXPECTED:
        getattr(wrong, _EXPECTED[expected]).CopyFrom(nothing)
    else:
        wrong.expected_stream_position = expected
    return wrong


def _refuse(answer: Any, code: int, text: str, detail: Any) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    answer.error.CopyFrom(status_pb2.Status(code=code, message=text, details=packed))
