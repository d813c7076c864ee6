"""Is nothing configured that nobody can ever match? routing 5, 6."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.configuration.expressions import read
from domain.configuration.fit import check_expression, check_step, values, warnings
from domain.configuration.settings import (
    AttributeType,
    Expression,
    Junction,
    Queue,
    RelationalOperator,
    RoutingAttribute,
    Step,
    Term,
)
from domain.ids import MrdId
from domain.kernel import Invalid

ATTRIBUTES = {
    "vip": RoutingAttribute("VIP", AttributeType.BOOLEAN, 0),
    "billing": RoutingAttribute("Billing", AttributeType.PROFICIENCY_LEVEL, 5),
}
VALUES = {id_: list(values(it.type)) for id_, it in ATTRIBUTES.items()}

terms = st.sampled_from(list(ATTRIBUTES)).flatmap(
    lambda id_: st.builds(
        Term,
        st.just(id_),
        st.sampled_from(RelationalOperator),
        st.sampled_from(VALUES[id_]),
        st.sampled_from(Junction),
    )
)
expressions = st.lists(terms, min_size=1, max_size=6).map(lambda it: Expression(tuple(it)))


def is_taken(expression: Expression) -> bool:
    try:
        check_expression(expression, ATTRIBUTES, "here")
    except Invalid as no:
        return no.field != "here"
    return True


@given(expressions)
def test_an_expression_is_taken_if_and_only_if_some_agent_could_match_it(expression: Expression) -> None:
    everybody = ({"vip": vip, "billing": billing} for vip in VALUES["vip"] for billing in VALUES["billing"])
    assert is_taken(expression) is any(map(expression.matches, everybody))


@pytest.mark.parametrize(
    "text",
    ["billing > 7 AND billing < 3", "vip == 1 AND vip == 0", "billing > 10", "vip < 0", "vip == 1 AND vip != 1",
     "billing == 0", "billing >= 11", "vip == 2", "has latin"],
)  # fmt: skip
def test_what_nobody_can_match_is_refused(text: str) -> None:
    assert not is_taken(read(text))


@pytest.mark.parametrize(
    "text",
    ["billing > 7 OR billing < 3", "has vip", "billing > 7 AND billing < 3 OR vip == 1", "vip != 1", "billing > 9"],
)
def test_what_somebody_can_match_is_taken(text: str) -> None:
    assert is_taken(read(text))


@pytest.mark.parametrize("text", ["vip != 2", "billing != 11", "billing >= 0", "vip == 1 OR billing < 11"])
def test_a_value_that_no_agent_can_have_is_refused_though_others_would_match(text: str) -> None:  # routing 6
    assert not is_taken(read(text))


steps = st.lists(st.tuples(expressions, st.sampled_from(Junction)), min_size=1, max_size=4).map(
    lambda parts: Step(tuple(Expression(it.terms, junction) for it, junction in parts))
)


@given(steps)
def test_a_step_is_taken_if_and_only_if_some_agent_could_match_it(step: Step) -> None:  # routing 5
    everybody = ({"vip": vip, "billing": billing} for vip in VALUES["vip"] for billing in VALUES["billing"])
    if not all(map(is_taken, step.expressions)):
        return
    if any(map(step.matches, everybody)):
        check_step(step, ATTRIBUTES, "steps[0]")
    else:
        with pytest.raises(Invalid) as no:
            check_step(step, ATTRIBUTES, "steps[0]")
        assert no.value.field == "steps[0].expressions"


def test_expressions_that_exclude_each_other_are_refused() -> None:  # routing 5
    step = Step((read("billing >= 7"), read("AND billing < 3")))
    with pytest.raises(Invalid, match="all of these") as no:
        check_step(step, ATTRIBUTES, "steps[0]")
    assert no.value.field == "steps[0].expressions"


def test_what_has_too_many_ways_to_be_met_is_taken() -> None:
    many = read(" OR ".join(["billing >= 7"] * 70))
    check_step(Step((many, many, read("AND billing < 3"))), ATTRIBUTES, "steps[0]")


def test_having_needs_no_value() -> None:
    assert is_taken(Expression((Term("billing", RelationalOperator.HAS),)))
    assert is_taken(Expression((Term("vip", RelationalOperator.HAS, 99),)))


def warned(*expressions: str) -> list[str]:
    return list(warnings(Queue("Q", MrdId("chat"), (Step(), Step(tuple(map(read, expressions)))))))


def test_mixing_is_taken_with_a_warning_that_shows_how_it_is_read() -> None:  # routing 5
    (warning,) = warned("vip == 1 OR billing > 5 AND has vip")
    assert warning.startswith("steps[1].expressions[0]: ")
    assert warning.endswith("(vip == 1 OR billing > 5) AND has vip")


def test_mixing_expressions_is_noticed_too() -> None:  # routing 5
    (warning,) = warned("vip == 1 AND billing > 5", "OR billing > 7", "AND has vip")
    assert warning == (
        "steps[1].expressions: AND and OR are mixed; it is read from left to right: "
        "((vip == 1 AND billing > 5) OR billing > 7) AND has vip"
    )


def test_saying_the_same_twice_is_noticed() -> None:
    assert "twice" in warned("vip == 1 AND vip == 1")[0]
    assert "twice" in warned("vip == 1", "OR vip == 1")[0]
    assert warned("vip == 1 AND billing > 5", "OR billing > 7") == []
