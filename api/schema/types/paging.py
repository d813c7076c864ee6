"""How do lists come? As Relay connections: pages by the key of the last row seen, of at most a hundred."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import strawberry

from api.schema.context import refusal
from api.schema.words import doc
from domain.kernel import Position
from projections.paging import Page, Window

PAGE_MAX = 100
T = TypeVar("T")
Row = TypeVar("Row")


@strawberry.type(description="Is there more?")
class PageInfo:
    has_next_page: bool = doc("Is there more after this page?")
    has_previous_page: bool = doc("Is there more before this page?")
    start_cursor: str | None = doc("Pass it as `before` to go back.")
    end_cursor: str | None = doc("Pass it as `after` to go on.")


@strawberry.type(description="A row and its place in the list.")
class Edge(Generic[T]):
    cursor: str = doc("The place of this row in this list; stable when rows come and go.")
    node: T = doc("The row.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = doc("The rows with their places.")
    nodes: list[T] = doc("The rows alone.")
    page_info: PageInfo = doc("Is there more?")
    as_of: Position = doc(
        "Everything up to here is in this answer: subscribe with `after` this, and nothing is missed."
    )


def window(first: int | None, after: str | None, last: int | None, before: str | None) -> Window:
    """The part of a list that is asked for. Raises `GraphQLError` unless exactly one size of 1 to 100 is given."""
    if (first is None) == (last is None):
        raise refusal("INVALID", f"Give either `first` or `last`, from 1 to {PAGE_MAX}.", "first")
    size = first if first is not None else last
    if size is None or not 1 <= size <= PAGE_MAX:
        raise refusal("INVALID", f"A page has 1 to {PAGE_MAX} rows.", "first" if first is not None else "last")
    return Window(size, after, before, from_end=last is not None)


def connection_of(page: Page[Row], as_of: Position, node: Callable[[Row], T]) -> Connection[T]:
    return connection(tuple(map(node, page.items)), page.cursors, as_of, more=page.has_next, less=page.has_previous)


def connection(nodes: Sequence[T], cursors: Sequence[str], as_of: Position, *, more: bool, less: bool) -> Connection[T]:
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
        nodes=list(nodes),
        page_info=PageInfo(
            has_next_page=more,
            has_previous_page=less,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        as_of=as_of,
    )
