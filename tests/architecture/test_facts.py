"""Is every fact safe to keep for ever? Frozen, named, folded by a model, and its stored shapes still load."""

import ast
import dataclasses
import json
from typing import Any

import pytest

from domain.kernel import FACTS, UPGRADES, Fact
from infra.eventlog.codec import decode, encode
from tests.architecture.source import Source, advice, python
from tests.domain.stored.samples import STORED, a_sample_of, import_all_facts, sample_file

import_all_facts()
OURS = sorted((cls for cls in FACTS.values() if cls.__module__.startswith("domain.")), key=lambda cls: cls.stored_as)
NAMES = [cls.stored_as for cls in OURS]
SAMPLES = sorted(STORED.glob("*.json"))


def faults(cls: type[Fact]) -> list[str]:
    """What keeps a class from being a fact that lasts."""
    found = []
    if not dataclasses.is_dataclass(cls) or not cls.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        found.append(f"{cls.__qualname__} can be changed: @dataclass(frozen=True, slots=True)")
    if "__slots__" not in vars(cls):
        found.append(f"{cls.__qualname__} has no slots: @dataclass(frozen=True, slots=True)")
    if cls.__module__.rpartition(".")[2] != "facts":
        found.append(f"{cls.__qualname__} lives in {cls.__module__}: facts of a context live together in its facts.py")
    return found


def names_in(pattern: ast.pattern) -> set[str]:
    classes = (node.cls for node in ast.walk(pattern) if isinstance(node, ast.MatchClass))
    return {cls.attr if isinstance(cls, ast.Attribute) else ast.unparse(cls) for cls in classes}


def folded(sources: list[Source]) -> set[str]:
    """The names of all classes that some `evolve` has a case for."""
    return {
        name
        for source in sources
        for function in ast.walk(source.tree)
        if isinstance(function, ast.FunctionDef) and "evolve" in function.name
        for case in ast.walk(function)
        if isinstance(case, ast.match_case)
        for name in names_in(case.pattern)
    }


def lost(before: Any, after: Any) -> bool:
    """Whether something that was stored is not there after loading. Fields that are new since then may appear."""
    if isinstance(before, dict) and isinstance(after, dict):
        return any(key not in after or lost(value, after[key]) for key, value in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) != len(after) or any(map(lost, before, after))
    return bool(before != after)


def test_every_fact_is_frozen_and_lives_with_its_context() -> None:
    found = [fault for cls in OURS for fault in faults(cls)]
    assert not found, advice(found, "A fact never changes after it happened.")


def test_every_fact_has_a_name_on_disk() -> None:
    found = [
        cls.__qualname__
        for cls in Fact.__subclasses__()
        if cls.__module__.startswith("domain.") and "stored_as" not in vars(cls)
    ]
    assert not found, advice(found, 'Choose the stored name once: class Example(Fact, stored_as="context.example").')


def test_every_fact_is_folded_by_a_model() -> None:
    known = folded(python("domain"))
    found = [f"{cls.__module__}.{cls.__qualname__}" for cls in OURS if cls.__name__ not in known]
    assert not found, advice(
        found, "No `evolve` has a case for these. A fact that nobody folds is a fact that nobody needs."
    )


def test_every_stored_shape_has_a_sample() -> None:
    found = [name for name in [*NAMES, *UPGRADES] if not sample_file(name).exists()]
    assert not found, advice(found, "Run `make samples` and commit what it writes: it is the promise to history.")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_what_was_stored_still_loads(path: Any) -> None:
    stored = path.read_bytes()
    fact = decode(path.stem, stored)
    assert decode(fact.stored_as, encode(fact)) == fact, (
        f"{path.stem} is not the same after it is written and read again."
    )
    if path.stem not in UPGRADES:
        assert not lost(json.loads(stored), json.loads(encode(fact))), (
            f"{path.stem} loads, but loses what was stored. Never rename or retype a stored field: "
            "give the fact version=2 and an upgrade from the older shape (domain/kernel.py, `upgrades`)."
        )


def test_a_fact_that_can_change_is_found() -> None:
    @dataclasses.dataclass
    class Moved(Fact):
        to: str

    assert len(faults(Moved)) == 3


def test_a_fact_without_a_case_is_found() -> None:
    model = Source(
        "domain/x.py", "def evolve(self, fact):\n match fact:\n  case Opened() | facts.Closed(by=by): pass\n"
    )
    assert folded([model]) == {"Opened", "Closed"}


def test_a_renamed_field_is_found() -> None:
    assert lost({"reason": "lunch"}, {"why": ""})
    assert lost({"steps": [{"after_s": 3}]}, {"steps": [{"after": 0}]})
    assert not lost({"reason": "lunch"}, {"reason": "lunch", "since": None})


def test_a_sample_fills_every_kind_of_field() -> None:
    @dataclasses.dataclass(frozen=True, slots=True)
    class Part:
        names: tuple[str, ...]
        weights: dict[str, float]

    @dataclasses.dataclass(frozen=True, slots=True)
    class Whole:
        part: Part
        note: str | None
        flags: frozenset[int]

    assert a_sample_of(Whole) == Whole(Part(("names",), {"weights": 1.5}), "note", frozenset({1}))
