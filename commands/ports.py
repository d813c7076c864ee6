"""What do commands need from outside? A store to change models in, and the time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol

from domain.kernel import Cause, Decision, Fact, M, Position


class Conflict(Exception):
    """Somebody else wrote to this stream first: load, decide and append again."""


class Unavailable(Exception):
    """The store cannot be reached or cannot take writes now; nothing is known to be lost. Try again later."""


@dataclass(frozen=True, slots=True)
class Change(Generic[M]):
    """What a decision led to: the model afterwards, the new facts (none when there was nothing left to do), and the
    position of the stream's newest fact.
    """

    model: M
    facts: tuple[Fact, ...]
    position: Position


class Store(Protocol):
    async def load(self, model: type[M], subject: str) -> M:
        """The model as it is now; the empty model for a stream that nobody wrote."""
        ...

    async def change(
        self,
        model: type[M],
        subject: str,
        decide: Callable[[M], Decision],
        cause: Cause,
        at: datetime,
        *,
        newborn: bool = False,
    ) -> Change[M]:
        """Load, decide, append; decide again when somebody else wrote first. A cause that the stream has seen decides
        nothing. `newborn`: the stream is probably empty, so decide on the empty model before reading it; a wrong guess
        costs time and nothing else. Raises what `decide` raises, and `Unavailable`.
        """
        ...


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Now, in UTC."""
        ...
