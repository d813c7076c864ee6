"""A human is asked for, in a queue or on a list."""

from dataclasses import dataclass

from commands.bus import NOTHING, Command, Context, handles
from commands.last_channel import channel_of, reply_due
from domain.configuration.channels import check_several
from domain.configuration.priorities import PRIORITY_MAX
from domain.configuration.settings import Channel, RoutingMode
from domain.conversations.conversation import Conversation
from domain.conversations.facts import AgentRequested, RequestListed, RequestReason
from domain.ids import ConversationId, ListItemId, QueueId, TaskId
from domain.kernel import Invalid, Position, derived_id
from domain.lines.line import QueueDraining
from domain.tasks.facts import TaskCloseReason
from domain.tasks.task import REROUTE_PRIORITY, Task

NOBODY_FREE = "Nobody is free at the moment. Please write to us again later."
"""To a customer who was promised a colleague, where the queue has no words of its own (routing 43)."""


@dataclass(frozen=True, slots=True)
class RequestAgent(Command):
    """Ask for a human in the queue or on the list of the customer's channel, or in `queue_id`. `also_in`: in these queues at
    the same time (routing 11); none for those of the channel, where it is its first queue.
    """

    conversation_id: ConversationId
    reason: RequestReason
    queue_id: QueueId | None = None
    priority: int = 1
    previous_task_id: TaskId | None = None
    also_in: tuple[QueueId, ...] = ()


@dataclass(frozen=True, slots=True)
class EndAgentRequest(Command):
    """`task_id`: the task that the request had come to, which need not be the one that it began with. `words`: what the
    customer is told, in place of what their queue says when nobody was free.
    """

    conversation_id: ConversationId
    task_id: TaskId
    reason: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class ReplaceAgent(Command):
    """The customer's agent is gone for good: another is asked for, first in line where they had come from (routing 37).

    `task_id`: the task of whoever is gone.
    """

    conversation_id: ConversationId
    task_id: TaskId


@handles(RequestAgent)
async def request_agent(cmd: RequestAgent, ctx: Context) -> Position:
    queue = ctx.catalog.queues.get(cmd.queue_id) if cmd.queue_id else None
    if queue is not None and queue.draining:
        raise QueueDraining("This queue takes no new requests: it is being drained.", "queue_id")
    if cmd.previous_task_id is None and not 1 <= cmd.priority <= PRIORITY_MAX:  # routing 55
        raise Invalid(f"A priority is 1 to {PRIORITY_MAX}.", "priority")
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    if cmd.also_in:
        _check_further(cmd, conversation, ctx)
    wanted = request_for(conversation, ctx, cmd.conversation_id, cmd.reason, cmd.queue_id, cmd.priority)
    if wanted is None:
        return NOTHING
    if isinstance(wanted, RequestListed):
        return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.list_request(wanted))
    return await ctx.change(
        Conversation,
        cmd.conversation_id,
        lambda it: it.request_agent(
            wanted.task_id,
            wanted.queue_id,
            wanted.mrd_id,
            wanted.session_id,
            wanted.priority,
            wanted.reason,
            cmd.previous_task_id,
            cmd.also_in,
        ),
    )


@handles(EndAgentRequest)
async def end_agent_request(cmd: EndAgentRequest, ctx: Context) -> Position:
    """routing 28: the customer is told, and the time of their silence begins. Not for a task of one agent alone that did
    not get there: its request may go on (`FallBack`).
    """
    task = await ctx.load(Task, cmd.task_id)
    if task.goes_on:
        return NOTHING
    root = task.root_request_id or cmd.task_id
    queue = ctx.catalog.queues.get(task.queue_id) if task.queue_id else None
    nobody_came = cmd.reason == TaskCloseReason.NO_AGENT_AVAILABLE
    words = cmd.words or (queue.no_agent_message if queue and nobody_came else "")
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    due = reply_due(conversation, ctx)
    if root in conversation.colleagues:
        promised = words or (NOBODY_FREE if nobody_came else "")
        return await ctx.change(
            Conversation, cmd.conversation_id, lambda it: it.end_colleague(root, cmd.reason, promised, due)
        )
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.end_request(root, cmd.reason, words, due))


@handles(ReplaceAgent)
async def replace_agent(cmd: ReplaceAgent, ctx: Context) -> Position:
    if not (await ctx.load(Conversation, cmd.conversation_id)).sessions:
        return NOTHING
    queue_id = (await ctx.load(Task, cmd.task_id)).queue_id
    queue = ctx.catalog.queues.get(queue_id) if queue_id else None
    known = queue_id if queue is not None and not queue.draining else None
    gone = RequestReason.AGENT_GONE
    return await ctx.then(RequestAgent(cmd.conversation_id, gone, known, REROUTE_PRIORITY, cmd.task_id))


def request_for(
    conversation: Conversation,
    ctx: Context,
    conversation_id: ConversationId,
    reason: RequestReason,
    queue_id: QueueId | None = None,
    priority: int = 1,
) -> AgentRequested | RequestListed | None:
    """What asking for a human would mean now; none where the channel has no queue or the customer is gone."""
    channel, session = channel_of(conversation, ctx), conversation.last_session
    if queue_id is None and channel is not None and channel.routing.mode is RoutingMode.PULL:
        return _listed(conversation, channel, ctx, conversation_id, reason)
    wanted = queue_id or (channel.routing.queue_id if channel else None)
    if wanted is None or session is None:
        return None
    queue = ctx.catalog.queues.get(wanted)
    if queue is None or queue.draining:
        return None
    task_id = TaskId(derived_id("task", conversation_id, ctx.cause.command_id))
    return AgentRequested(task_id, wanted, queue.mrd_id, session, priority, reason)


def _check_further(cmd: RequestAgent, conversation: Conversation, ctx: Context) -> None:
    """routing 11: what would not fit is refused, for whoever asks is there to hear it."""
    channel, catalog = channel_of(conversation, ctx), ctx.catalog
    pulled = channel is not None and channel.routing.mode is RoutingMode.PULL
    first_id = cmd.queue_id or (channel.routing.queue_id if channel and not pulled else None)
    check_several(first_id, cmd.also_in, "queue_id", "also_in")
    first = catalog.queues.get(first_id) if first_id else None
    if first is None:
        raise Invalid(f"There is no {first_id!r}.", "queue_id")
    for also in cmd.also_in:
        catalog.check_further(also, first.mrd_id, "also_in")
        if catalog.queues[also].draining:
            raise QueueDraining(f"{also!r} takes no new requests: it is being drained.", "also_in")


def _listed(
    conversation: Conversation, channel: Channel, ctx: Context, conversation_id: ConversationId, reason: RequestReason
) -> RequestListed | None:
    """routing 60: the same on a channel from which agents pull; the request is never offered to anybody."""
    list_id, session = channel.routing.list_id, conversation.last_session
    known = ctx.catalog.lists.get(list_id) if list_id else None
    if list_id is None or known is None or session is None:
        return None
    item_id = ListItemId(derived_id("list item", conversation_id, ctx.cause.command_id))
    return RequestListed(item_id, list_id, known.mrd_id, session, reason)
