"""Does our log keep what the `eventsourcing` library promises of a recorder? Its own abstract test cases answer."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from eventsourcing.persistence import IntegrityError, Notification, ProgrammingError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from eventsourcing.tests.persistence import ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
from psycopg.conninfo import conninfo_to_dict

from infra.eventlog.postgres import PostgresLog
from infra.eventlog.recorder import LogRecorder
from tests.infra.eventlog.notes import note

# `AggregateRecorderTestCase` asks a recorder without notification ids (`insert_events` returns nothing) and versions that
# begin anywhere: an aggregate recorder is another thing than a log, and ours is a log. Snapshots will be the place for it.


class OverOurLog:
    INITIAL_VERSION = 0  # versions count from 0, as in EventStoreDB

    @pytest.fixture(autouse=True)
    def _database(self, postgres_url: str) -> Iterator[None]:
        self._open: list[LogRecorder] = []
        self._url = postgres_url
        yield
        for recorder in self._open:
            recorder.close()

    def create_recorder(self) -> LogRecorder:
        self._open.append(LogRecorder(self._url))
        return self._open[-1]

    def new_originator_id(self) -> str:
        return f"task-{uuid4()}"


class TestApplicationRecorderCases(OverOurLog, ApplicationRecorderTestCase[LogRecorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNotificationIdsDoNotInterleave(OverOurLog, NonInterleavingNotificationIDsBaseCase):
    pass


@pytest.fixture
def library_recorder(postgres_url: str) -> Iterator[PostgresApplicationRecorder]:
    where = conninfo_to_dict(postgres_url)
    with PostgresDatastore(
        str(where["dbname"]), str(where["host"]), 5432, str(where["user"]), "", originator_id_type="text"
    ) as datastore:
        yield PostgresApplicationRecorder(datastore, events_table_name="stored_events")


@pytest.mark.anyio
async def test_the_librarys_own_recorder_reads_our_table(
    postgres_url: str, library_recorder: PostgresApplicationRecorder
) -> None:
    async with PostgresLog(postgres_url) as log:
        await note(log, "task-1", "a", "b")
    first, second = library_recorder.select_notifications(start=1, limit=10)
    assert first == Notification("task-1", 0, "test.noted", b'{"text":"a"}', 1)
    assert library_recorder.select_events("task-1", gt=0) == [StoredEvent("task-1", 1, "test.noted", second.state)]
    assert library_recorder.max_notification_id() == 2


@pytest.mark.anyio
async def test_the_librarys_own_recorder_cannot_write_past_our_writer(
    postgres_url: str, library_recorder: PostgresApplicationRecorder
) -> None:
    async with PostgresLog(postgres_url):
        library_recorder.create_table()
        with pytest.raises(IntegrityError, match="notification_id"):
            library_recorder.insert_events([StoredEvent("task-1", 0, "test.noted", b"{}")])


def test_a_recorder_writes_to_one_stream_at_a_time(postgres_url: str) -> None:
    with LogRecorder(postgres_url) as recorder, pytest.raises(ProgrammingError):
        recorder.insert_events([StoredEvent(stream, 0, "test.noted", b"{}") for stream in ("task-1", "task-2")])


def test_a_recorder_refuses_versions_with_a_gap(postgres_url: str) -> None:
    with LogRecorder(postgres_url) as recorder, pytest.raises(IntegrityError):
        recorder.insert_events([StoredEvent("task-1", version, "test.noted", b"{}") for version in (0, 2)])
