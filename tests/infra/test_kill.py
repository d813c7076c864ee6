"""What is left of a centre that is killed at any moment? Everything that it said yes to, once."""

import asyncio
import sys
from collections import Counter
from contextlib import suppress
from random import Random

import pytest

from domain.conversations.facts import MessagePosted
from domain.tasks.facts import TaskClosed, TaskCloseReason, TaskReserved
from infra.eventlog.postgres import PostgresLog
from infra.log_tools import verify
from tests.infra.eventlog.notes import everything
from tests.simulation.checker import Checker

pytestmark = pytest.mark.anyio
KILLS, CUSTOMERS = 5, 40


class Customers:
    """They write without a pause, and again whenever nobody said that their message was accepted."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.random = Random(11)
        self.sent: dict[str, str] = {}
        self.accepted: set[str] = set()

    async def live(self, seconds: float | None) -> None:
        """One life of a process: killed after a while of work; without a time it ends when all is accepted."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.infra.one_centre", self.url,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert (await process.stdout.readline()).strip() == b"ready"
            listening = asyncio.create_task(self._listen(process.stdout))
            for number in self.sent.keys() - self.accepted:
                self._write(process.stdin, number)
            if seconds is not None:
                await self._write_without_a_pause(process.stdin, seconds)
                process.kill()
            else:
                await self._until_nothing_is_open(process.stdin)
                process.stdin.close()
            await process.wait()
            await listening
        finally:
            with suppress(ProcessLookupError):
                process.kill()

    async def _write_without_a_pause(self, stdin: asyncio.StreamWriter, seconds: float) -> None:
        ends = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < ends:
            number = str(len(self.sent))
            self.sent[number] = f"customer {self.random.randrange(CUSTOMERS)}"
            self._write(stdin, number)
            await asyncio.sleep(0.003)

    def _write(self, stdin: asyncio.StreamWriter, number: str) -> None:
        stdin.write(f"{number} {self.sent[number]}\n".encode())

    async def _listen(self, stdout: asyncio.StreamReader) -> None:
        while line := await stdout.readline():
            if line.endswith(b"\n"):
                self.accepted.add(line.decode().strip())

    async def _until_nothing_is_open(self, stdin: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(60), PostgresLog(self.url) as log:
            while True:
                checker = Checker().feed_all(await everything(log))
                if not checker.unfinished() and self.accepted == set(self.sent):
                    return
                await asyncio.sleep(0.2)


async def test_a_killed_centre_loses_nothing_and_doubles_nothing(postgres_url: str) -> None:
    customers = Customers(postgres_url)
    async with PostgresLog(postgres_url) as log:
        for _ in range(KILLS):
            await customers.live(0.2 + customers.random.random() * 0.6)
            posted = Counter(words(await everything(log)))
            assert {f"message {number}" for number in customers.accepted} <= set(posted)
            assert set(posted.values()) <= {1}
        await customers.live(None)
        history = await everything(log)
        assert Counter(words(history)) == {f"message {number}": 1 for number in customers.sent}
        assert len(customers.sent) > 100
        assert Checker().feed_all(history).faults == []
        ends = Counter(recorded.fact.reason for recorded in history if isinstance(recorded.fact, TaskClosed))
        assert ends[TaskCloseReason.RONA], "offers rang out"
        assert ends[TaskCloseReason.NO_AGENT_AVAILABLE], "requests waited too long"
        assert any(isinstance(recorded.fact, TaskReserved) for recorded in history)
        assert (await verify(log, lambda _: None)).faults == []


def words(history: list) -> list[str]:
    return [recorded.fact.body.text for recorded in history if isinstance(recorded.fact, MessagePosted)]
