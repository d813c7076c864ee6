"""A server as people run it: a process that is started, killed and stopped, over a database that outlives it."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from infra.embedded_postgres import EmbeddedPostgres
from tests.postgres_server import QUICK

ROOT = Path(__file__).parents[3]
START_S = 60.0
STOP_S = 15.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Database:
    """The embedded PostgreSQL of a data directory, started before the server, which finds and uses it.

    `durable`: as in production, or without waiting for the disk, where a test kills nothing.
    """

    def __init__(self, data_dir: Path, *, durable: bool) -> None:
        self._embedded = EmbeddedPostgres(data_dir / "postgres", settings=None if durable else QUICK)

    def start(self) -> str:
        return self._embedded.start()

    def stop(self) -> None:
        self._embedded.stop()

    def kill(self) -> None:
        """End its postmaster as a power cut would; its children follow, and the server is started again by nobody."""
        assert self._embedded.pid is not None
        os.kill(self._embedded.pid, signal.SIGKILL)
        while self._embedded.is_running:
            time.sleep(0.005)


class Server:
    """`python -m infra.cli up` on a port of its own. It may be killed and started again on the same port."""

    def __init__(self, data_dir: Path, port: int | None = None, **settings: str) -> None:
        self.data_dir, self.port = data_dir, port or free_port()
        self._settings = {f"PARLEY_{name.upper()}": value for name, value in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None
        self._log = data_dir / f"server-{self.port}.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        """Everything that it wrote to its terminal."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def launch(self) -> None:
        """Start it, without waiting for it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        command = [sys.executable, "-m", "infra.cli", "up", "--data-dir", str(self.data_dir), "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env={**inherited, **self._settings}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    async def start(self) -> float:
        """Launch it and wait until it can take work; returns the seconds that this took."""
        began = time.monotonic()
        await asyncio.to_thread(self.launch)
        await self.healthy()
        return time.monotonic() - began

    async def healthy(self, within_s: float = START_S) -> None:
        async with asyncio.timeout(within_s), httpx2.AsyncClient() as http:
            while True:
                assert self.is_running, f"the server has ended:\n{self.said[-4_000:]}"
                try:
                    if (await http.get(f"{self.url}/health")).status_code == 200:
                        return
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.02)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Stop it in the middle of whatever it does, as when its machine is suspended; `wake` lets it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end, as Ctrl-C does, or a service manager (SIGTERM); returns its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self.wake()
            self._process.send_signal(how)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return self._process.returncode


@contextmanager
def data_dir_with_database(*, durable: bool = False) -> Iterator[tuple[Path, Database]]:
    """Removed at the end, with its database stopped."""
    home = Path(tempfile.mkdtemp(prefix="parley-e2e-", dir="/tmp"))  # short: it holds a unix socket
    home.chmod(0o755)  # under root the database is somebody else, and has to get in
    database = Database(home, durable=durable)
    database.start()
    try:
        yield home, database
    finally:
        database.stop()
        shutil.rmtree(home, ignore_errors=True)
