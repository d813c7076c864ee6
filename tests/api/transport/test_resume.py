"""Does the stock client, resuming from its last cursor, miss or repeat anything when the server is killed?"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HISTORY, WANTED, KILLS = 100, 400, 4


def started(port: int, begun: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.api.transport.toy", str(port), str(HISTORY)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "TOY_BEGUN": str(begun)})


@pytest.mark.slow
def test_the_stock_client_follows_the_log_through_kills(node: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    begun = time.time()
    server = started(port, begun)
    url = f"ws://127.0.0.1:{port}/graphql"
    with subprocess.Popen(["node", "follower.mjs", url, str(WANTED)], cwd=node, stdout=subprocess.PIPE) as follower:
        assert follower.stdout is not None
        seen = []
        try:
            for line in follower.stdout:
                seen.append(int(line))
                if len(seen) % (WANTED // (KILLS + 1)) == 0 and len(seen) < WANTED:
                    server.send_signal(signal.SIGKILL)
                    server.wait()
                    server = started(port, begun)
        finally:
            server.kill()
            server.wait()
            follower.kill()
    assert seen == list(range(1, WANTED + 1))
