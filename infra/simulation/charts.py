"""How does the day look? One picture per queue: who came, how many were answered in time, how long they waited.

Wants matplotlib: `pip install 'parley[simulation]'`.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from infra.simulation.report import EVERYBODY, Line, Report

BLUE, ORANGE, GREY, GREEN = "#2563a8", "#c2571a", "#8a8f98", "#2f7d4f"


class NoMatplotlib(Exception):
    """The library that draws is not installed."""


def draw(report: Report, title: str, queue: str, level: str, paths: Sequence[Path]) -> None:
    """Write the picture of one queue to each path, in the format that its suffix names. `level`: which service level."""
    try:
        drawing = import_module("matplotlib.figure")
    except ImportError:
        raise NoMatplotlib("Charts need matplotlib: pip install 'parley[simulation]'.") from None
    lines = report.intervals()
    mine, all_ = [it for it in lines if it.queue == queue], [it for it in lines if it.queue == EVERYBODY]
    figure = drawing.Figure(figsize=(9, 7.2), layout="constrained")
    axes: list[Any] = list(figure.subplots(3, 1, sharex=True))
    figure.suptitle(f"{title}: {queue}" if queue != EVERYBODY else title, fontsize=12)
    _calls(axes[0], mine)
    _agents(axes[0].twinx(), all_)
    band(axes[1], mine, level, BLUE, in_time(level), lambda share: 100 * share)
    band(axes[1], all_, "occupancy", GREY, "occupancy of all agents", lambda share: 100 * share)
    axes[1].set(ylabel="%", ylim=(0, 101))
    band(axes[2], mine, "asa_s", GREEN, "speed of answer (answered)", float)
    band(axes[2], mine, "mean_wait_s", ORANGE, "wait (all)", float)
    axes[2].set(ylabel="seconds", xlabel=SHADE)
    axes[2].set_ylim(bottom=0)
    step = -(-len(mine) // 12)
    axes[2].set_xticks(range(0, len(mine), step), [it.interval for it in mine][::step])
    for axis in axes:
        legend(axis, "lower left")
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", alpha=0.25)
    with import_module("matplotlib").rc_context({"svg.hashsalt": "parley"}):  # ids that do not change from run to run
        for path in paths:
            figure.savefig(path, dpi=80, metadata=NO_DATE.get(path.suffix))


NO_DATE = {".svg": {"Date": None}, ".png": {"Software": None}}


SHADE = "interval that begins at; shaded: 95 % interval of the mean over the runs"


def in_time(level: str) -> str:
    """A figure's name as people say it."""
    return f"answered in time (service level type {level[-1]})"


def legend(axis: Any, corner: str) -> None:
    """Above the picture, where nothing is drawn."""
    at = (0.0, 1.0) if corner.endswith("left") else (1.0, 1.0)
    axis.legend(frameon=False, fontsize=8, loc=corner, bbox_to_anchor=at, ncols=3, borderaxespad=0.2)


def _means(lines: Sequence[Line], name: str) -> list[float]:
    found = [line.figures.get(name) for line in lines]
    return [it.mean if it else float("nan") for it in found]


def _calls(axis: Any, lines: Sequence[Line]) -> None:
    floor = [0.0] * len(lines)
    for name, colour in (("answered", BLUE), ("abandoned", ORANGE), ("expired", GREY)):
        heights = _means(lines, name)
        if any(heights):
            label = {"abandoned": "gave up", "expired": "nobody was free"}.get(name, name)
            axis.bar(range(len(lines)), heights, 0.8, bottom=floor, color=colour, label=label, alpha=0.85)
        floor = [low + height for low, height in zip(floor, heights, strict=True)]
    axis.set(ylabel="calls per interval")


def _agents(axis: Any, lines: Sequence[Line]) -> None:
    axis.step(
        range(len(lines)),
        _means(lines, "agents"),
        where="mid",
        color="black",
        linewidth=1,
        label="agents of all queues",
    )
    axis.set(ylabel="agents")
    axis.set_ylim(bottom=0)
    axis.spines["top"].set_visible(False)
    legend(axis, "lower right")


def band(axis: Any, lines: Sequence[Line], name: str, colour: str, label: str, scale: Callable[[float], float]) -> None:
    """The mean as a line, its 95 % interval as a shade."""
    known = [(n, it) for n, line in enumerate(lines) if (it := line.figures.get(name)) is not None]
    places = [n for n, _ in known]
    axis.plot(places, [scale(it.mean) for _, it in known], color=colour, linewidth=1.6, label=label)
    lows = [scale(it.mean if it.low is None else it.low) for _, it in known]
    highs = [scale(it.mean if it.high is None else it.high) for _, it in known]
    axis.fill_between(places, lows, highs, color=colour, alpha=0.2, linewidth=0)
