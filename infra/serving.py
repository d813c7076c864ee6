"""How does the application meet the network? Our own socket, our own signals, one write per connection and turn."""

import asyncio
import gc
import logging
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from starlette.types import ASGIApp

from infra.gathering import GatheringHttp
from infra.settings import Settings

GARBAGE = (25_000, 1_000, 1_000)
"""Collector thresholds: a pass over what is new takes some ten milliseconds, one over all that came with the last ten
thousand conversations more than a hundred. So the latter waits until nobody else does, see `sweeping`."""
LOOK_EVERY_S = 1.0
QUIET = 0.02
"""The share of a core that a quiet process uses."""
SWEEP_AFTER, SWEEP_ALL_AFTER = 20, 10
"""Passes over what is new before one over what is older; and of those, before one over everything."""
BACKLOG = 4_096
GOODBYE_S = 5


class CannotStart(Exception):
    """What stands in the way, and what to do about it."""


class Server(uvicorn.Server):
    """Ends by `stop` or a signal. uvicorn would raise the signal again after its own goodbye, and end us before ours."""

    def stop(self) -> None:
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def server(settings: Settings, app: ASGIApp) -> Server:
    config = uvicorn.Config(
        app,
        loop="none",
        http=GatheringHttp,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # uvicorn would close with 1011, which the stock client never retries; GraphQL pings itself
        lifespan="off",
        access_log=False,
        log_level=settings.log_level.lower(),
        server_header=False,
        timeout_graceful_shutdown=GOODBYE_S,
    )
    return Server(config)


async def listening(server: Server, settings: Settings) -> asyncio.Task[None]:
    """The running server, once it takes connections. Raises `CannotStart`."""
    door = _bound(settings)
    serving = asyncio.create_task(server.serve(sockets=[door]), name="serving")
    while not server.started:
        if serving.done():
            raise CannotStart("The server ended before it began; the log says why.")
        await asyncio.sleep(0.01)
    return serving


def _bound(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((settings.host, settings.port))
    except OSError as error:
        door.close()
        where = f"port {settings.port} on {settings.host}"
        raise CannotStart(f"Cannot listen on {where} ({error.strerror}); set PARLEY_PORT to a free one.") from None
    door.listen(BACKLOG)
    door.setblocking(False)
    return door


async def ended(parts: list[asyncio.Task[None]]) -> None:
    """Let the server say goodbye, then end the rest. Raises what ended a part that had no reason to end."""
    for part in parts:
        if part.get_name() != "serving":
            part.cancel()
    for part, result in zip(parts, await asyncio.gather(*parts, return_exceptions=True), strict=True):
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise CannotStart(f"{part.get_name()} failed: {result!r}") from result


def calm_the_collector() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


async def sweeping() -> None:
    """Until cancelled: let the collector look through what is older in a quiet moment."""
    while True:
        used = time.process_time()
        await asyncio.sleep(LOOK_EVERY_S)
        _, young, old = gc.get_count()
        if young >= SWEEP_AFTER and time.process_time() - used < QUIET * LOOK_EVERY_S:
            gc.collect(2 if old >= SWEEP_ALL_AFTER else 1)


def set_up_logs(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
    )
