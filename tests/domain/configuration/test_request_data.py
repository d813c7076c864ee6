"""Is a step considered for what the request carries? routing 9."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.configuration.operators import RelationalOperator
from domain.configuration.request_data import Consideration, read, written
from domain.kernel import Invalid

considerations = st.builds(
    Consideration,
    st.text(min_size=1, max_size=8),
    st.sampled_from(RelationalOperator),
    st.text(max_size=8) | st.integers(-99, 99).map(str),
)


@given(considerations)
def test_what_is_written_is_read_back(consideration: Consideration) -> None:
    try:
        consideration.check("here")
    except Invalid:
        return
    again = read(written(consideration))
    if consideration.operator is RelationalOperator.HAS:
        assert (again.field, again.operator) == (consideration.field, consideration.operator)
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
        ('name == "a b"', {"name": "a b"}, True),
    ],
)
def test_it_compares_what_the_request_carries(text: str, data: dict[str, str], holds: bool) -> None:
    read(text).check("here")
    assert read(text).holds(data) is holds


@pytest.mark.parametrize("text", ["", "segment", "segment ==", "== vip", 'a == "b', "has", "a ~ b"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read(text)
