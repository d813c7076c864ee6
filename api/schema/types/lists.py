"""Requests that agents come to by themselves, and the lists on which they stand."""

from datetime import datetime

import strawberry

from api.schema.context import Info
from api.schema.types.customers import Customer, customer_named
from api.schema.types.paging import Connection
from api.schema.words import answer, doc
from domain.ids import AgentId, ConversationId, CustomerId, ListId, ListItemId, MrdId, TaskId
from domain.lists import item as model
from domain.lists.facts import ListItemCloseReason, ListItemState
from projections.lists.reads import ListItemSummary


@strawberry.type(description="An agent who works on a list item.")
class ListParticipant:
    agent_id: AgentId = doc("The agent.")
    task_id: TaskId = doc("Their task.")
    joined_at: datetime | None = doc("Since when; null where the live model was asked.")


@strawberry.type(description="A request on a list: any number of agents join it, and leave it, when they like.")
class ListItem:
    id: ListItemId = doc("Its id.")
    list_id: ListId = doc("The list.")
    conversation_id: ConversationId = doc("The conversation; yours to see once you have joined.")
    customer_id: CustomerId = doc("The customer.")
    state: ListItemState = doc("UNREAD until somebody joins, then ACTIVE while somebody is here and INACTIVE else.")
    unread: int = doc("Messages of the customer that no agent has seen.", name="unreadCount")
    arrived_at: datetime = doc("Since when it stands on the list.")
    waiting_since: datetime | None = doc("Since when the customer waits; null while somebody works on it.")
    participants: list[ListParticipant] = doc("Who works on it now.")
    dismissed_by: strawberry.Private[frozenset[AgentId]]
    close_reason: ListItemCloseReason | None = doc("Why it is closed; null while it is open.")

    @answer("Did you dismiss its notice? You may join all the same.", name="isDismissed")
    def dismissed(self, info: Info) -> bool:
        return AgentId(info.context.viewer.agent_id) in self.dismissed_by

    @answer("The customer.")
    async def customer(self, info: Info) -> Customer | None:
        return await customer_named(info, self.customer_id)


ListItemConnection = Connection[ListItem]


@strawberry.type(description="A list from which agents pull, live.")
class RoutingListBoard:
    id: ListId = doc("Its id.")
    name: str = doc("Its name for people.")
    mrd_id: MrdId = doc("Its media routing domain.")
    is_subscribed: bool = doc("Are you told on your desk of what happens on it?")
    unread_items: int = doc("Items that nobody has joined yet.", name="unreadCount")
    active_items: int = doc("Items on which somebody works.", name="activeCount")
    inactive_items: int = doc("Items that everybody has left.", name="inactiveCount")
    items: list[ListItem] = doc("The newest open items, at most a hundred; `listItems` has all.")


def of_summary(row: ListItemSummary) -> ListItem:
    return ListItem(
        id=row.id,
        list_id=row.list_id,
        conversation_id=row.conversation_id,
        customer_id=row.customer_id,
        state=row.state,
        unread=row.unread,
        arrived_at=row.arrived_at,
        waiting_since=row.waiting_since,
        participants=[
            ListParticipant(agent_id=it.agent_id, task_id=it.task_id, joined_at=it.joined_at) for it in row.participants
        ],
        dismissed_by=row.dismissed_by,
        close_reason=row.close_reason,
    )


def of_model(id: ListItemId, item: model.ListItem) -> ListItem | None:
    """An item as the model that decides knows it; none for one that never arrived."""
    if item.arrived is None:
        return None
    return ListItem(
        id=id,
        list_id=item.arrived.list_id,
        conversation_id=item.arrived.conversation_id,
        customer_id=item.arrived.customer_id,
        state=item.state,
        unread=item.unread,
        arrived_at=item.arrived.arrived_at,
        waiting_since=item.waiting_since,
        participants=[ListParticipant(agent_id=a, task_id=task, joined_at=None) for a, task in item.agents.items()],
        dismissed_by=item.dismissed_by,
        close_reason=item.closed,
    )
