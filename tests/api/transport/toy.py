"""A small schema of everything that the transport has to carry, and a log with feeds to subscribe to.

Also a server: `python -m tests.api.transport.toy PORT` (the tests kill it, so it must be a process of its own).
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import strawberry
import uvicorn
from graphql import GraphQLError
from starlette.requests import HTTPConnection

from api.graphql.errors import Unauthenticated
from api.graphql.feeds import Item, ResyncRequired
from api.graphql.limits import Limits, Profile, Sockets
from api.graphql.transport import GraphQLTransport


@dataclass(frozen=True)
class Visitor:
    name: str
    expires_at: float | None = None


async def authenticate(token: str | None) -> Visitor:
    """Tokens read `name` or `name:seconds`, the time that they are good for."""
    name, _, seconds = (token or "anonymous").partition(":")
    if name == "mallory":
        raise Unauthenticated("Mallory may not.")
    if name == "crash":
        raise RuntimeError("a secret of the identity provider")
    return Visitor(name, time.time() + float(seconds) if seconds else None)


@dataclass
class ToyLog:
    """Positions 1, 2, 3 … each with a queue and a text; `kept_from` is the oldest position that is still kept."""

    entries: list[tuple[int, str, str]] = field(default_factory=list)
    kept_from: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    reads: int = 0

    def append(self, queue: str, text: str) -> int:
        self.entries.append((len(self.entries) + 1, queue, text))
        self.changed.set()
        self.changed = asyncio.Event()
        return len(self.entries)


@strawberry.type
class Entry:
    cursor: str
    queue: str | None
    text: str | None

    @strawberry.field
    def viewer(self, info: strawberry.Info) -> str:
        return info.context["viewer"].name

    @strawberry.field
    def fragile(self) -> str:
        if self.text == "poison":
            raise RuntimeError("a secret of the shared execution")
        return "fine"


@strawberry.type
class Resync:
    cursor: str


EntryEvent = Annotated[Entry | Resync, strawberry.union("EntryEvent")]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"Hello {name}"

    @strawberry.field
    def number(self, n: int) -> int:
        return n

    @strawberry.field
    def nest(self) -> "Query":
        return Query()

    @strawberry.field
    def who(self, info: strawberry.Info) -> str:
        return info.context["viewer"].name

    @strawberry.field
    async def crash(self) -> str | None:
        raise RuntimeError("a secret of the database")

    @strawberry.field
    def refuse(self) -> str | None:
        raise GraphQLError("Not today.", extensions={"code": "NOT_TODAY"})

    @strawberry.field
    async def slow(self) -> str:
        await asyncio.sleep(30)
        return "late"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def append(self, info: strawberry.Info, queue: str, text: str) -> int:
        return info.context["log"].append(queue, text)

    @strawberry.mutation
    async def append_later(self, info: strawberry.Info, text: str) -> int:
        await asyncio.sleep(0.2)
        return info.context["log"].append("en", text)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int, delay: float = 0.0) -> AsyncIterator[int]:
        for n in range(1, to + 1):
            yield n
            await asyncio.sleep(delay)

    @strawberry.subscription
    async def broken(self) -> AsyncIterator[int]:
        yield 1
        raise RuntimeError("a secret of the stream")

    @strawberry.subscription
    async def entries(self, queue: str | None = None, after: str | None = None) -> AsyncIterator[EntryEvent]:
        raise AssertionError("fed fields are not resolved")
        yield

    @strawberry.subscription
    async def mine(self, after: str | None = None) -> AsyncIterator[EntryEvent]:
        raise AssertionError("fed fields are not resolved")
        yield


@dataclass
class ToyFeed:
    log: ToyLog
    queue: str | None
    after: int | None
    scope: str

    async def head(self) -> int:
        return len(self.log.entries)

    def marker(self, position: int) -> object:
        return Entry(cursor=str(position), queue=None, text=None)

    async def replay(self, after: int, upto: int) -> AsyncIterator[Item]:
        if after < self.log.kept_from:
            raise ResyncRequired(Resync(cursor=str(len(self.log.entries))))
        for entry in self.log.entries[after:upto]:
            await asyncio.sleep(0)
            if item := self._item(entry):
                yield item

    async def live(self, after: int) -> AsyncIterator[Item]:
        at = after
        while True:
            while at < len(self.log.entries):
                entry, at = self.log.entries[at], at + 1
                if entry[2] == "burst the feed":
                    raise RuntimeError("a secret of the feed")
                if item := self._item(entry):
                    yield item
            await self.log.changed.wait()

    def _item(self, entry: tuple[int, str, str]) -> Item | None:
        position, queue, text = entry
        if self.queue not in (None, queue):
            return None
        self.log.reads += 1
        return position, Entry(cursor=str(position), queue=queue, text=text)


@dataclass
class ToyFeeds:
    log: ToyLog

    async def open(self, field: str, arguments: Mapping[str, Any], viewer: Visitor, /) -> ToyFeed | None:
        if field not in {"entries", "mine"}:
            return None
        if arguments.get("queue") == "secret":
            raise GraphQLError("That queue is not yours.", extensions={"code": "NOT_ALLOWED"})
        after = arguments.get("after")
        scope = viewer.name if field == "mine" else "everybody"
        return ToyFeed(self.log, arguments.get("queue"), None if after is None else int(after), scope)


SCHEMA = strawberry.Schema(Query, Mutation, Subscription)

SMALL = Limits(body_bytes=20_000, tokens=400, depth=6, aliases=5, directives=4, fields=60)


def transport(log: ToyLog | None = None, profile: Profile | None = None) -> GraphQLTransport[Visitor]:
    log = log or ToyLog()

    def context(viewer: Visitor, connection: HTTPConnection | None) -> dict[str, object]:
        return {"viewer": viewer, "log": log, "connection": connection}

    return GraphQLTransport(
        SCHEMA,
        authenticate=authenticate,
        make_context=context,
        feeds=ToyFeeds(log),
        profile=profile or Profile.development(limits=SMALL, sockets=Sockets()),
        clock=time.time,
    )


def main(port: int, history: int) -> None:
    """Serve a log that grows by itself, 50 entries per second, and is the same after each restart."""
    log = ToyLog()

    async def grow() -> None:
        begun = float(os.environ["TOY_BEGUN"])
        while True:
            while len(log.entries) < history + (time.time() - begun) * 50:
                log.append("en", f"entry {len(log.entries) + 1}")
            await asyncio.sleep(0.02)

    async def serve() -> None:
        growing = asyncio.create_task(grow())
        config = uvicorn.Config(transport(log), port=port, log_level="error", lifespan="off", ws="websockets-sansio")
        await uvicorn.Server(config).serve()
        growing.cancel()

    asyncio.run(serve())


if __name__ == "__main__":
    import sys

    main(int(sys.argv[1]), int(sys.argv[2]))
