"""Supervisors who take part in talks come and go with their connections, as agents do with their desks (routing 38, 39)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from commands.bus import NOTHING, Command, Context, handles
from commands.tasks import TakeTaskAway
from domain.ids import AgentId, ConversationId, TaskId
from domain.kernel import Position
from domain.supervisors.supervisor import Supervisor
from domain.tasks.facts import TaskCloseReason
from domain.tasks.task import Task


@dataclass(frozen=True, slots=True)
class NoteSupervision(Command):
    """From now on somebody has to be there for this task."""

    supervisor_id: AgentId
    task_id: TaskId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class EndSupervision(Command):
    """Nothing for a task that is none of a supervisor."""

    supervisor_id: AgentId
    task_id: TaskId


@dataclass(frozen=True, slots=True)
class ConnectSupervisor(Command):
    """`connection_id`: drawn by whoever holds the connection, and never used again."""

    supervisor_id: AgentId
    connection_id: str


@dataclass(frozen=True, slots=True)
class DisconnectSupervisor(Command):
    supervisor_id: AgentId
    connection_id: str


@dataclass(frozen=True, slots=True)
class ExpireSupervisor(Command):
    """They did not come back, and had until `due`."""

    supervisor_id: AgentId
    due: datetime


@handles(NoteSupervision)
async def note_supervision(cmd: NoteSupervision, ctx: Context) -> Position:
    if (await ctx.load(Task, cmd.task_id)).closed is not None:
        return NOTHING
    return await ctx.change(Supervisor, cmd.supervisor_id, lambda it: it.begin(cmd.task_id, cmd.conversation_id))


@handles(EndSupervision)
async def end_supervision(cmd: EndSupervision, ctx: Context) -> Position:
    return await ctx.change(Supervisor, cmd.supervisor_id, lambda it: it.end(cmd.task_id))


@handles(ConnectSupervisor)
async def connect_supervisor(cmd: ConnectSupervisor, ctx: Context) -> Position:
    return await ctx.change(Supervisor, cmd.supervisor_id, lambda it: it.connect(cmd.connection_id))


@handles(DisconnectSupervisor)
async def disconnect_supervisor(cmd: DisconnectSupervisor, ctx: Context) -> Position:
    due = ctx.now + timedelta(seconds=ctx.catalog.desks.disconnect_grace_s)
    return await ctx.change(Supervisor, cmd.supervisor_id, lambda it: it.disconnect(cmd.connection_id, due))


@handles(ExpireSupervisor)
async def expire_supervisor(cmd: ExpireSupervisor, ctx: Context) -> Position:
    """As an agent who stays away: the customer with whom nobody else talks goes to others (routing 38)."""
    position, supervisor = NOTHING, await ctx.load(Supervisor, cmd.supervisor_id)
    if supervisor.lost_until != cmd.due:  # they are back (routing 42)
        return NOTHING
    for task_id in supervisor.talks:
        position = await ctx.then(TakeTaskAway(task_id, TaskCloseReason.AGENT_LOGOUT))
    return position
