"""When is a step not waited for? Comparisons of who is there for it and of what waits, joined from left to right (routing 8)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.configuration.checks import within
from domain.configuration.operators import Junction, RelationalOperator, from_left, grouped
from domain.kernel import Invalid

CONDITIONS_MAX = 10
VALUE_MAX = 1_000_000
_WORD = re.compile(r"\s*(==|!=|>=|<=|[<>]|[^\s=<>!]+)")


class Measure(StrEnum):
    """`logged_in`, `ready`, `available`: how many of the step's agents are signed in, want work of the queue's domain, could
    take one more now. Of the queue: how many wait in it, how long the first of them has, and how long somebody who came now
    would have to, in seconds; where that is not known yet, it compares with nothing.
    """

    LOGGED_IN = "logged_in"
    READY = "ready"
    AVAILABLE = "available"
    QUEUE_LENGTH = "queue_length"
    OLDEST_WAIT_S = "oldest_wait_s"
    ESTIMATED_WAIT_S = "estimated_wait_s"


Measured = Mapping[Measure, int]
"""What was found; no estimate where there is none."""
NOTHING_MEASURED: Measured = {}


@dataclass(frozen=True, slots=True)
class SkipCondition:
    """`junction` joins it to those before; that of the first does not count."""

    measure: Measure
    operator: RelationalOperator
    value: int = 0
    junction: Junction = Junction.AND

    def check(self, field_name: str) -> None:
        if self.operator is RelationalOperator.HAS:
            raise Invalid(f"{self.measure} is always there: compare it with a number.", f"{field_name}.operator")
        within(self.value, 0, VALUE_MAX, f"{field_name}.value")
        if self.value == 0 and self.operator in {RelationalOperator.GE, RelationalOperator.LT}:
            never = self.operator is RelationalOperator.LT
            raise Invalid(f"{written([self])} {'never' if never else 'always'} holds.", f"{field_name}.value")

    def holds(self, measured: Measured) -> bool:
        found = measured.get(self.measure)
        return found is not None and self.operator.holds(found, self.value)


def check_conditions(conditions: Sequence[SkipCondition], field_name: str) -> None:
    if len(conditions) > CONDITIONS_MAX:
        raise Invalid(f"At most {CONDITIONS_MAX} conditions.", field_name)
    for number, condition in enumerate(conditions):
        condition.check(f"{field_name}[{number}]")


def hold(conditions: Iterable[SkipCondition], measured: Measured) -> bool:
    return from_left(((it.junction, it.holds(measured)) for it in conditions), everything=True)


def understood(conditions: Iterable[SkipCondition]) -> str:
    """The parsed form, with parentheses."""
    return grouped([(it.junction, _written(it)) for it in conditions])


def written(conditions: Iterable[SkipCondition]) -> str:
    """One line that `read` takes back."""
    first, *others = conditions
    return " ".join([_written(first), *(f"{it.junction} {_written(it)}" for it in others)])


def read(text: str) -> tuple[SkipCondition, ...]:
    """`available == 0 AND oldest_wait_s >= 60`. Raises `Invalid`."""
    words, at = [], 0
    while text[at:].strip():
        found = _WORD.match(text, at)
        if found is None:
            raise Invalid(f"{text[at:].strip()!r} cannot be read in {text!r}.")
        words.append(found[1])
        at = found.end()
    conditions = [_read(words, text, Junction.AND)]
    while words:
        joined = words.pop(0)
        if joined not in set(Junction):
            raise Invalid(f"{joined!r} stands where AND or OR belongs in {text!r}; nothing is put in parentheses.")
        conditions.append(_read(words, text, Junction(joined)))
    return tuple(conditions)


def _read(words: list[str], text: str, junction: Junction) -> SkipCondition:
    measure, operator, value = [*words[:3], "", "", ""][:3]
    del words[:3]
    if measure not in set(Measure):
        raise Invalid(f"{measure!r} is not known in {text!r}; there are {', '.join(Measure)}.")
    if operator not in set(RelationalOperator) - {RelationalOperator.HAS} or not re.fullmatch(r"\d{1,7}", value):
        raise Invalid(f"A comparison is written like `available == 0`: {text!r}.")
    return SkipCondition(Measure(measure), RelationalOperator(operator), int(value), junction)


def _written(condition: SkipCondition) -> str:
    return f"{condition.measure} {condition.operator} {condition.value}"
