"""Does anything that somebody sends make us answer INTERNAL? Every argument of every root field gets what does not belong there."""

import itertools
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
    is_leaf_type,
)

from api.auth import Role
from api.cursors import sealed
from api.schema.build import build_schema, core_of
from tests.api.schema.office import Office
from tests.api.schema.test_mutations import talking

pytestmark = pytest.mark.anyio

SCHEMA = core_of(build_schema())
TEXTS = [
    "",
    "\0",
    "a\0b",
    "x" * 30_000,
    "'; drop table users; --",
    "\u202e\u0000",
    "😀" * 300,
    "%_\\",
    "../../etc/passwd",
    "-1",
    "\ufffe",
]
HOSTILE: dict[str, list[Any]] = {
    "ID": [*TEXTS, 7, -(2**70), True, None, [], {}],
    "String": [*TEXTS, 7, None, []],
    "Int": [0, -1, 2**31 - 1, -(2**31), 2**31, 2**70, 1.5, "7", True, None, []],
    "Boolean": ["true", 1, None],
    "Cursor": [sealed(0), sealed(2**63 - 1), "", "7", "x" * 200, "\0", 7, None, []],
    "DateTime": [
        "",
        "now",
        "2026-13-40",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "2026-01-01T00:00:00",
        7,
        None,
    ],
    "Time": ["", "noon", "25:00", "10:00:00+14:00", "23:59:59.999999", "\0", 7, None],
    "Date": ["", "today", "2026-02-30", "9999-12-31", "0001-01-01", "2026-01-01T00:00:00Z", "\0", 7, None],
    "JSON": [None, 7, "\0", [], {"a": "\0"}, {"\0": 1}, {"a": [[[[[]]]]]}, float(10**300), {"k": "v" * 30_000}],
}


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else 1


def plain(type_: Any) -> Any:
    """Something that belongs there."""
    match type_:
        case GraphQLNonNull():
            return plain(type_.of_type)
        case GraphQLList():
            return [plain(type_.of_type)]
        case GraphQLEnumType():
            return next(iter(type_.values))
        case GraphQLInputObjectType() if type_.is_one_of:
            name, field = next(iter(type_.fields.items()))
            return {name: plain(field.type)}
        case GraphQLInputObjectType():
            return {
                name: plain(field.type)
                for name, field in type_.fields.items()
                if isinstance(field.type, GraphQLNonNull)
            }
        case _:
            return {
                "ID": "x",
                "String": "x",
                "Int": 5,
                "Boolean": True,
                "Cursor": sealed(1),
                "JSON": {},
                "DateTime": "2026-01-01T00:00:00Z",
                "Time": "10:00:00",
                "Date": "2026-01-01",
                "Float": 1.0,
            }[type_.name]


def bad(type_: Any, depth: int = 0) -> Iterator[Any]:
    """What does not belong there, or is at its edge."""
    match type_:
        case GraphQLNonNull():
            yield from bad(type_.of_type, depth)
        case GraphQLList():
            yield from ([value] for value in itertools.islice(bad(type_.of_type, depth), 4))
            yield [plain(type_.of_type)] * 3_000
        case GraphQLEnumType():
            yield from ("NONSENSE", 7, None)
        case GraphQLInputObjectType() if depth < 3:
            for name, field in type_.fields.items():
                yield from ({**plain(type_), name: value} for value in bad(field.type, depth + 1))
            yield {"unknown": 1}
        case GraphQLScalarType():
            yield from HOSTILE[type_.name]
            if type_.name == "JSON":
                yield nested(200)


def document(kind: str, name: str, field: Any) -> str:
    defined = ", ".join(f"${argument}: {it.type}" for argument, it in field.args.items())
    given = ", ".join(f"{argument}: ${argument}" for argument in field.args)
    leaf = is_leaf_type(get_named_type(field.type))
    return f"{kind}{f'({defined})' if defined else ''} {{ {name}{f'({given})' if given else ''} {'' if leaf else '{ __typename }'} }}"


def attacks(root: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = "query" if root is SCHEMA.query_type else "mutation"
    for name, field in root.fields.items():
        fine = {argument: plain(it.type) for argument, it in field.args.items()}
        for argument, it in field.args.items():
            for value in bad(it.type):
                yield document(kind, name, field), {**fine, argument: value}


def internals(answer: dict[str, Any]) -> list[Any]:
    return [error for error in answer.get("errors", ()) if error["extensions"]["code"] == "INTERNAL"]


@pytest.mark.parametrize("root", ["query_type", "mutation_type"])
async def test_no_input_is_a_bug(office: Office, root: str, caplog):
    await talking(office)
    await office.hire("everybody", *Role)
    attempts = list(attacks(getattr(SCHEMA, root)))
    assert len(attempts) > 200
    found = []
    with caplog.at_level(logging.CRITICAL, "parley.graphql"):
        for query, variables in attempts:
            answer = await office.post("everybody", query, variables)
            if internals(answer) or "extensions" not in answer.get("errors", [{"extensions": 1}])[0]:
                found.append((query, str(variables)[:300], answer))
    assert not found, f"{len(found)} of {len(attempts)}: {found[:8]}"
    assert (await office.post("sam", "{ queues { nodes { id } } }"))["data"]


async def test_the_read_models_took_everything_that_was_let_in(office: Office):
    await office.hire("everybody", *Role)
    for query, variables in attacks(SCHEMA.mutation_type):
        await office.post("everybody", query, variables)
    head = sealed(await office.world.log.head())
    answer = await office.ask("everybody", "query($w: Cursor!) { queues(waitFor: $w) { asOf } }", w=head)
    assert answer["queues"]["asOf"] >= head
    async with office.behind.pool.connection() as connection:
        schemas = await (
            await connection.execute("select table_schema from information_schema.tables where table_name = 'parked'")
        ).fetchall()
        for (schema,) in schemas:
            parked = await (await connection.execute(f"select * from {schema}.parked")).fetchall()
            assert parked == []
