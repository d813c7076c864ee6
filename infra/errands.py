"""What is done once, and then over? The demo world, the configuration as a file, a read model folded anew: the command line asks."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from domain.ids import AgentId
from infra.configuration_change import Change, changes, check, warnings
from infra.configuration_file import configured, parse, write
from infra.main import PROJECTIONS, Parley, Say, new_id, running
from infra.seed import tell
from infra.serving import CannotStart, set_up_logs
from infra.settings import Settings

PROJECTOR_PATIENCE_S = 3.0


async def seed(settings: Settings, say: Say) -> None:
    set_up_logs(settings.log_level)
    async with running(settings, say) as parley:
        await tell(parley.centre, parley.users, say)


async def export_configuration(settings: Settings, say: Say) -> str:
    """Everything that is configured, as a file."""
    async with running(settings, say) as parley:
        return write(configured(parley.centre.catalog, parley.centre.router.agents))


async def import_configuration(
    settings: Settings,
    text: str,
    agreed: Callable[[Sequence[Change]], Awaitable[bool]],
    say: Say,
    *,
    prune: bool = False,
) -> None:
    """Carry out a configuration file, if `agreed` to its changes. Nothing is done when anything in it is wrong.

    Raises `BadConfiguration` with every fault that was found.
    """
    wanted = parse(text)
    async with running(settings, lambda _: None) as parley:
        centre = parley.centre
        people = await _people(parley, wanted.agents)
        check(wanted, centre.catalog, people, prune=prune)
        now = configured(centre.catalog, centre.router.agents)
        for warning in warnings(wanted, now):
            say(warning)
        todo = changes(now, wanted, people, prune=prune)
        if not await agreed(todo):
            return
        for change in todo:
            for command in change.commands:
                await centre.commands.send(command, new_id(), "configuration file")


async def _people(parley: Parley, usernames: Iterable[str]) -> dict[str, AgentId]:
    """Whom these usernames mean: agents, and people who can sign in here."""
    people = {agent.username: id_ for id_, agent in parley.centre.router.agents.items() if agent.username}
    for username in usernames:
        if username not in people and (user := await parley.users.by_username(username)):
            people[username] = AgentId(user.subject)
    return people


async def rebuild(settings: Settings, view: str, say: Say) -> None:
    """Fold one read model anew, or all of them."""
    set_up_logs(settings.log_level)
    names = [make().name for make in PROJECTIONS]
    if view not in (*names, "all"):
        raise CannotStart(f"There is no read model {view!r}; there are {', '.join(names)}, and all.")
    async with running(settings, say) as parley, _projecting(parley):
        for name in names if view == "all" else [view]:
            began = time.monotonic()
            await parley.projector.rebuild(name, partial(_say_progress, say, name))
            say(f"{name}: rebuilt in {time.monotonic() - began:.1f} s")


def _say_progress(say: Say, view: str, done: int, of: int) -> None:
    say(f"{view}: {done:,} of {of:,}")


@asynccontextmanager
async def _projecting(parley: Parley) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PROJECTOR_PATIENCE_S):
            await parley.projector.start()
    except TimeoutError:
        raise CannotStart(
            "A running server keeps the read models: stop it, then rebuild; it starts again at once."
        ) from None
    yield  # `running` stops the projector
