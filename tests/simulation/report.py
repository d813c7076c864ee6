"""What is to be told of a simulated day: how much happened, what was wrong, and how to play it again."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from domain.kernel import Recorded

LAST_FACTS = 30
STREAMS_SHOWN_MAX = 6


@dataclass
class Report:
    seed: int
    wanted: int
    events: int = 0
    days: float = 0.0
    digest: str = ""
    faults: list[str] = field(default_factory=list)
    last_facts: list[str] = field(default_factory=list)
    happened: dict[str, int] = field(default_factory=dict)

    def closes(self, history: list[Recorded[Any]]) -> None:
        self.events, self.digest = len(history), digest(history)
        if self.faults:
            names = _streams_of(" ".join(self.faults[:3]), history)[-STREAMS_SHOWN_MAX:]
            facts = [it for it in history if it.stream in names] or history
            self.last_facts = [line(recorded) for recorded in facts[-LAST_FACTS:]]

    def __str__(self) -> str:
        if not self.faults:
            return (
                f"seed {self.seed}: {self.events} events over {self.days:.1f} days, {self.happened}, {self.digest[:12]}"
            )
        lines = [f"seed {self.seed} fails after {self.events} events:", *self.faults[:5], "", *self.last_facts, ""]
        return "\n".join([*lines, f"make sim SEED={self.seed} EVENTS={self.wanted}"])


def digest(history: list[Recorded[Any]]) -> str:
    """The same for the same log, byte for byte; sets are written in order, for they have none."""
    encode = msgspec.json.Encoder(order="deterministic").encode
    sum_ = sha256()
    for it in history:
        sum_.update(encode([it.position, it.stream, it.version, it.at, it.cause, it.fact.stored_as, it.fact]))
    return sum_.hexdigest()


def line(recorded: Recorded[Any]) -> str:
    return f"{recorded.position:>6} {recorded.at:%H:%M:%S.%f} {recorded.stream} [{recorded.version}] {recorded.fact}"


def _streams_of(words: str, history: list[Recorded[Any]]) -> list[str]:
    """The streams that a sentence speaks of."""
    names = dict.fromkeys(recorded.stream for recorded in history)
    return [name for name in names if name.partition("-")[2] in words]
