"""Who may answer what waits in a queue, from when on? Steps of expressions of terms (routing 5–10)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.configuration.checks import within
from domain.configuration.operators import J, Junction, RelationalOperator, from_left
from domain.configuration.request_data import Consideration, is_for
from domain.configuration.skip_conditions import SkipCondition, check_conditions, read
from domain.ids import AttributeId
from domain.kernel import Invalid

CONSIDERATIONS_MAX = 10


class StepMode(StrEnum):
    """Do later steps add agents to the earlier ones, or replace them (routing 7)?"""

    CUMULATIVE = "CUMULATIVE"
    REPLACE = "REPLACE"


class SkipIf(StrEnum):
    """When a step is left out at once: nobody of it is signed in, or nobody is ready for work (routing 8)."""

    NONE_LOGGED_IN = "NONE_LOGGED_IN"
    NONE_READY = "NONE_READY"


def left_if(text: str) -> tuple[SkipIf | None, tuple[SkipCondition, ...]]:
    """As people write it: one of the words, or conditions (routing 8). Raises `Invalid`."""
    return (SkipIf(text), ()) if text in set(SkipIf) else (None, read(text))


@dataclass(frozen=True, slots=True)
class Term:
    """`junction` joins it to the terms before, strictly from left to right; that of the first term does not count."""

    attribute_id: AttributeId
    operator: RelationalOperator
    value: int = 0
    junction: Junction = Junction.AND

    def matches(self, attributes: Mapping[AttributeId, int]) -> bool:
        return self.meets(attributes.get(self.attribute_id))

    def meets(self, value: int | None) -> bool:
        """An agent without the attribute, who has no value, fails every operator, `!=` too (routing 6)."""
        return value is not None and self.operator.holds(value, self.value)


@dataclass(frozen=True, slots=True)
class Expression:
    terms: tuple[Term, ...]
    junction: Junction = Junction.AND

    def matches(self, attributes: Mapping[AttributeId, int]) -> bool:
        return self.judged(lambda term: term.matches(attributes), everything=True)

    def judged(self, judge: Callable[[Term], J], everything: J) -> J:
        return from_left(((term.junction, judge(term)) for term in self.terms), everything)


@dataclass(frozen=True, slots=True)
class Step:
    """Who may answer, from when on: `timeout_s` after which the next step begins; that of the last does not count.

    A step without expressions is everybody who has the queue's media routing domain. `skip_if`, or `skip_when` in its place,
    says when it is not waited for (routing 8), `consider_if` for which requests it is at all (routing 9): both for every
    step but the last.
    """

    expressions: tuple[Expression, ...] = ()
    timeout_s: int = 30
    skip_if: SkipIf | None = None
    consider_if: tuple[Consideration, ...] = ()
    skip_when: tuple[SkipCondition, ...] = ()

    @property
    def may_be_left(self) -> bool:
        """Need a request not always wait for its end (routing 8)?"""
        return self.skip_if is not None or bool(self.skip_when)

    def check(self, field_name: str, *, is_last: bool) -> None:
        within(self.timeout_s, 0, 86_400, f"{field_name}.timeout_s")
        if any(not expression.terms for expression in self.expressions):
            raise Invalid("An expression needs at least one term.", f"{field_name}.expressions")
        if is_last and self.skip_if is not None:
            raise Invalid("The last step cannot be skipped: nobody would be left to answer.", f"{field_name}.skip_if")
        if is_last and self.skip_when:
            raise Invalid("The last step cannot be skipped: nobody would be left to answer.", f"{field_name}.skip_when")
        if self.skip_if is not None and self.skip_when:
            raise Invalid("Either a word or conditions say when a step is left, not both.", f"{field_name}.skip_when")
        check_conditions(self.skip_when, f"{field_name}.skip_when")
        if is_last and self.consider_if:
            raise Invalid("The last step is for every request.", f"{field_name}.consider_if")
        if len(self.consider_if) > CONSIDERATIONS_MAX:
            raise Invalid(f"At most {CONSIDERATIONS_MAX} conditions.", f"{field_name}.consider_if")
        for number, consideration in enumerate(self.consider_if):
            consideration.check(f"{field_name}.consider_if[{number}]")

    def is_for(self, data: Mapping[str, str]) -> bool:
        """Does it count for a request that carries these data (routing 9)?"""
        return is_for(self.consider_if, data)

    def matches(self, attributes: Mapping[AttributeId, int]) -> bool:
        """routing 5"""
        return self.judged(lambda term: term.matches(attributes), everything=True)

    def judged(self, judge: Callable[[Term], J], everything: J) -> J:
        """The step in whatever its terms are judged by: truth values, sets of agents, ways to meet it (routing 5)."""
        return from_left(((e.junction, e.judged(judge, everything)) for e in self.expressions), everything)

    def attribute_ids(self) -> Iterator[AttributeId]:
        return (term.attribute_id for expression in self.expressions for term in expression.terms)
