"""A request for a human, from the queue to the wrap-up."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from commands.agents import HandOverWork, ReleaseSlot
from commands.bus import NOTHING, Command, Context, handles
from commands.carried import considered
from commands.urgency import Asked, priority_of_request
from commands.wrap_up import ExpireWrapUp
from domain.agents.agent import Agent
from domain.agents.facts import SlotState
from domain.configuration.settings import Channel, ReasonKind
from domain.configuration.skip_conditions import Measured
from domain.conversations.conversation import Conversation
from domain.customers.customer import Customer
from domain.ids import AgentId, ConversationId, CustomerId, MrdId, OfferId, QueueId, SessionId, TaskId
from domain.kernel import NotFound, Position, Refused, derived_id
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import (
    LAST_AGENT_STEP,
    Routing,
    StepReached,
    StepReason,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
)
from domain.tasks.refusals import DeclineNotAllowed
from domain.tasks.task import BESIDE, REROUTE_PRIORITY, Task

OFFER_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class EnqueueTask(Command):
    """`root_request_id`: the first task of the request, where this is another one. `excluded`: for whom it is not.
    `also_in`: further queues by name; none for those of the channel.
    """

    task_id: TaskId
    conversation_id: ConversationId
    session_id: SessionId
    queue_id: QueueId
    mrd_id: MrdId
    priority: int
    direction: TaskDirection = TaskDirection.INBOUND
    previous_task_id: TaskId | None = None
    requested_by: AgentId | None = None
    note: str = ""
    root_request_id: TaskId | None = None
    excluded: frozenset[AgentId] = frozenset()
    also_in: tuple[QueueId, ...] = ()


@dataclass(frozen=True, slots=True)
class WidenTask(Command):
    task_id: TaskId
    step: int
    reason: StepReason = StepReason.WAITED
    queue_id: QueueId | None = None
    condition: str = ""
    measured: Measured = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OfferTask(Command):
    """The agent's slot is held: let it ring. Whoever does not wait any more gives the slot back."""

    task_id: TaskId
    agent_id: AgentId
    offer_id: OfferId
    step: int
    queue_id: QueueId | None = None
    slot_version: int | None = None


@dataclass(frozen=True, slots=True)
class AcceptTask(Command):
    task_id: TaskId
    agent_id: AgentId
    offer_id: OfferId | None = None


@dataclass(frozen=True, slots=True)
class DeclineTask(Command):
    """`reason`: one of the kind DECLINE, where such are configured."""

    task_id: TaskId
    agent_id: AgentId
    reason: str = ""
    offer_id: OfferId | None = None


@dataclass(frozen=True, slots=True)
class ExpireOffer(Command):
    task_id: TaskId
    offer_id: OfferId


@dataclass(frozen=True, slots=True)
class RerouteTask(Command):
    """The request goes on under a new task: same queue, first in line, from the step it had reached (routing 24). Or in the
    queue to which it was diverted (routing 57, 58). Whoever accepted it but is in the conversation already is left out, as
    `exclude` is (routing 12).
    """

    task_id: TaskId
    exclude: AgentId | None


@dataclass(frozen=True, slots=True)
class ExpireTask(Command):
    task_id: TaskId


@dataclass(frozen=True, slots=True)
class CancelTask(Command):
    """`left`: how the customer went, where that is why. `words`: what they are told."""

    task_id: TaskId
    reason: TaskCloseReason
    left: SessionEndReason | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawOffer(Command):
    """Whoever it rings at cannot take it any more."""

    task_id: TaskId


@dataclass(frozen=True, slots=True)
class WithdrawOffers(Command):
    """All that ring at this agent, or are about to, without a count against them (routing 37)."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class GiveBackSlot(Command):
    """It is held for what does not ring yet, and shall not: nobody was offered anything (routing 36, 37)."""

    agent_id: AgentId
    task_id: TaskId


@dataclass(frozen=True, slots=True)
class TakeTaskAway(Command):
    task_id: TaskId
    reason: TaskCloseReason


@handles(EnqueueTask)
async def enqueue_task(cmd: EnqueueTask, ctx: Context) -> Position:
    queue = ctx.catalog.queues.get(cmd.queue_id)
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    also_in = _also_in(cmd, conversation, ctx)
    queues = {it: ctx.catalog.queues[it] for it in (cmd.queue_id, *also_in) if it in ctx.catalog.queues}
    channel = _channel(conversation, cmd.session_id, ctx) if cmd.direction is TaskDirection.INBOUND else None
    # where all are retired since it was asked for, nobody comes, and that is reported
    wait_s = max((it.request_ttl_s for it in queues.values()), default=0)
    if wait_s and channel is not None and channel.request_ttl_s:  # routing 27
        wait_s = channel.request_ttl_s
    customer_id = conversation.customer_id
    if customer_id is None:
        raise NotFound("There is no such conversation.")
    last_agent_id, last_agent_until = None, None
    # whoever asks for a colleague does not mean themselves, and whose work was taken away is not asked first again
    if cmd.direction is TaskDirection.INBOUND and cmd.previous_task_id is None:
        last_agent_id, last_agent_until = await _last_agent(conversation, customer_id, cmd.session_id, ctx)
    asked = Asked(cmd.queue_id, cmd.session_id, cmd.task_id, cmd.priority)
    priority = cmd.priority
    if cmd.direction not in BESIDE:
        priority = await priority_of_request(asked, queue, conversation, ctx)
    data, left_out = await considered(queues, conversation, cmd.session_id, ctx, cmd.direction, priority)
    routing = Routing(
        root_request_id=cmd.root_request_id or cmd.task_id,
        queue_id=cmd.queue_id,
        mrd_id=cmd.mrd_id,
        first_enqueued_at=ctx.now,
        expires_at=ctx.now + timedelta(seconds=wait_s),
        priority=priority,
        step=LAST_AGENT_STEP if last_agent_id else 0,
        excluded=cmd.excluded,
        last_agent_id=last_agent_id,
        last_agent_until=last_agent_until,
        also_in=also_in,
        data=data,
        left_out=left_out,
    )
    change = await ctx.changed(
        Task,
        cmd.task_id,
        lambda task: task.enqueue(
            cmd.conversation_id,
            customer_id,
            cmd.session_id,
            routing,
            cmd.direction,
            cmd.previous_task_id,
            cmd.requested_by,
            cmd.note,
        ),
        newborn=True,
    )
    return await cancelled_if_unawaited(cmd.conversation_id, cmd.task_id, ctx) or change.position


@handles(WidenTask)
async def widen_task(cmd: WidenTask, ctx: Context) -> Position:
    reached = StepReached(cmd.step, cmd.reason, cmd.queue_id, cmd.condition, cmd.measured)
    return await ctx.change(Task, cmd.task_id, lambda task: task.widen(reached))


@handles(OfferTask)
async def offer_task(cmd: OfferTask, ctx: Context) -> Position:
    """Not at whoever signed out in this moment: the request waits on, or falls back where it was for them alone."""
    agent = await ctx.load(Agent, cmd.agent_id)
    if not agent.logged_in:
        return await ctx.then(GiveBackSlot(cmd.agent_id, cmd.task_id))
    slot = agent.slots.get(cmd.task_id)
    if slot is None or slot.offer_id != cmd.offer_id:  # given back meanwhile, and perhaps held anew
        return NOTHING
    task = await ctx.load(Task, cmd.task_id)
    queue_id = task.queue_id
    several = task.routing.also_in if task.routing is not None else ()
    if several and cmd.queue_id in several:  # routing 11
        queue_id = cmd.queue_id
    queue = ctx.catalog.queues.get(queue_id) if queue_id else None
    due = ctx.now + timedelta(seconds=queue.offer_timeout_s if queue else OFFER_TIMEOUT_S)
    of_queue = queue is not None and queue.auto_answer and task.named is None
    auto_answer = of_queue or agent.auto_answers
    try:
        return await ctx.change(
            Task,
            cmd.task_id,
            lambda task: task.reserve(
                cmd.offer_id, cmd.agent_id, due, cmd.step, cmd.queue_id, cmd.slot_version, auto_answer=auto_answer
            ),
        )
    except Refused:
        return await ctx.then(ReleaseSlot(cmd.agent_id, cmd.task_id, "the request was gone"))


@handles(AcceptTask)
async def accept_task(cmd: AcceptTask, ctx: Context) -> Position:
    return await ctx.change(Task, cmd.task_id, lambda task: task.accept(cmd.agent_id, cmd.offer_id))


@handles(DeclineTask)
async def decline_task(cmd: DeclineTask, ctx: Context) -> Position:
    """routing 21: a permission of the queue."""
    queue_id = (await ctx.load(Task, cmd.task_id)).queue_id
    queue = ctx.catalog.queues.get(queue_id) if queue_id else None
    if queue is not None and not queue.decline_allowed:
        raise DeclineNotAllowed("Work of this queue is not declined.")
    ctx.catalog.check_reason(ReasonKind.DECLINE, cmd.reason, "reason")
    return await ctx.change(
        Task, cmd.task_id, lambda task: task.decline(cmd.agent_id, cmd.reason, ctx.now, cmd.offer_id)
    )


@handles(ExpireOffer)
async def expire_offer(cmd: ExpireOffer, ctx: Context) -> Position:
    return await ctx.change(Task, cmd.task_id, lambda task: task.expire_offer(cmd.offer_id, ctx.now))


@handles(RerouteTask)
async def reroute_task(cmd: RerouteTask, ctx: Context) -> Position:
    old = await ctx.load(Task, cmd.task_id)
    if old.created is None:
        raise NotFound("There is no such task.", "task_id")
    created, session_id = old.created, old.session_id
    if old.routing is None or session_id is None:  # for one agent alone
        return NOTHING
    if old.agent_id is not None and not await _is_awaited(created.conversation_id, old.routing.root_request_id, ctx):
        return NOTHING  # answered, and taken away later
    if old.moves_to is not None:
        routing = await _moved(old.routing, old.moves_to, created, session_id, ctx)
    else:
        conversation = await ctx.load(Conversation, created.conversation_id)
        left_out = ({cmd.exclude} if cmd.exclude else set()) | (conversation.agents.keys() & {old.agent_id})
        routing = replace(old.routing, priority=REROUTE_PRIORITY, excluded=old.routing.excluded | left_out)
    routing = replace(routing, attempt=old.routing.attempt + 1)
    task_id = rerouted(cmd.task_id)
    position = await ctx.change(
        Task,
        task_id,
        lambda task: task.enqueue(
            created.conversation_id,
            created.customer_id,
            session_id,
            routing,
            created.direction,
            cmd.task_id,
            created.requested_by,
            created.note,
        ),
    )
    return await cancelled_if_unawaited(created.conversation_id, task_id, ctx) or position


@handles(ExpireTask)
async def expire_task(cmd: ExpireTask, ctx: Context) -> Position:
    return await ctx.change(Task, cmd.task_id, lambda task: task.expire(ctx.now))


@handles(CancelTask)
async def cancel_task(cmd: CancelTask, ctx: Context) -> Position:
    return await ctx.change(Task, cmd.task_id, lambda task: task.cancel(cmd.reason, cmd.left, cmd.words))


@handles(WithdrawOffer)
async def withdraw_offer(cmd: WithdrawOffer, ctx: Context) -> Position:
    return await ctx.change(Task, cmd.task_id, lambda task: task.withdraw(ctx.now))


@handles(WithdrawOffers)
async def withdraw_offers(cmd: WithdrawOffers, ctx: Context) -> Position:
    position, agent = NOTHING, await ctx.load(Agent, cmd.agent_id)
    for task_id, slot in agent.slots.items():
        if slot.state is SlotState.RESERVED:
            await ctx.then(WithdrawOffer(task_id))
            position = await ctx.then(GiveBackSlot(cmd.agent_id, task_id))
    return position


@handles(GiveBackSlot)
async def give_back_slot(cmd: GiveBackSlot, ctx: Context) -> Position:
    """The request waits on, or falls back where it was for them alone. It may have begun to ring meanwhile."""
    if (await ctx.load(Task, cmd.task_id)).offer is not None:
        return NOTHING
    await ctx.change(Task, cmd.task_id, lambda task: task.miss())
    await ctx.then(ReleaseSlot(cmd.agent_id, cmd.task_id, "the agent was gone"))
    return await ctx.then(WithdrawOffer(cmd.task_id))


@handles(TakeTaskAway)
async def take_task_away(cmd: TakeTaskAway, ctx: Context) -> Position:
    return await ctx.change(Task, cmd.task_id, lambda task: task.take_away(cmd.reason))


@handles(HandOverWork)
async def hand_over_work(cmd: HandOverWork, ctx: Context) -> Position:
    """routing 37: first offers are withdrawn, then talks are re-routed, and wrap-ups just end.

    The slot may be a step behind its task (accepted, but not filled yet), so each task takes what concerns it; one that
    does not even ring yet waits on.
    """
    await ctx.then(WithdrawOffers(cmd.agent_id))
    position, agent = NOTHING, await ctx.load(Agent, cmd.agent_id)
    for task_id in (*agent.slots, *sorted(agent.wrap_ups)):
        await ctx.then(ExpireWrapUp(task_id))
        if (await ctx.load(Task, task_id)).agent_id is not None:
            position = await ctx.then(TakeTaskAway(task_id, TaskCloseReason.AGENT_LOGOUT))
    return position


async def _moved(
    routing: Routing, queue_id: QueueId, created: TaskCreated, session_id: SessionId, ctx: Context
) -> Routing:
    """Into another queue, from its first step on, with all the time that it has waited already (routing 57, 58); where it
    waits in that one as well, from the step that it has reached there. In all others it waits on (routing 11).
    """
    moved = routing.moved(queue_id, ctx.now)
    if queue_id in routing.also_in or queue_id not in ctx.catalog.queues:  # looked at when it came there (routing 9)
        return moved
    conversation = await ctx.load(Conversation, created.conversation_id)
    queues = {queue_id: ctx.catalog.queues[queue_id]}
    data, left_out = await considered(queues, conversation, session_id, ctx, created.direction, routing.priority)
    return replace(moved, data={**routing.data, **data}, left_out={**routing.left_out, **left_out})


def _also_in(cmd: EnqueueTask, conversation: Conversation, ctx: Context) -> tuple[QueueId, ...]:
    """The further queues that are asked for, else those of the customer's channel where the request is for its first one
    (routing 11); without those that were retired or turned to another domain since.
    """
    if cmd.also_in:
        queues = ctx.catalog.queues
        return tuple(it for it in cmd.also_in if it in queues and queues[it].mrd_id == cmd.mrd_id)
    channel_id = conversation.sessions.get(cmd.session_id)
    channel = ctx.catalog.channels.get(channel_id) if channel_id else None
    if channel is None or channel.routing.queue_id != cmd.queue_id or cmd.direction is not TaskDirection.INBOUND:
        return ()
    return tuple(it for it in channel.routing.also_in if it in ctx.catalog.queues)


def _channel(conversation: Conversation, session_id: SessionId, ctx: Context) -> Channel | None:
    """By which the customer came; none where it is gone."""
    channel_id = conversation.sessions.get(session_id)
    return ctx.catalog.channels.get(channel_id) if channel_id else None


async def _last_agent(
    conversation: Conversation, customer_id: CustomerId, session_id: SessionId, ctx: Context
) -> tuple[AgentId | None, datetime | None]:
    """Whom the channel says to try first, and until when: who talked with the customer last (routing 54)."""
    channel = _channel(conversation, session_id, ctx)
    if channel is None or not channel.routing.route_to_last_agent:
        return None, None
    last = conversation.last_agent or (await ctx.load(Customer, customer_id)).last_agent
    until = ctx.now + timedelta(seconds=channel.routing.last_agent_timeout_s)
    return (last, until) if last else (None, None)


async def cancelled_if_unawaited(conversation_id: ConversationId, task_id: TaskId, ctx: Context) -> Position:
    """Whoever settled a departure cannot cancel a task that did not stand in line yet (routing 49)."""
    conversation = await ctx.load(Conversation, conversation_id)
    if await _is_awaited(conversation_id, (await ctx.load(Task, task_id)).root_request_id, ctx):
        return NOTHING
    return await ctx.then(CancelTask(task_id, TaskCloseReason.CANCELLED, conversation.departure))


async def _is_awaited(conversation_id: ConversationId, root: TaskId | None, ctx: Context) -> bool:
    conversation = await ctx.load(Conversation, conversation_id)
    return bool(conversation.sessions) and root in conversation.awaited


def rerouted(task_id: TaskId) -> TaskId:
    """The task under which a request goes on after this one."""
    return TaskId(derived_id("reroute", task_id))


async def current_task(root: TaskId, ctx: Context) -> TaskId:
    """The task that a request has come to, from the one that it began with."""
    task_id = root
    while (await ctx.load(Task, task_id)).goes_on:
        task_id = rerouted(task_id)
    return task_id
