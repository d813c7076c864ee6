"""How far are the read models, whichever process writes them? Ours knows at once; of another's the database is asked.

One process projects at a time. The others stand by, and serve readers all the same: they look up the stored positions,
the more often the more recently somebody waited.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from domain.kernel import BEGINNING, Position
from infra.eventlog.port import Unavailable
from infra.projector import Projector

LOOK_FIRST_S, LOOK_MAX_S = 0.005, 0.050
IDLE_S = 0.5
_STORED = "SELECT name, position FROM public.checkpoints"

log = structlog.get_logger(__name__)


class Views:
    """`api.feeds.Positions`: of our projector while it writes, else as stored. `run()` looks for those who wait."""

    def __init__(self, projector: Projector, pool: AsyncConnectionPool[Any]) -> None:
        self._projector, self._pool = projector, pool
        self._stored: dict[str, Position] = dict.fromkeys(projector.names, BEGINNING)
        self._wanted = asyncio.Event()
        self._looked = asyncio.Event()  # a new one after each look
        self._waiting = 0

    @property
    def positions(self) -> Mapping[str, Position]:
        return self._projector.positions if self._projector.is_writing else self._stored

    async def wait_for(self, position: Position, *names: str) -> None:
        """Returns when these (or all) show everything up to a position. For as long as it takes, whoever writes."""
        if self._projector.is_writing:
            try:
                await self._projector.wait_for(position, *names)
            except Unavailable:
                pass  # it writes no more: another one goes on
            else:
                return
        await self._stored_until(position, names or self._projector.names)

    async def exist(self) -> None:
        """Returns when each read model was begun by somebody, so that it can be read."""
        known: Collection[str] = ()
        while not known or not set(self._projector.names) <= set(known):
            known = await self._look()
            await asyncio.sleep(LOOK_MAX_S)

    async def run(self) -> None:
        """Until cancelled: look as often as somebody needs."""
        pause = LOOK_FIRST_S
        while True:
            if self._waiting or not self._projector.is_writing:
                before = dict(self._stored)
                await self._look()
                pause = LOOK_FIRST_S if before != self._stored else pause
            if self._waiting:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LOOK_MAX_S)
            elif await self._asked_within(IDLE_S):
                pause = LOOK_FIRST_S

    async def _stored_until(self, position: Position, names: Collection[str]) -> None:
        self._waiting += 1
        self._wanted.set()
        try:
            while min(self.positions[name] for name in names) < position:
                await self._looked.wait()
        finally:
            self._waiting -= 1

    async def _asked_within(self, seconds: float) -> bool:
        self._wanted.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            return False
        return True

    async def _look(self) -> Collection[str]:
        """The names of what is stored."""
        found: dict[str, Position] = {}
        try:
            async with self._pool.connection() as connection:
                rows = await (await connection.execute(_STORED)).fetchall()
                found = {row[0]: Position(row[1]) for row in rows}
        except psycopg.errors.UndefinedTable:
            pass  # nobody has begun
        except (psycopg.Error, PoolTimeout) as error:
            log.info("read models are away", error=repr(error))
        self._stored |= {name: found[name] for name in self._stored.keys() & found.keys()}
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()
        return found.keys()
