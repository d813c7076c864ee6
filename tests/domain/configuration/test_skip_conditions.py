"""May a step be left by this? Conditions as people write them, and what is refused (routing 8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.configuration.operators import Junction, RelationalOperator
from domain.configuration.settings import Measure, SkipCondition, SkipIf, Step
from domain.configuration.skip_conditions import hold, read, understood, written
from domain.kernel import Invalid

OPERATORS = [it for it in RelationalOperator if it is not RelationalOperator.HAS]
conditions = st.lists(
    st.builds(
        SkipCondition,
        st.sampled_from(Measure),
        st.sampled_from(OPERATORS),
        st.integers(0, 1_000_000),
        st.sampled_from(Junction),
    ),
    min_size=1,
    max_size=10,
)


@given(conditions)
def test_what_is_written_is_read_back(those: list[SkipCondition]) -> None:
    again = read(written(those))
    assert again[1:] == tuple(those[1:])
    assert (again[0].measure, again[0].operator, again[0].value) == (
        those[0].measure,
        those[0].operator,
        those[0].value,
    )


@given(conditions, st.fixed_dictionaries({}, optional={it: st.integers(0, 9) for it in Measure}))
def test_they_are_joined_from_left_to_right_and_the_unknown_compares_with_nothing(those, measured) -> None:  # routing 5
    held, *others = (it.measure in measured and it.holds(measured) for it in those)
    for it, holds in zip(those[1:], others, strict=True):
        held = (held and holds) if it.junction is Junction.AND else (held or holds)
    assert hold(those, measured) is held


def test_they_are_shown_as_they_are_read() -> None:
    assert understood(read("available == 0 OR ready < 2 AND queue_length > 5")) == (
        "(available == 0 OR ready < 2) AND queue_length > 5"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("free == 0", "there are logged_in, ready"),
        ("available = 0", "cannot be read"),
        ("available has 0", "written like"),
        ("available == none", "written like"),
        ("available == -1", "written like"),
        ("available", "written like"),
        ("available == 0 ready == 0", "where AND or OR belongs"),
        ("(available == 0)", "is not known"),
        ("", "is not known"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(text)
    assert said in refused.value.detail


@pytest.mark.parametrize(
    ("step", "is_last", "field"),
    [
        (Step(skip_when=read("ready < 1")), True, "steps[0].skip_when"),
        (Step(skip_if=SkipIf.NONE_READY, skip_when=read("ready < 1")), False, "steps[0].skip_when"),
        (Step(skip_when=read("ready < 1") * 11), False, "steps[0].skip_when"),
        (Step(skip_when=read("ready < 1 AND available >= 0")), False, "steps[0].skip_when[1].value"),
        (Step(skip_when=read("ready < 0")), False, "steps[0].skip_when[0].value"),
        (Step(skip_when=read("ready > 1000001")), False, "steps[0].skip_when[0].value"),
        (Step(skip_when=(SkipCondition(Measure.READY, RelationalOperator.HAS),)), False, "steps[0].skip_when[0].operator"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_field(step: Step, is_last: bool, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        step.check("steps[0]", is_last=is_last)
    assert refused.value.field == field


def test_as_many_as_are_allowed_are_taken() -> None:
    Step(skip_when=read("ready < 1 OR available <= 0 OR queue_length > 1000000") * 3).check("steps[0]", is_last=False)
