"""A process of its own with a whole centre, to be killed at will.

    python -m tests.infra.one_centre <postgres url>

It says `ready` when it leads. Each line that it reads is `<number> <customer>`: a message with that number; it answers
`<number>` when the message is accepted, and ends with its input.
"""

import asyncio
import sys
from uuid import NAMESPACE_URL, uuid5

import structlog
from psycopg_pool import AsyncConnectionPool

from commands.configuration import Configure
from commands.inbound import ReceiveMessage
from domain.configuration.settings import ChannelMode, MediaRoutingDomain, RonaAction
from infra import folds
from infra.centre import Centre
from infra.checkpoints import PostgresCheckpoints
from infra.eventlog.postgres import PostgresLog
from infra.lease import lease
from tests.e2e.world import World

folds.SNAPSHOT_EVERY = 50
OFFER_S, TTL_S = 1, 5


async def main(url: str) -> None:
    async with (
        PostgresLog(url) as log,
        AsyncConnectionPool(url, min_size=1, max_size=4, open=False, kwargs={"autocommit": True}) as pool,
        lease(url, "engine"),
    ):
        checkpoints = PostgresCheckpoints(pool)
        await checkpoints.prepare()
        world = World(log)
        world.centre = Centre(log, checkpoints, world.clock)
        async with world:
            await open_for_business(world)
            await take_messages(world)


async def open_for_business(world: World) -> None:
    await world.configure(mode=ChannelMode.AGENT, offer_timeout_s=OFFER_S, request_ttl_s=TTL_S)
    await world.send(Configure("chat", MediaRoutingDomain("Chat", max_requests=3, rona_action=RonaAction.NONE)))
    for name in ("ada", "grace", "alan"):
        await world.staff(name)
    print("ready", flush=True)


async def take_messages(world: World) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with asyncio.TaskGroup() as messages:
        while line := (await lines.readline()).decode().strip():
            messages.create_task(take(world, *line.split(maxsplit=1)))


async def take(world: World, number: str, customer: str) -> None:
    command = ReceiveMessage(world.inbound(customer, f"message {number}", number))
    await world.centre.commands.send(command, uuid5(NAMESPACE_URL, number))
    print(number, flush=True)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(sys.argv[1]))
