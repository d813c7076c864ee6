"""On what was it measured, and how busy was it? A figure without its machine says nothing."""

import os
import platform
import resource
import time
from pathlib import Path
from statistics import median
from typing import Any


def machine() -> dict[str, Any]:
    """Model, cores, memory and versions; what `/proc` does not tell is left out."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory_gb, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "architecture": platform.machine(),
    }


def load() -> list[float]:
    """Runnable processes over the last 1, 5 and 15 minutes; above the number of cores, others slow us down."""
    return [round(average, 2) for average in os.getloadavg()]


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def server_cpu_s(postmaster: int) -> float:
    """CPU seconds of a PostgreSQL server: every process of it, those that have ended included."""
    ticks = 0
    for process in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent, *fields = process.read_text().rpartition(")")[2].split()[1:]
        except (OSError, ValueError):
            continue  # it has just ended
        times = [int(field) for field in fields[9:13]]  # own user, own system, ended children's user and system
        if process.parent.name == str(postmaster):
            ticks += sum(times)
        elif parent == str(postmaster):
            ticks += sum(times[:2])
    return ticks / os.sysconf("SC_CLK_TCK")


def waited_s() -> float:
    """Seconds that this thread was able to run and had no core, because others had them: what a busy machine costs us."""
    schedule = Path("/proc/thread-self/schedstat")
    return int(schedule.read_text().split()[1]) / 1e9 if schedule.exists() else 0.0


def children_cpu_s() -> float:
    """CPU seconds of the processes that this one started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def fsync_us(folder: Path, times: int = 200) -> float:
    """What it costs here to bring one page to the disk: the median of many, in microseconds."""
    probe, costs = folder / "fsync.probe", []
    with probe.open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(bytes(8192))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            costs.append(time.perf_counter() - begun)
    probe.unlink()
    return round(median(costs) * 1e6, 1)
