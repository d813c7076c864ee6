"""What does one stored fact of each kind look like? Values are made from the types of the fields, always the same ones."""

import dataclasses
import enum
import importlib
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from domain.kernel import Fact
from infra.eventlog.codec import encode

STORED = Path(__file__).parent
DOMAIN = STORED.parents[2] / "domain"

PLAIN: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: lambda _: 1,
    float: lambda _: 1.5,
    bool: lambda _: True,
    bytes: str.encode,
    datetime: lambda _: datetime(2026, 1, 31, 10, 4, tzinfo=UTC),
    date: lambda _: date(2026, 1, 31),
    time: lambda _: time(10, 4),
    timedelta: lambda _: timedelta(seconds=90),
    Decimal: lambda _: Decimal("12.50"),
    UUID: lambda _: UUID("018d5f3c-0000-7000-8000-000000000001"),
    Any: str,
    object: str,
}


def import_all_facts() -> None:
    for path in sorted(DOMAIN.rglob("facts.py")):
        importlib.import_module(".".join(("domain", *path.relative_to(DOMAIN).with_suffix("").parts)))


def sample_file(stored_as: str) -> Path:
    return STORED / f"{stored_as}.json"


def write_sample(cls: type[Fact]) -> Path:
    path = sample_file(cls.stored_as)
    path.write_bytes(msgspec.json.format(encode(a_sample_of(cls)), indent=2) + b"\n")
    return path


def a_sample_of(kind: Any, name: str = "value") -> Any:
    """A value of this type. Strings hold the name of their field, so that a mix-up is seen."""
    if isinstance(kind, NewType):
        return a_sample_of(kind.__supertype__, name)
    if kind in PLAIN:
        return PLAIN[kind](name)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return kind(*(a_sample_of(get_type_hints(kind)[field], field) for field in kind._fields))
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=False)
        return kind(**{field.name: a_sample_of(hints[field.name], field.name) for field in dataclasses.fields(kind)})  # type: ignore[operator]
    return _generic(kind, name)


def _generic(kind: Any, name: str) -> Any:
    origin, inner = get_origin(kind), [part for part in get_args(kind) if part is not types.NoneType]
    if origin is Literal:
        return inner[0]
    if origin in {Union, types.UnionType, typing.Annotated}:
        return a_sample_of(inner[0], name)
    if origin is tuple and Ellipsis not in inner:
        return tuple(a_sample_of(part, name) for part in inner)
    if origin in {dict, Mapping}:
        return {a_sample_of(inner[0], name): a_sample_of(inner[1], name)}
    if isinstance(origin, type):
        make = origin if origin in {list, tuple, set, frozenset} else tuple
        return make([a_sample_of(inner[0], name)])
    raise TypeError(f"No sample is known for {kind!r} in field {name}: add its type to {__file__}.")
