"""Pictures of the state machines for `docs/routing.md`, drawn from the models themselves.

    python -m tests.docs.pictures        writes docs/pictures/*.svg and the tables beside them

Only where a state stands is chosen here; which states there are, and what leads from one to another, is `machines.py`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from xml.sax.saxutils import escape

from tests.docs.machines import MACHINES, Machine, Step

DOCS = Path(__file__).parents[2] / "docs"
PAGE, PICTURES = DOCS / "routing.md", DOCS / "pictures"
WIDE, HIGH, LINE = 168, 40, 15
MANY = {"mrd": 3}
ANYWHERE = 5
"""Causes that lead from so many states to one, or from one to so many, are written beside it and not drawn."""

Place = tuple[float, float]

PLACES: Mapping[str, Mapping[str, Place]] = {
    "media_state": {
        "STARTED": (0, 0),
        "QUEUED": (1.7, 0),
        "RESERVED": (3.4, 0),
        "CLOSED": (2.3, 1.3),
        "ACTIVE": (3.4, 2.4),
    },
    "task": {"ACTIVE": (0, 0), "WRAP_UP": (2, 0), "CLOSED": (1, 1.4)},
    "agent": {"LOGOUT": (0, 0), "NOT_READY": (1.5, 0), "READY": (3, 0), "UNKNOWN": (2.25, 1.3)},
    "mrd": {
        "LOGOUT": (0, 0),
        "NOT_READY": (1.5, 0.75),
        "PENDING_NOT_READY": (3.6, 0),
        "UNKNOWN": (0, 1.8),
        "READY": (1.5, 2.0),
        "BUSY": (3.9, 2.0),
        "ACTIVE": (2.7, 2.9),
        "INTERRUPTED": (0.4, 3.0),
    },
    "item": {"UNREAD": (0, 0), "ACTIVE": (1.5, 0), "INACTIVE": (3, 0), "CLOSED": (1.5, 1.2)},
    "conversation": {
        "CREATED": (0, 0.3),
        "INACTIVE": (1.8, 0.3),
        "ACTIVE": (4.2, 0.3),
        "WRAP_UP": (2.0, 2.7),
        "CUSTOMER_LEFT": (4.6, 2.7),
        "ON_HOLD": (5.8, 0.3),
        "CLOSING": (0, 2.7),
        "CLOSED": (0, 3.8),
    },
}
FONT = 'font-family="system-ui, sans-serif" font-size="12"'
TIP = 'markerWidth="9" markerHeight="9" refX="8" refY="4" orient="auto"'
NOTE = 'fill="#556" font-style="italic" font-size="11" stroke="#fff" stroke-width="4" paint-order="stroke"'
UNIT_X, UNIT_Y, MARGIN = 215, 145, 40


@dataclass(frozen=True, slots=True)
class Arrow:
    """A curve from one state to another; `labels` at its middle."""

    begin: Place
    bend: Place
    end: Place
    labels: tuple[str, ...]

    @property
    def middle(self) -> Place:
        """A little before it, so that the labels of two ways do not meet."""
        (ax, ay), (bx, by), (cx, cy) = self.begin, self.bend, self.end
        return 0.36 * ax + 0.48 * bx + 0.16 * cx, 0.36 * ay + 0.48 * by + 0.16 * cy


@dataclass(frozen=True, slots=True)
class Picture:
    title: str
    states: Mapping[str, Place]
    notes: Mapping[str, tuple[str, ...]]
    arrows: tuple[Arrow, ...]

    @property
    def size(self) -> Place:
        xs, ys = [x for x, _ in self.states.values()], [y for _, y in self.states.values()]
        return max(xs) + WIDE / 2 + MARGIN, max(ys) + HIGH / 2 + 3 * LINE + MARGIN


def drawn(name: str, machine: Machine) -> Picture:
    """Raises `KeyError` for a state that has no place yet."""
    places = {
        state: (MARGIN + WIDE / 2 + x * UNIT_X, MARGIN + HIGH / 2 + y * UNIT_Y)
        for state, (x, y) in PLACES[name].items()
    }
    steps = machine.steps()
    notes, others = _beside(steps, MANY.get(name, ANYWHERE))
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, label, target in others:
        pairs[source, target].append(label)
    arrows = tuple(_arrow(places, pair, tuple(labels), pairs) for pair, labels in sorted(pairs.items()))
    seen = {state for source, _, target in steps for state in (source, target)}
    return Picture(machine.title, {state: places[state] for state in sorted(seen)}, notes, arrows)


def _beside(steps: Sequence[Step], many: int) -> tuple[dict[str, tuple[str, ...]], list[Step]]:
    """What is said in words, and what is left to draw: a cause from many states, or one whose end depends on the rest."""
    sources: dict[tuple[str, str], set[str]] = defaultdict(set)
    targets: dict[tuple[str, str], set[str]] = defaultdict(set)
    for source, label, target in steps:
        sources[label, target].add(source)
        targets[source, label].add(target)
    notes: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for (label, target), found in sorted(sources.items()):
        if len(found) >= many:
            whence = ", ".join(sorted(found)) if len(found) <= 3 else "anywhere"
            notes[target] += (f"{label}: from {whence}",)
    for (source, label), found in sorted(targets.items()):
        if len(found) >= many:
            notes[source] += (f"{label}: as the rest has it",)
    said = {key for key, found in sources.items() if len(found) >= many}
    open_ended = {key for key, found in targets.items() if len(found) >= many}
    return dict(notes), [it for it in steps if it[1:] not in said and it[:2] not in open_ended]


def _arrow(
    places: Mapping[str, Place], pair: tuple[str, str], labels: tuple[str, ...], pairs: Mapping[tuple[str, str], object]
) -> Arrow:
    (ax, ay), (bx, by) = places[pair[0]], places[pair[1]]
    length = hypot(bx - ax, by - ay)
    both_ways = pair[::-1] in pairs
    aside = (20 + 40 * abs(by - ay) / length + 12 * len(labels) if both_ways else 10) + max(0.0, length - 420) / 5
    bend = (ax + bx) / 2 - (by - ay) / length * aside, (ay + by) / 2 + (bx - ax) / length * aside
    return Arrow(_border((ax, ay), bend), bend, _border((bx, by), bend), labels)


def _border(centre: Place, towards: Place) -> Place:
    """Where the way out of a box crosses its edge."""
    dx, dy = towards[0] - centre[0], towards[1] - centre[1]
    scale = min(WIDE / 2 / abs(dx) if dx else 9e9, HIGH / 2 / abs(dy) if dy else 9e9)
    return centre[0] + dx * scale, centre[1] + dy * scale


def svg(picture: Picture) -> str:
    wide, high = picture.size
    size = f'width="{wide:.0f}" height="{high:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" {size} {FONT}>',
        f"<title>{escape(picture.title)}</title>",
        f'<defs><marker id="tip" {TIP}><path d="M0,0 L8,4 L0,8 z" fill="#556"/></marker></defs>',
        f'<rect {size} fill="#fff"/>',
    ]
    for arrow in picture.arrows:
        (ax, ay), (bx, by), (cx, cy) = arrow.begin, arrow.bend, arrow.end
        lines.append(
            f'<path d="M{ax:.0f},{ay:.0f} Q{bx:.0f},{by:.0f} {cx:.0f},{cy:.0f}" fill="none" stroke="#889"'
            ' stroke-width="1.3" marker-end="url(#tip)"/>'
        )
    for state, (x, y) in picture.states.items():
        lines.append(
            f'<rect x="{x - WIDE / 2:.0f}" y="{y - HIGH / 2:.0f}" width="{WIDE}" height="{HIGH}" rx="9" fill="#eef3fb"'
            ' stroke="#446"/>'
        )
        lines.append(_text(x, y + 4, state, 'font-weight="600" fill="#223"'))
    for state, (x, y) in picture.states.items():
        for number, note in enumerate(picture.notes.get(state, ()), 1):
            lines.append(_text(x, y + HIGH / 2 + number * LINE, note, NOTE))
    for arrow in picture.arrows:
        lines += _labels(arrow)
    return "\n".join([*lines, "</svg>", ""])


def _labels(arrow: Arrow) -> Iterator[str]:
    x, y = arrow.middle
    top = y - (len(arrow.labels) - 1) * LINE / 2 + 4
    for number, label in enumerate(arrow.labels):
        halo = 'stroke="#fff" stroke-width="4" paint-order="stroke" fill="#334"'
        yield _text(x, top + number * LINE, label, halo)


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle" {style}>{escape(text)}</text>'


def table(steps: Sequence[Step]) -> str:
    """The same for those who cannot see it, and for whoever looks one up."""
    causes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, label, target in steps:
        causes[source, target].append(label)
    rows = [f"| {source} | {target} | {', '.join(labels)} |" for (source, target), labels in sorted(causes.items())]
    return "\n".join(["| From | To | When |", "|---|---|---|", *rows])


def page(text: str) -> str:
    """The page with what stands between its marks drawn anew."""
    for name, machine in MACHINES.items():
        begin, end = f"<!-- picture: {name} -->\n", "<!-- end of picture -->\n"
        before, mark, after = text.partition(begin)
        if not mark:
            raise ValueError(f"the page has no place for {name}")
        if after.startswith("\n!["):
            after = after.partition(end)[2]
        picture = f"\n![{machine.title}](pictures/{name}.svg)\n"
        details = f"\n<details><summary>As a table</summary>\n\n{table(machine.steps())}\n\n</details>\n\n"
        text = f"{before}{mark}{picture}{details}{end}{after}"
    return text


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for name, machine in MACHINES.items():
        (PICTURES / f"{name}.svg").write_text(svg(drawn(name, machine)))
    PAGE.write_text(page(PAGE.read_text()))


if __name__ == "__main__":
    main()
