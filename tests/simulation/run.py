"""Play one day, alone.

    report = simulate(seed=7, events=2_000)
    assert report.faults == []

One thread, virtual time, no clock and no chance but the seed's: what failed once fails again in the same way.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Any

import structlog

import commands.routing
import infra.folds
from domain.routing.engine import Engine
from tests.simulation.day import Day, FaultFound
from tests.simulation.loop import SimulatedLoop
from tests.simulation.process import Process
from tests.simulation.report import Report

SNAPSHOT_EVERY = 150
"""Facts after which a process stores its folds: far fewer than in production, for a crash is never far."""


def simulate(seed: int, events: int) -> Report:
    """One day, and what was wrong with it."""
    chance = Random(f"order {seed}")
    loop = SimulatedLoop(f"loop {seed}", chance.choice([0.0, 0.1, 1.0]))
    loop.started = Process.note
    with _alone(loop) as errors:
        day = Day(seed, events, loop)
        commands.routing.Engine = day.opinion.engine  # type: ignore[misc, assignment]
        with suppress(FaultFound):
            loop.run_until_complete(day.goes_by())
        day.report.faults += errors
        day.report.days = loop.time() / 86_400
        day.report.closes(day.disk.history)
    return day.report


@contextmanager
def _alone(loop: SimulatedLoop) -> Iterator[list[str]]:
    """The loop of this thread, snapshots that come often, and every error that is logged is a fault."""
    errors: list[str] = []

    def keep(_logger: object, method: str, event: dict[str, Any]) -> dict[str, Any]:
        if method in ("error", "exception", "critical"):
            errors.append(f"logged as {method}: {event}")
        raise structlog.DropEvent

    before, every, collects = structlog.get_config(), infra.folds.SNAPSHOT_EVERY, gc.isenabled()
    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    infra.folds.SNAPSHOT_EVERY = SNAPSHOT_EVERY
    gc.disable()
    try:
        yield errors
    finally:
        gc.collect()
        loop.close()
        infra.folds.SNAPSHOT_EVERY = every
        commands.routing.Engine = Engine  # type: ignore[misc]
        structlog.configure(**before)
        if collects:
            gc.enable()
