"""How are two values compared, and comparisons joined? The same words for what agents have and for what requests carry."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Any, Protocol, TypeVar

V = TypeVar("V", int, float, str)


class RelationalOperator(StrEnum):
    EQ = "=="
    NE = "!="
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    HAS = "has"

    @property
    def orders(self) -> bool:
        return self not in {RelationalOperator.HAS, RelationalOperator.EQ, RelationalOperator.NE}

    def holds(self, has: V, asked: V) -> bool:
        """Only for those who have one: who lacks it fails every operator, `!=` too (routing 6)."""
        match self:
            case RelationalOperator.HAS:
                return True
            case RelationalOperator.EQ:
                return has == asked
            case RelationalOperator.NE:
                return has != asked
            case RelationalOperator.GT:
                return has > asked
            case RelationalOperator.GE:
                return has >= asked
            case RelationalOperator.LT:
                return has < asked
            case RelationalOperator.LE:
                return has <= asked


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
