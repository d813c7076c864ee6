"""Does the collector leave those in peace who wait, and still find everything?"""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from infra import serving

pytestmark = pytest.mark.anyio


class Ring:
    """Holds itself, so that only the collector can find it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = gc.get_threshold()
    monkeypatch.setattr(serving, "LOOK_EVERY_S", 0.02)
    gc.collect()
    gc.set_threshold(*serving.GARBAGE)
    yield
    gc.set_threshold(*before)


def old_garbage() -> "weakref.ref[Ring]":
    """Something that lived through a few passes, and is then forgotten."""
    ring = Ring()
    for _ in range(serving.SWEEP_AFTER):
        gc.collect(0)
    return weakref.ref(ring)


async def is_found(garbage: "weakref.ref[Ring]") -> bool:
    sweeping = asyncio.create_task(serving.sweeping())
    await asyncio.sleep(0.3)
    sweeping.cancel()
    return garbage() is None


@pytest.mark.usefixtures("calm")
async def test_what_is_older_is_looked_through_when_it_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "QUIET", 1_000.0)
    assert await is_found(old_garbage())


@pytest.mark.usefixtures("calm")
async def test_while_there_is_work_what_is_older_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    garbage = old_garbage()
    monkeypatch.setattr(serving, "QUIET", 0.0)
    assert not await is_found(garbage)


@pytest.mark.usefixtures("calm")
async def test_in_the_end_everything_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "QUIET", 1_000.0)
    ring = Ring()
    gc.collect()
    garbage = weakref.ref(ring)
    del ring
    for _ in range(serving.SWEEP_ALL_AFTER):
        assert garbage() is not None
        gc.collect(1)
    for _ in range(serving.SWEEP_AFTER):
        gc.collect(0)
    assert await is_found(garbage)
