"""Which server is measured: one that runs already, or one of our own? And what has it cost the processors?"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.dialogues.wire import Address, Broken, Http
from bench.machine import server_cpu_s
from infra.embedded_postgres import EmbeddedPostgres

STARTED_WITHIN_S, STOPPED_WITHIN_S = 60.0, 20.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds so far. `waited`: how long the server was ready to run and got no core."""

    at: float
    server: float
    waited: float
    database: float
    driver: float

    def per_unit(self, since: "Cost", units: int) -> dict[str, float]:
        of = max(units, 1)
        return {
            "server µs": (self.server - since.server) / of * 1e6,
            "database µs": (self.database - since.database) / of * 1e6,
            "driver µs": (self.driver - since.driver) / of * 1e6,
            "server's core %": (self.server - since.server) / (self.at - since.at) * 100,
            "server waits for a core %": (self.waited - since.waited) / (self.at - since.at) * 100,
        }


@dataclass(frozen=True, slots=True)
class Server:
    """`pid`, `postmaster`: none where they cannot be found; their cost is then 0. `keys`: of a server of our own."""

    address: Address
    pid: int | None
    postmaster: int | None
    keys: Path | None = None

    def cost(self) -> Cost:
        database = server_cpu_s(self.postmaster) if self.postmaster else 0.0
        own, waited = (_cpu_s(self.pid), _waited_s(self.pid)) if self.pid else (0.0, 0.0)
        return Cost(time.perf_counter(), own, waited, database, time.process_time())


def found(url: str, pid: int | None) -> Server:
    """A server that runs already."""
    address = Address(url)
    pid = pid or _listening_on(address.port)
    return Server(address, pid, _postmaster_of(pid) if pid else None)


@asynccontextmanager
async def spawned(profile: Path | None = None) -> AsyncIterator[Server]:
    """A server of our own on a free port, at full durability, with the demo world and nothing else; gone afterwards.

    `profile`: where to leave what cProfile has seen.
    """
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    folder.chmod(0o755)  # the database's own user must be able to enter
    port = _free_port()
    how = ["-m", "bench.dialogues.profiled", str(profile)] if profile else ["-m", "infra.cli"]
    process = subprocess.Popen(
        [sys.executable, *how, "up", "--data-dir", str(folder), "--port", str(port)],
        env={**os.environ, "PARLEY_RATE_LIMITS": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    postgres = EmbeddedPostgres(folder / "postgres")
    try:
        address = Address(f"http://127.0.0.1:{port}")
        await _started(address, process)
        if profile:
            process.send_signal(signal.SIGUSR2)
        yield Server(address, process.pid, postgres.pid, folder / "keys")
        if profile:
            process.send_signal(signal.SIGUSR1)
            await asyncio.sleep(1.0)
    finally:
        process.terminate()
        try:
            _, said = await asyncio.to_thread(process.communicate, timeout=STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
        if complaints := [line for line in said.decode().splitlines() if "rror" in line or "Traceback" in line]:
            print("The server said:", *complaints[:10], sep="\n  ")
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _started(address: Address, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + STARTED_WITHIN_S
    http = Http(address)
    while time.monotonic() < end and process.poll() is None:
        try:
            status, _ = await http.ask("GET", "/health")
            if status == 200:
                http.close()
                return
        except (OSError, Broken):
            pass
        await asyncio.sleep(0.1)
    raise RuntimeError("The server did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _waited_s(pid: int) -> float:
    """Of the main thread, which does the work: behind whom it had to queue, others' processes or the driver."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def _listening_on(port: int) -> int | None:
    wanted = f":{port:04X}"
    inodes = {
        f"socket:[{fields[9]}]"
        for table in ("tcp", "tcp6")
        for fields in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[1].endswith(wanted) and fields[3] == "0A"
    }
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(handle.readlink()) in inodes:
                return int(handle.parts[2])
        except OSError:
            continue
    return None


def _postmaster_of(pid: int) -> int | None:
    """The embedded database beside a server: its folder stands on the command line or in the environment."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    settings = dict(it.partition("=")[::2] for it in Path(f"/proc/{pid}/environ").read_text().split("\0"))
    named = (
        words[words.index("--data-dir") + 1] if "--data-dir" in words else settings.get("PARLEY_DATA_DIR", ".parley")
    )
    return EmbeddedPostgres(Path(f"/proc/{pid}/cwd").readlink() / named / "postgres").pid
