"""How does a test run a node as a process of its own, that it can freeze, kill, and turn knobs of?"""

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Process:
    uri: str
    control: str
    process: subprocess.Popen[str]

    def turn(self, **knobs: object) -> str:
        """Turn knobs of `Faults`; returns all of them as JSON."""
        asked = "&".join(f"{knob}={value}" for knob, value in knobs.items())
        with urllib.request.urlopen(f"{self.control}/?{asked}") as answer:
            return answer.read().decode()

    def freeze(self) -> None:
        """Its connections stay open, and nothing answers."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def running(*arguments: str) -> Iterator[Process]:
    port, control = _free_ports(2)
    command = [sys.executable, "-m", "tests.standins.eventstoredb", "--port", str(port), "--control", str(control)]
    with subprocess.Popen([*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = process.stdout.readline()
            assert ready.startswith("ready "), ready
            yield Process(ready.split()[1], f"http://127.0.0.1:{control}", process)
        finally:
            process.kill()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
