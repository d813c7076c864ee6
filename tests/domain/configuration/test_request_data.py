"""Is a step considered for what the request carries? routing 9."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.configuration.operators import Junction, RelationalOperator
from domain.configuration.request_data import (
    LENGTH_MAX,
    Consideration,
    Known,
    is_for,
    read,
    understood,
    written,
    written_lines,
)
from domain.kernel import Invalid

considerations = st.builds(
    Consideration,
    st.text(min_size=1, max_size=8),
    st.sampled_from(RelationalOperator),
    st.text(max_size=8) | st.integers(-99, 99).map(str),
    st.sampled_from(Junction),
)


@given(considerations)
def test_what_is_written_is_read_back(consideration: Consideration) -> None:
    try:
        consideration.check("here")
    except Invalid:
        return
    again = read(written(consideration))
    if consideration.operator is RelationalOperator.HAS:
        said = (consideration.field, consideration.operator, consideration.junction)
        assert (again.field, again.operator, again.junction) == said
    else:
        assert again == consideration


@pytest.mark.parametrize(
    ("text", "data", "holds"),
    [
        ("segment == vip", {"segment": "vip"}, True),
        ("segment == vip", {}, False),
        ("segment != vip", {"segment": "new"}, True),
        ("segment != vip", {}, False),
        ("has segment", {"segment": ""}, True),
        ("has segment", {}, False),
        ("order >= 100", {"order": "100"}, True),
        ("order > 9", {"order": "10"}, True),
        ("order < 9.5", {"order": "9"}, True),
        ("order <= 9", {"order": "many"}, False),
        ("order <= 9", {"order": "9"}, True),
        ("order >= 100", {"order": "99.9"}, False),
        ("order > 10", {"order": "10"}, False),
        ("order < 10", {"order": "10"}, False),
        ('name == "a b"', {"name": "a b"}, True),
    ],
)
def test_it_compares_what_the_request_carries(text: str, data: dict[str, str], holds: bool) -> None:
    read(text).check("here")
    assert read(text).holds(data) is holds


@given(
    st.lists(st.builds(Consideration, st.sampled_from("abc"), st.just(RelationalOperator.HAS), st.just(""), st.sampled_from(Junction))),
    st.sets(st.sampled_from("abc")),
)  # fmt: skip
def test_conditions_are_joined_strictly_from_left_to_right(those: list[Consideration], known: set[str]) -> None:
    held = True
    for number, it in enumerate(those):
        holds = it.field in known
        held = held or holds if number and it.junction is Junction.OR else held and holds
    assert is_for(those, dict.fromkeys(known, "")) is held  # routing 5, 9


def test_they_are_written_and_shown_with_what_joins_them() -> None:
    those = [read("OR segment == vip"), read("OR order >= 100"), read("AND has consent")]
    assert written_lines(those) == ["segment == vip", "OR order >= 100", "has consent"]
    assert understood(those) == "(segment == vip OR order >= 100) AND has consent"


@pytest.mark.parametrize("name", Known)
def test_what_parley_knows_by_itself_may_be_asked_about(name: str) -> None:
    Consideration(name, RelationalOperator.HAS).check("here")


@pytest.mark.parametrize(
    ("consideration", "field"),
    [
        (Consideration("channel.colour", RelationalOperator.HAS), "here.field"),
        (Consideration("customer.", RelationalOperator.HAS), "here.field"),
        (Consideration("a" * (LENGTH_MAX + 1), RelationalOperator.HAS), "here"),
        (Consideration("a", RelationalOperator.EQ, "b" * (LENGTH_MAX + 1)), "here"),
        (Consideration("a b", RelationalOperator.HAS), "here.field"),
        (Consideration("a", RelationalOperator.LE, "many"), "here.value"),
    ],
)
def test_what_is_wrong_with_a_condition_is_named(consideration: Consideration, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        consideration.check("here")
    assert refused.value.field == field


@pytest.mark.parametrize("text", ["", "segment", "segment ==", "== vip", 'a == "b', "has", "a ~ b"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read(text)
