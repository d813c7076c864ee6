"""Does everybody who wants to read get a connection, whoever gives up or fails meanwhile?"""

import asyncio

import pytest

from infra.eventlog.readers import Readers

pytestmark = pytest.mark.anyio


class Line:
    """As much of a connection as is asked for."""

    closed = False

    async def close(self) -> None:
        self.closed = True


class Exchange:
    def __init__(self) -> None:
        self.made: list[Line] = []
        self.is_down = False

    async def connect(self) -> Line:
        await asyncio.sleep(0)
        if self.is_down:
            raise OSError
        self.made.append(Line())
        return self.made[-1]


async def read(readers: Readers, turns: int = 3) -> Line:
    async with readers.connection() as connection:
        for _ in range(turns):
            await asyncio.sleep(0)
        return connection


async def test_many_share_a_few() -> None:
    exchange = Exchange()
    readers = Readers(exchange.connect, 3)
    await asyncio.wait_for(asyncio.gather(*(read(readers) for _ in range(100))), 5)
    assert len(exchange.made) == 3


async def test_whoever_gives_up_while_waiting_takes_no_connection_along() -> None:
    exchange = Exchange()
    readers = Readers(exchange.connect, 1)
    first = asyncio.create_task(read(readers, 10))
    for turns in range(25):
        impatient = asyncio.create_task(read(readers))
        for _ in range(turns):
            await asyncio.sleep(0)
        impatient.cancel()
    await asyncio.wait_for(read(readers), 5)
    await asyncio.wait_for(first, 5)
    assert len(exchange.made) == 1


async def test_a_lost_connection_makes_room_for_a_new_one_and_a_failure_for_the_next_try() -> None:
    exchange = Exchange()
    readers = Readers(exchange.connect, 1)
    (await read(readers)).closed = True
    async with readers.connection() as connection:
        assert connection.closed  # it lay idle, so nobody knew
    exchange.is_down = True
    waiting = [asyncio.create_task(read(readers)) for _ in range(3)]
    assert [type(it) for it in await asyncio.gather(*waiting, return_exceptions=True)] == [OSError] * 3
    exchange.is_down = False
    assert not (await asyncio.wait_for(read(readers), 5)).closed
    await readers.close()
    assert all(line.closed for line in exchange.made)
