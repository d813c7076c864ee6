"""How urgent is this request (routing 55)? By its labels, and by whether the customer is back within a day."""

from dataclasses import dataclass

from commands.bus import Context
from commands.carried import carried_by
from domain.configuration.priorities import PRIORITY_MAX, priority_of
from domain.configuration.settings import Queue
from domain.conversations.conversation import Conversation
from domain.customers.customer import Customer
from domain.ids import CustomerId, QueueId, SessionId, TaskId


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of itself; `priority`: what it was asked for with."""

    queue_id: QueueId
    session_id: SessionId
    task_id: TaskId
    priority: int


async def priority_of_request(asked: Asked, queue: Queue | None, conversation: Conversation, ctx: Context) -> int:
    """What waited in vain already keeps its own."""
    priority = asked.priority
    if queue is None or priority > PRIORITY_MAX:
        return priority
    if queue.priority_labels:
        carried = await carried_by(conversation, asked.session_id, ctx)
        priority = priority_of(queue.priority_labels, carried, priority)
    if queue.returning_first and conversation.customer_id is not None:
        came_back = await _comes_back(conversation.customer_id, asked.queue_id, asked.task_id, ctx)
        priority = PRIORITY_MAX if came_back else priority
    return priority


async def _comes_back(customer_id: CustomerId, queue_id: QueueId, task_id: TaskId, ctx: Context) -> bool:
    """The customer's own stream remembers; asked again for the same request, it says the same."""
    change = await ctx.changed(Customer, customer_id, lambda it: it.come_to(queue_id, task_id, ctx.now))
    visit = change.model.visits.get(queue_id)
    return visit is not None and visit.task_id == task_id and visit.came_back
