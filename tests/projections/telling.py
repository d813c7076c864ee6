"""Facts as a test tells them, and the read models that they lead to."""

from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import psycopg

from domain.kernel import Cause, Fact, Position, Recorded
from infra.database import reading
from infra.eventlog.memory import MemoryLog
from infra.projector import Projector
from projections.agents.projection import Agents
from projections.conversations.projection import Conversations
from projections.customers.projection import Customers
from projections.lists.projection import Lists
from projections.queues.projection import Queues
from projections.tasks.projection import Tasks

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
ALL = (Conversations, Tasks, Agents, Queues, Customers, Lists)
TABLES = {
    "conversations": ("conversation", "participation"),
    "tasks": ("task",),
    "agents": ("agent",),
    "queues": ("queue", "request", "quarter", "pace"),
    "customers": ("customer", "open_conversation"),
    "lists": ("item",),
}


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def told(*lines: tuple[float, str, Fact]) -> list[Recorded[Any]]:
    """Facts as (seconds after nine, stream, fact), in the order in which they were written."""
    versions: dict[str, count] = {}
    return [
        Recorded(
            Position(position),
            stream,
            next(versions.setdefault(stream, count())),
            after(seconds),
            Cause(UUID(int=position)),
            fact,
        )
        for position, (seconds, stream, fact) in enumerate(lines, 1)
    ]


async def play(log: MemoryLog, facts: Sequence[Recorded[Any]]) -> Position:
    """Write a history into a log, as it was."""
    position = await log.head()
    for it in facts:
        position = await log.append(it.stream, it.version - 1, [it.fact], it.cause, it.at)
    return position


async def log_of(facts: Sequence[Recorded[Any]]) -> MemoryLog:
    log = MemoryLog()
    await play(log, facts)
    return log


@asynccontextmanager
async def shown(url: str, facts: Sequence[Recorded[Any]]):
    """A connection to read models that show all of these facts."""
    log = await log_of(facts)
    async with Projector(log, url, ALL) as projector, reading(url) as pool, pool.connection() as connection:
        await projector.wait_for(await log.head())
        yield connection


def dump(url: str, *names: str) -> dict[str, list[str]]:
    """Every row of these projections' tables (or of all), as text."""
    with psycopg.connect(url, options="-c TimeZone=UTC") as connection:
        return {
            f"{name}.{table}": [
                text for (text,) in connection.execute(f"SELECT t::text FROM {name}.{table} t ORDER BY 1")
            ]
            for name in names or TABLES
            for table in TABLES[name]
        }


def query(url: str, text: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(text)
        return cursor.fetchall() if cursor.description else []
