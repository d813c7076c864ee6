"""Can anybody ever match this? What is said of attributes is held against the values that they have."""

from collections.abc import Iterator, Mapping, Sequence

from domain.configuration import request_data, skip_conditions
from domain.configuration.checks import missing
from domain.configuration.expressions import understood, understood_step
from domain.configuration.operators import is_mixed
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
from domain.ids import AttributeId
from domain.kernel import Invalid, replace

VALUES_MAX = 10
WAYS_MAX = 4_096
MIXED = "AND and OR are mixed; it is read from left to right"
Attributes = Mapping[AttributeId, RoutingAttribute]
Case = tuple[Term, ...]
"""Terms that must all hold."""


def check_expression(expression: Expression, attributes: Attributes, field_name: str) -> None:
    """Raises `Invalid` for an attribute that is not there, a value of another type, and what no agent can have."""
    for term in expression.terms:
        if term.attribute_id not in attributes:
            raise Invalid(missing("attribute", term.attribute_id, attributes), field_name)
        type_ = attributes[term.attribute_id].type
        if term.operator is not RelationalOperator.HAS and not type_.accepts(term.value):
            raise Invalid(f"{term.attribute_id!r}: {type_.refusal(term.value)}", field_name)
    if not any(_possible(case, attributes) for case in _cases(expression)):
        raise Invalid(f"Nobody can match {understood(expression)}: no value meets all of it.", field_name)


def check_step(step: Step, attributes: Attributes, field_name: str) -> None:
    """The same of each of its expressions, and of all together: two may exclude each other."""
    for at, expression in enumerate(step.expressions):
        check_expression(expression, attributes, f"{field_name}.expressions[{at}]")
    junctions = [it.junction for it in step.expressions[1:]]
    if Junction.AND in junctions and not _may_be_met(step.expressions, attributes):
        raise Invalid("Nobody can match all of these expressions.", f"{field_name}.expressions")


def _may_be_met(expressions: Sequence[Expression], attributes: Attributes) -> bool:
    """As it is read from left to right. What has too many ways to be met is taken."""
    ways: list[Case] = []
    for number, expression in enumerate(expressions):
        more = _cases(expression)
        if not number or expression.junction is Junction.OR:
            ways += more
            continue
        if len(ways) * len(more) > WAYS_MAX:
            return True
        ways = [both for one in ways for other in more if _possible(both := (*one, *other), attributes)]
    return any(_possible(way, attributes) for way in ways)


def warnings(queue: Queue) -> Iterator[str]:
    """What is permitted, and perhaps not meant (routing 5)."""
    for number, step in enumerate(queue.steps):
        for at, expression in enumerate(step.expressions):
            where = f"steps[{number}].expressions[{at}]"
            if is_mixed(term.junction for term in expression.terms):
                yield f"{where}: {MIXED}: {understood(expression)}"
            if len(set(_bare(expression))) < len(expression.terms):
                yield f"{where}: the same comparison is there twice"
        if len({tuple(_bare(it)) for it in step.expressions}) < len(step.expressions):
            yield f"steps[{number}].expressions: the same expression is there twice"
        if is_mixed(expression.junction for expression in step.expressions):
            yield f"steps[{number}].expressions: {MIXED}: {understood_step(step)}"
        if is_mixed(it.junction for it in step.consider_if):
            yield f"steps[{number}].consider_if: {MIXED}: {request_data.understood(step.consider_if)}"
        if is_mixed(it.junction for it in step.skip_when):
            yield f"steps[{number}].skip_when: {MIXED}: {skip_conditions.understood(step.skip_when)}"


def _bare(expression: Expression) -> Iterator[Term]:
    return (replace(term, junction=Junction.AND) for term in expression.terms)


def _cases(expression: Expression) -> list[Case]:
    """The ways to match it: AND adds to all ways so far, OR opens one more."""
    cases: list[Case] = [()]
    for number, term in enumerate(expression.terms):
        if number and term.junction is Junction.OR:
            cases.append((term,))
        else:
            cases = [(*case, term) for case in cases]
    return cases


def _possible(case: Case, attributes: Attributes) -> bool:
    """Is there for each attribute a value that meets all terms about it?"""
    return all(
        any(
            all(term.meets(value) for term in case if term.attribute_id == id_)
            for value in values(attributes[id_].type)
        )
        for id_ in {term.attribute_id for term in case}
    )


def values(type_: AttributeType) -> Iterator[int]:
    return (value for value in range(VALUES_MAX + 1) if type_.accepts(value))
