"""Is every file one sitting, with a name that says something, and without what does not belong to the project?"""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.architecture.source import ROOT, Source, advice, python, texts

NAMES_THAT_SAY_NOTHING = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "service",
    "services",
    "manager",
    "base",
    "misc",
}
FILE_LINES_MAX = 450
FUNCTION_LINES_MAX = 60
WRITTEN_BY_HAND = (".py", ".ts", ".tsx", ".js", ".css", ".sh")
GENERATED = re.compile(r"\.generated\.|/generated/|\.d\.ts$")

# Each pattern is written so that it does not find itself.
NOT_OURS = {
    r"(?<![\w.~-])/[w]ork(?![\w-])|\.\./[s]hared\b|(?<![\w/-])[s]hared/(design|reference|seeds|data)\b": (
        "A path of one machine: take a folder as an option."
    ),
    r"[p]ypi\.org|pythonhosted\.[o]rg|registry\.[n]pmjs|deb\.[d]ebian\.org|security\.[d]ebian": (
        "A registry's host: every machine has its own settings (npm: `omit-lockfile-registry-resolved=true` in .npmrc)."
    ),
    r"\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b": "Do it now, or write down in docs/adr/ why not.",
}


def says_nothing(path: str) -> bool:
    return any(PurePosixPath(part).stem.lower() in NAMES_THAT_SAY_NOTHING for part in PurePosixPath(path).parts)


def is_a_table(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """`evolve`, and functions that are mostly one `match`: they are lists, and may be long."""
    length = _length(function)
    return "evolve" in function.name or any(
        isinstance(node, ast.Match) and 2 * _length(node) > length for node in function.body
    )


def _length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def long_functions(source: Source) -> Iterator[str]:
    functions = (node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    for node in functions:
        if _length(node) > FUNCTION_LINES_MAX and not is_a_table(node):
            yield f"{source.at(node)} {node.name} has {_length(node)} lines"


def found_in(source: Source, pattern: str) -> list[str]:
    return [
        f"{source.path}:{n} {line.strip()[:100]}"
        for n, line in enumerate(source.text.splitlines(), 1)
        if re.search(pattern, line)
    ]


def test_every_name_says_something() -> None:
    found = [source.path for source in texts() if says_nothing(source.path)]
    assert not found, advice(found, "Name the file after the question that it answers; split it if there are several.")


def test_every_file_is_one_sitting() -> None:
    ours = [source for source in texts() if source.path.endswith(WRITTEN_BY_HAND) and not GENERATED.search(source.path)]
    found = [
        f"{source.path} has {source.lines} lines"
        for source in ours
        if source.lines > FILE_LINES_MAX and not source.path.startswith("tests/") and ".test." not in source.path
    ]
    assert not found, advice(found, f"Past {FILE_LINES_MAX} lines a file holds two ideas: give the second a name.")


def test_every_function_fits_a_screen() -> None:
    found = [line for source in python() if not source.path.startswith("tests/") for line in long_functions(source)]
    assert not found, advice(found, f"Past {FUNCTION_LINES_MAX} lines there is a name waiting inside.")


@pytest.mark.parametrize("pattern", NOT_OURS)
def test_nothing_is_here_that_is_not_the_projects(pattern: str) -> None:
    found = [line for source in texts() for line in found_in(source, pattern)]
    assert not found, advice(found, NOT_OURS[pattern])


def test_every_top_level_folder_says_what_lives_there() -> None:
    folders = sorted(
        {source.path.split("/")[0] for source in texts() if "/" in source.path and not source.path.startswith(".")}
        - {"requirements"}
    )
    found = [f"{folder}/README.md" for folder in folders if not (ROOT / folder / "README.md").exists()]
    assert not found, advice(found, "A few lines: what lives there, and what may not.")


def test_a_name_that_says_nothing_is_found() -> None:
    assert says_nothing("api/utils.py")
    assert says_nothing("desk/src/common/button.tsx")
    assert not says_nothing("commands/base_rates.py")


def test_a_long_function_is_found_and_a_long_table_is_not() -> None:
    body = "\n".join(f"  case {n}: return {n}" for n in range(80))
    assert list(long_functions(Source("x.py", "def f(x):\n" + "\n".join(" x += 1" for _ in range(80)))))
    assert not list(long_functions(Source("x.py", f"def f(x):\n match x:\n{body}")))


EXAMPLES = ["see /wo" + "rk/main", "https://py" + "pi.org/simple", "# TO" + "DO later"]


@pytest.mark.parametrize(("pattern", "line"), list(zip(NOT_OURS, EXAMPLES, strict=True)))
def test_what_is_not_the_projects_is_found(pattern: str, line: str) -> None:
    assert found_in(Source("x.py", line), pattern)
    assert not found_in(Source("x.py", "from desk.src.shared/parts, a /workspace and a network"), pattern)
