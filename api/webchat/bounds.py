"""How much may one visitor ask for?"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from api.graphql.limits import Sockets


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then `per_s` on average."""

    burst: float
    per_s: float


UNLIMITED = Rate(math.inf, math.inf)
SOCKETS = Sockets(backlog_items=500, backlog_bytes=500_000)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Sizes in bytes. `openings` are counted by the address that they come from, all else by visitor.

    `origins`: pages that may embed the chat, like `https://shop.example.org`; `*` means any, for visitors carry tokens
    and no cookies.
    """

    body_bytes: int = 131_072
    openings: Rate = Rate(200, 20)
    messages: Rate = Rate(30, 5)
    polls: Rate = Rate(60, 10)
    sockets_per_visitor: int = 10
    token_lifetime_s: int = 30 * 86_400
    poll_s_max: float = 25.0
    slow_s: float = 20.0
    """How long a browser may take to read what was pushed to it."""
    wait_news_s: float = 5.0
    """How often at most somebody who waits is told of their place."""
    sockets: Sockets = SOCKETS
    origins: frozenset[str] = frozenset({"*"})

    @classmethod
    def without_rates(cls) -> "Bounds":
        """For load tests: sizes are bounded as ever, haste is not."""
        return cls(openings=UNLIMITED, messages=UNLIMITED, polls=UNLIMITED)


KEYS_MAX = 50_000


class Meter:
    """A token bucket for each key, forgotten when it is full again."""

    def __init__(self, rate: Rate, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._now = rate, now
        self._left: dict[str, tuple[float, float]] = {}

    def wait_s(self, key: str) -> float:
        """0 when it may be done now, and is counted; else how long to wait."""
        if self._rate is UNLIMITED:
            return 0
        now, rate = self._now(), self._rate
        left, since = self._left.get(key, (rate.burst, now))
        left = min(rate.burst, left + (now - since) * rate.per_s)
        if left < 1:
            return (1 - left) / rate.per_s
        if len(self._left) >= KEYS_MAX:
            self._forget(now)
        self._left[key] = (left - 1, now)
        return 0

    def _forget(self, now: float) -> None:
        rate = self._rate
        kept = {k: (n, at) for k, (n, at) in self._left.items() if n + (now - at) * rate.per_s < rate.burst}
        self._left = kept if len(kept) < KEYS_MAX else {}
