"""How did a queue do in a span of time? What is counted, and the figures that follow from it."""

import msgspec


class QueueCounters(msgspec.Struct):
    """What happened in a span of time. Times are sums in milliseconds; the definitions stand in `schema.sql`."""

    offered: int = 0
    requeued: int = 0
    answered: int = 0
    handled: int = 0
    abandoned: int = 0
    abandoned_network: int = 0
    abandoned_inactivity: int = 0
    abandoned_forced: int = 0
    short_abandoned: int = 0
    rona: int = 0
    declined: int = 0
    flushed: int = 0
    no_agent: int = 0
    answered_within: int = 0
    abandoned_within: int = 0
    wait_ms: int = 0
    abandoned_wait_ms: int = 0
    longest_wait_ms: int = 0
    alert_ms: int = 0
    handle_ms: int = 0
    wrap_up_ms: int = 0
    foretold: int = 0
    foretold_error_ms: int = 0
    foretold_bias_ms: int = 0

    def service_level(self, kind: int) -> float | None:
        """From 0 to 1, of type 1, 2 or 3; none where nothing counts. Only what has ended is within or not."""
        match kind:
            case 1:
                return _share(self.answered_within, self.offered - self.abandoned_within)
            case 2:
                return _share(self.answered_within, self.offered)
            case 3:
                return _share(self.answered_within + self.abandoned_within, self.offered)
            case _:
                raise ValueError(f"there is no service level of type {kind}")

    @property
    def average_speed_of_answer_s(self) -> float | None:
        """Σ (accept − first enqueue) / answered."""
        return _share(self.wait_ms / 1000, self.answered)

    @property
    def average_handle_s(self) -> float | None:
        """Talk, hold and wrap-up of what was handled."""
        return _share(self.handle_ms / 1000, self.handled)

    @property
    def mean_wait_error_s(self) -> float | None:
        """By how much the waits that were estimated on arrival differed from those that came (routing 65)."""
        return _share(self.foretold_error_ms / 1000, self.foretold)

    @property
    def mean_wait_bias_s(self) -> float | None:
        """The same with its sign: positive where too long a wait was told."""
        return _share(self.foretold_bias_ms / 1000, self.foretold)

    @property
    def abandon_rate(self) -> float | None:
        return _share(self.abandoned, self.offered)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
