"""What holds for a supervisor, whatever happens? routing 38, 39."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.supervisors.facts import SupervisorDisconnected
from domain.supervisors.supervisor import Supervisor
from tests.domain.lives import live

DUE = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
tasks, places = st.sampled_from(["task-1", "task-2"]), st.sampled_from(["a", "b"])
decisions = st.lists(
    st.one_of(
        st.builds(lambda task: lambda it: it.begin(task, "talk"), tasks),
        st.builds(lambda task: lambda it: it.end(task), tasks),
        st.builds(lambda place: lambda it: it.connect(place), places),
        st.builds(lambda place: lambda it: it.disconnect(place, DUE), places),
    ),
    max_size=30,
)


@given(decisions)
def test_who_takes_part_in_nothing_is_not_watched_and_who_is_there_is_not_lost(decisions) -> None:
    for before, facts, after in live(Supervisor(), decisions):
        if not after.talks:
            assert after == Supervisor()
        assert not (after.connections and after.lost_until)
        for fact in facts:
            if isinstance(fact, SupervisorDisconnected):
                assert (fact.due is None) is (len(before.connections) > 1)
