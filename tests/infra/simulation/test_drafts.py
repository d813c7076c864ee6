"""Facts that were made the quick way are the facts."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from domain.kernel import Position, Recorded
from domain.tasks.facts import Routing, TaskAccepted, TaskClosed, TaskCloseReason
from infra.simulation.drafts import quick
from infra.simulation.staffing import where
from infra.simulation.telling import CAUSE, teller
from tests.infra.simulation.plans import Watched

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (TaskAccepted, ("o", "a", "c")),
        (TaskClosed, (TaskCloseReason.DONE, "c")),
        (Routing, ("r", "q", "m", NOON, None)),
    ],
)
def test_a_quick_fact_equals_the_slow_one(kind: type, values: tuple[object, ...]) -> None:
    made, expected = quick(kind)(*values), kind(*values)
    assert type(made) is kind
    assert made == expected
    assert repr(made) == repr(expected)
    assert hash(made) == hash(expected)


def test_a_quick_fact_is_frozen() -> None:
    fact = quick(TaskAccepted)("o", "a", "c")
    with pytest.raises(AttributeError):
        fact.agent_id = "b"


def test_what_the_engine_is_told_is_what_a_log_would_tell() -> None:
    heard: list[Recorded] = []
    fact = TaskAccepted("o", "a", "c")
    teller(Watched(heard.append), SimpleNamespace(at=NOON))(where("task-1"), fact)
    expected = Recorded(Position(1), "task-1", 0, NOON, CAUSE, fact)
    assert heard == [expected]
    assert repr(heard) == repr([expected])
    assert (heard[0].category, heard[0].subject) == ("task", "1")
