"""An administrator sets things up. Settings are checked against everything that they point at before they are kept."""

from dataclasses import dataclass

from commands.bus import Command, Context, handles
from domain.configuration.catalog import InUse
from domain.configuration.desk_policy import THE_POLICY, DeskPolicy
from domain.configuration.entity import ENTITY_OF, Entity
from domain.configuration.settings import Queue, Settings
from domain.ids import QueueId
from domain.kernel import Invalid, Position

ID_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True)
class Configure(Command):
    """Set an entity as a whole, new or not: which kind it is, the settings say."""

    entity_id: str
    settings: Settings
    checked_as_a_whole: bool = False
    """Part of a set that fits together, while it may not fit what is in force before all of it is set."""


@dataclass(frozen=True, slots=True)
class Retire(Command):
    kind: type[Settings]
    entity_id: str


def check_id(entity_id: str, settings: Settings) -> None:
    if isinstance(settings, DeskPolicy) and entity_id != THE_POLICY:
        raise Invalid(f"There is one desk policy, and its id is {THE_POLICY!r}.", "id")
    if not entity_id.strip() or len(entity_id) > ID_LENGTH_MAX:
        raise Invalid(f"An id has 1 to {ID_LENGTH_MAX} characters.", "id")


@handles(Configure)
async def configure(cmd: Configure, ctx: Context) -> Position:
    check_id(cmd.entity_id, cmd.settings)
    cmd.settings.check()
    if not cmd.checked_as_a_whole:
        ctx.catalog.check_change(cmd.entity_id, cmd.settings)
    entity, configured = ENTITY_OF[type(cmd.settings)]
    fact = configured(cmd.settings)  # type: ignore[arg-type]  # the table pairs settings with their own fact
    position = await ctx.change(entity, cmd.entity_id, lambda it: it.configure(fact))
    await ctx.effective(position)
    return position


@handles(Retire)
async def retire(cmd: Retire, ctx: Context) -> Position:
    entity: type[Entity] = ENTITY_OF[cmd.kind][0]
    ctx.catalog.check_unused(entity.category, cmd.entity_id)
    if cmd.kind is Queue and (waiting := ctx.waiting(QueueId(cmd.entity_id))):  # routing 63
        raise InUse(f"Requests wait in it ({waiting}): drain it instead.", "id")
    position = await ctx.change(entity, cmd.entity_id, lambda it: it.retire())
    await ctx.effective(position)
    return position
