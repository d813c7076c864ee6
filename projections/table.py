"""Where do folded rows wait? In memory while they are warm; a batch of facts changes each row many times and writes it once.

Rows travel to and from PostgreSQL as JSON (`json_populate_recordset`): msgspec packs a row in less than a microsecond, a
third of what arrays per column cost, and the server needs the same time for either.
"""

import re
from collections.abc import Iterable
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, LiteralString, Protocol, TypeVar

import msgspec
from psycopg import AsyncConnection, sql

from domain.kernel import Fact, Recorded

R = TypeVar("R", bound=msgspec.Struct)

_encode = msgspec.json.Encoder(order="deterministic").encode  # sets and mappings sorted: equal rows are equal bytes
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
WARM_MAX = 50_000
NOTHING = "[]"


class Table(Generic[R]):
    """The rows of one table, found by `key`, the names of the columns that identify a row.

    `row` has one field per column, in any order; `schema.sql` of the projection creates the table. Before facts are
    folded, `warm` fetches the rows that they touch: a row that is then not here does not exist.
    """

    def __init__(
        self, name: LiteralString, row: type[R], key: tuple[LiteralString, ...], warm_max: int = WARM_MAX
    ) -> None:
        self.name = name
        self.key = key
        self.columns: tuple[str, ...] = row.__struct_fields__
        self.dirty: dict[Any, R] = {}
        self._gone: set[Any] = set()
        self._rows: dict[Any, R] = {}
        self._key_of = attrgetter(*key)
        self._decode = msgspec.json.Decoder(row).decode
        self._warm_max = warm_max
        self._lookup = (
            sql.SQL(
                "SELECT row_to_json(t)::text FROM {t} AS t JOIN json_populate_recordset(NULL::{t}, %s) AS k USING ({key})"
            )
            .format(t=sql.Identifier(name), key=sql.SQL(", ").join(map(sql.Identifier, key)))
            .as_bytes()
        )
        self.get = self._rows.get

    def put(self, row: R) -> R:
        """A new row, or one to be written whatever stood there before."""
        key = self._key_of(row)
        self._rows[key] = self.dirty[key] = row
        self._gone.discard(key)
        return row

    def change(self, key: Any) -> R | None:
        """The row, to be changed; none if there is none."""
        row = self._rows.get(key)
        if row is not None:
            self.dirty[key] = row
        return row

    def remove(self, key: Any) -> None:
        self._rows.pop(key, None)
        self.dirty.pop(key, None)
        self._gone.add(key)

    async def warm(self, keys: Iterable[Any], connection: AsyncConnection[Any]) -> None:
        rows = self._rows
        missing = [key for key in dict.fromkeys(keys) if key not in rows]
        if not missing:
            return
        cursor = await connection.execute(self._lookup, (self._keys(missing),), prepare=True)
        for (text,) in await cursor.fetchall():
            row = self._decode(text)
            rows[self._key_of(row)] = row

    def changes(self) -> tuple[str, str]:
        """What to write and what to delete, as JSON."""
        written = _json(list(self.dirty.values())) if self.dirty else NOTHING
        return written, self._keys(self._gone) if self._gone else NOTHING

    def written(self) -> None:
        """Everything is stored: when there are too many rows, let go of the oldest that did not change just now."""
        if (surplus := len(self._rows) - self._warm_max) > 0:
            old = (key for key in self._rows if key not in self.dirty)
            for key in list(islice(old, surplus + self._warm_max // 10)):
                del self._rows[key]
        self.dirty.clear()
        self._gone.clear()

    def forget(self) -> None:
        self._rows.clear()
        self.dirty.clear()
        self._gone.clear()

    def _keys(self, keys: Iterable[Any]) -> str:
        if len(self.key) == 1:
            return _json([{self.key[0]: key} for key in keys])
        return _json([dict(zip(self.key, key, strict=True)) for key in keys])


class Projection(Protocol):
    """How one question is answered: a folder of that name with `schema.sql`, and this.

    `version` is raised whenever what is stored changes its meaning or shape: the tables are then folded anew.
    """

    name: LiteralString
    version: int
    facts: frozenset[type[Fact]]
    tables: tuple[Table[Any], ...]

    async def load(self, events: list[Recorded[Any]], connection: AsyncConnection[Any]) -> None:
        """Warm every row that folding these events touches."""
        ...

    def fold(self, event: Recorded[Any]) -> None: ...

    def settle(self) -> None:
        """Fill the columns that are derived from others, once per batch."""
        ...


def newcomers_apart(events: Iterable[Recorded[Any]]) -> set[str]:
    """The subjects that need loading: whoever begins in this batch has no row yet."""
    born: set[str] = set()
    known: set[str] = set()
    for event in events:
        stream = event.stream
        if stream in born or stream in known:
            continue
        (known if event.version else born).add(stream)
    return {stream.partition("-")[2] for stream in known}


def _json(value: Any) -> str:
    packed = _encode(value)
    if b"\\u0000" in packed:  # PostgreSQL holds every character but this one
        packed = _NUL.sub(rb"\1\\ufffd", packed)
    return packed.decode()
