"""What was said, what was seen, and is it the same? One book for both ends of every conversation, and one clock."""

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

now = time.perf_counter
CATCHES_UP_S = 0.02


@dataclass(slots=True)
class Way:
    """Messages in one direction of a conversation: as they were posted, and as the other end saw them.

    `texts[n]` was posted at `posted[n]`, and answered with `ids[n]` once it was durable.
    """

    texts: list[str] = field(default_factory=list)
    posted: list[float] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    seen_texts: list[str] = field(default_factory=list)

    def see(self, id: str, text: str) -> float | None:
        """When the message was posted that is seen now; none if it is not the one whose turn it is."""
        n = len(self.seen)
        self.seen.append(id)
        self.seen_texts.append(text)
        return self.posted[n] if n < len(self.posted) and self.texts[n] == text else None

    @property
    def complete(self) -> bool:
        return len(self.posted) == len(self.ids) == len(self.seen)

    def faults(self) -> Counter[str]:
        """By id: each exactly once and in order. By text: what was seen is what was said."""
        expected, seen = dict.fromkeys(self.ids), dict.fromkeys(self.seen)
        return Counter(
            lost=len(expected.keys() - seen.keys()),
            doubled=len(self.seen) - len(seen),
            strange=len(seen.keys() - expected.keys()),
            misordered=int([id for id in seen if id in expected] != [id for id in expected if id in seen]),
            unanswered=len(self.posted) - len(self.ids),
            garbled=int(len(self.ids) == len(self.seen) and self.texts != self.seen_texts),
        )


class Ledger:
    """Latencies in ms by what they measure, counts, faults, and a list of what was odd."""

    def __init__(self) -> None:
        self.latencies: defaultdict[str, list[float]] = defaultdict(list)
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.measuring = True
        self.progress = 0

    def took(self, what: str, since: float | None) -> None:
        self.progress += 1
        if self.measuring and since is not None:
            self.latencies[what].append((now() - since) * 1e3)

    def error(self, what: str) -> None:
        self.errors[what[:160]] += 1

    def judge(self, ways: Sequence[Way]) -> None:
        for way in ways:
            self.faults.update(way.faults())
            self.counts["messages"] += len(way.ids)


class Pace:
    """`rate` deeds per second, evenly; none for as fast as they come. What was missed is not caught up in a burst."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._waiting: deque[Callable[[], None]] = deque()
        self._next = 0.0
        self._ticking = False

    def do(self, deed: Callable[[], None]) -> None:
        if self._rate is None:
            deed()
            return
        self._waiting.append(deed)
        if not self._ticking:
            self._next = max(self._next, now())
            self._tick()

    def _tick(self) -> None:
        assert self._rate is not None
        self._next = max(self._next, now() - CATCHES_UP_S)
        while self._waiting and self._next <= now():
            self._next += 1 / self._rate
            self._waiting.popleft()()
        self._ticking = bool(self._waiting)
        if self._ticking:
            asyncio.get_running_loop().call_later(max(0.0005, self._next - now()), self._tick)
