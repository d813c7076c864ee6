"""What do customers and agents say? Recorded dialogues, from any folder of `*.jsonl`, or the project's own small set.

A line is a dialogue: `{"id", "turns": [{"from": "customer" | "agent", "text"}…]}`. Turns from others (`action`) are left out.
Turns without `from` are a customer's alone, and each is answered with a short acknowledgement.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

SAMPLES = Path(__file__).parent.parent / "samples"
TEXT_MAX = 16_384
ACKNOWLEDGED = ("Thank you, I have noted that.", "Got it.", "One moment, please.", "I see.", "Sure 👍", "Understood.")


@dataclass(frozen=True, slots=True)
class Turn:
    """`json` is the text as it goes over the wire."""

    by_customer: bool
    text: str
    json: bytes


Dialogue = tuple[Turn, ...]


def dialogues(folder: Path | None) -> list[Dialogue]:
    """Every dialogue below `folder` (or in that one file) that has at least one customer's turn. Raises `ValueError`."""
    where = folder or SAMPLES
    files = [where] if where.is_file() else sorted(where.glob("*.jsonl"))
    found = [dialogue for file in files for dialogue in _read(file)]
    if not found:
        raise ValueError(f"There are no dialogues in {where}.")
    return found


def shuffled(all_of_them: Sequence[Dialogue], seed: int) -> Iterator[Dialogue]:
    """Without end, in another order each time round."""
    chance, order = random.Random(seed), list(all_of_them)
    while True:
        chance.shuffle(order)
        yield from order


def turn(by_customer: bool, text: str) -> Turn:
    return Turn(by_customer, text, orjson.dumps(text))


def _read(file: Path) -> Iterator[Dialogue]:
    acknowledgements = itertools.cycle(ACKNOWLEDGED)
    for line in file.read_bytes().splitlines():
        told = orjson.loads(line)
        if isinstance(told, dict) and isinstance(told.get("turns"), list):
            dialogue = tuple(_turns(told["turns"], acknowledgements))
            if any(said.by_customer for said in dialogue):
                yield dialogue


def _turns(told: list[dict[str, Any]], acknowledgements: Iterator[str]) -> Iterator[Turn]:
    for said in told:
        text, who = str(said.get("text", "")).strip()[:TEXT_MAX], said.get("from", "only the customer")
        if not text or who == "action":
            continue
        yield turn(who != "agent", text)
        if who == "only the customer":
            yield turn(False, next(acknowledgements))


@dataclass(slots=True)
class Script:
    """One conversation to be played: each side's turns, and how many of the other side's each one waits for."""

    customer: list[tuple[Turn, int]] = field(default_factory=list)
    agent: list[tuple[Turn, int]] = field(default_factory=list)

    def append(self, dialogue: Dialogue, *, one_way: bool = False) -> None:
        """Another dialogue behind what is there. `one_way`: only what the customer says."""
        for said in dialogue:
            if said.by_customer:
                self.customer.append((said, len(self.agent)))
            elif not one_way:
                self.agent.append((said, len(self.customer)))
