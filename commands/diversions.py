"""What becomes of requests that are not to wait on in their queue, and of their customers (routing 57, 58)."""

from dataclasses import dataclass

from commands.attendance import LoseSession
from commands.bus import NOTHING, Command, Context, handles
from commands.inbound import EndSession
from domain.configuration.diversions import Diversion
from domain.conversations.conversation import Conversation
from domain.conversations.requests import notice_of_end
from domain.ids import ConversationId, MessageId, QueueId, TaskId
from domain.kernel import Position
from domain.sessions.facts import SessionEndReason
from domain.tasks.task import Task

CALLBACK_WISHED = "callbackWishedAt"
"""Where the conversation's data say that somebody is to be called back, and since when."""


@dataclass(frozen=True, slots=True)
class DivertTask(Command):
    task_id: TaskId
    rule: str
    diversion: Diversion
    measured: int = 0
    queue_id: QueueId | None = None
    """Whose rule it is, if not its first queue's (routing 11)."""


@dataclass(frozen=True, slots=True)
class FlushTask(Command):
    """It is sent out of a queue that is emptied; whoever waits in no other one is told so (routing 64)."""

    task_id: TaskId
    queue_id: QueueId
    words: str


@dataclass(frozen=True, slots=True)
class TellCustomer(Command):
    """A notice of Parley itself."""

    conversation_id: ConversationId
    message_id: MessageId
    text: str


@dataclass(frozen=True, slots=True)
class NoteCallback(Command):
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class SendCustomerHome(Command):
    """Nobody will come: they are told so, and their visit ends before a bot greets them again."""

    conversation_id: ConversationId
    task_id: TaskId
    text: str


@handles(DivertTask)
async def divert_task(cmd: DivertTask, ctx: Context) -> Position:
    return await ctx.change(
        Task, cmd.task_id, lambda task: task.divert(cmd.rule, cmd.diversion, cmd.measured, cmd.queue_id)
    )


@handles(FlushTask)
async def flush_task(cmd: FlushTask, ctx: Context) -> Position:
    return await ctx.change(Task, cmd.task_id, lambda task: task.flush(cmd.queue_id, cmd.words))


@handles(TellCustomer)
async def tell_customer(cmd: TellCustomer, ctx: Context) -> Position:
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.notify(cmd.message_id, cmd.text))


@handles(NoteCallback)
async def note_callback(cmd: NoteCallback, ctx: Context) -> Position:
    wish = {CALLBACK_WISHED: ctx.now.isoformat(timespec="seconds")}
    return await ctx.change(Conversation, cmd.conversation_id, lambda it: it.set_data(wish))


@handles(SendCustomerHome)
async def send_customer_home(cmd: SendCustomerHome, ctx: Context) -> Position:
    if (await ctx.load(Conversation, cmd.conversation_id)).talking:  # whoever passes them on is still with them
        return NOTHING
    routing, reason = (await ctx.load(Task, cmd.task_id)).routing, SessionEndReason.FORCE_CLOSED
    notice = notice_of_end(routing.root_request_id if routing else cmd.task_id)
    position = await ctx.then(TellCustomer(cmd.conversation_id, notice, cmd.text))
    for session_id in (await ctx.load(Conversation, cmd.conversation_id)).sessions:
        await ctx.then(EndSession(session_id, reason))
        position = await ctx.then(LoseSession(cmd.conversation_id, session_id, reason))
    return position
