"""How does a query text become an answer? One path for HTTP, sockets and the shared subscriptions.

Documents are parsed, weighed and validated once and then remembered. Strawberry builds the schema; graphql-core
executes it here directly, for Strawberry's own `execute` runs a chain of extensions that costs more than most queries.
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast
from weakref import proxy

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    execute,
    parse,
    specified_rules,
    subscribe,
    validate,
)
from graphql.execution.executor import Executor
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.graphql.errors import RequestRefused, masked
from api.graphql.limits import Profile, excess

Variables = Mapping[str, Any] | None
Payload = dict[str, Any]
"""`{"data": …}` and/or `{"errors": […]}`, of plain values."""

REMEMBERED_CHARS_MAX = 20_000
"""Longer documents are prepared anew each time, so that strangers cannot fill the memory with them."""

RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


class Passing(Executor[Any]):
    """An execution that is gone when it is over. graphql-core's holds on to itself by its helpers: a hundred objects of
    each request were left to the garbage collector, and were most of what it had to do.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        me = proxy(self)  # and its bound methods would hold on to us again
        self.async_helpers = GraphQLResolveInfoHelpers(
            gather=lambda work: me.gather_async_work(work),  # noqa: PLW0108
            track=lambda work: me.track_async_work(work),  # noqa: PLW0108
        )


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of a valid document; the same object for the same text and name, so it may be a key."""

    document: DocumentNode
    node: OperationDefinitionNode
    name: str | None

    @property
    def kind(self) -> OperationType:
        return self.node.operation


Item = Callable[[object, object], Awaitable[Payload]]
"""An event and a context in, one item of a subscription out."""
Shortcut = Callable[[Operation], Item | None]
"""How the items of this operation are made without executing it; none where there is no such way."""


class Engine:
    """Prepares and executes operations of one schema. Never raises anything but `RequestRefused` and cancellation."""

    def __init__(
        self, schema: GraphQLSchema, profile: Profile, shortcut: Shortcut | None = None, documents_max: int = 512
    ) -> None:
        self.schema = schema
        self._shortcut = shortcut
        self._profile = profile
        self._rules = RULES if profile.introspection else (*RULES, NoSchemaIntrospectionCustomRule)
        self._documents: OrderedDict[str, dict[str | None, Operation]] = OrderedDict()
        self._documents_max = documents_max

    def prepare(self, text: str, name: str | None = None) -> Operation:
        """The operation that a request asks for. Raises `RequestRefused`."""
        operations = self._documents.get(text)
        if operations is None:
            operations = _operations(self._read(text))
            self._remember(text, operations)
        else:
            self._documents.move_to_end(text)
        operation = operations.get(name)
        if operation is None:
            raise RequestRefused("UNKNOWN_OPERATION", "Unable to identify operation.")
        return operation

    async def execute(
        self, operation: Operation, variables: Variables, context: object, root: object = None
    ) -> Payload:
        """The answer to a query or mutation, or, with `root` as the event, one item of a subscription.

        A shortcut that fails at an item is not to blame for it: the item is executed in full, and reported from there.
        """
        if root is not None and self._shortcut is not None and (item := self._shortcut(operation)) is not None:
            with suppress(Exception):
                return await item(root, context)
        answer = execute(
            self.schema,
            operation.document,
            root_value=root,
            context_value=context,
            variable_values=cast("dict[str, Any] | None", variables),
            operation_name=operation.name,
            executor_class=Passing,
            hide_suggestions=not self._profile.suggestions,
        )
        return payload_of(await answer if isawaitable(answer) else answer)

    async def stream(
        self, operation: Operation, variables: Variables, context: object
    ) -> AsyncGenerator[Payload, None]:
        """The items of a subscription that nobody shares. A request error is the only item then."""
        source = subscribe(
            self.schema,
            operation.document,
            context_value=context,
            variable_values=cast("dict[str, Any] | None", variables),
            operation_name=operation.name,
            hide_suggestions=not self._profile.suggestions,
        )
        results = await source if isawaitable(source) else source
        if isinstance(results, ExecutionResult):
            yield payload_of(results)
            return
        try:
            async for result in results:
                yield payload_of(result)
        finally:
            await results.aclose()  # type: ignore[attr-defined]  # always an asynchronous generator

    def _remember(self, text: str, operations: dict[str | None, Operation]) -> None:
        if len(text) <= REMEMBERED_CHARS_MAX:
            self._documents[text] = operations
            if len(self._documents) > self._documents_max:
                self._documents.popitem(last=False)

    def _read(self, text: str) -> DocumentNode:
        limits = self._profile.limits
        try:
            document = parse(text, max_tokens=limits.tokens, allow_empty_selection_sets=False)
        except GraphQLError as error:
            raise RequestRefused("PARSE_FAILED", error) from None
        try:
            if broken := excess(document, limits):
                raise RequestRefused("VALIDATION_FAILED", broken)
            errors = validate(
                self.schema, document, self._rules, max_errors=20, hide_suggestions=not self._profile.suggestions
            )
        except RecursionError:
            raise RequestRefused("VALIDATION_FAILED", "The document is nested too deeply.") from None
        if errors:
            raise RequestRefused("VALIDATION_FAILED", *errors)
        return document


def payload_of(result: ExecutionResult) -> Payload:
    """What is sent of a result. A request error has no `data` key, as the specification wants."""
    if not result.errors:
        return {"data": result.data}
    if result.data is None and not any(e.path for e in result.errors):
        return {"errors": masked(result.errors, "BAD_VARIABLES")}
    return {"data": result.data, "errors": masked(result.errors)}


def _operations(document: DocumentNode) -> dict[str | None, Operation]:
    """By name, and under None when there is only one to mean."""
    nodes = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    names = {n.name.value if n.name else None: n for n in nodes}
    found = {name: Operation(document, node, name) for name, node in names.items()}
    if len(nodes) == 1:
        found[None] = next(iter(found.values()))
    return found
