"""Why is an item of a subscription cheap? What Strawberry asks anew for every value is settled once, for our own types.

An item is executed once for hundreds of desks, but there are thousands of items: each plain field costs one attribute,
each union one look at the class, each enumeration one look into a table. A test holds the price.
"""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLSchema, GraphQLUnionType

from api.schema.subscriptions import ITEM_OF


def quicken(schema: GraphQLSchema) -> None:
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            _plain_fields(type_)
            type_.is_type_of = None  # unions say it by the class already
        elif isinstance(type_, GraphQLUnionType):
            type_.resolve_type = _by_class
        elif isinstance(type_, GraphQLEnumType) and not type_.name.startswith("__"):
            type_.coerce_output_value = _by_table(type_)  # type: ignore[method-assign, assignment]
    if schema.subscription_type is not None:
        for name, item in ITEM_OF.items():
            schema.subscription_type.fields[name].resolve = item


def _plain_fields(type_: GraphQLObjectType) -> None:
    for field in type_.fields.values():
        if getattr(field.resolve, "_is_default", False):
            field.resolve = PlainAttribute(field.extensions["strawberry-definition"].python_name)


class PlainAttribute:
    """The resolver of a field that is an attribute."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, source: Any, _info: Any) -> Any:
        return getattr(source, self.name)


def _by_class(value: Any, _info: Any, _union: Any) -> str:
    name: str = type(value).__strawberry_definition__.name
    return name


def _by_table(type_: GraphQLEnumType) -> Callable[[Any], str]:
    """Members and their values alike: `StrEnum` members are equal to their values."""
    names: dict[Any, str] = {value.value: name for name, value in type_.values.items()}

    def serialize(member: Any) -> str:
        return names[member]

    return serialize
