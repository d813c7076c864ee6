"""What a planner writes is understood, or refused with the place and the reason."""

from pathlib import Path

import pytest

from infra.simulation.scenario import BadScenario, load
from infra.simulation.world import World

EXAMPLES = sorted((Path(__file__).parents[3] / "docs" / "how-to" / "simulate").glob("*.yaml"))
GOOD = """
name: small
hours: 1
queues:
  phone:
    media: voice
    arrivals: {kind: poisson, per_hour: [60, 120]}
    handling: {kind: exponential, mean_s: 60}
agents:
  team: {count: [1, 3]}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda it: it.stem)
def test_the_examples_work(path: Path) -> None:
    scenario = load(path)
    world = World(scenario.plan(path.parent, 1, 0)).play()
    assert world.arrivals > 0
    assert world.refused == 0


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize(
    ("instead_of", "stands", "complaint"),
    [
        ("hours: 1", "hours: one", r"Expected `float`, got `str` - at `\$.hours`"),
        ("media: voice", "medium: voice", "unknown field `medium`"),
        ("kind: exponential", "kind: gaussian", "Invalid value 'gaussian'"),
        ("[60, 120]", "[60, 120, 60]", "queues.phone: arrivals.per_hour has 3 numbers, but 1 h are 2 intervals"),
        ("[1, 3]", "[1]", "agents.team: count has 1 numbers"),
        ("mean_s: 60", "mean_s: -60", "queues.phone.handling.mean_s is -60: nothing here can be negative"),
        ("media: voice", "service_level_s: 0", "queues.phone: service_level_threshold_s: Must be from 1"),
        ("media: voice", "steps: [{needs: {german: 5}}]", "No agent has german"),
        ("{kind: exponential, mean_s: 60}", "{kind: data, file: gone.csv}", "queues.phone: .*gone.csv"),
        ("hours: 1", "hours: 1\nstarts: noon", "starts: 'noon' is no time of day"),
        ("name: small", "name: [", "scenario.yaml: "),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, instead_of: str, stands: str, complaint: str) -> None:
    with pytest.raises(BadScenario, match=complaint):
        load(written(tmp_path, GOOD.replace(instead_of, stands)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadScenario, match=r"none\.yaml cannot be read: No such file"):
        load(tmp_path / "none.yaml")


def test_calls_come_from_files_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("arrival\n2026-01-05T08:00:10\n2026-01-05T08:20:00\n")
    (tmp_path / "talks.csv").write_text("seconds\n90\n")
    text = GOOD.replace("{kind: poisson, per_hour: [60, 120]}", "{kind: file, file: calls.csv}")
    text = text.replace("{kind: exponential, mean_s: 60}", "{kind: data, file: talks.csv}")
    scenario = load(written(tmp_path, f'{text}\nstarts: "08:00"'))
    cohort = World(scenario.plan(tmp_path, 1, 0)).play().cohorts["phone"][0]
    assert (cohort.offered, cohort.answered, cohort.handle_s) == (2, 2, 180.0)


def test_more_agents_meet_the_same_callers(tmp_path: Path) -> None:
    """Common random numbers: what differs between two scenarios is not the luck of their callers."""
    few = load(written(tmp_path, GOOD)).plan(tmp_path, 1, 0)
    many = load(written(tmp_path, GOOD.replace("[1, 3]", "[2, 5]"))).plan(tmp_path, 1, 0)
    ours, theirs = ([(it.at_s, it.handle_s) for it in plan.queues[0].calls] for plan in (few, many))
    assert ours == theirs


CLOSED_AND_TOO_MUCH = """
name: closed
hours: 2
starts: "08:00"
interval_minutes: 60
calendars:
  shop: {name: Shop, time_zone: UTC, weekly: [{days: [SUNDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY],
    hours: [{opens: "08:00:00", closes: "09:00:00"}]}]}
queues:
  day:
    arrivals: {kind: poisson, per_hour: 60}
    handling: {kind: constant, seconds: 120}
    opening: {calendar_id: shop, closed: {action: OTHER_QUEUE, queue_id: night}}
    overflow: [{condition: QUEUE_LENGTH, threshold: 3, diversion: {action: CLOSE}}]
  night:
    arrivals: {kind: poisson, per_hour: 0}
    handling: {kind: constant, seconds: 10}
agents:
  team: {count: 1}
"""


def test_a_closed_queue_and_one_that_overflows_are_played(tmp_path: Path) -> None:  # routing 57, 58
    scenario = load(written(tmp_path, CLOSED_AND_TOO_MUCH))
    world = World(scenario.plan(tmp_path, 1, 0)).play()
    (first, second), (quiet, busy) = world.cohorts["day"], world.cohorts["night"]
    assert first.diverted > 0
    assert first.answered + first.diverted == first.offered
    assert (second.answered, second.diverted) == (0, second.offered)
    assert (quiet.offered, busy.offered) == (0, second.offered)
    assert busy.answered == busy.offered


@pytest.mark.parametrize(
    ("instead_of", "stands", "complaint"),
    [
        ("calendar_id: shop", "calendar_id: nowhere", "queues.day: opening.calendar_id: there is no calendar"),
        ("queue_id: night", "queue_id: nowhere", "queues.day: opening.closed.queue_id: there is no queue 'nowhere'"),
        ("queue_id: night", "queue_id: day", "queues.day: opening.closed.queue_id: What goes to 'day'"),
        ("threshold: 3", "threshold: 0", r"queues.day: overflow\[0\].threshold"),
    ],
)
def test_rules_that_point_nowhere_are_named(tmp_path: Path, instead_of: str, stands: str, complaint: str) -> None:
    with pytest.raises(BadScenario, match=complaint):
        load(written(tmp_path, CLOSED_AND_TOO_MUCH.replace(instead_of, stands)))
