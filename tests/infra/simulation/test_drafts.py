"""Facts that were made the quick way are the facts."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.kernel import Cause, Position, Recorded
from domain.tasks.facts import Routing, TaskAccepted, TaskClosed, TaskCloseReason
from infra.simulation.drafts import quick

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (TaskAccepted, ("o", "a", "c")),
        (TaskClosed, (TaskCloseReason.DONE, "c")),
        (Routing, ("r", "q", "m", NOON, None)),
        (Recorded, (Position(1), "task-1", 0, NOON, Cause(UUID(int=1)), TaskAccepted("o", "a", "c"))),
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
