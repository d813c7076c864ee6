"""Is what an agent serves the same, worked out anew or lane by lane?"""

from hypothesis import given
from hypothesis import strategies as st

from domain.configuration import settings as s
from domain.ids import AttributeId, MrdId
from domain.routing.reach import FEW, Reach

NAMES = [AttributeId(name) for name in "abc"]
OPERATORS = st.sampled_from(list(s.RelationalOperator))
JUNCTIONS = st.sampled_from(list(s.Junction))
terms = st.builds(s.Term, st.sampled_from(NAMES), OPERATORS, st.integers(1, 10), JUNCTIONS)
expressions = st.builds(s.Expression, st.lists(terms, min_size=1, max_size=3).map(tuple), JUNCTIONS)
steps = st.builds(s.Step, st.lists(expressions, max_size=2).map(tuple))
queues = st.builds(
    s.Queue,
    st.just("Queue"),
    st.just(MrdId("voice")),
    st.lists(steps, min_size=1, max_size=4).map(tuple),
    step_mode=st.sampled_from(list(s.StepMode)),
)
attributes = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 10))


@given(st.lists(queues, min_size=1, max_size=4), st.lists(queues | st.integers(0, 9), max_size=3 * FEW), attributes)
def test_what_changed_since_leads_to_what_everything_does(before: list, changes: list, mine: dict) -> None:
    reach = Reach()
    lanes = [reach.open(queue) for queue in before]
    version, known = reach.version, reach.of(mine)
    for change in changes:
        if not isinstance(change, int):
            lanes.append(reach.open(change))
        elif lanes:
            reach.close(lanes.pop(change % len(lanes)))
        if change == 9:
            version, known = reach.version, reach.since(version, known, mine) if version < reach.version else known
    if version < reach.version:
        known = reach.since(version, known, mine)
    assert known == reach.of(mine)
