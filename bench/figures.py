"""In what shape does a benchmark say what it measured? All write the same, so that one report reads them all.

    results/<name>.json   {"benchmark", "question", "measured_at", "quick", "machine", "load_before", "load_after",
                           "figures": [Figure…], "table": [{column: value}…], and whatever else it keeps}

A figure stands beside its limit or its peer of the same run, and beside its floor and its goal.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from bench.machine import load, machine

RESULTS = Path(__file__).parent / "results"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """`beside` names what it is compared with, and `beside_value` is that, measured in the same run and unit."""

    name: str
    value: float
    unit: str = "/s"
    floor: float | None = None
    goal: float | None = None
    beside: str = ""
    beside_value: float | None = None
    less_is_better: bool = False

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**stored)

    @property
    def ratio(self) -> float | None:
        """How many times better than what stands beside it."""
        if not self.beside_value or not self.value:
            return None
        return self.beside_value / self.value if self.less_is_better else self.value / self.beside_value

    @property
    def verdict(self) -> str:
        if self.goal is not None and self._reaches(self.goal):
            return "goal met"
        if self.floor is not None and self._reaches(self.floor):
            return "floor met" + (", goal missed" if self.goal is not None else "")
        return "missed" if self.floor is not None or self.goal is not None else ""

    def _reaches(self, mark: float) -> bool:
        return self.value <= mark if self.less_is_better else self.value >= mark


class Run:
    """One run of a benchmark, begun now: `save` what it found, with the machine and its load before and after."""

    def __init__(self, benchmark: str, question: str, *, quick: bool = False) -> None:
        self._head = {
            "benchmark": benchmark,
            "question": question,
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "quick": quick,
            "machine": machine(),
            "load_before": load(),
        }

    def save(self, figures: Sequence[Figure], table: Sequence[Row], **more: Any) -> None:
        found = {**self._head, "load_after": load(), "figures": [asdict(figure) for figure in figures], "table": table}
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self._head['benchmark']}.json"
        if self._head["quick"] and path.exists() and not json.loads(path.read_text())["quick"]:
            print(f"{path.name} keeps its full run: a quick one shows that the benchmark works, and little else.")
            return
        path.write_text(json.dumps({**found, **more}, indent=1) + "\n")


def number(value: object) -> str:
    """As people read it: three figures at least, no more than needed; words stay words."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def lines(rows: Sequence[Row]) -> list[str]:
    """A table for the terminal, numbers to the right."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [columns, *([number(row.get(column)) for column in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    words = [any(isinstance(row.get(column), str) for row in rows) for column in columns]
    return [
        "  ".join(
            text.ljust(width) if word else text.rjust(width)
            for text, width, word in zip(row, widths, words, strict=True)
        ).rstrip()
        for row in cells
    ]


def rows_of(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """The figures as a table: what was measured, its marks, its neighbour in the same run, and whether it will do."""
    return [
        {
            "figure": figure.name,
            "measured": _with(figure.value, figure.unit),
            "floor": _with(figure.floor, figure.unit),
            "goal": _with(figure.goal, figure.unit),
            "beside": f"{figure.beside}: {_with(figure.beside_value, figure.unit)}" if figure.beside else "",
            "ratio": f"{number(figure.ratio)} ×" if figure.ratio else "",
            "verdict": figure.verdict,
        }
        for figure in figures
    ]


def _with(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return number(value) + (unit if unit.startswith("/") else f" {unit}")
