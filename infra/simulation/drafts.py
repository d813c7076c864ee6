"""How are frozen facts made by the million? As drafts that are open while they are filled in, and then become the fact.

A frozen dataclass sets each field through `object.__setattr__`: half a microsecond for a `Recorded`, three times what
plain attributes take, and a simulated call needs eight. A draft has the very slots of its class, so Python lets it take
on that class once it is filled; nobody can tell it from one that was made the slow way.
"""

import types
from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast

T = TypeVar("T")


def quick(frozen: type[T]) -> type[T]:
    """A constructor with the signature and the results of `frozen`, a frozen dataclass with `slots=True` and no
    `__init__` of its own.

    It is a function, for Python calls those without leaving its loop; an `__init__` costs as much as all the fields.
    """
    space: dict[str, Any] = {"frozen": frozen, "draft": draft_of(frozen)}
    body = "".join(f" it.{field.name} = {field.name}\n" for field in fields(cast("Any", frozen)))
    source = f"def make({_parameters(frozen, space)}):\n it = draft()\n{body} it.__class__ = frozen\n return it\n"
    exec(source, space)  # noqa: S102 - as `dataclass` itself does: from field names, nothing from outside
    return cast("type[T]", space["make"])


def draft_of(frozen: type[T]) -> type[Any]:
    """The open twin of a frozen dataclass, for whoever fills it in by themselves: `it.__class__ = frozen` closes it."""
    names = tuple(field.name for field in fields(cast("Any", frozen)))
    bases = getattr(frozen, "__orig_bases__", frozen.__bases__)
    return types.new_class("Draft", bases, exec_body=lambda body: body.update({"__slots__": names}))


def _parameters(frozen: type[Any], space: dict[str, Any]) -> str:
    """The fields as parameters; defaults are shared, as they may be where everything is frozen."""
    listed = []
    for field in fields(frozen):
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if default is not MISSING:
            space[f"default_{field.name}"] = default
        listed.append(field.name if default is MISSING else f"{field.name}=default_{field.name}")
    return ", ".join(listed)
