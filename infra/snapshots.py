"""How is a model of many facts warm again in no time? What was folded is kept now and then, and only the rest is read.

Kept is what the log itself has told, never what was merely decided. A snapshot that was made by other code, or that does
not fit the log, is passed over: it saves time, and is nowhere the truth (docs/adr/0017).
"""

import ast
import asyncio
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, Generic

import msgspec
import structlog

from domain.agents.agent import Agent
from domain.kernel import M, Model, Position
from infra.checkpoints import Checkpoints
from infra.eventlog.port import Unavailable

KEPT: tuple[type[Model], ...] = (Agent,)
"""Whose streams have no end. A conversation, a task, a session is over some day; an agent works for years."""
EVERY = 500
"""Facts after which a model is kept again: what is left to read takes a few milliseconds."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[M]):
    """A model as it was after the fact of that version, which stands at that position of the log."""

    model: M
    version: int
    position: Position


class Snapshots:
    def __init__(self, kept: Checkpoints, models: tuple[type[Model], ...] = KEPT, every: int = EVERY) -> None:
        self._kept, self._models, self.every = kept, models, every
        self._keeping: set[asyncio.Task[None]] = set()

    def has(self, model: type[Model]) -> bool:
        return model in self._models

    async def load(self, model: type[M], stream: str) -> Snapshot[M] | None:
        """Raises `Unavailable`."""
        position, state = await self._kept.load(_name(stream), shape_of(model))
        if not state:
            return None
        version, known = msgspec.json.decode(state, type=tuple[int, model])  # type: ignore[valid-type]
        return Snapshot(known, version, position)

    def keep(self, stream: str, snapshot: Snapshot[Any]) -> None:
        """Some time soon, and without a word if it cannot be done now."""
        state = msgspec.json.encode((snapshot.version, snapshot.model))
        task = asyncio.create_task(self._save(stream, snapshot.position, shape_of(type(snapshot.model)), state))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    async def settled(self) -> None:
        """Returns when what was to be kept is kept."""
        while self._keeping:
            await asyncio.wait(self._keeping)

    async def _save(self, stream: str, position: Position, shape: int, state: bytes) -> None:
        try:
            await self._kept.save(_name(stream), position, shape, state)
        except Unavailable as error:
            log.info("snapshot not stored", stream=stream, error=str(error))


def _name(stream: str) -> str:
    return f"model {stream}"


def shape_of(model: type[Model]) -> int:
    """A number of the code that makes this model of facts: its module's, and of all in the domain that it imports."""
    return _shape_of(model.__module__)


@cache
def _shape_of(module: str) -> int:
    sources: dict[str, str] = {}
    todo = [module]
    while todo:
        name = todo.pop()
        if name not in sources and name in sys.modules and name != "domain":
            sources[name] = inspect.getsource(sys.modules[name])
            todo += _domain_imports(sources[name])
    text = "\0".join(f"{name}\0{sources[name]}" for name in sorted(sources))
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big") >> 1


def _domain_imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "domain":
            yield str(node.module)
            yield from (f"{node.module}.{it.name}" for it in node.names)
