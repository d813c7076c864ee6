"""What is in this repository? The files that rules are held over, read once."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"node_modules", "__pycache__", "dist", "build", "results"}


@dataclass(frozen=True)
class Source:
    """One text file. `path` is relative to the repository, with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def lines(self) -> int:
        return self.text.count("\n") + 1

    def at(self, node: ast.stmt | ast.expr) -> str:
        return f"{self.path}:{node.lineno}"


def _paths(folder: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        hidden = entry.name.startswith(".") and entry.name not in {
            ".ci",
            ".editorconfig",
            ".gitignore",
            ".npmrc",
            ".github",
        }
        if hidden or entry.name in NOT_OURS or entry.name.endswith(".egg-info"):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _paths(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


@cache
def files() -> tuple[Path, ...]:
    """Every file of ours, relative to the repository: caches, builds and other people's packages left out."""
    return tuple(path.relative_to(ROOT) for path in _paths(ROOT))


@cache
def texts() -> tuple[Source, ...]:
    """Every file of ours that is text."""
    found = []
    for path in files():
        try:
            found.append(Source(path.as_posix(), (ROOT / path).read_text(encoding="utf-8")))
        except UnicodeDecodeError:  # a picture, a sound, a captured payload
            continue
    return tuple(found)


def python(*folders: str) -> list[Source]:
    """The Python files under these top-level folders; of all folders when none is named."""
    return [
        source
        for source in texts()
        if source.path.endswith(".py") and (not folders or source.path.split("/")[0] in folders)
    ]


def advice(found: list[str], what_to_do: str) -> str:
    """A failure that says what to do, then where."""
    return f"{what_to_do}\n  " + "\n  ".join(found)
