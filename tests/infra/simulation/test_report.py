"""Figures are those of the vocabulary, with their confidence over the runs; charts and files can be read."""

import csv
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import app
from infra.simulation.plan import Call
from infra.simulation.report import EVERYBODY, Estimate, Report
from infra.simulation.world import World
from tests.infra.simulation.plans import agent, plan, queue

SCENARIO = """
name: small
hours: 1
runs: 3
queues:
  phone: {arrivals: {kind: poisson, per_hour: 60}, handling: {kind: exponential, mean_s: 60}}
agents:
  team: {count: 2}
"""


def report_of(*calls: Call) -> Report:
    report = Report(8 * 3600.0, 900.0)
    report.add(World(plan([queue(calls, service_level_threshold_s=20)], [agent("one")])).play())
    return report


def means(report: Report, name: str = EVERYBODY) -> dict[str, float]:
    line = next(it for it in report.whole_days() if it.queue == name)
    return {name: it.mean for name, it in line.figures.items() if it is not None}


def test_the_three_service_levels_differ_by_who_gave_up_in_time() -> None:
    """Answered at once, given up after 10 s, answered after 98 s, given up after 50 s: T is 20 s."""
    it = means(report_of(Call(0, 100), Call(1, 50, 10), Call(2, 50), Call(3, 50, 50)))
    assert it["service_level_1"] == pytest.approx(1 / 3)
    assert it["service_level_2"] == pytest.approx(1 / 4)
    assert it["service_level_3"] == pytest.approx(2 / 4)
    assert it["asa_s"] == pytest.approx(98 / 2)
    assert it["mean_wait_s"] == pytest.approx((98 + 10 + 50) / 4)
    assert it["share_that_waits"] == pytest.approx(3 / 4)
    assert it["abandon_rate"] == pytest.approx(1 / 2)
    assert it["aht_s"] == pytest.approx(75)


def test_intervals_are_named_by_the_time_of_day() -> None:
    report = report_of(Call(0, 10), Call(1000, 10))
    assert report.names() == ["08:00", "08:15", "08:30", "08:45"]
    offered = [it.figures["offered"] for it in report.intervals() if it.queue == "phone"]
    assert [it.mean for it in offered if it] == [1, 1, 0, 0]


def test_confidence_comes_from_the_runs() -> None:
    assert Estimate.of([]) is None
    assert Estimate.of([3.0]) == Estimate(3.0)
    it = Estimate.of([1.0, 2.0, 3.0])
    assert it is not None
    assert it.high - it.mean == pytest.approx(4.30 / 3**0.5)


def test_the_command_prints_figures_and_writes_files(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SCENARIO)
    asked = ["simulate", str(tmp_path / "small.yaml"), "--seed", "7"]
    first = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "out")])
    again = CliRunner().invoke(app, asked)
    assert first.exit_code == 0
    assert first.stdout == again.stdout
    assert "phone" in first.stdout
    assert "times faster than life" in first.stderr
    with (tmp_path / "out" / "intervals.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["interval"] for row in rows} == {"whole day", "00:00", "00:30"}
    assert float(rows[0]["offered_low"]) <= float(rows[0]["offered"]) <= float(rows[0]["offered_high"])


def test_a_bad_scenario_ends_with_two_and_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(SCENARIO.replace("team: {count: 2}", "team: {cuont: 2}"))
    result = CliRunner().invoke(app, ["simulate", str(tmp_path / "bad.yaml")])
    assert result.exit_code == 2
    assert "cuont" in result.stderr


def test_charts_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from infra.simulation.charts import draw

    paths = [tmp_path / "day.png", tmp_path / "day.svg"]
    draw(report_of(Call(0, 100), Call(1, 50, 10)), "A day", "phone", "service_level_1", paths)
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (first := paths[1].read_text())
    draw(report_of(Call(0, 100), Call(1, 50, 10)), "A day", "phone", "service_level_1", paths)
    assert paths[1].read_text() == first


def test_without_matplotlib_there_are_figures_and_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    (tmp_path / "small.yaml").write_text(SCENARIO)
    result = CliRunner().invoke(app, ["simulate", str(tmp_path / "small.yaml"), "--out", str(tmp_path)])
    assert result.exit_code == 0
    assert (tmp_path / "intervals.csv").exists()
    assert "pip install 'parley[simulation]'" in result.stderr
