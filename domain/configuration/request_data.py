"""Is a step considered for this request? Comparisons over the request's data (routing 9)."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.configuration.checks import named
from domain.configuration.operators import Junction, RelationalOperator, from_left, grouped
from domain.kernel import Invalid

LENGTH_MAX = 200
BARE = re.compile(r'[^\s"=<>!]+')
WRITTEN = re.compile(
    r"\s*(?:(?P<junction>AND|OR)\s+)?(?:has\s+(?P<has>\S+)|(?P<field>[^\s=!<>]+)\s*(?P<operator>==|!=|>=|<=|[<>])\s*(?P<value>.+?))\s*"
)


class Known(StrEnum):
    """What Parley knows of a request by itself; all other fields are what somebody told: the customer's channel when they
    came, its bot, an agent, an integration.
    """

    CHANNEL = "channel.id"
    CHANNEL_TYPE = "channel.type"
    SERVICE = "channel.service"
    CUSTOMER_NAME = "customer.name"
    IS_KNOWN = "customer.known"
    DIRECTION = "request.direction"
    PRIORITY = "request.priority"


OURS = re.compile(r"(channel|customer|request)\..*", re.DOTALL)
"""Names that nobody else gives to anything."""


@dataclass(frozen=True, slots=True)
class Consideration:
    """`field` of the request's data compared with a text, or with a number if the operator is one of order. `junction` joins
    it to those before, strictly from left to right; that of the first does not count.
    """

    field: str
    operator: RelationalOperator
    value: str = ""
    junction: Junction = Junction.AND

    def check(self, field_name: str) -> None:
        named(self.field, f"{field_name}.field")
        if len(self.field) > LENGTH_MAX or len(self.value) > LENGTH_MAX:
            raise Invalid(f"At most {LENGTH_MAX} characters.", field_name)
        if not re.fullmatch(r"[^\s=!<>]+", self.field):
            raise Invalid("A field's name has no spaces and no signs of comparison.", f"{field_name}.field")
        if OURS.fullmatch(self.field) and self.field not in set(Known):
            raise Invalid(f"There is no {self.field!r}; there are {', '.join(Known)}.", f"{field_name}.field")
        if self.operator.orders and _number(self.value) is None:
            raise Invalid(f"{self.value!r} is no number: {self.operator} compares numbers.", f"{field_name}.value")

    def holds(self, data: Mapping[str, str]) -> bool:
        """Who lacks the field fails every operator, as with attributes (routing 6)."""
        if self.field not in data:
            return False
        if not self.operator.orders:
            return self.operator.holds(data[self.field], self.value)
        has, asked = _number(data[self.field]), _number(self.value)
        return has is not None and asked is not None and self.operator.holds(has, asked)


def is_for(considerations: Iterable[Consideration], data: Mapping[str, str]) -> bool:
    """What nothing is asked of is for everybody."""
    return from_left(((it.junction, it.holds(data)) for it in considerations), everything=True)


def understood(considerations: Iterable[Consideration]) -> str:
    """The parsed form, with parentheses."""
    return grouped([(it.junction, _written(it)) for it in considerations])


def written_lines(considerations: Iterable[Consideration]) -> list[str]:
    """Each but the first with the junction that joins it to those before, where that is OR."""
    lines = enumerate(considerations)
    return [written(it) if number else _written(it) for number, it in lines]


def written(consideration: Consideration) -> str:
    """One line that `read` takes back, like `orderValue >= 100` or `OR segment == vip`."""
    joined = f"{Junction.OR} " if consideration.junction is Junction.OR else ""
    return f"{joined}{_written(consideration)}"


def _written(consideration: Consideration) -> str:
    if consideration.operator is RelationalOperator.HAS:
        return f"has {consideration.field}"
    value = consideration.value
    shown = value if BARE.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    return f"{consideration.field} {consideration.operator} {shown}"


def read(text: str) -> Consideration:
    """Raises `Invalid`. A value may be in double quotes."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise Invalid(f"A condition is written like `orderValue >= 100`, or `has orderValue`: {text!r}.")
    junction = Junction(found["junction"] or Junction.AND)
    if found["has"]:
        return Consideration(found["has"], RelationalOperator.HAS, junction=junction)
    value = found["value"]
    if value.startswith('"'):
        try:
            value = json.loads(value, strict=False)
        except ValueError:
            raise Invalid(f"{value} cannot be read in {text!r}.") from None
    return Consideration(found["field"], RelationalOperator(found["operator"]), value, junction)


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", text) else None
