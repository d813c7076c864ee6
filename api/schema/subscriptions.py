"""What can be followed? The feeds behind these fields are opened, shared and resumed by the transport; here their items
become what a client reads.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from inspect import isawaitable
from typing import Annotated, Any

import strawberry

from api.schema.context import Info, refusal
from api.schema.events import ConversationEvent, DeskEvent, ResyncRequired, event_of
from api.schema.items import Changed, Marker, Resync
from api.schema.types import agents, conversations, lists, queues, tasks
from api.schema.types.agents import Agent
from api.schema.types.conversations import Conversation
from api.schema.types.lists import ListItem
from api.schema.types.queues import Queue
from api.schema.types.tasks import Task
from api.schema.words import doc, subscription
from api.typists import decode, subject_of
from domain.channels.messages import SenderType
from domain.ids import ConversationId
from domain.kernel import Position, Recorded

After = Annotated[
    Position | None,
    strawberry.argument(
        description="The last cursor that you have: what came after it is told first, without gap or repeat. Null for from now on."
    ),
]
CURSOR = "Pass it as `after` to resume behind this item."
MARKER = "The first item of who begins without `after` only tells the cursor."
ROWS = "The rows that are different now, each as it is; a busy moment is one item."
RESYNC = "You were away too long: ask again for all, then resume from this cursor. The subscription ends with it."


@strawberry.type(description=f"Something on your desk. {MARKER}")
class DeskItem:
    cursor: Position = doc(CURSOR)
    at: datetime | None = doc("When it happened; null on the first item and on ResyncRequired.")
    event: DeskEvent | None = doc("What happened; null on the first item, and where only the cursor moves on.")


@strawberry.type(description=f"Something in a conversation. {MARKER}")
class ConversationItem:
    cursor: Position = doc(CURSOR)
    at: datetime | None = doc("When it happened; null on the first item and on ResyncRequired.")
    event: ConversationEvent | None = doc("What happened; null on the first item, and where only the cursor moves on.")


@strawberry.type(description=f"News of agents. {MARKER}")
class AgentsItem:
    cursor: Position = doc(CURSOR)
    changed: list[Agent] = doc(ROWS)
    resync: ResyncRequired | None = doc(RESYNC)


@strawberry.type(description=f"News of queues. {MARKER}")
class QueuesItem:
    cursor: Position = doc(CURSOR)
    changed: list[Queue] = doc(ROWS)
    resync: ResyncRequired | None = doc(RESYNC)


@strawberry.type(description=f"News of tasks. {MARKER}")
class TasksItem:
    cursor: Position = doc(CURSOR)
    changed: list[Task] = doc(ROWS)
    resync: ResyncRequired | None = doc(RESYNC)


@strawberry.type(description=f"News of lists. {MARKER}")
class ListsItem:
    cursor: Position = doc(CURSOR)
    changed: list[ListItem] = doc(ROWS)
    resync: ResyncRequired | None = doc(RESYNC)


@strawberry.type(description=f"News of conversations. {MARKER}")
class ConversationsItem:
    cursor: Position = doc(CURSOR)
    changed: list[Conversation] = doc(ROWS)
    resync: ResyncRequired | None = doc(RESYNC)


@strawberry.type(
    description="Somebody began or stopped to type. Not a fact: it has no cursor, and is told once or never."
)
class TypingItem:
    who: SenderType = doc("On which side of the conversation.")
    name: str = doc("The agent's name, empty for the customer.")
    is_typing: bool = doc("Whether they type now. Take it as over after a few seconds without news.")


async def _only_by_socket() -> AsyncIterator[Any]:
    raise refusal("NOT_FED", "This subscription has no feed here.")
    yield  # a generator, as a subscription is


@strawberry.type(description="What can be followed, by graphql-transport-ws. Every item has a cursor to resume from.")
class Subscription:
    @subscription("Everything that concerns you: offers, tasks, presence, and your conversations.")
    async def desk(self, after: After = None) -> AsyncIterator[DeskItem]:
        async for item in _only_by_socket():
            yield item

    @subscription("Everything in one conversation. NOT_FOUND for one that you may not see.")
    async def conversation(self, id: ConversationId, after: After = None) -> AsyncIterator[ConversationItem]:
        async for item in _only_by_socket():
            yield item

    @subscription("Who is typing in a conversation. NOT_FOUND for one that you may not see.")
    async def typing(self, info: Info, id: ConversationId) -> AsyncIterator[TypingItem]:
        bus = info.context.behind.bus
        if bus is None:
            raise refusal("NOT_FED", "There is no bus here that would tell.")
        async with bus.subscribe(subject_of(id)) as notes:
            async for note in notes:
                heard = decode(note)
                yield TypingItem(who=heard.who, name=heard.name, is_typing=heard.is_typing)

    @subscription("The board of agents.")
    async def agents(self, after: After = None) -> AsyncIterator[AgentsItem]:
        async for item in _only_by_socket():
            yield item

    @subscription("The board of queues.")
    async def queues(self, after: After = None) -> AsyncIterator[QueuesItem]:
        async for item in _only_by_socket():
            yield item

    @subscription("The board of tasks.")
    async def tasks(self, after: After = None) -> AsyncIterator[TasksItem]:
        async for item in _only_by_socket():
            yield item

    @subscription("The board of lists: what stands on them.")
    async def lists(self, after: After = None) -> AsyncIterator[ListsItem]:
        async for item in _only_by_socket():
            yield item

    @subscription("The board of conversations.")
    async def conversations(self, after: After = None) -> AsyncIterator[ConversationsItem]:
        async for item in _only_by_socket():
            yield item


def _telling(item: type[DeskItem] | type[ConversationItem]) -> Callable[..., Any]:
    """How a fact of a feed becomes an item; only what must be looked up makes it wait."""

    def resolve(source: Any, info: Any, **_: Any) -> Any:
        if type(source) is Recorded:
            event = event_of(source, info.context)
            if isawaitable(event):
                return _later(item, source, event)
            return item(cursor=source.position, at=source.at, event=event)  # type: ignore[arg-type]  # by the table
        if isinstance(source, Resync):
            return item(cursor=source.position, at=None, event=ResyncRequired(cursor=source.position))
        assert isinstance(source, Marker)
        return item(cursor=source.position, at=None, event=None)

    return resolve


async def _later(item: Callable[..., Any], source: Recorded[Any], event: Any) -> Any:
    return item(cursor=source.position, at=source.at, event=await event)


def _showing(item: Callable[..., Any], row: Callable[[Any], Any]) -> Callable[..., Any]:
    """How changed rows of a board become an item."""

    def resolve(source: Any, _info: Any, **_: Any) -> Any:
        resync = ResyncRequired(cursor=source.position) if isinstance(source, Resync) else None
        rows = source.rows if isinstance(source, Changed) else ()
        return item(cursor=source.position, changed=[row(it) for it in rows], resync=resync)

    return resolve


ITEM_OF: Mapping[str, Callable[..., Any]] = {
    "desk": _telling(DeskItem),
    "conversation": _telling(ConversationItem),
    "agents": _showing(AgentsItem, agents.of_presence),
    "queues": _showing(QueuesItem, queues.of_board),
    "lists": _showing(ListsItem, lists.of_summary),
    "tasks": _showing(TasksItem, tasks.of_summary),
    "conversations": _showing(ConversationsItem, conversations.of_summary),
}
"""How an event of a feed is resolved, by the subscription's root field."""
