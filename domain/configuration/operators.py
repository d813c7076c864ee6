"""How are two values compared, and comparisons joined? The same words for what agents have and for what requests carry."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Any, Protocol, TypeVar


class RelationalOperator(StrEnum):
    EQ = "=="
    NE = "!="
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    HAS = "has"


def compares(has: float, operator: RelationalOperator, value: float) -> bool:
    """What is there with what is asked for; that it is there is all that `has` asks."""
    match operator:
        case RelationalOperator.HAS:
            return True
        case RelationalOperator.EQ:
            return has == value
        case RelationalOperator.NE:
            return has != value
        case RelationalOperator.GT:
            return has > value
        case RelationalOperator.GE:
            return has >= value
        case RelationalOperator.LT:
            return has < value
        case RelationalOperator.LE:
            return has <= value


class Junction(StrEnum):
    AND = "AND"
    OR = "OR"


class Judgement(Protocol):
    """What AND and OR can join: truth values, numbers as sets of bits, …"""

    def __and__(self, other: Any, /) -> Any: ...
    def __or__(self, other: Any, /) -> Any: ...


J = TypeVar("J", bound=Judgement)


def from_left(parts: Iterator[tuple[Junction, J]], everything: J) -> J:
    """AND and OR have no precedence: each joins to all that stands left of it (routing 5). Nothing at all is true."""
    result: J | None = None
    for junction, value in parts:
        if result is None:
            result = value
        else:
            result = result & value if junction is Junction.AND else result | value
    return everything if result is None else result


def grouped(parts: Sequence[tuple[Junction, str]]) -> str:
    """The same for people: each junction with parentheses around all that stands left of it."""
    (_, text), *others = parts
    for junction, words in others:
        text = f"({text} {junction} {words})"
    return text[1:-1] if others else text


def is_mixed(junctions: Iterable[Junction]) -> bool:
    """Do AND and OR meet? It is permitted, and often not what was meant; that of the first does not count."""
    return len(set(islice(junctions, 1, None))) > 1
