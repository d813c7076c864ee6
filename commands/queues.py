"""A queue is emptied: at once by a supervisor, or by and by until it is gone."""

from dataclasses import dataclass

from commands.bus import NOTHING, Command, Context, handles
from domain.configuration.entity import QueueEntity
from domain.configuration.facts import QueueConfigured
from domain.configuration.settings import Queue
from domain.ids import QueueId
from domain.kernel import Decision, NotFound, Position, replace
from domain.lines.line import Line


@dataclass(frozen=True, slots=True)
class FlushQueue(Command):
    """Everybody who waits in it is sent away with these words (routing 64)."""

    queue_id: QueueId
    words: str = ""


@dataclass(frozen=True, slots=True)
class DrainQueue(Command):
    """It takes no new requests, and is retired when nobody waits in it any more (routing 63)."""

    queue_id: QueueId


@dataclass(frozen=True, slots=True)
class RetireDrained(Command):
    """Nobody waits in it any more. Whoever set the queue up again meanwhile keeps it."""

    queue_id: QueueId


@handles(FlushQueue)
async def flush_queue(cmd: FlushQueue, ctx: Context) -> Position:
    ctx.catalog.queue(cmd.queue_id)
    return await ctx.change(Line, cmd.queue_id, lambda line: line.flush(cmd.words))


@handles(DrainQueue)
async def drain_queue(cmd: DrainQueue, ctx: Context) -> Position:
    ctx.catalog.check_unused(QueueEntity.category, cmd.queue_id, "queue_id")
    position = await ctx.change(QueueEntity, cmd.queue_id, _drain)
    await ctx.effective(position)
    return position


@handles(RetireDrained)
async def retire_drained(cmd: RetireDrained, ctx: Context) -> Position:
    settings = (await ctx.load(QueueEntity, cmd.queue_id)).settings
    if not isinstance(settings, Queue) or not settings.draining or ctx.waiting(cmd.queue_id):
        return NOTHING
    position = await ctx.change(QueueEntity, cmd.queue_id, _retire_if_draining)
    await ctx.effective(position)
    return position


def _drain(entity: QueueEntity) -> Decision:
    if not isinstance(entity.settings, Queue):
        raise NotFound("There is no such queue.", "queue_id")
    yield from entity.configure(QueueConfigured(replace(entity.settings, draining=True)))


def _retire_if_draining(entity: QueueEntity) -> Decision:
    if isinstance(entity.settings, Queue) and entity.settings.draining:
        yield from entity.retire()
