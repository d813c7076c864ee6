"""What does `Streams/Read` answer? Pages of a stream or of `$all`, and subscriptions to either."""

# ruff: noqa: N802 (the methods are named by the protocol)

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import grpc
from esdbclient.protos.Grpc import streams_pb2

from tests.standins.eventstoredb import wire
from tests.standins.eventstoredb.faults import Faults
from tests.standins.eventstoredb.log import Deleted, Log

_Answer = streams_pb2.ReadResp
Answers = AsyncIterator[Any]


class Reading:
    """The reading half of the Streams service."""

    log: Log
    faults: Faults

    async def Read(self, request: Any, context: Any) -> Answers:
        await self.faults.meet(context)
        options = request.options
        if not options.HasField("uuid_option"):
            await wire.fail(context, grpc.StatusCode.INVALID_ARGUMENT, "`uuidOption` is a required argument")
        of_stream = options.WhichOneof("stream_option") == "stream"
        if options.WhichOneof("count_option") == "subscription":
            follow = self._follow_stream if of_stream else self._follow_all
            if of_stream and self.log.stream(name := wire.name_of(options.stream.stream_identifier)).tombstoned:
                await wire.deleted(context, name)
            answers = self._until_cut(follow(options, context), context)
        else:
            answers = (self._stream_page if of_stream else self._all_page)(options, context)
        async for answer in answers:
            yield answer

    def _event(self, record: Any, options: Any) -> Any:
        return _Answer(event=wire.read_event(self.log, record, options.resolve_links))

    # ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _stream_page(self, options: Any, context: Any) -> Answers:
        wanted = options.stream
        name, start = wire.name_of(wanted.stream_identifier), wanted.WhichOneof("revision_option")
        try:
            records = self.log.read(name)
        except Deleted:
            await wire.deleted(context, name)
        if records is None:
            yield _Answer(stream_not_found=_Answer.StreamNotFound(stream_identifier=wanted.stream_identifier))
            return
        if options.read_direction == streams_pb2.ReadReq.Options.Backwards:
            top = {"revision": wanted.revision, "end": wire.BITS}.get(start, 0)
            records = [record for record in reversed(records) if record.revision <= top]
        else:
            bottom = {"revision": wanted.revision, "start": 0}.get(start, wire.BITS)
            records = [record for record in records if record.revision >= bottom]
        for record in records[: options.count]:
            yield self._event(record, options)

    async def _all_page(self, options: Any, context: Any) -> Answers:
        """Forwards from a position includes it, backwards excludes it."""
        backwards = options.read_direction == streams_pb2.ReadReq.Options.Backwards
        start, passes, left = options.all.WhichOneof("all_option"), wire.filter_of(options), options.count
        position = {"position": options.all.position.commit_position, "start": 0}.get(start, wire.BITS)
        records = reversed(self.log.before(position)) if backwards else self.log.since(position)
        for record in records:
            if left == 0:
                return
            if passes is None or passes(record):
                left -= 1
                yield self._event(record, options)

    # ── subscriptions: confirmation, history, (checkpoint), caught up, live ───────────────────────────────────────

    async def _until_cut(self, answers: Answers, context: Any) -> Answers:
        left = self.faults.cut_after.pop(0) if self.faults.cut_after else -1
        cuts = self.faults.cuts
        yield _Answer(confirmation=_Answer.SubscriptionConfirmation(subscription_id=str(uuid4())))
        if left != 0:
            async for answer in answers:
                if self.faults.cuts > cuts:
                    break
                yield answer
                left -= answer.HasField("event")
                if left == 0:
                    break
        await self.faults.cut(context)

    async def _news(self, position: int) -> bool:
        """Wait for more; False when everything subscribed is being cut."""
        cuts = self.faults.cuts
        await self.log.news(position, lambda: self.faults.cuts > cuts)
        return self.faults.cuts == cuts

    async def _follow_stream(self, options: Any, context: Any) -> Answers:
        wanted, caught_up = options.stream, False
        name, start = wire.name_of(wanted.stream_identifier), wanted.WhichOneof("revision_option")
        seen = {"revision": wanted.revision, "start": -1}.get(start, self.log.stream(name).last)
        while True:
            position = self.log.last_position
            try:
                records = self.log.read(name) or []
            except Deleted:
                await wire.deleted(context, name)
            for record in records:
                if record.revision > seen:
                    seen = record.revision
                    yield self._event(record, options)
            if not caught_up:
                caught_up = True
                yield _Answer(caught_up=_Answer.CaughtUp())
            if not await self._news(position):
                return

    async def _follow_all(self, options: Any, context: Any) -> Answers:
        start, passes = options.all.WhichOneof("all_option"), wire.filter_of(options)
        seen = {"position": options.all.position.commit_position, "start": -1}.get(start, self.log.last_position)
        if seen == 0 and start == "position":
            seen = -1  # the server takes position 0 for the very start, and includes it
        every = (options.filter.max or 32) * (options.filter.checkpointIntervalMultiplier or 1) if passes else 0
        considered, marked, caught_up = 0, -1, False
        while True:
            for record in self.log.after(seen):
                seen, considered = record.position, considered + 1
                if passes is None or passes(record):
                    yield self._event(record, options)
                if every and considered >= every and seen > marked:
                    considered, marked = 0, seen
                    yield _checkpoint(seen)
            if not caught_up and seen >= self.log.last_position:
                if every and seen > marked:
                    considered, marked = 0, seen
                    yield _checkpoint(seen)
                caught_up = True
                yield _Answer(caught_up=_Answer.CaughtUp())
            if not await self._news(seen):
                return


def _checkpoint(position: int) -> Any:
    return _Answer(checkpoint=_Answer.Checkpoint(commit_position=position, prepare_position=position))
