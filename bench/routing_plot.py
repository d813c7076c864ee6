"""The curve of a decision's cost over the size of the centre."""

from pathlib import Path

from bench.figures import RESULTS, Row


def plot(rows: list[Row], path: Path) -> None:
    """Cost of a decision over size, where matplotlib is there."""
    try:
        from matplotlib import pyplot as plt
    except ImportError:
        return
    figure, axes = plt.subplots(figsize=(8, 4.5))
    for load in dict.fromkeys(row["load"] for row in rows):
        of = [row for row in rows if row["load"] == load]
        names = [row["agents x queues"] for row in of]
        axes.plot(names, [row["p50 us"] for row in of], marker="o", label=f"engine p50, load {load}")
        axes.plot(names, [row["p99 us"] for row in of], marker="o", linestyle="--", label=f"engine p99, load {load}")
        rescans = [1e6 / row["rescan/s"] if row["rescan/s"] else None for row in of]
        axes.plot(names, rescans, marker="x", linestyle=":", label=f"rescan, per assignment, load {load}")
    axes.set(yscale="log", xlabel="agents x queues", ylabel="us of CPU", title="A routing decision")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    RESULTS.mkdir(exist_ok=True)
    figure.savefig(path)
    plt.close(figure)
