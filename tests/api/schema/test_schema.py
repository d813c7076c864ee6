"""Is the schema what is written down, said in words, and guarded throughout?"""

import ast
import json
from pathlib import Path

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    parse,
    validate,
)

from api import policy
from api.auth import Role, Viewer
from api.schema import export
from api.schema.build import build_schema, core_of
from api.schema.words import CONFIG

SCHEMA = core_of(build_schema())
MATRIX = Path(__file__).parent / "matrix.json"
OURS = [type_ for name, type_ in SCHEMA.type_map.items() if not name.startswith("__")]


def test_the_schema_is_the_one_that_is_written_down():
    assert export.FILE.read_text() == export.text(), "Run `python -m api.schema.export`, and read what changed."


def test_everything_says_what_it_means():
    silent = [type_.name for type_ in OURS if not type_.description]
    for type_ in OURS:
        if isinstance(type_, GraphQLObjectType | GraphQLInputObjectType | GraphQLInterfaceType):
            silent += [f"{type_.name}.{name}" for name, field in type_.fields.items() if not field.description]
        if isinstance(type_, GraphQLObjectType):
            silent += [
                f"{type_.name}.{name}({argument})"
                for name, field in type_.fields.items()
                for argument, it in field.args.items()
                if not it.description
            ]
    assert not silent


def test_whoever_may_take_a_request_may_reply_to_its_customer():  # routing 12
    """Only agents who signed in are offered anything; so whoever may sign in may do all that an offer asks for."""
    for needed in ("acceptTask", "postMessage", "leaveConversation", "applyWrapUp", "finishWrapUp"):
        assert policy.POLICY["Mutation.logIn"] <= policy.POLICY[f"Mutation.{needed}"], needed


def test_every_mutation_has_one_input_with_an_id_for_repeats_and_one_payload():
    for name, field in SCHEMA.mutation_type.fields.items():
        assert list(field.args) == ["input"], name
        kind = field.args["input"].type
        assert str(kind) == f"{name[0].upper()}{name[1:]}Input!", name
        assert "clientMutationId" in kind.of_type.fields, name
        assert str(field.type) == "MutationPayload!", name


def test_every_subscription_can_be_resumed_and_says_where_it_is():
    for name, field in SCHEMA.subscription_type.fields.items():
        if name == "typing":  # the one that is no fact, and has no past
            continue
        assert str(field.args["after"].type) == "Cursor", name
        assert str(get_named_type(field.type).fields["cursor"].type) == "Cursor!", name


def test_names_follow_one_habit():
    for type_ in OURS:
        if isinstance(type_, GraphQLEnumType):
            assert all(value == value.upper() or value == value.lower() for value in type_.values), type_.name
        elif isinstance(type_, GraphQLUnionType):
            assert type_.name.endswith("Event")


@pytest.mark.parametrize("field", ["desk", "conversation"])
def test_every_field_of_every_event_can_be_selected_at_once(field):
    root = SCHEMA.subscription_type.fields[field]
    union = get_named_type(get_named_type(root.type).fields["event"].type)
    parts = [f"... on {type_.name} {{ {' '.join(map(selected, type_.fields.items()))} }}" for type_ in union.types]
    arguments = '(id: "x")' if field == "conversation" else ""
    document = parse(f"subscription {{ {field}{arguments} {{ cursor event {{ {' '.join(parts)} }} }} }}")
    assert validate(SCHEMA, document) == []


def selected(field) -> str:
    name, definition = field
    return name if is_leaf_type(get_named_type(definition.type)) else f"{name} {{ __typename }}"


def may(role: Role | None, operation: str) -> bool:
    try:
        policy.check(operation, Viewer("7", "x", "X", frozenset({role} if role else ())))
    except GraphQLError as no:
        return no.extensions != {"code": "FORBIDDEN"}
    return True


def test_who_may_what_is_what_we_agreed_on():
    """Golden: a change of rights shows in the review as a line of this file. Rewrite it with `python -m tests.api.schema.test_schema`."""
    assert json.loads(MATRIX.read_text()) == matrix()


def matrix() -> dict[str, list[str]]:
    rows = {"": None} | {role.value: role for role in Role}
    return {
        operation: [name or "(no role)" for name, role in rows.items() if may(role, operation)]
        for operation in policy.POLICY
    }


def test_what_the_table_does_not_know_is_nobodys():
    assert not any(may(role, "Query.everything") for role in Role)


def test_a_root_field_without_roles_stops_the_build():
    @strawberry.type
    class Query:
        @strawberry.field
        def secret(self) -> str:
            return "hidden"

    with pytest.raises(policy.Unguarded, match=r"Query\.secret"):
        policy.enforce(core_of(strawberry.Schema(Query, config=CONFIG)))


if __name__ == "__main__":
    MATRIX.write_text(json.dumps(matrix(), indent=1) + "\n")


def test_every_mutation_is_done_twice_somewhere() -> None:  # routing 66
    """`Office.done` sends whatever it does a second time; `code` and `refused` are for what is not done."""
    done: set[object] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        tree = ast.parse(path.read_text())
        calls = [it for it in ast.walk(tree) if isinstance(it, ast.Call)]
        refused = {id(part) for it in calls if ast.unparse(it.func) in REFUSED for part in ast.walk(it)}
        words = [it for it in ast.walk(tree) if isinstance(it, ast.Constant) and id(it) not in refused]
        done |= {it.value for it in words}
    mutations = SCHEMA.mutation_type.fields
    assert set(mutations) - done == set()


REFUSED = {"code", "office.refused"}
