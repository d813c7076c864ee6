"""What does the front of Parley need behind it? The write side, the live log, and the read models."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol
from uuid import UUID

from commands.bus import Command
from domain.configuration.catalog import Catalog
from domain.kernel import BEGINNING, Position, Recorded

Batch = Sequence[Recorded[Any]]


class SlowReader(Exception):
    """A subscriber took so long that its queue is full: it is ended, never silently skipped (close code 1013)."""


class Sender(Protocol):
    """The write side (`commands.bus.Commands`)."""

    async def send(self, command: Command, command_id: UUID, actor: str = ..., correlation: str = ...) -> Position: ...


class Live(Protocol):
    """The log as it grows, as far as this process has seen it."""

    @property
    def position(self) -> Position:
        """The newest position that followers in this process have been told of."""
        ...

    def stream(self, stream: str, after: Position = BEGINNING) -> AsyncIterator[Batch]:
        """One stream after a position: what is stored, then what comes, without gap or repeat. Raises `SlowReader`."""
        ...

    def topic(self, topic: str, after: Position, belongs: Callable[[Recorded[Any]], bool]) -> AsyncIterator[Batch]:
        """What is announced under a topic after a position; `belongs` finds it in what was announced before."""
        ...

    def history(self, after: Position, upto: Position) -> AsyncIterator[Batch]:
        """The log with `after < position <= upto`, then the end."""
        ...

    def everything(self, after: Position) -> AsyncIterator[Batch]:
        """The whole log after a position, likewise."""
        ...


class Configuration(Protocol):
    def __call__(self) -> Catalog: ...
