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
    """A constructor with the signature and the results of `frozen`, a frozen dataclass with `slots=True`."""
    names = [field.name for field in fields(cast("Any", frozen))]
    space: dict[str, Any] = {"frozen": frozen}
    body = "".join(f" self.{name} = {name}\n" for name in names)
    source = f"def fill(self, {_parameters(frozen, space)}):\n{body} self.__class__ = frozen\n"
    exec(source, space)  # noqa: S102 - as `dataclass` itself does: from field names, nothing from outside
    open_ = {"__slots__": tuple(names), "__init__": space["fill"]}
    bases = getattr(frozen, "__orig_bases__", frozen.__bases__)
    return cast("type[T]", types.new_class("Draft", bases, exec_body=lambda body: body.update(open_)))


def _parameters(frozen: type[Any], space: dict[str, Any]) -> str:
    """The fields as parameters; defaults are shared, as they may be where everything is frozen."""
    listed = []
    for field in fields(frozen):
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if default is not MISSING:
            space[f"default_{field.name}"] = default
        listed.append(field.name if default is MISSING else f"{field.name}=default_{field.name}")
    return ", ".join(listed)
