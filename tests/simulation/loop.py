"""Time that passes only when nobody has anything to do, and an order of doing things that a seed decides.

An `asyncio` loop without sockets, threads and clocks: `time()` jumps to the next appointment whenever everything that was
ready has run. Of what is ready, chance picks the next (`disorder`: how often it does, instead of first come, first served),
so whatever may happen in another order sometimes does. The same seed always gives the same order.
"""

import asyncio
import contextvars
import heapq
from collections.abc import Callable, Coroutine
from itertools import count
from random import Random
from typing import Any

CANCELLED_MAX = 500
"""Appointments that nobody keeps any more, before they are swept out."""


class SimulatedTask(asyncio.Task):  # type: ignore[type-arg]
    """Sets of tasks must have an order that does not depend on where in memory they happen to lie."""

    number = 0

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return self is other


class Stuck(Exception):
    """Nobody has anything to do, now or later, and yet something is waited for."""


class SimulatedLoop(asyncio.BaseEventLoop):
    def __init__(self, seed: str, disorder: float) -> None:
        super().__init__()
        self.turns = 0
        self.started: Callable[[SimulatedTask], None] = lambda _: None
        """Told of every task that begins."""
        self._random, self._disorder = Random(seed), disorder
        self._now_s = 0.0
        self._numbers = count(1)
        self._abandoned = 0

    def time(self) -> float:
        return self._now_s

    def create_task(
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: contextvars.Context | None = None
    ) -> SimulatedTask:
        number = next(self._numbers)
        task = SimulatedTask(coro, loop=self, name=name or f"task {number}", context=context)
        task.number = number
        self.started(task)
        return task

    def create_task_in(self, coro: Coroutine[Any, Any, Any], context: contextvars.Context) -> SimulatedTask:
        """A task that begins in a copy of another context than the caller's."""
        return context.copy().run(self.create_task, coro)

    def _run_once(self) -> None:
        ready = self._ready
        if not ready:
            self._let_time_pass()
        if len(ready) > 1 and self._disorder and self._random.random() < self._disorder:
            chosen = self._random.randrange(len(ready))
            ready[0], ready[chosen] = ready[chosen], ready[0]
        handle = ready.popleft()
        self.turns += 1
        if not handle._cancelled:
            handle._run()

    def _let_time_pass(self) -> None:
        """To the next appointment, and to all those that fall on the same moment."""
        scheduled = self._scheduled
        if self._abandoned > CANCELLED_MAX and self._abandoned * 2 > len(scheduled):
            scheduled[:] = [handle for handle in scheduled if not handle._cancelled]
            heapq.heapify(scheduled)
            self._abandoned = 0
        while not self._ready:
            if not scheduled:
                raise Stuck
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            if not handle._cancelled:
                self._now_s = max(self._now_s, handle._when)
                self._ready.append(handle)
        while scheduled and scheduled[0]._when <= self._now_s:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            self._ready.append(handle)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._abandoned += handle._scheduled

    def _write_to_self(self) -> None:
        """There is one thread: nobody sleeps who would have to be woken."""

    def _process_events(self, event_list: object) -> None:
        """There are no sockets."""
