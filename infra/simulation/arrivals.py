"""When do calls come? By chance at the rates of each interval, or as they once did, from a file."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
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


def from_file(path: Path, column: str, starts: timedelta) -> list[float]:
    """A CSV column with seconds from the beginning, or with ISO times: of those the simulation begins on the first one's
    day, at `starts` after midnight, and what came before is left out. Raises `ValueError` with what cannot be read.
    """
    with path.open(newline="") as file:
        texts = [row.get(column) for row in csv.DictReader(file)]
    if None in texts:
        raise ValueError(f"{path} has no column {column!r}, or a row without it.")
    found = [_moment(path, line, text or "") for line, text in enumerate(texts, 2)]
    times = [it for it in found if isinstance(it, datetime)]
    if not times:
        return sorted(it for it in found if isinstance(it, float) and it >= 0)
    if len(times) < len(found):
        raise ValueError(f"{path} mixes seconds and times.")
    begin = min(times).replace(hour=0, minute=0, second=0, microsecond=0) + starts
    return sorted(seconds for it in times if (seconds := (it - begin).total_seconds()) >= 0)


def _moment(path: Path, line: int, text: str) -> float | datetime:
    for read in (float, datetime.fromisoformat):
        with suppress(ValueError):
            return read(text)
    raise ValueError(f"{path}:{line}: {text!r} is neither seconds nor an ISO time.")
