"""Does the replay of a morning give that morning again, and of another configuration what is known to follow from it?"""

import asyncio
import csv
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from domain.agents.facts import AttributeAssigned
from domain.kernel import replace
from infra.cli import app
from infra.configuration_file import BadConfiguration, parse
from infra.what_if.assumptions import assumptions
from infra.what_if.cli import UnknownQueue, changed_setup
from infra.what_if.comparison import Row, compared
from infra.what_if.past import NobodyAnswered, NothingHappened, Past, Reading, WindowReversed
from infra.what_if.replay import Habits, Replay, Setup
from infra.what_if.requests import End
from tests.e2e.world import ENGLISH
from tests.infra.what_if.shift import ALERT_S, BEGINS, ENDS, WRAP_UP_S, a_morning, told

BOTH_SPEAK = "agents:\n  grace: {attributes: {english: 1}, mrds: {chat: 1}}\n"
TEN_AT_ONCE = "agents:\n  ada: {attributes: {english: 1}, mrds: {chat: 10}}\n"
NOTHING = "queues: {}\n"


def past(begins=BEGINS, ends=ENDS, until=None) -> Past:
    reading = Reading(begins, ends)
    for recorded in a_morning():
        if until is None or recorded.at < until:
            reading.feed(recorded)
    return reading.past()


def changed(text: str, of: Past | None = None, runs: int = 3, seed: int = 1) -> dict[str, Row]:
    it = of or past()
    replay, was = Replay(it, Habits(it), 1800.0), Setup.as_it_was(it)
    would = changed_setup(was, it, parse(text))
    rows = compared(replay, was, would, runs, seed, lambda _: None).rows()
    return {row.figure: row for row in rows if row.queue == "support"}


def test_the_same_configuration_gives_what_really_happened() -> None:
    for figure, row in changed(NOTHING).items():
        assert row.was.mean == pytest.approx(row.really, rel=1e-6, abs=1e-6), figure
        assert row.difference.mean == 0.0
    assert changed(NOTHING)["asa_s"].really > 20  # a morning on which people did wait


def test_a_stretch_from_the_middle_begins_with_those_who_were_there() -> None:
    rows = changed(NOTHING, past(BEGINS + timedelta(hours=2), ENDS - timedelta(hours=1)))
    assert rows["service_level_2"].was.mean == pytest.approx(rows["service_level_2"].really, abs=0.05)
    assert rows["asa_s"].was.mean == pytest.approx(rows["asa_s"].really, rel=0.1)


def test_whoever_learns_english_shortens_the_line() -> None:
    rows = changed(BOTH_SPEAK)
    assert rows["asa_s"].would.mean < rows["asa_s"].was.mean / 2
    assert rows["service_level_1"].difference.low > 0.2
    assert rows["abandon_rate"].difference.high < 0


def test_with_more_slots_than_customers_nobody_waits_longer_than_it_rings() -> None:
    rows = changed(TEN_AT_ONCE)
    assert rows["asa_s"].would.mean == pytest.approx(ALERT_S + 0.25, abs=1.0)
    assert rows["service_level_2"].would.mean > 0.97


def test_a_queue_that_nobody_serves_answers_nobody() -> None:
    rows = changed("agents:\n  ada: {mrds: {chat: 1}}\n")
    assert rows["service_level_2"].would.mean == 0.0
    assert rows["asa_s"].would is None


def test_the_same_seed_gives_the_same_and_another_one_other_luck() -> None:
    assert changed(BOTH_SPEAK, seed=7) == changed(BOTH_SPEAK, seed=7)
    assert changed(BOTH_SPEAK, seed=7) != changed(BOTH_SPEAK, seed=8)


def test_what_was_measured_is_what_happened() -> None:
    it = past()
    answered = [request for request in it.requests if request.end is End.ANSWERED]
    assert all(request.wrap_up_s == pytest.approx(WRAP_UP_S, abs=0.6) for request in answered)
    assert all(request.alert_s == pytest.approx(ALERT_S, abs=0.6) for request in answered)
    assert sum(request.end is End.GAVE_UP for request in it.requests) > 10


def test_what_was_changed_meanwhile_is_told_and_not_played() -> None:
    late, reading = BEGINS + timedelta(hours=2), Reading(BEGINS, ENDS)
    newest, told_of = a_morning()[-1], False
    for recorded in a_morning():
        if recorded.at >= late and not told_of:
            change = AttributeAssigned(ENGLISH, 1)
            reading.feed(replace(newest, stream="agent-grace", at=recorded.at, fact=change))
            told_of = True
        reading.feed(recorded)
    it = reading.past()
    assert it.changes == 1
    assert "english" not in it.people["grace"].agent.attributes
    assert changed(NOTHING, it)["service_level_2"].was.mean == changed(NOTHING)["service_level_2"].really


def test_requests_that_are_not_over_when_the_log_ends_are_guessed() -> None:
    it = past(until=BEGINS + timedelta(hours=1))
    said = " ".join(assumptions(Replay(it, Habits(it), 1800.0), Setup.as_it_was(it)))
    assert "that were not answered or not over" in said
    assert changed(NOTHING, it)["offered"].was.mean == len(it.requests)


@pytest.mark.parametrize(
    ("begins", "ends", "error"),
    [
        (ENDS, BEGINS, WindowReversed),
        (BEGINS, BEGINS, WindowReversed),
        (ENDS + timedelta(days=1), ENDS + timedelta(days=2), NothingHappened),
    ],
)
def test_a_stretch_without_anything_to_replay_is_refused(begins, ends, error) -> None:
    with pytest.raises(error):
        past(begins, ends)


def test_where_nobody_was_answered_nobody_knows_how_long_a_talk_takes() -> None:
    first = next(it for it in a_morning() if it.fact.stored_as == "task.accepted").at
    with pytest.raises(NobodyAnswered):
        past(until=first)


def test_what_the_file_names_must_have_been_there() -> None:
    with pytest.raises(UnknownQueue, match="billing, support"):
        changed("queues:\n  sales: {name: Sales, mrd_id: chat}\n")
    with pytest.raises(BadConfiguration, match="Nobody signs in"):
        changed("agents:\n  alan: {mrds: {chat: 1}}\n")


# The command line, over a log in PostgreSQL


@pytest.fixture
async def database(postgres_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    await told(a_morning(), postgres_url)
    monkeypatch.setenv("PARLEY_DATABASE_URL", postgres_url)
    monkeypatch.setenv("PARLEY_DATA_DIR", str(tmp_path))
    return postgres_url


def ask(*words: str):
    return CliRunner().invoke(app, ["what-if", "--runs", "2", *words])


@pytest.mark.anyio
async def test_the_command_line_tells_writes_and_draws(database: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "both.yaml").write_text(BOTH_SPEAK)
    window = ("--from", BEGINS.isoformat(), "--to", ENDS.isoformat(), "--with", str(tmp_path / "both.yaml"))
    done = await _aside(*window, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert "What this takes for granted" in done.output
    assert "Kaplan–Meier" in done.output
    assert {it.name for it in (tmp_path / "out").iterdir()} == {
        "what-if.csv", "as-it-was.csv", "changed.csv", "support.png", "support.svg",
    }  # fmt: skip
    with (tmp_path / "out/what-if.csv").open() as file:
        rows = {row["figure"]: row for row in csv.DictReader(file)}
    assert float(rows["asa_s"]["changed"]) < float(rows["asa_s"]["really"])
    assert float(rows["service_level_1"]["difference_low"]) > 0


@pytest.mark.anyio
async def test_a_wrong_call_says_what_is_wrong(database: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("queues:\n  sales: {name: Sales, mrd_id: chat}\n")
    file = ("--with", str(tmp_path / "bad.yaml"))
    at = ("--from", BEGINS.isoformat(), "--to", ENDS.isoformat())
    for words, code, says in (
        ((*at, *file), 1, "There was no queue 'sales'"),
        (("--from", ENDS.isoformat(), "--to", BEGINS.isoformat(), *file), 2, "is not before"),
        (("--from", "today", "--to", ENDS.isoformat(), *file), 2, "is no time"),
        ((*at, "--with", str(tmp_path / "none.yaml")), 2, "none.yaml"),
    ):
        done = await _aside(*words)
        assert (done.exit_code, says in done.output) == (code, True), done.output


async def _aside(*words: str):
    """The command line brings an event loop of its own."""
    return await asyncio.to_thread(ask, *words)
