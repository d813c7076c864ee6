"""`make bench`: every benchmark in turn, each in a process of its own, then the page that shows them together.

    python -m bench.all [--quick] [--only log,fanout]

A benchmark is a module of this folder that `report.ORDER` names or that has a note in `notes/`. One that fails keeps its
older results; the others still run.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from bench import report

HERE = Path(__file__).parent
ALSO = {"dialogues": ["--spawn"], "chats": ["--spawn"], "offers": ["--spawn"]}  # these start a server of their own


def benchmarks() -> list[str]:
    named = {*report.ORDER, *(note.stem for note in report.NOTES.glob("*.md"))}
    return [
        name
        for name in report.in_order(named)
        if (HERE / f"{name}.py").exists() or (HERE / name / "__main__.py").exists()
    ]


def ran(name: str, options: list[str]) -> bool:
    print(f"\n→ {name} (load average {os.getloadavg()[0]:.1f}) …", flush=True)
    begun = time.monotonic()
    code = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *options, *ALSO.get(name, [])], cwd=HERE.parent, check=False
    ).returncode
    print(
        f"{'✗' if code else '✓'} {name} {'failed after' if code else 'took'} {time.monotonic() - begun:.0f} s",
        flush=True,
    )
    return code == 0


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--quick", action="store_true", help="short runs: they show that everything works")
    asked.add_argument("--only", help="some benchmarks, by name, with commas between them")
    options = asked.parse_args()
    names = options.only.split(",") if options.only else benchmarks()
    failed = [name for name in names if not ran(name, ["--quick"] if options.quick else [])]
    print()
    report.main()
    if failed:
        sys.exit(f"✗ failed, and shown with older results if there are any: {', '.join(failed)}")


if __name__ == "__main__":
    main()
