"""What do resolvers work with? Everything behind the API, and who is asking."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import psycopg
import strawberry
from graphql import GraphQLError

from api.auth import Viewer
from api.issuer import Users
from api.ports import Sender
from api.typists import Bus
from commands.ports import Store
from domain.agents.agent import Agent
from domain.configuration.catalog import Catalog
from domain.ids import AgentId, CustomerId
from domain.kernel import BEGINNING, NOT_WRITTEN, Position, Recorded, Refused
from projections.customers.reads import CustomerProfile
from projections.paging import Connection

PATIENCE_S = 5.0
"""How long a read waits for the read models to reach a position."""


class Histories(Protocol):
    """The log, for reading (`infra.eventlog.port.EventLog`)."""

    async def read(self, stream: str, after: int = NOT_WRITTEN) -> Sequence[Recorded[Any]]: ...

    async def read_all(self, after: Position = ..., limit: int = ...) -> Sequence[Recorded[Any]]: ...


class Pool(Protocol):
    """Connections to the read models."""

    def connection(self) -> AbstractAsyncContextManager[Connection]: ...


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the API, the same for all requests.

    `position`: up to where the warm models surely are. `wait_for`: returns when the read models have reached a position.
    `day_began`: the moment from which live counters count. `users` and `typing`: none where another system has them.
    """

    store: Store
    commands: Sender
    catalog: Callable[[], Catalog]
    log: Histories
    pool: Pool
    position: Callable[[], Position]
    wait_for: Callable[[Position], Awaitable[None]]
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    day_began: Callable[[], datetime]
    bus: Bus | None = None
    users: Users | None = None

    async def caught_up(self, position: Position | None) -> None:
        """Wait for the read models, not for ever. Raises `GraphQLError` with the code NOT_YET."""
        if position is None:
            return
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self.wait_for(position)
        except TimeoutError:
            raise refusal("NOT_YET", "The read models have not reached this position; try again.") from None


@dataclass(slots=True)
class Context:
    """`info.context`: new for each operation, and for each item of a subscription."""

    behind: Behind
    viewer: Viewer
    profiles: dict[CustomerId, CustomerProfile | None] = field(default_factory=dict)
    """Customers that this operation has read."""

    @asynccontextmanager
    async def reading(self, after: Position | None = None) -> AsyncIterator[Connection]:
        """A connection to the read models, once they have reached a position. Raises `GraphQLError`."""
        await self.behind.caught_up(after)
        try:
            async with self.behind.pool.connection() as connection:
                yield connection
        except Refused as no:
            raise refusal(no.code, no.detail, no.field) from None
        except psycopg.DataError:  # a cursor with the form of ours and the content of nobody's
            raise refusal("INVALID", "This is no cursor of this list.") from None
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise refusal("UNAVAILABLE", "The read models cannot be reached; try again.") from None

    async def agent(self, agent_id: AgentId) -> Agent:
        return await self.behind.store.load(Agent, agent_id)

    def now(self, wait_for: Position | None = None) -> Position:
        """How far a read has to be: up to what this process knows of, and to what the client has written."""
        return max(self.behind.position(), wait_for or BEGINNING)


Info = strawberry.Info[Context, None]


def refusal(code: str, message: str, field_name: str | None = None) -> GraphQLError:
    """An expected no to a read: an error of the operation with a lasting code."""
    extensions = {"code": code} if field_name is None else {"code": code, "field": field_name}
    return GraphQLError(message, extensions=extensions)


def not_found(what: str) -> GraphQLError:
    """The answer for what is not there, and for what this viewer may not see: they must not be told apart."""
    return refusal("NOT_FOUND", f"There is no such {what}.")
