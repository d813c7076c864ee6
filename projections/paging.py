"""How is a long list read page by page? By the key of the last row seen, so that rows that come or go shift nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, LiteralString, TypeVar

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from domain.kernel import Invalid

T = TypeVar("T")
LIMIT_MAX = 500
CHANGED_MAX = 1_000
"""Rows that a board is told of at once; whoever is further behind sees those that changed last."""
Connection = AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list: `limit` rows after or before a cursor, from the beginning or (`from_end`) from the end."""

    limit: int = 50
    after: str | None = None
    before: str | None = None
    from_end: bool = False


FIRST = Window()


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`cursors` stand beside `items`; they are opaque, and stay valid when rows come and go."""

    items: tuple[T, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A list: its rows (`select`), its order (`key`: columns that together are unique), and how a row is read.

    `casts` are the types of the key's columns; `labels` are their names in the rows, where those are others.
    """

    select: LiteralString
    key: tuple[LiteralString, ...]
    casts: tuple[LiteralString, ...]
    read: Callable[[dict[str, Any]], T]
    descending: bool = True
    labels: tuple[str, ...] = ()

    async def page(
        self, connection: Connection, where: Sequence[LiteralString], parameters: dict[str, Any], window: Window
    ) -> Page[T]:
        """Raises `Invalid` for a cursor that is not ours and for a limit out of range."""
        if not 1 <= window.limit <= LIMIT_MAX:
            raise Invalid(f"A page has 1 to {LIMIT_MAX} rows.", "first")
        down = self.descending != window.from_end
        conditions, values = list(where), dict(parameters)
        for name, cursor in (("after", window.after), ("before", window.before)):
            if cursor is not None:
                conditions.append(self._beyond(name))
                values |= {f"{name}_{n}": part for n, part in enumerate(self._open(cursor, name))}
        direction = " DESC" if down else ""
        order = ", ".join(f"{column}{direction}" for column in self.key)
        filters = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        query = f"{self.select}{filters} ORDER BY {order} LIMIT %(rows)s"
        async with connection.cursor(row_factory=dict_row) as cursor_:
            await cursor_.execute(query.encode(), {**values, "rows": window.limit + 1})
            rows = await cursor_.fetchall()
        return self._cut(rows, window)

    async def one(self, connection: Connection, id: str) -> T | None:
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(f"{self.select} WHERE id = %s".encode(), (id,))
            row = await cursor.fetchone()
        return self.read(row) if row else None

    async def changed(self, connection: Connection, after: int, limit: int = CHANGED_MAX) -> tuple[T, ...]:
        """The rows whose newest fact stands after a position, the latest changed first."""
        query = f"{self.select} WHERE position > %s ORDER BY position DESC LIMIT %s"
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(query.encode(), (after, limit))
            return tuple(map(self.read, await cursor.fetchall()))

    def _beyond(self, name: str) -> Any:
        sign = "<" if self.descending == (name == "after") else ">"
        marks = ", ".join(f"%({name}_{n})s::{cast}" for n, cast in enumerate(self.casts))
        return f"({', '.join(self.key)}) {sign} ({marks})"

    def _cut(self, rows: list[dict[str, Any]], window: Window) -> Page[T]:
        more, rows = len(rows) > window.limit, rows[: window.limit]
        if window.from_end:
            rows.reverse()
        return Page(
            tuple(map(self.read, rows)),
            tuple(self._seal(row) for row in rows),
            has_next=window.before is not None if window.from_end else more,
            has_previous=more if window.from_end else window.after is not None,
        )

    def _seal(self, row: dict[str, Any]) -> str:
        return msgspec.json.encode([row[label] for label in self.labels or self.key]).hex()

    def _open(self, cursor: str, name: str) -> list[str]:
        try:
            parts: list[str] = msgspec.json.decode(bytes.fromhex(cursor), type=list[str])
        except ValueError as error:
            raise Invalid("This is no cursor of this list.", name) from error
        if len(parts) != len(self.key):
            raise Invalid("This is no cursor of this list.", name)
        return parts
