"""What can go wrong at a node? Knobs that a test turns while the node runs."""

import asyncio
from dataclasses import dataclass, field, fields
from typing import Any

import grpc


@dataclass(slots=True)
class Faults:
    """All off at first. Counts go down by themselves; -1 is "until further notice"."""

    leader_elsewhere: str = ""
    """`host:port` of the leader: calls that require one are refused with "Leader info available"."""

    unavailable: int = 0
    """So many calls are answered UNAVAILABLE, and do nothing."""

    slow_s: float = 0.0
    """Seconds that every call waits before anything is done."""

    dropped_appends: int = 0
    """So many appends are stored, and the connection breaks before the writer learns of it."""

    cut_after: list[int] = field(default_factory=list)
    """Each new subscription takes the first number, and is cut after so many events (0: right after confirmation)."""

    too_slow: bool = False
    """Cuts come as ABORTED "Consumer too slow" instead of UNAVAILABLE."""

    cuts: int = 0
    """How often everything subscribed was cut at once, see `Node.cut_subscriptions`."""

    async def meet(self, context: Any) -> None:
        """Every call comes through here first."""
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        if self.unavailable:
            self.unavailable -= self.unavailable > 0
            await context.abort(grpc.StatusCode.UNAVAILABLE, "Server Is Not Ready")
        if self.leader_elsewhere and ("requires-leader", "true") in context.invocation_metadata():
            host, _, port = self.leader_elsewhere.partition(":")
            trailers = (("exception", "not-leader"), ("leader-endpoint-host", host), ("leader-endpoint-port", port))
            await context.abort(grpc.StatusCode.NOT_FOUND, "Leader info available", trailers)

    async def drop(self, context: Any) -> None:
        """Between the writing of an append and its answer."""
        if self.dropped_appends:
            self.dropped_appends -= self.dropped_appends > 0
            await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")

    async def cut(self, context: Any) -> None:
        if self.too_slow:
            await context.abort(grpc.StatusCode.ABORTED, "Operation timed out: Consumer too slow to handle event")
        await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")

    def turn(self, knob: str, value: str) -> None:
        """Set a knob from text, as `python -m` and its control port do. Raises `KeyError` for no such knob."""
        kind = {one.name: type(getattr(self, one.name)) for one in fields(self)}[knob]
        if kind is list:
            self.cut_after = [int(n) for n in value.split(",") if n]
        else:
            setattr(self, knob, value.lower() in ("1", "true") if kind is bool else kind(value))
