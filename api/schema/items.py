"""What does a feed hand to a subscription? Facts, changed rows, and these two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.kernel import Position


@dataclass(frozen=True, slots=True)
class Marker:
    """The first item of whoever begins now: where "now" is."""

    position: Position


@dataclass(frozen=True, slots=True)
class Resync:
    """The last item of whoever was away too long: ask for everything again, then resume from here."""

    position: Position


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows of a board that are different at this position, each as it is now."""

    position: Position
    rows: Sequence[Any]
