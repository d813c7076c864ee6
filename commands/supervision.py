"""Supervisors listen to a talk, whisper to its agents, and take part (routing 47). They need not be agents."""

from dataclasses import dataclass

from commands.attendance import AdmitAgent
from commands.bus import Command, Context, handles
from domain.conversations.conversation import Conversation
from domain.conversations.standing import TooManyAgents
from domain.ids import AgentId, ConversationId, TaskId
from domain.kernel import NotFound, Position, derived_id
from domain.tasks.facts import MonitoringStarted, TaskCloseReason, TaskCreated, TaskDirection, TaskMode
from domain.tasks.task import Task


@dataclass(frozen=True, slots=True)
class MonitorConversation(Command):
    conversation_id: ConversationId
    supervisor_id: AgentId
    name: str


@dataclass(frozen=True, slots=True)
class Whisper(Command):
    conversation_id: ConversationId
    supervisor_id: AgentId


@dataclass(frozen=True, slots=True)
class BargeIn(Command):
    conversation_id: ConversationId
    supervisor_id: AgentId


@handles(MonitorConversation)
async def monitor_conversation(cmd: MonitorConversation, ctx: Context) -> Position:
    """A task of their own, without a slot; who came first is decided by the conversation."""
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    if conversation.customer_id is None:
        raise NotFound("There is no such conversation.", "conversation_id")
    task_id = TaskId(derived_id("monitor", cmd.conversation_id, cmd.supervisor_id, ctx.cause.command_id))
    if (await ctx.load(Task, task_id)).created is None:
        conversation.check_may_monitor(cmd.supervisor_id)
    created = TaskCreated(cmd.conversation_id, conversation.customer_id, TaskDirection.SILENT_MONITOR, TaskMode.AGENT)
    started = MonitoringStarted(cmd.supervisor_id, cmd.name, cmd.conversation_id)
    await ctx.changed(Task, task_id, lambda task: task.monitor(created, started), newborn=True)
    position = await ctx.then(AdmitAgent(cmd.conversation_id, cmd.supervisor_id, task_id))
    if (await ctx.load(Task, task_id)).closed is TaskCloseReason.CANCELLED:  # another was in first, or nobody talks now
        (await ctx.load(Conversation, cmd.conversation_id)).check_may_monitor(cmd.supervisor_id)
        raise TooManyAgents("Another supervisor was first.")
    return position


@handles(Whisper)
async def whisper(cmd: Whisper, ctx: Context) -> Position:
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.whisper(cmd.supervisor_id))


@handles(BargeIn)
async def barge_in(cmd: BargeIn, ctx: Context) -> Position:
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.barge_in(cmd.supervisor_id))
