"""What was done to everybody who waits in a queue? The stream that keeps it; who that is, the routing engine knows."""

from dataclasses import dataclass
from typing import ClassVar, Self, assert_never

from domain.configuration.queues import MESSAGE_MAX
from domain.kernel import Decision, Invalid, WrongState, replace
from domain.lines.facts import LineFact, LineFlushed


class QueueDraining(WrongState):
    """It takes no new requests (routing 63)."""

    code = "QUEUE_DRAINING"


@dataclass(frozen=True, slots=True)
class Line:
    category: ClassVar[str] = "line"

    flushed: int = 0

    def flush(self, words: str) -> Decision:
        if len(words) > MESSAGE_MAX:
            raise Invalid(f"A message has at most {MESSAGE_MAX} characters.", "message")
        yield LineFlushed(words)

    def evolve(self, fact: LineFact) -> Self:
        match fact:
            case LineFlushed():
                return replace(self, flushed=self.flushed + 1)
            case _:
                assert_never(fact)
