"""Where is each rule of routing carried out, and which test proves it? Found by their numbers: `routing 24`.

    python -m tests.docs.rules        writes the table of docs/routing-rules.md

The rules themselves, in the words of `RULES`; whoever carries one out or proves one names its number beside it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "routing-rules.md"
CODE = ("domain", "commands", "projections", "api", "infra", "connectors")
CITED = re.compile(r"routing (\d+(?:(?:, | and |[-–])\d+)*)")
SHOWN = 3
"""Places that the table names; of more it says how many."""

RULES: Mapping[int, str] = {
    1: "request, task, media and their states",
    2: "direction and mode of a task",
    3: "reasons for which a task ends, and what is derived from them",
    4: "a re-route is a new task that names the old one",
    5: "steps, expressions, terms: from left to right",
    6: "values of attributes; who lacks one fails every comparison",
    7: "steps widen or replace, by their clocks",
    8: "a step where nobody is there is left, or by conditions",
    9: "a step may be for some requests alone",
    10: "deadlines count from the first enqueue, whatever rings",
    11: "one request in several queues",
    12: "who may be offered a request",
    13: "the order of agents",
    14: "how skilled",
    15: "available since",
    16: "the order of work",
    17: "whatever makes room is looked at",
    18: "no slot is given away twice",
    19: "reserve, accept, refuse what comes late",
    20: "reserved counts, and is no state",
    21: "declining",
    22: "auto-answer",
    23: "an offer ends before its request does",
    24: "RONA: same queue, first in line, without this agent",
    25: "what RONA does to the agent",
    26: "who let it ring may come back",
    27: "how long a request waits",
    28: "nobody was free",
    29: "the agent's global state",
    30: "not ready turns every domain off",
    31: "domains need a ready agent; auto-sync; supervisors",
    32: "states in a media routing domain",
    33: "states are derived",
    34: "what agents cannot set; mirrored domains",
    35: "which domain gives way",
    36: "what becomes of interrupted work",
    37: "signing out",
    38: "forced sign-out, by role",
    39: "lost desks, second desks",
    40: "signing out whoever is idle",
    41: "everything is there after a restart",
    42: "deadlines are facts",
    43: "transfer to a queue",
    44: "transfer to a person",
    45: "a held conversation that is transferred",
    46: "consult, and what may come of it",
    47: "conference, monitor, barge-in",
    48: "leaving; the last one out",
    49: "requests that lost their purpose",
    50: "a second session of the same customer",
    51: "wrap-up",
    52: "wrap-up holds a slot",
    53: "a note is no message",
    54: "the last agent",
    55: "priorities",
    56: "response and inactivity timers",
    57: "business hours",
    58: "overflow",
    59: "abandoned requests",
    60: "items of lists",
    61: "joining from a list",
    62: "membership changes at once",
    63: "deleting queues; domains that fit",
    64: "flushing queues",
    65: "estimated waits",
    66: "idempotency",
    67: "invariants",
}

OPEN: Mapping[int, str] = {}
"""Rules that no test proves yet, and why."""


PARTLY: Mapping[int, str] = {}
"""What is known to be missing of a rule that has tests."""


def numbers(cited: str) -> Iterator[int]:
    """`12, 18` and `5-10`: each."""
    for part in re.split(r", | and ", cited):
        first, _, last = part.replace("–", "-").partition("-")
        yield from range(int(first), int(last or first) + 1)


def citations(*folders: str) -> dict[int, list[str]]:
    """By rule: the files that name it, in order."""
    found: dict[int, list[str]] = defaultdict(list)
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.parent == Path(__file__).parent:
                continue
            named = {number for cited in CITED.findall(path.read_text()) for number in numbers(cited)}
            for number in sorted(named):
                found[number].append(str(path.relative_to(ROOT)))
    return found


def table() -> str:
    code, tests = citations(*CODE), citations("tests")
    lines = ["| | Rule | Carried out in | Proved by |", "|---:|---|---|---|"]
    for number, name in RULES.items():
        proof = _places(tests[number]) if number in tests else f"*open: {OPEN.get(number, '')}*"
        proof += f"; missing: *{PARTLY[number]}*" if number in PARTLY else ""
        lines.append(f"| {number} | {name} | {_places(code[number])} | {proof} |")
    return "\n".join(lines)


def _places(paths: list[str]) -> str:
    shown = [f"[{Path(path).stem}](../{path})" for path in paths[:SHOWN]]
    return ", ".join([*shown, *([f"{len(paths) - SHOWN} more"] if len(paths) > SHOWN else [])])


def page() -> str:
    return f"""# The rules of routing

Each rule, where it is carried out, and the tests that name it as what they prove: found by `python -m tests.docs.rules` from the numbers beside them (`routing 24`). A test holds that each rule has one, or stands there as open. What the rules mean together is in [routing](routing.md).

{table()}
"""


def main() -> None:
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
