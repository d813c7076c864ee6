"""One of several processes that share a log: writes, competes, follows, and says what it saw. Run by `test_postgres.py`."""

import asyncio
import json
import sys

import uvloop

from infra.eventlog.postgres import PostgresLog
from tests.infra.eventlog.notes import the_next, write_in_competition, write_in_turn

WRITERS, FACTS_EACH = 20, 40
COMPETITORS, CONTESTED_EACH = 5, 10
FACTS_PER_PROCESS = WRITERS * FACTS_EACH + COMPETITORS * CONTESTED_EACH


async def main(url: str, name: str, processes: int) -> None:
    async with PostgresLog(url) as log:
        readers = [
            asyncio.create_task(the_next(log.subscribe(), FACTS_PER_PROCESS * processes, pause_s))
            for pause_s in (0, 0.001)
        ]
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await asyncio.gather(
            *(write_in_turn(log, f"task-{name}-{n}", FACTS_EACH) for n in range(WRITERS)),
            *(write_in_competition(log, "task-contested", CONTESTED_EACH) for _ in range(COMPETITORS)),
        )
        seen = [[(event.position, event.stream, event.version) for event in await reader] for reader in readers]
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
