"""How is a stretch read from the log? Of what lies before it only who works there and how it is configured, and of the last
days the work that may not have been over; of the rest what concerns requests and agents, until everything has ended.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.agents.facts import AgentFact
from domain.configuration.facts import ConfigurationFact
from domain.kernel import BEGINNING, FACTS, UPGRADES, Fact, Position
from domain.tasks.facts import TaskFact
from infra.eventlog.port import EventLog
from infra.what_if.past import Reading
from infra.what_if.people import SLOTS

LOOK_BACK = timedelta(days=7)
"""Whatever waited or was talked about for longer when the stretch began is not known there."""

Progress = Callable[[float], None]
"""Told how much of the way is done, from 0 to 1."""


def stored_names(*kinds: type[Fact]) -> frozenset[str]:
    """Those of today, and of the shapes that they had before."""
    names = {name for name, kind in FACTS.items() if issubclass(kind, kinds)}
    while older := {old for old, (new, _) in UPGRADES.items() if new in names} - names:
        names |= older
    return frozenset(names)


EVERYTHING = stored_names(*AgentFact.__args__, *ConfigurationFact.__args__, *TaskFact.__args__)
STANDING = EVERYTHING - stored_names(*SLOTS, *TaskFact.__args__)
"""Who is there, what they can do, and how it is configured."""


async def read(log: EventLog, reading: Reading, progress: Progress = lambda _: None, page: int = 50_000) -> None:
    """Feeds the reading until it is complete, or to the end of the log as it is now."""
    head = await log.head()
    recent = await position_before(log, reading.begins - LOOK_BACK, head)
    reading.forgets = recent > BEGINNING
    position = BEGINNING
    while position < head and not reading.complete:
        kinds, until = (STANDING, recent) if position < recent else (EVERYTHING, head)
        found, skimmed = await log.skim(kinds, position, min(page, until - position))
        position = min(skimmed, until)  # positions may be further apart than one
        for recorded in found:
            if recorded.position <= until:
                reading.feed(recorded)
        progress(position / head)


async def position_before(log: EventLog, moment: datetime, head: Position) -> Position:
    """Of the last fact that is older, by halves: facts lie in the order of time, but for what clocks differ."""
    low, high = int(BEGINNING), int(head)
    while low < high:
        middle = (low + high) // 2
        page = await log.read_all(Position(middle), 1)
        if page and page[0].at < moment:
            low = page[0].position
        else:
            high = middle
    return Position(low)
