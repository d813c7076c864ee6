"""How does the stretch look, as it was and changed? One picture per queue. Wants matplotlib, as `infra/simulation/charts.py`."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from infra.simulation.charts import BLUE, NO_DATE, ORANGE, SHADE, NoMatplotlib, band, in_time, legend
from infra.simulation.report import Report


def draw(was: Report, would: Report, title: str, queue: str, level: str, paths: Sequence[Path]) -> None:
    """`level`: which service level. Raises `NoMatplotlib`."""
    try:
        drawing = import_module("matplotlib.figure")
    except ImportError:
        raise NoMatplotlib("Charts need matplotlib: pip install 'parley[simulation]'.") from None
    figure = drawing.Figure(figsize=(9, 5.6), layout="constrained")
    axes: list[Any] = list(figure.subplots(2, 1, sharex=True))
    figure.suptitle(f"{title}: {queue}", fontsize=12)
    for report, colour, name in ((was, BLUE, "as it was"), (would, ORANGE, "changed")):
        lines = [it for it in report.intervals() if it.queue == queue]
        band(axes[0], lines, level, colour, f"{in_time(level)}, {name}", lambda share: 100 * share)
        band(axes[1], lines, "asa_s", colour, f"speed of answer, {name}", float)
    axes[0].set(ylabel="%", ylim=(0, 101))
    axes[1].set(ylabel="seconds", xlabel=SHADE)
    axes[1].set_ylim(bottom=0)
    names = was.names()
    step = -(-len(names) // 12)
    axes[1].set_xticks(range(0, len(names), step), names[::step])
    for axis in axes:
        legend(axis, "lower left")
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", alpha=0.25)
    with import_module("matplotlib").rc_context({"svg.hashsalt": "parley"}):
        for path in paths:
            figure.savefig(path, dpi=80, metadata=NO_DATE.get(path.suffix))
