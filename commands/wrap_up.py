"""What an agent still owes after a talk: codes and a note, in time (routing 51 to 53)."""

from dataclasses import dataclass

from commands.bus import Command, Context, handles
from domain.configuration.settings import Queue, ReasonKind, RoutingList
from domain.ids import AgentId, TaskId
from domain.kernel import Position
from domain.tasks.facts import TaskCloseReason
from domain.tasks.task import Task


@dataclass(frozen=True, slots=True)
class BeginWrapUp(Command):
    """`ends_as`: why the task will have ended, where that is not its wrap-up's to say (routing 43)."""

    task_id: TaskId
    ends_as: TaskCloseReason = TaskCloseReason.DONE


@dataclass(frozen=True, slots=True)
class ApplyWrapUp(Command):
    task_id: TaskId
    agent_id: AgentId
    codes: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class FinishWrapUp(Command):
    task_id: TaskId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class ExpireWrapUp(Command):
    task_id: TaskId


@handles(BeginWrapUp)
async def begin_wrap_up(cmd: BeginWrapUp, ctx: Context) -> Position:
    wrap_up_s, mandatory = _wrap_up(await ctx.load(Task, cmd.task_id), ctx)
    return await ctx.change(
        Task,
        cmd.task_id,
        lambda task: task.begin_wrap_up(ctx.now, wrap_up_s, cmd.ends_as, needs_codes=mandatory),
    )


@handles(ApplyWrapUp)
async def apply_wrap_up(cmd: ApplyWrapUp, ctx: Context) -> Position:
    for code in cmd.codes:
        ctx.catalog.check_reason(ReasonKind.WRAP_UP, code, "codes")
    queue_id = (await ctx.load(Task, cmd.task_id)).queue_id
    if queue_id and (form := ctx.catalog.form_of(queue_id)):
        form.check_choice(cmd.codes, "codes")
    return await ctx.change(Task, cmd.task_id, lambda task: task.apply_wrap_up(cmd.agent_id, cmd.codes, cmd.note))


@handles(FinishWrapUp)
async def finish_wrap_up(cmd: FinishWrapUp, ctx: Context) -> Position:
    return await ctx.change(Task, cmd.task_id, lambda task: task.finish_wrap_up(cmd.agent_id))


@handles(ExpireWrapUp)
async def expire_wrap_up(cmd: ExpireWrapUp, ctx: Context) -> Position:
    return await ctx.change(Task, cmd.task_id, lambda task: task.expire_wrap_up())


def _wrap_up(task: Task, ctx: Context) -> tuple[int | None, bool]:
    """As the queue or the list says that the task came from: how long, none for no wrap-up; and is it mandatory?"""
    source: Queue | RoutingList | None = None
    if task.queue_id is not None:
        source = ctx.catalog.queues.get(task.queue_id)
    elif task.pulled is not None:
        source = ctx.catalog.lists.get(task.pulled.list_id)
    if source is None or not source.wrap_up_enabled:
        return None, False
    return source.wrap_up_s, source.wrap_up_mandatory
