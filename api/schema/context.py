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
from domain.ids import AgentId, CustomerId, TaskId
from domain.kernel import BEGINNING, NOT_WRITTEN, Position, Recorded, Refused
from domain.routing.decisions import Grounds
from domain.routing.waits import Waits
from projections.agents.reads import AgentSkills, staff
from projections.customers.reads import CustomerProfile
from projections.paging import Connection

LAG_S = 0.25
"""How long a read waits for the read models to reach what this process knows of."""
PATIENCE_S = 5.0
"""How long a read waits for a position that its client named."""


class Histories(Protocol):
    """The log, for reading (`infra.eventlog.port.EventLog`)."""

    async def read(
        self, stream: str, after: int = NOT_WRITTEN, limit: int | None = None
    ) -> Sequence[Recorded[Any]]: ...

    async def read_all(self, after: Position = ..., limit: int = ...) -> Sequence[Recorded[Any]]: ...


class Pool(Protocol):
    """Connections to the read models."""

    def connection(self) -> AbstractAsyncContextManager[Connection]: ...


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the API, the same for all requests.

    `position`: up to where the warm models surely are. `wait_for`: returns when the read models have reached a position.
    `shown`: how far all read models are now; where it is known, a lag makes answers older rather than slow.
    `day_began`: the moment from which live counters count. `users` and `typing`: none where another system has them.
    `why_waiting`: who could have a request now, and why nobody else, by queue; empty for one that does not wait. `waits`: how long
    it may still be.
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
    shown: Callable[[], Position] | None = None
    why_waiting: Callable[[TaskId], Sequence[Grounds]] = lambda _: ()
    waits: Callable[[], Waits] = Waits

    async def caught_up(self, wait_for: Position | None = None) -> Position:
        """A position that the read models have reached: `wait_for`, and if they keep up, all that this process knows.

        Raises `GraphQLError` with the code NOT_YET when `wait_for` is not reached in time.
        """
        newest = max(self.position(), wait_for or BEGINNING)
        patience_s = PATIENCE_S if wait_for is not None or self.shown is None else LAG_S
        try:
            async with asyncio.timeout(patience_s):
                await self.wait_for(newest)
        except TimeoutError:
            if wait_for is None and self.shown is not None:
                return self.shown()
            raise refusal("NOT_YET", "The read models have not reached this position; try again.") from None
        return newest


@dataclass(slots=True)
class Context:
    """`info.context`: new for each operation, and for each item of a subscription."""

    behind: Behind
    viewer: Viewer
    profiles: dict[CustomerId, CustomerProfile | None] = field(default_factory=dict)
    """Customers that this operation has read."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection to the read models. Raises `GraphQLError` for what goes wrong on it."""
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


Info = strawberry.Info[Context, None]


def refusal(code: str, message: str, field_name: str | None = None) -> GraphQLError:
    """An expected no to a read: an error of the operation with a lasting code."""
    extensions = {"code": code} if field_name is None else {"code": code, "field": field_name}
    return GraphQLError(message, extensions=extensions)


def not_found(what: str) -> GraphQLError:
    """The answer for what is not there, and for what this viewer may not see: they must not be told apart."""
    return refusal("NOT_FOUND", f"There is no such {what}.")


async def everybody(context: Context) -> list[AgentSkills]:
    """All agents and what they are good at, as the read models know them."""
    async with context.reading() as connection:
        return await staff(connection)
