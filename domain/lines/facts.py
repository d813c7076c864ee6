"""What happens to everybody who waits in a queue, all at once (routing 64)."""

from dataclasses import dataclass

from domain.kernel import Fact


@dataclass(frozen=True, slots=True)
class LineFlushed(Fact, stored_as="line.flushed"):
    """Nobody who waited up to here waits on. `words`: what they are told."""

    words: str


LineFact = LineFlushed
