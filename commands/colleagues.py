"""Agents bring others into a talk: in their place, beside them, behind them (routing 43 to 47)."""

from dataclasses import dataclass

from commands.agents import ReserveSlot
from commands.bus import NOTHING, Command, Context, handles
from commands.last_channel import mrd_of, reply_due, response_time
from commands.requests import NOBODY_FREE
from commands.tasks import CancelTask, EnqueueTask, cancelled_if_unawaited, current_task, rerouted
from domain.agents.agent import Agent
from domain.configuration.queues import TRANSFER_MESSAGE
from domain.conversations.conversation import Conversation
from domain.conversations.facts import ColleagueRequested, Release
from domain.ids import AgentId, ConversationId, MrdId, OfferId, QueueId, TaskId
from domain.kernel import Invalid, NotFound, Position, Refused, derived_id
from domain.lines.line import QueueDraining
from domain.tasks.facts import TaskCloseReason, TaskCreated, TaskDirection, TaskMode, TaskNamed
from domain.tasks.task import REROUTE_PRIORITY, UNWANTED, Task


@dataclass(frozen=True, slots=True)
class AskColleague(Command):
    """`task_id`: for which `agent_id` talks. Either whoever serves a queue, or one colleague by name."""

    task_id: TaskId
    agent_id: AgentId
    direction: TaskDirection
    queue_id: QueueId | None = None
    colleague_id: AgentId | None = None
    note: str = ""
    priority: int = 1
    release: Release = Release.AT_ONCE


@dataclass(frozen=True, slots=True)
class WithdrawRequest(Command):
    """`request_id`: the first task of a request that an agent of this talk made."""

    task_id: TaskId
    agent_id: AgentId
    request_id: TaskId


@dataclass(frozen=True, slots=True)
class PromoteColleague(Command):
    """`direction`: CONSULT_TRANSFER or CONSULT_CONFERENCE. `colleague_id`: none for the only one who is consulted."""

    task_id: TaskId
    agent_id: AgentId
    direction: TaskDirection
    colleague_id: AgentId | None = None


@dataclass(frozen=True, slots=True)
class EndConsult(Command):
    task_id: TaskId
    agent_id: AgentId
    colleague_id: AgentId | None = None


@dataclass(frozen=True, slots=True)
class NameTask(Command):
    """A task for one agent alone (routing 44)."""

    conversation_id: ConversationId
    asked: ColleagueRequested


@dataclass(frozen=True, slots=True)
class ReserveNamedSlot(Command):
    """The named agent's own stream says whether they can have it; nobody else is asked (routing 18, 44)."""

    task_id: TaskId
    agent_id: AgentId
    mrd_id: MrdId


@dataclass(frozen=True, slots=True)
class FallBack(Command):
    """The named agent did not take it. Nothing for a task that was for a queue."""

    task_id: TaskId


@dataclass(frozen=True, slots=True)
class CancelRequest(Command):
    """Nobody is awaited any more: whatever task the request has come to ends (routing 49)."""

    request_id: TaskId


@dataclass(frozen=True, slots=True)
class RedirectTask(Command):
    task_id: TaskId
    direction: TaskDirection


@handles(AskColleague)
async def ask_colleague(cmd: AskColleague, ctx: Context) -> Position:
    task = await ctx.load(Task, cmd.task_id)
    conversation_id = task.check_talks(cmd.agent_id)
    conversation = await ctx.load(Conversation, conversation_id)
    mrd_id = mrd_of(conversation, ctx) or task.mrd_id
    if mrd_id is None:
        raise NotFound("There is no channel session in this conversation.")
    await _check_whom(cmd, mrd_id, ctx)
    request_id = TaskId(derived_id("colleague", cmd.task_id, ctx.cause.command_id))
    asked = ColleagueRequested(
        request_id,
        cmd.direction,
        cmd.agent_id,
        cmd.task_id,
        mrd_id,
        conversation.reply_session(),
        task.queue_id if cmd.queue_id is None else cmd.queue_id,
        cmd.colleague_id,
        cmd.priority,
        cmd.note,
        cmd.release,
    )
    queue = ctx.catalog.queues.get(asked.queue_id) if asked.queue_id else None
    notice = queue.transfer_message if queue else TRANSFER_MESSAGE
    response = response_time(conversation, ctx)
    return await ctx.change(Conversation, conversation_id, lambda it: it.ask_colleague(asked, notice, response))


async def _check_whom(cmd: AskColleague, mrd_id: MrdId, ctx: Context) -> None:
    """Whoever can not be reached now is refused at once: nobody has left yet (routing 44)."""
    if (cmd.queue_id is None) == (cmd.colleague_id is None):
        raise Invalid("Name a queue or a colleague.", "queue_id")
    if not 1 <= cmd.priority < REROUTE_PRIORITY:
        raise Invalid("A priority is 1 to 10.", "priority")
    if cmd.queue_id is not None and ctx.catalog.queue(cmd.queue_id).draining:  # routing 63
        raise QueueDraining("This queue takes no new requests: it is being drained.", "queue_id")
    if cmd.queue_id is not None and ctx.catalog.queue(cmd.queue_id).mrd_id != mrd_id:
        raise Invalid("This queue is of another media routing domain than the talk.", "queue_id")
    if cmd.colleague_id == cmd.agent_id:
        raise Invalid("That is yourself.", "agent_id")
    if cmd.colleague_id is not None:
        (await ctx.load(Agent, cmd.colleague_id)).check_can_take(mrd_id)


@handles(WithdrawRequest)
async def withdraw_request(cmd: WithdrawRequest, ctx: Context) -> Position:
    conversation_id = (await ctx.load(Task, cmd.task_id)).check_talks(cmd.agent_id)
    return await ctx.change(Conversation, conversation_id, lambda it: it.withdraw(cmd.agent_id, cmd.request_id))


@handles(PromoteColleague)
async def promote_colleague(cmd: PromoteColleague, ctx: Context) -> Position:
    conversation_id = (await ctx.load(Task, cmd.task_id)).check_talks(cmd.agent_id)
    response = response_time(await ctx.load(Conversation, conversation_id), ctx)
    return await ctx.change(
        Conversation,
        conversation_id,
        lambda it: it.promote(cmd.agent_id, cmd.task_id, cmd.colleague_id, cmd.direction, response),
    )


@handles(EndConsult)
async def end_consult(cmd: EndConsult, ctx: Context) -> Position:
    conversation_id = (await ctx.load(Task, cmd.task_id)).check_talks(cmd.agent_id)
    return await ctx.change(
        Conversation, conversation_id, lambda it: it.end_consult(cmd.agent_id, cmd.task_id, cmd.colleague_id)
    )


@handles(NameTask)
async def name_task(cmd: NameTask, ctx: Context) -> Position:
    asked, conversation_id = cmd.asked, cmd.conversation_id
    customer_id = (await ctx.load(Conversation, conversation_id)).customer_id
    if customer_id is None or asked.agent_id is None:
        raise NotFound("There is no such conversation.")
    created = TaskCreated(
        conversation_id, customer_id, asked.direction, TaskMode.AGENT, asked.by_task_id, asked.by, asked.note
    )
    named = TaskNamed(asked.agent_id, asked.mrd_id, asked.task_id, asked.session_id, asked.queue_id)
    change = await ctx.changed(Task, asked.task_id, lambda task: task.name(created, named), newborn=True)
    return await cancelled_if_unawaited(conversation_id, asked.task_id, ctx) or change.position


@handles(ReserveNamedSlot)
async def reserve_named_slot(cmd: ReserveNamedSlot, ctx: Context) -> Position:
    if (await ctx.load(Task, cmd.task_id)).closed is not None:
        return NOTHING
    offer_id = OfferId(derived_id("named", cmd.task_id, cmd.agent_id))
    try:
        return await ctx.then(ReserveSlot(cmd.agent_id, cmd.mrd_id, cmd.task_id, offer_id, 0))
    except Refused:
        return await ctx.change(Task, cmd.task_id, lambda task: task.miss())


@handles(FallBack)
async def fall_back(cmd: FallBack, ctx: Context) -> Position:
    """Whoever asked goes on; a customer whom nobody talks with waits first in line, where they had come from."""
    task = await ctx.load(Task, cmd.task_id)
    if task.created is None or task.named is None or task.closed is None:
        return NOTHING
    conversation_id, named, reason = task.created.conversation_id, task.named, task.closed
    request_id, queue_id = named.root_request_id, named.queue_id
    conversation = await ctx.load(Conversation, conversation_id)
    if request_id not in conversation.colleagues:
        return NOTHING
    has_queue, due = queue_id in ctx.catalog.queues, reply_due(conversation, ctx)
    change = await ctx.changed(
        Conversation,
        conversation_id,
        lambda it: it.fall_back(request_id, reason, NOBODY_FREE, due, has_queue=has_queue),
    )
    if request_id not in change.model.colleagues or queue_id is None:
        return change.position
    missed = frozenset({named.agent_id}) if reason in UNWANTED else frozenset()
    return await ctx.then(
        EnqueueTask(
            rerouted(cmd.task_id),
            conversation_id,
            named.session_id,
            queue_id,
            named.mrd_id,
            REROUTE_PRIORITY,
            task.created.direction,
            cmd.task_id,
            task.created.requested_by,
            task.created.note,
            request_id,
            missed,
        )
    )


@handles(CancelRequest)
async def cancel_request(cmd: CancelRequest, ctx: Context) -> Position:
    task_id = await current_task(cmd.request_id, ctx)
    return await ctx.then(CancelTask(task_id, TaskCloseReason.CANCELLED))


@handles(RedirectTask)
async def redirect_task(cmd: RedirectTask, ctx: Context) -> Position:
    return await ctx.change(Task, cmd.task_id, lambda task: task.redirect(cmd.direction))
