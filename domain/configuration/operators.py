"""How are two values compared? The same words for what agents have and for what requests carry."""

from enum import StrEnum
from typing import TypeVar

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
