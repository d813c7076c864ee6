"""Can people write expressions, and read what was understood? routing 5."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.configuration.expressions import read, understood, written, written_step
from domain.configuration.operators import is_mixed
from domain.configuration.settings import Expression, Junction, RelationalOperator, Step, Term
from domain.kernel import Invalid, replace

names = st.text(min_size=1, max_size=12) | st.sampled_from(["english", "has", "AND", "or", 'a "b"', "1 == 2"])


@st.composite
def a_term(draw: st.DrawFn) -> Term:
    operator = draw(st.sampled_from(RelationalOperator))
    value = 0 if operator is RelationalOperator.HAS else draw(st.integers(-5, 12))
    return Term(draw(names), operator, value, draw(st.sampled_from(Junction)))


terms = st.lists(a_term(), min_size=1, max_size=5)
expressions = terms.map(lambda it: Expression((replace(it[0], junction=Junction.AND), *it[1:])))


@given(expressions)
def test_what_is_written_is_read_back(expression: Expression) -> None:
    assert read(written(expression)) == expression


@given(st.lists(expressions, min_size=1, max_size=4), st.lists(st.sampled_from(Junction), min_size=4, max_size=4))
def test_a_step_is_read_back(whole: list[Expression], junctions: list[Junction]) -> None:
    joined = [replace(it, junction=junction) for it, junction in zip(whole, [Junction.AND, *junctions], strict=False)]
    assert [read(line) for line in written_step(Step(tuple(joined)))] == joined


def test_it_reads_like_a_sentence() -> None:
    assert written(read("english==1   AND has billing OR vip  >= 5")) == "english == 1 AND has billing OR vip >= 5"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("a == 1", "a == 1"),
        ("a == 1 OR b > 2", "a == 1 OR b > 2"),
        ("a == 1 OR b > 2 AND has c", "(a == 1 OR b > 2) AND has c"),
        ("a == 1 AND b > 2 OR has c AND d < 3", "((a == 1 AND b > 2) OR has c) AND d < 3"),
    ],
)
def test_the_parsed_form_shows_what_joins_first(text: str, parsed: str) -> None:
    assert understood(read(text)) == parsed


def test_and_beside_or_is_told_apart() -> None:
    assert is_mixed(it.junction for it in read("a == 1 AND b == 1 OR c == 1").terms)
    assert not is_mixed(it.junction for it in read("a == 1 AND b == 1 AND c == 1").terms)
    assert not is_mixed(it.junction for it in read("OR a == 1 AND b == 1").terms)


@pytest.mark.parametrize(
    "text",
    ["", "english", "english = 1", "english == one", "english == 1 billing == 2", "(a == 1)", "a == 1 AND", "has", "AND",
     "a == 99999999999", '"a == 1', "a has 1", "has AND", '"\\q" == 1'],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read(text)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read(text)
    except Invalid:
        return
