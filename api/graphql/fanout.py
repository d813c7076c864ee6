"""How do two hundred desks see one event at the price of one? Executed once, encoded once, the bytes shared.

Subscribers of the same document, variables and rights form a group with one live source. Who comes back with a cursor is
first given what was missed, privately, and then attached at exactly the position where the group is.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Protocol, cast

import orjson
from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    print_ast,
    visit,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from graphql.language import REMOVE

from api.graphql.doors import MakeContext, V
from api.graphql.engine import Engine, Operation, Payload, Variables
from api.graphql.errors import RequestRefused, internal, masked
from api.graphql.feeds import Feed, Feeds, ResyncRequired

REMEMBERED_MAX = 256
"""Items that a large group keeps encoded, so that those who come back soon cost no execution."""


class Member(Protocol):
    """A subscriber as a group sees one. None of these blocks or raises."""

    def next(self, tail: str) -> None:
        """Send an item: the rest of a `next` message after its id and the word payload."""

    def complete(self) -> None: ...

    def error(self, errors: list[Any]) -> None: ...

    async def drained(self) -> None:
        """Wait until the socket has room; only private replay does."""


def tail_of(payload: Payload) -> str:
    """The end of a `next` message: everything after `{"id":…,"type":"next","payload":`."""
    return orjson.dumps(payload).decode() + "}"


@dataclass(slots=True)
class Subscription(Generic[V]):
    """What one member asked for. Equal keys mean equal items."""

    operation: Operation
    variables: Variables
    viewer: V
    feed: Feed
    key: Hashable
    field: str


class Fanout(Generic[V]):
    """Joins subscribers to groups. `feeds` decides which fields are shared."""

    def __init__(self, engine: Engine, feeds: Feeds[V], make_context: MakeContext[V]) -> None:
        self._engine, self._feeds, self._make_context = engine, feeds, make_context
        self.groups: dict[Hashable, Group[V]] = {}

    async def subscription(self, operation: Operation, variables: Variables, viewer: V) -> Subscription[V] | None:
        """What a subscriber may join, None when its field is not shared. Raises `RequestRefused`, `GraphQLError`."""
        shape = _shape(operation)
        defined = operation.node.variable_definitions or ()
        coerced = get_variable_values(self._engine.schema, defined, dict(variables or {}))
        if not isinstance(coerced, VariableValues):
            raise RequestRefused("BAD_VARIABLES", *coerced)
        feed = await self._feeds.open(shape.field, shape.arguments(self._engine, coerced), viewer)
        if feed is None:
            return None
        given = {name: value for name, value in (variables or {}).items() if name != shape.after_variable}
        key = (shape.text, operation.name, orjson.dumps(given, option=orjson.OPT_SORT_KEYS), feed.scope)
        return Subscription(operation, variables, viewer, feed, key, shape.field)

    async def join(self, wanted: Subscription[V], member: Member) -> "Group[V] | None":
        """Give the member what it missed and attach it; None when its subscription is over already."""
        feed = wanted.feed
        try:
            at = feed.after
            if at is None:
                at = await feed.head()
                if (marker := feed.marker(at)) is not None:
                    member.next(await self.encoded(wanted, marker))
            return await self._catch_up(wanted, at, member)
        except ResyncRequired as lost:
            member.next(await self.encoded(wanted, lost.event))
            member.complete()
            return None

    async def close(self) -> None:
        """End the groups' sources; for the time when the server has stopped."""
        await asyncio.gather(*(group.end() for group in tuple(self.groups.values())))

    async def encoded(self, wanted: Subscription[V], event: object) -> str:
        context = self._make_context(wanted.viewer, None)
        return tail_of(await self._engine.execute(wanted.operation, wanted.variables, context, event))

    async def _catch_up(self, wanted: Subscription[V], at: int, member: Member) -> "Group[V]":
        group = await self._group(wanted)
        group.joining += 1
        try:
            while (missed := group.since(at)) is None:
                upto = group.position
                async with aclosing(_closable(wanted.feed.replay(at, upto))) as history:
                    async for _, event in history:
                        member.next(await self.encoded(wanted, event))
                        await member.drained()
                        await asyncio.sleep(0)  # long histories take turns with everybody else
                at = upto
            for tail in missed:  # from here to `attach` nothing is awaited, so nothing can come between
                member.next(tail)
            group.attach(member, at)
        finally:
            group.joining -= 1
            group.rest_if_empty()
        return group

    async def _group(self, wanted: Subscription[V]) -> "Group[V]":
        group = self.groups.get(wanted.key)
        if group is None:
            head = await wanted.feed.head()
            group = self.groups.get(wanted.key)  # somebody may have been quicker
            if group is None:
                group = self.groups[wanted.key] = Group(self, wanted, head)
        return group


class Group(Generic[V]):
    """The subscribers of one thing, and the one live source that serves them."""

    def __init__(self, fanout: Fanout[V], wanted: Subscription[V], position: int) -> None:
        self._fanout, self._wanted = fanout, wanted
        self.position = position
        self.joining = 0
        self._forgotten = position  # items up to here are not remembered
        self._recent: deque[tuple[int, str]] = deque()
        self._members: set[Member] = set()
        self._ahead: list[tuple[int, Member]] = []  # came with a cursor that this group has yet to reach
        self._over: tuple[list[Any] | None] | None = None
        self._task = asyncio.get_running_loop().create_task(self._run())

    def since(self, at: int) -> list[str] | None:
        """The remembered items after a position; None when it lies further back."""
        if at < self._forgotten:
            return None
        return [tail for position, tail in self._recent if position > at]

    def attach(self, member: Member, at: int) -> None:
        if self._over is not None:
            _dismiss(member, self._over[0])
        elif at > self.position:
            self._ahead.append((at, member))
        else:
            self._members.add(member)

    def leave(self, member: Member) -> None:
        self._members.discard(member)
        if self._ahead:
            self._ahead = [(at, other) for at, other in self._ahead if other is not member]
        self.rest_if_empty()

    def rest_if_empty(self) -> None:
        if not self._members and not self._ahead and not self.joining and self._over is None:
            self._rest()

    async def end(self) -> None:
        self._rest()
        await asyncio.wait((self._task,))

    def _rest(self) -> None:
        self._over = (None,)
        self._forget_me()
        self._task.cancel()

    async def _run(self) -> None:
        errors: list[Any] | None = None
        try:
            async with aclosing(_closable(self._wanted.feed.live(self.position))) as source:
                async for position, event in source:
                    self._publish(position, await self._fanout.encoded(self._wanted, event))
                    await asyncio.sleep(0)  # a source with a backlog never waits by itself
        except GraphQLError as refusal:
            errors = masked([refusal])
        except Exception as bug:  # noqa: BLE001 - a bug in one feed ends its group, not the process
            errors = internal(bug)
        self._over = (errors,)
        self._forget_me()
        for member in (*self._members, *(member for _, member in self._ahead)):
            _dismiss(member, errors)

    def _publish(self, position: int, tail: str) -> None:
        if self._ahead:
            self._members.update(member for at, member in self._ahead if at < position)
            self._ahead = [(at, member) for at, member in self._ahead if at >= position]
        self.position = position
        self._recent.append((position, tail))
        while len(self._recent) > min(8 * (len(self._members) + self.joining), REMEMBERED_MAX):
            self._forgotten = self._recent.popleft()[0]
        for member in tuple(self._members):
            member.next(tail)

    def _forget_me(self) -> None:
        if self._fanout.groups.get(self._wanted.key) is self:
            del self._fanout.groups[self._wanted.key]


def _dismiss(member: Member, errors: list[Any] | None) -> None:
    if errors is None:
        member.complete()
    else:
        member.error(errors)


def _closable(items: AsyncIterator[Any]) -> Any:
    """Any asynchronous iterator as one that `aclosing` takes."""
    return items if hasattr(items, "aclose") else _generator(items)


async def _generator(items: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for item in items:
        yield item


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a subscription asks for whatever its `after` is."""

    field: str
    node: FieldNode
    text: str
    after_variable: str | None

    def arguments(self, engine: Engine, variables: VariableValues) -> dict[str, Any]:
        root = engine.schema.subscription_type
        definition: GraphQLField = cast("Any", root).fields[self.field]
        return get_argument_values(definition, self.node, variables)


@lru_cache(maxsize=512)
def _shape(operation: Operation) -> _Shape:
    fragments = {d.name.value: d for d in operation.document.definitions if isinstance(d, FragmentDefinitionNode)}
    root = _root_field(operation.node.selection_set, fragments)
    after = next((argument for argument in root.arguments or () if argument.name.value == "after"), None)
    text = print_ast(operation.document if after is None else visit(operation.document, _Without(after)))
    variable = after.value.name.value if after is not None and isinstance(after.value, VariableNode) else None
    if variable is not None and len(re.findall(rf"\${variable}\b", text)) > 1:
        variable = None  # it means more than `after`, so it stays in the key
    return _Shape(root.name.value, root, text, variable)


def _root_field(selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> FieldNode:
    """The only root field; validation has seen to it that there is one."""
    node = selected.selections[0]
    if isinstance(node, FieldNode):
        return node
    if isinstance(node, InlineFragmentNode):
        return _root_field(node.selection_set, fragments)
    return _root_field(fragments[cast("Any", node).name.value].selection_set, fragments)


class _Without(Visitor):
    """Removes one argument."""

    def __init__(self, argument: ArgumentNode) -> None:
        super().__init__()
        self._argument = argument

    def enter_argument(self, node: ArgumentNode, *_: Any) -> Any:
        return REMOVE if node is self._argument else None
