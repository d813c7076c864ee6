"""One embedded PostgreSQL per test run, shared by all workers; `postgres_url` is a fresh empty database in it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from infra.embedded_postgres import EmbeddedPostgres

QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
"""Tests lose nothing when the machine loses power."""


@pytest.fixture(scope="session")
def postgres_server(worker_id: str, testrun_uid: str) -> Iterator[str]:
    """The libpq URL of the run's server. The first worker starts it, the last one stops it."""
    home = Path("/tmp") / f"parley-tests-{testrun_uid[:12]}"  # not pytest's own folder: only its owner may enter that
    server = EmbeddedPostgres(home / "data", settings=QUICK)
    with _users_of(home) as users:
        (users / worker_id).touch()
        url = server.start()
    yield url
    with _users_of(home) as users:
        (users / worker_id).unlink()
        if not any(users.iterdir()):
            server.stop()
            shutil.rmtree(home)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The libpq URL of a fresh empty database, dropped after the test."""
    with database_in(postgres_server) as url:
        yield url


@contextmanager
def database_in(postgres_server: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"postgresql://postgres@/{name}?host={conninfo_to_dict(postgres_server)['host']}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _users_of(home: Path) -> Iterator[Path]:
    """The folder in which every worker that uses the server keeps a file, held alone."""
    with home.with_name(f"parley-tests-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        users = home / "users"
        users.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)  # under root the server is somebody else, and has to get in
        yield users
