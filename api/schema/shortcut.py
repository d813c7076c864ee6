"""How does an item of a subscription become JSON for a few microseconds? Its document is translated once, into closures.

Each agent's desk is a feed of its own, so each message is executed at least once: with graphql-core for some 85 µs, by
the shortcut for a tenth of that. The shortcut knows plain fields alone: attributes and what our own resolvers answer,
without arguments and directives. Whatever else an item needs, or whatever goes wrong, is graphql-core's to do and to
report: a test holds both to the same answers.
"""

import asyncio
from collections.abc import Callable
from inspect import isawaitable, signature
from types import SimpleNamespace
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationType,
    SelectionSetNode,
    is_abstract_type,
)
from strawberry.types.field import StrawberryField

from api.graphql.engine import Item, Operation, Payload
from api.schema.quick import PlainAttribute
from api.schema.subscriptions import ITEM_OF

DOCUMENTS_MAX = 512
Resolve = Callable[[Any, Any], Any]
"""A resolver as it stands in the schema: the value, and an `info` of which it may want the context."""
Later = list[tuple[dict[str, Any], str, Resolve, Any, "Write"]]
"""What resolvers have yet to answer: where it goes, under which key, who knows it of which value, and how it is written."""
Write = Callable[[Any, Later], Any]
"""A value of the domain in, plain JSON out. Raises `NotPlain`."""


class NotPlain(Exception):
    """It takes more than attributes and resolvers without arguments."""


class Shortcuts:
    """Items by the shortcut, for the operations that were asked last; an `Engine` tries it before it executes one."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: dict[Operation, Item | None] = {}

    def __call__(self, operation: Operation) -> Item | None:
        try:
            return self._known[operation]
        except KeyError:
            if len(self._known) >= DOCUMENTS_MAX:
                del self._known[next(iter(self._known))]
            item = self._known[operation] = self._translated(operation)
            return item

    def _translated(self, operation: Operation) -> Item | None:
        try:
            return _item(self._schema, operation)
        except NotPlain:
            return None


def _item(schema: GraphQLSchema, operation: Operation) -> Item:
    root = schema.subscription_type
    if operation.kind is not OperationType.SUBSCRIPTION or root is None:
        raise NotPlain
    translator = _Translator(schema, operation.document)
    ((key, nodes),) = translator.fields(root, [operation.node.selection_set]).items()
    name = nodes[0].name.value
    resolve, write = ITEM_OF[name], translator.value(root.fields[name].type, nodes)

    async def item(event: object, context: object) -> Payload:
        info, later = SimpleNamespace(context=context), Later()
        data = {key: write(await _told(resolve, event, info), later)}
        while later:
            asked, later = later, Later()
            for (answer, name, _, _, write_part), told in zip(asked, await _all_told(asked, info), strict=True):
                answer[name] = write_part(told, later)
        return {"data": data}

    return item


async def _told(resolve: Resolve, value: Any, info: SimpleNamespace) -> Any:
    told = resolve(value, info)
    return await told if isawaitable(told) else told


async def _all_told(asked: Later, info: SimpleNamespace) -> list[Any]:
    """All at once, as graphql-core does it, so that what they read is read together."""
    questions = [_told(resolve, value, info) for _, _, resolve, value, _ in asked]
    return [await questions[0]] if len(questions) == 1 else await asyncio.gather(*questions)


class _Translator:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}

    def fields(self, type_: GraphQLObjectType, selections: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """What is selected of this very type, by the key in the answer. Raises `NotPlain` for directives."""
        found: dict[str, list[FieldNode]] = {}
        for node in (node for selected in selections for node in selected.selections):
            if node.directives:
                raise NotPlain
            if isinstance(node, FieldNode):
                found.setdefault((node.alias or node.name).value, []).append(node)
                continue
            part: Any = self._fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            assert isinstance(part, FragmentDefinitionNode | InlineFragmentNode)
            if part.type_condition is None or self._is(type_, part.type_condition.name.value):
                for key, nodes in self.fields(type_, [part.selection_set]).items():
                    found.setdefault(key, []).extend(nodes)
        return found

    def _is(self, type_: GraphQLObjectType, name: str) -> bool:
        wanted = self._schema.type_map[name]
        return wanted is type_ or (is_abstract_type(wanted) and self._schema.is_sub_type(wanted, type_))

    def value(self, type_: Any, nodes: list[FieldNode]) -> Write:
        if isinstance(type_, GraphQLNonNull):
            return self._present(type_.of_type, nodes)
        write = self._present(type_, nodes)
        return lambda value, later: None if value is None else write(value, later)

    def _present(self, type_: Any, nodes: list[FieldNode]) -> Write:
        """How a value is written that must not be null."""
        match type_:
            case GraphQLList():
                each = self.value(type_.of_type, nodes)
                return lambda values, later: [each(value, later) for value in values]
            case GraphQLObjectType():
                return self._object(type_, nodes)
            case GraphQLUnionType():
                return self._union(type_, nodes)
            case _:
                leaf: Callable[[Any], Any] = type_.coerce_output_value
                return lambda value, _: leaf(_checked(value))

    def _object(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> Write:
        selections = [node.selection_set for node in nodes if node.selection_set]
        constants: dict[str, Any] = {}
        parts: list[tuple[str, str, Write]] = []
        answers: list[tuple[str, Resolve, Write]] = []
        for key, selected in self.fields(type_, selections).items():
            name = selected[0].name.value
            constants[key] = type_.name if name == "__typename" else None  # keeps the order of the document
            if name != "__typename":
                field = type_.fields[name]
                written = self.value(field.type, selected)
                if isinstance(field.resolve, PlainAttribute):
                    parts.append((key, field.resolve.name, written))
                else:
                    answers.append((key, _own_resolver(field), written))

        def write(value: Any, later: Later) -> dict[str, Any]:
            answer = constants.copy()
            for key, name, write_part in parts:
                answer[key] = write_part(getattr(value, name), later)
            for key, resolve, write_part in answers:
                later.append((answer, key, resolve, value, write_part))
            return answer

        return write

    def _union(self, type_: GraphQLUnionType, nodes: list[FieldNode]) -> Write:
        """Types that are not plain are left out: their items alone go the long way."""
        writers: dict[str, Write] = {}
        for member in type_.types:
            try:
                writers[member.name] = self._object(member, nodes)
            except NotPlain:
                continue

        def write(value: Any, later: Later) -> Any:
            return writers[type(value).__strawberry_definition__.name](value, later)

        return write


def _own_resolver(field: GraphQLField) -> Resolve:
    """The function that we have written, without what Strawberry wraps it in. Raises `NotPlain` where that matters."""
    definition: StrawberryField | None = field.extensions.get("strawberry-definition")
    if definition is None or definition.base_resolver is None or definition.extensions or field.args:
        raise NotPlain
    resolve = cast("Resolve", definition.base_resolver.wrapped_func)
    if tuple(signature(resolve).parameters) != ("self", "info"):
        raise NotPlain
    return resolve


def _checked(value: Any) -> Any:
    if value is None:
        raise NotPlain
    return value
