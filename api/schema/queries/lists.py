"""What waits on the lists? Agents see those of the media routing domains that they have; whoever watches sees all."""

from typing import Annotated

import strawberry

from api.schema import reach
from api.schema.context import Context, Info, not_found
from api.schema.queries.arguments import After, Before, First, Last, WaitFor
from api.schema.types.lists import ListItemConnection, RoutingListBoard, of_summary
from api.schema.types.paging import PAGE_MAX, connection_of, window
from api.schema.words import answer
from domain.ids import AgentId, ListId
from domain.lists.facts import ListItemState
from projections.lists import reads
from projections.paging import Connection, Window

OPEN = (ListItemState.UNREAD, ListItemState.ACTIVE, ListItemState.INACTIVE)


@strawberry.type
class ListsQuery:
    @answer("The lists from which you may pull, by id, each with what stands on it.")
    async def lists(self, info: Info, wait_for: WaitFor = None) -> list[RoutingListBoard]:
        context = info.context
        await context.behind.caught_up(wait_for)
        seen = [id for id in sorted(context.behind.catalog().lists) if await reach.sees_list(context, id)]
        async with context.reading() as connection:
            counts = await reads.counts(connection, seen)
            return [await _board(context, connection, id, counts) for id in seen]

    @answer("The items of a list, the newest first. NOT_FOUND for a list that you may not see.")
    async def list_items(
        self,
        info: Info,
        list_id: Annotated[ListId, strawberry.argument(description="The list.")],
        states: Annotated[
            list[ListItemState] | None, strawberry.argument(description="In one of these states; null for all.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        wait_for: WaitFor = None,
    ) -> ListItemConnection:
        part = window(first, after, last, before)
        if not await reach.sees_list(info.context, list_id):
            raise not_found("list")
        as_of = await info.context.behind.caught_up(wait_for)
        async with info.context.reading() as connection:
            page = await reads.items(connection, list_id, states or (), part)
        return connection_of(page, as_of, of_summary)


async def _board(
    context: Context, connection: Connection, id: ListId, counts: dict[tuple[ListId, ListItemState], int]
) -> RoutingListBoard:
    settings = context.behind.catalog().routing_list(id)
    page = await reads.items(connection, id, OPEN, Window(PAGE_MAX))
    return RoutingListBoard(
        id=id,
        name=settings.name,
        mrd_id=settings.mrd_id,
        is_subscribed=id in (await context.agent(AgentId(context.viewer.agent_id))).lists,
        unread_items=counts.get((id, ListItemState.UNREAD), 0),
        active_items=counts.get((id, ListItemState.ACTIVE), 0),
        inactive_items=counts.get((id, ListItemState.INACTIVE), 0),
        items=[of_summary(row) for row in page.items],
    )
