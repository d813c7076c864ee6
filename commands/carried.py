"""What does a request carry? What its customer's channel told when they came, what a bot, an agent or an integration has
said of the conversation since, and what Parley knows by itself (routing 9, 55).
"""

from collections.abc import Mapping

from commands.bus import Context
from domain.configuration.request_data import OURS, Known
from domain.configuration.settings import Queue
from domain.conversations.conversation import Conversation
from domain.customers.customer import Customer
from domain.ids import QueueId, SessionId
from domain.sessions.session import Session
from domain.tasks.facts import TaskDirection


async def considered(
    queues: Mapping[QueueId, Queue],
    conversation: Conversation,
    session_id: SessionId,
    ctx: Context,
    direction: TaskDirection,
    priority: int,
) -> tuple[dict[str, str], dict[QueueId, tuple[int, ...]]]:
    """What the steps of these queues ask about, and which of them are not for the request: looked at once, when it gets in
    line, and kept with it (routing 9).
    """
    if not any(step.consider_if for queue in queues.values() for step in queue.steps):
        return {}, {}
    carried = await carried_by(conversation, session_id, ctx, direction, priority)
    data = {name: value for queue in queues.values() for name, value in queue.asked_of(carried).items()}
    return data, {id_: out for id_, queue in queues.items() if (out := queue.left_out(data))}


async def carried_by(
    conversation: Conversation,
    session_id: SessionId,
    ctx: Context,
    direction: TaskDirection = TaskDirection.INBOUND,
    priority: int | None = None,
) -> dict[str, str]:
    """What was said later goes before; nobody says what only Parley knows. `priority`: once it is known itself."""
    started = (await ctx.load(Session, session_id)).started
    told = {**(started.channel_data if started else {}), **conversation.data}
    data = {name: value for name, value in told.items() if not OURS.fullmatch(name)}
    data[Known.DIRECTION] = direction.value
    if priority is not None:
        data[Known.PRIORITY] = str(priority)
    if started is not None:
        data[Known.CHANNEL] = started.channel_id
        channel = ctx.catalog.channels.get(started.channel_id)
        if channel is not None:
            data[Known.CHANNEL_TYPE] = channel.channel_type_id
            data[Known.SERVICE] = channel.service_identifier
    if conversation.customer_id is not None:
        customer = await ctx.load(Customer, conversation.customer_id)
        data[Known.CUSTOMER_NAME] = customer.name
        data[Known.IS_KNOWN] = "false" if customer.anonymous else "true"
    return data
