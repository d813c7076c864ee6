"""How does a position in the log look from outside? As an opaque text that is checked when it comes back."""

import re
from binascii import crc_hqx
from typing import Any

from domain.kernel import BEGINNING, Position

_TAG = 0x5041
"""Starts the checksum, so that a cursor is not any number that somebody wrote down."""
_SHAPE = re.compile(r"[0-9a-f]{5,20}")
_LARGEST = 2**63 - 1


def sealed(position: int) -> str:
    """The cursor of a position: its number and a checksum, in hexadecimal."""
    number = f"{position:x}"
    return f"{number}{crc_hqx(number.encode(), _TAG):04x}"


def opened(cursor: Any) -> Position:
    """The position of a cursor. Raises `ValueError` for anything that `sealed` never gave."""
    if isinstance(cursor, str) and _SHAPE.fullmatch(cursor):
        position = int(cursor[:-4], 16)
        if BEGINNING <= position <= _LARGEST and sealed(position) == cursor:
            return Position(position)
    raise ValueError("This is no cursor: send back one that you were given.")
