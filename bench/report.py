"""What do the results say together? Writes `docs/benchmarks.md` from `results/*.json` and the words in `notes/*.md`.

python -m bench.report
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.figures import RESULTS, Figure, Row, number, rows_of

NOTES = Path(__file__).parent / "notes"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
ORDER = ("log", "rebuild", "fanout", "dialogues", "chats", "offers", "routing", "routing_rules", "erlang", "bank")
"""From the disk upwards; what is not named here comes after, by its name."""

HEAD = """<!-- Written by bench/report.py: change bench/notes/ or run `make bench`. -->
# Benchmarks

Measured part by part on one machine, with everything (clients, servers, database) on the same cores; `make bench` runs all. Rates of two
machines cannot be compared; ratios and CPU per unit travel better. A ratio above 1 says that ours is so many times better
than what stands beside it, which was measured in the same run. How to repeat and how to read it: [bench/](../bench/README.md).
"""


def in_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def page() -> str:
    found = {path.stem: json.loads(path.read_text()) for path in RESULTS.glob("*.json")}
    names = in_order([name for name, result in found.items() if "figures" in result])
    parts = [HEAD, _summary({name: found[name] for name in names}), *(_section(name, found[name]) for name in names)]
    if unread := sorted(set(found) - set(names)):
        parts.append(f"Not shown, for their results have no `figures` (see bench/figures.py): {', '.join(unread)}.\n")
    return "\n".join(parts)


def _figures(result: dict[str, Any]) -> list[Figure]:
    return [Figure.of(stored) for stored in result["figures"]]


def _summary(results: dict[str, dict[str, Any]]) -> str:
    """What has a mark to reach, and whether it does, on one screen."""
    rows = [
        {"benchmark": f"[{name}](#{name.replace('_', '-')})", **row}
        for name, result in results.items()
        for row in rows_of([figure for figure in _figures(result) if figure.verdict])
    ]
    return "\n".join(["## Goals\n", *_markdown(rows), ""])


def _section(name: str, result: dict[str, Any]) -> str:
    note = NOTES / f"{name}.md"
    return "\n".join(
        [
            f"## {name.replace('_', ' ')}\n",
            f"{result['question']}\n",
            _circumstances(result),
            *_markdown(rows_of(_figures(result))),
            "",
            *(_markdown(result["table"]) if result["table"] else []),
            "",
            note.read_text().strip() + "\n" if note.exists() else "",
        ]
    )


def _circumstances(result: dict[str, Any]) -> str:
    on, when = result["machine"], result["measured_at"][:16].replace("T", " ")
    before, after = result["load_before"][0], result["load_after"][0]
    says = [
        f"{when} UTC on {on['cpu']}, {on['cores']} cores, {on['memory_gb']} GB, Linux {on['kernel']}, Python {on['python']};",
        f"load average {before} before and {after} after.",
    ]
    if before > on["cores"] / 2:
        says.append("**Others were at work on this machine: take the ratios, not the rates.**")
    if result["quick"]:
        says.append("**A quick run: it shows that the benchmark works, and little else.**")
    return " ".join(says) + "\n"


def _markdown(rows: Sequence[Row]) -> list[str]:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    words = [any(isinstance(row.get(column), str) for row in rows) for column in columns]
    return [
        f"| {' | '.join(columns)} |",
        f"|{'|'.join('---' if word else '---:' for word in words)}|",
        *(f"| {' | '.join(number(row.get(column)) for column in columns)} |" for row in rows),
    ]


def main() -> None:
    PAGE.write_text(page().rstrip() + "\n")
    print(f"→ {PAGE.relative_to(PAGE.parents[1])}")


if __name__ == "__main__":
    main()
