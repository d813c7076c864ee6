"""A server with the demo world, as `make run` starts it, for pages to be tried on."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.architecture.source import ROOT
from tests.docs.page import Reader

START_S = 60


@pytest.fixture
def server(postgres_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a shell needs to reach it: its address, and the settings that the command line takes."""
    port, hook_port = _free_port(), _free_port()
    settings = {
        "URL": f"http://127.0.0.1:{port}",
        "PARLEY_DATABASE_URL": postgres_url,
        "PARLEY_DATA_DIR": str(tmp_path / "data"),
        "PARLEY_PORT": str(port),
        "HOOK_PORT": str(hook_port),
        "PARLEY": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    output = (tmp_path / "server.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.cli", "up"],
        env={**os.environ, **settings},
        cwd=ROOT,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_for(settings["URL"], process, tmp_path / "server.log")
        yield settings
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        output.close()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait_for(url: str, process: subprocess.Popen[bytes], said: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx2.get(f"{url}/health").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"The server did not start:\n{said.read_text()}")


@pytest.fixture
def reader(server: dict[str, str], tmp_path: Path) -> Iterator[Reader]:
    folder = tmp_path / "reader"
    folder.mkdir()
    reader = Reader(dict(server), folder)
    yield reader
    reader.close()
