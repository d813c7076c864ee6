"""How are two values compared? The same words for what agents have and for what requests carry."""

from enum import StrEnum


class RelationalOperator(StrEnum):
    EQ = "=="
    NE = "!="
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    HAS = "has"
