"""How does a projection live in PostgreSQL? In a schema of its own, and every batch changes rows and position in one statement.

`checkpoints` and `parked` are shared by all projections. A session lock makes sure that one process writes; a second one
waits for it, and goes on where the first stopped.
"""

import asyncio
from collections.abc import Sequence
from importlib.resources import files
from time import monotonic
from traceback import format_exception
from typing import Any, Self

import psycopg
from psycopg import AsyncConnection, sql

from domain.kernel import BEGINNING, Position, Recorded
from infra.database import connect_for_writing
from infra.lease import LEASE_S
from projections.table import Projection, Table

FOLD_SLICE = 200
"""Facts folded before others get a turn: about a millisecond."""
ADVANCE_S = 0.1
"""A position is stored this often while nothing of interest comes: what readers in other processes go by."""
_LOCK_CLASS = 7275939
_SHARED = """
SELECT pg_advisory_xact_lock(7275939373);
CREATE TABLE IF NOT EXISTS public.checkpoints (
    name text PRIMARY KEY, position bigint NOT NULL, version int NOT NULL
);
CREATE TABLE IF NOT EXISTS public.parked (
    projection text NOT NULL, position bigint NOT NULL, stream text NOT NULL, fact text NOT NULL,
    error text NOT NULL, traceback text NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (projection, position)
);
"""
_FOUND = "SELECT position, version FROM public.checkpoints WHERE name = %s"
_MOVED = """
INSERT INTO public.checkpoints (name, position, version) VALUES (%s, %s, %s)
ON CONFLICT (name) DO UPDATE SET position = EXCLUDED.position, version = EXCLUDED.version
"""
_PARKED = """
INSERT INTO public.parked (projection, position, stream, fact, error, traceback) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (projection, position)
DO UPDATE SET error = EXCLUDED.error, traceback = EXCLUDED.traceback, at = EXCLUDED.at
"""
SHADOW = "_next"


class ReadModel:
    """One projection's rows. `position` is that of the newest fact that they contain, `stored` what a restart finds.

    A `shadow` is the same projection folded anew beside the live one, see `take_over`.
    """

    def __init__(
        self, url: str, projection: Projection, *, shadow: bool = False, silent_max_s: float = LEASE_S
    ) -> None:
        self.projection = projection
        self.name = projection.name + (SHADOW if shadow else "")
        self.position = self.stored = BEGINNING
        self._store_at = 0.0
        self._url, self._silent_max_s = url, silent_max_s
        self._connection: AsyncConnection[Any] | None = None
        self._write = _statement(projection)

    @property
    def connection(self) -> AsyncConnection[Any]:
        if self._connection is None:
            raise psycopg.InterfaceError(f"{self.name} is not open")
        return self._connection

    async def open(self, *, afresh: bool = False) -> Self:
        """Wait until no other process writes here; begin anew if asked to, or if the stored shape is another."""
        await self.close()
        connection = self._connection = await connect_for_writing(self._url, self._silent_max_s)
        async with connection.transaction():
            await connection.execute(_SHARED)
        await connection.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", (_LOCK_CLASS, self.name))
        await connection.execute(sql.SQL("SET search_path = {}, public").format(sql.Identifier(self.name)))
        found = await (await connection.execute(_FOUND, (self.name,))).fetchone()
        if afresh or found is None or found[1] != self.projection.version:
            await self._begin_anew(connection)
            found = (BEGINNING,)
        self.position = self.stored = Position(found[0])
        return self

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        self._forget()
        if connection is not None:
            await connection.close()

    async def drop(self) -> None:
        """Leave nothing behind."""
        async with self.connection.transaction():
            await self._remove(self.connection)
        await self.close()

    async def apply(self, events: Sequence[Recorded[Any]], until: Position) -> None:
        """Fold these events and store the rows, with `until` as the new position. All of it, or nothing is stored."""
        try:
            await self._fold(events)
            self.projection.settle()
            changes = [text for table in self.projection.tables for text in table.changes()]
            await self.connection.execute(
                self._write, (*changes, self.name, until, self.projection.version), prepare=True
            )
        except BaseException:
            self._forget()
            raise
        for table in self.projection.tables:
            table.written()
        self.position = self.stored = until

    async def advance(self, until: Position, *, store: bool = False) -> None:
        """Nothing until there concerns this projection: worth storing only so often."""
        if until > self.stored and (store or monotonic() >= self._store_at):
            await self.connection.execute(_MOVED, (self.name, until, self.projection.version))
            self.stored, self._store_at = until, monotonic() + ADVANCE_S
        self.position = until

    async def say_hello(self) -> None:
        """A writer that says nothing for too long is taken for dead, and its place is given to another."""
        await self.connection.execute("SELECT 1")

    async def park(self, event: Recorded[Any], error: BaseException) -> None:
        """Put an event aside that cannot be folded, and go on behind it."""
        about = (f"{type(error).__name__}: {error}", "".join(format_exception(error)))
        clean = (text.replace("\x00", "\ufffd") for text in about)
        async with self.connection.transaction():
            await self.connection.execute(
                _PARKED, (self.name, event.position, event.stream, event.fact.stored_as, *clean)
            )
            await self.connection.execute(_MOVED, (self.name, event.position, self.projection.version))
        self.position = self.stored = event.position

    async def take_over(self, shadow: "ReadModel") -> None:
        """Let a shadow's rows take the place of ours: readers see the old ones, then the new ones, and never none."""
        connection, ours, theirs = shadow.connection, sql.Identifier(self.name), sql.Identifier(shadow.name)
        async with connection.transaction():
            await connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(ours))
            await connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(theirs, ours))
            for table, column in (("checkpoints", "name"), ("parked", "projection")):
                names = {"t": sql.Identifier("public", table), "c": sql.Identifier(column)}
                await connection.execute(sql.SQL("DELETE FROM {t} WHERE {c} = %s").format(**names), (self.name,))
                await connection.execute(
                    sql.SQL("UPDATE {t} SET {c} = %s WHERE {c} = %s").format(**names), (self.name, shadow.name)
                )
        self.projection, self.position, self.stored = shadow.projection, shadow.position, shadow.stored

    async def _fold(self, events: Sequence[Recorded[Any]]) -> None:
        await self.projection.load(list(events), self.connection)
        fold = self.projection.fold
        for start in range(0, len(events), FOLD_SLICE):
            for event in events[start : start + FOLD_SLICE]:
                fold(event)
            await asyncio.sleep(0)

    async def _begin_anew(self, connection: AsyncConnection[Any]) -> None:
        schema = files(f"projections.{self.projection.name}").joinpath("schema.sql").read_bytes()
        async with connection.transaction():
            await self._remove(connection)
            await connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self.name)))
            await connection.execute(schema)
            await connection.execute(_MOVED, (self.name, BEGINNING, self.projection.version))

    async def _remove(self, connection: AsyncConnection[Any]) -> None:
        await connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(self.name)))
        await connection.execute("DELETE FROM public.checkpoints WHERE name = %s", (self.name,))
        await connection.execute("DELETE FROM public.parked WHERE projection = %s", (self.name,))

    def _forget(self) -> None:
        for table in self.projection.tables:
            table.forget()


def _statement(projection: Projection) -> bytes:
    """Every table's rows and deletions, and the position, in one statement: one round trip, all or nothing."""
    parts = [part for number, table in enumerate(projection.tables) for part in _changes(number, table)]
    return (sql.SQL("WITH {} ").format(sql.SQL(", ").join(parts)) + sql.SQL(_MOVED)).as_bytes()


def _changes(number: int, table: Table[Any]) -> tuple[sql.Composed, sql.Composed]:
    rest = [column for column in table.columns if column not in table.key]
    words = {
        "t": sql.Identifier(table.name),
        "put": sql.Identifier(f"put_{number}"),
        "gone": sql.Identifier(f"gone_{number}"),
        "columns": _list(table.columns),
        "key": _list(table.key),
        "rest": _list(rest),
        "new": _list(rest, "excluded"),
        "left": _list(table.key, table.name),
        "right": _list(table.key, "k"),
    }
    put = sql.SQL(
        "{put} AS (INSERT INTO {t} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{t}, %s)"
        " ON CONFLICT ({key}) DO UPDATE SET ({rest}) = ROW({new}))"
    ).format(**words)
    gone = sql.SQL(
        "{gone} AS (DELETE FROM {t} USING json_populate_recordset(NULL::{t}, %s) AS k WHERE ({left}) = ({right}))"
    ).format(**words)
    return put, gone


def _list(names: Sequence[str], prefix: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(prefix, name) if prefix else sql.Identifier(name) for name in names)
