"""When do calls come? By chance at the rates of each interval, or as they once did, from a file."""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from math import log
from pathlib import Path
from random import Random


def poisson(random: Random, per_hour: Sequence[float], interval_s: float) -> Iterator[float]:
    """Seconds from the beginning, in order; the rate holds for one interval each and is 0 after the last.

    At the border of two rates the wait begins anew: the exponential distribution does not remember.
    """
    for interval, rate in enumerate(per_hour):
        now, end = interval * interval_s, (interval + 1) * interval_s
        if rate <= 0:
            continue
        mean_s, draw = 3600 / rate, random.random
        now -= log(1.0 - draw()) * mean_s
        while now < end:
            yield now
            now -= log(1.0 - draw()) * mean_s


def from_file(path: Path, column: str, start: datetime) -> list[float]:
    """A CSV column with seconds from the beginning, or with ISO times, which count from `start`.

    Raises `ValueError` with the line that cannot be read.
    """
    found = []
    with path.open(newline="") as file:
        for line, row in zip(count(2), csv.DictReader(file), strict=False):
            if column not in row:
                raise ValueError(f"{path} has no column {column!r}, but {', '.join(row)}.")
            try:
                found.append(_seconds(row[column], start))
            except ValueError:
                raise ValueError(f"{path}:{line}: {row[column]!r} is neither seconds nor an ISO time.") from None
    return sorted(it for it in found if it >= 0)


def _seconds(text: str, start: datetime) -> float:
    try:
        return float(text)
    except ValueError:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=start.tzinfo)).timestamp() - start.timestamp()
