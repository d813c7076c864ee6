"""What may a document cost before it is refused, and what does each profile of the transport permit?"""

from dataclasses import dataclass, replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request. Sizes in bytes; counts are of the document with its fragments written out."""

    body_bytes: int = 262_144
    tokens: int = 2_000
    depth: int = 12
    aliases: int = 30
    directives: int = 30
    fields: int = 1_000


@dataclass(frozen=True, slots=True)
class Sockets:
    """Bounds of one WebSocket. A reader who falls behind by `backlog_items` or `backlog_bytes` is ended with 1013."""

    init_timeout_s: float = 10.0
    heartbeat_s: float = 15.0
    operations: int = 20
    message_bytes: int = 262_144
    backlog_items: int = 1_000
    backlog_bytes: int = 1_000_000
    farewell_s: float = 5.0
    """How long a slow reader may take to read up to its close frame before the connection is dropped."""
    origins: frozenset[str] = frozenset()
    """Origins of pages that may connect besides the server's own, like `https://desk.example.org`; `*` means any."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the transport shows and takes. Production hides the schema; a development server is explored."""

    introspection: bool = False
    suggestions: bool = False
    get: bool = False
    limits: Limits = Limits()
    sockets: Sockets = Sockets()

    @classmethod
    def development(cls, limits: Limits = Limits(), sockets: Sockets = Sockets()) -> "Profile":
        return cls(introspection=True, suggestions=True, get=True, limits=limits, sockets=sockets)

    @classmethod
    def production(cls, limits: Limits = Limits(), sockets: Sockets = Sockets()) -> "Profile":
        return cls(limits=limits, sockets=sockets)


@dataclass(frozen=True, slots=True)
class Weight:
    """How heavy a selection is once its fragments are written out."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0

    def beside(self, other: "Weight") -> "Weight":
        return Weight(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.fields + other.fields,
        )


def excess(document: DocumentNode, limits: Limits) -> str | None:
    """The first limit that the document breaks, as a sentence, or None. May raise RecursionError."""
    weight = _Scale(document).heaviest()
    for name in ("depth", "aliases", "directives", "fields"):
        if getattr(weight, name) > getattr(limits, name):
            return f"The document's {name} of {getattr(weight, name)} is over the limit of {getattr(limits, name)}."
    return None


class _Scale:
    """Weighs each fragment once, so nested spreads cannot make the weighing itself exponential."""

    def __init__(self, document: DocumentNode) -> None:
        self.operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        self.fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self.weighed: dict[str, Weight] = {}

    def heaviest(self) -> Weight:
        total = Weight()
        for operation in self.operations:
            own = Weight(directives=len(operation.directives or ()))
            total = total.beside(own).beside(self.selection(operation.selection_set))
        return total

    def selection(self, selected: SelectionSetNode | None) -> Weight:
        total = Weight()
        for node in selected.selections if selected else ():
            total = total.beside(Weight(directives=len(node.directives or ())))
            if isinstance(node, FieldNode):
                total = total.beside(self.field(node))
            elif isinstance(node, FragmentSpreadNode):
                total = total.beside(self.fragment(node.name.value))
            else:
                total = total.beside(self.selection(getattr(node, "selection_set", None)))
        return total

    def field(self, node: FieldNode) -> Weight:
        below = self.selection(node.selection_set)
        # Introspection is deep by nature; graphql-core bounds it with a rule of its own.
        depth = 1 if node.name.value.startswith("__") else below.depth + 1
        return replace(below, depth=depth, aliases=below.aliases + bool(node.alias), fields=below.fields + 1)

    def fragment(self, name: str) -> Weight:
        if name not in self.weighed and name in self.fragments:
            self.weighed[name] = Weight()  # a cycle weighs nothing here; validation refuses it by name
            self.weighed[name] = self.selection(self.fragments[name].selection_set)
        return self.weighed.get(name, Weight())
