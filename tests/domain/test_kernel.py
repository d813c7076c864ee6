"""Do the words hold that every model is written in?"""

import uuid
from dataclasses import FrozenInstanceError, dataclass, replace
from datetime import UTC, datetime
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel import FACTS, Cause, Fact, GrowingSet, Position, Recorded, derived_id, uuid5
from domain.kernel import replace as changed


@given(st.lists(st.text(max_size=2)), st.lists(st.text(max_size=2)))
def test_a_growing_set_holds_what_a_set_holds(added: list[str], asked: list[str]) -> None:
    grown, plain = GrowingSet(), set()
    for item in added:
        grown, plain = grown.add(item), plain | {item}
        assert len(grown) == len(plain)
    assert all((item in grown) == (item in plain) for item in (*added, *asked))


@given(st.lists(st.text(max_size=2)), st.text(max_size=2))
def test_every_older_growing_set_stays_what_it_was(added: list[str], later: str) -> None:
    versions = [GrowingSet()]
    for item in added:
        versions.append(versions[-1].add(item))
    versions[-1].add(later)
    assert [len(version) for version in versions] == [len(set(added[:n])) for n in range(len(versions))]


@given(st.integers(1, 3_000))
def test_a_growing_set_has_few_runs(size: int) -> None:
    grown = GrowingSet()
    for number in range(size):
        grown = grown.add(str(number))
    assert len(grown.runs) <= log2(size) + 1


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_a_natural_key_always_gives_the_same_id(one: list[str], other: list[str]) -> None:
    assert derived_id(*one) == derived_id(*one)
    if not any("\x1f" in part for part in (*one, *other)):
        assert (derived_id(*one) == derived_id(*other)) is (one == other)


@given(st.uuids(), st.text())
def test_a_name_has_the_id_that_the_standard_gives_it(namespace: uuid.UUID, name: str) -> None:
    ours, theirs = uuid5(namespace, name), uuid.uuid5(namespace, name)
    assert ours == theirs
    assert (hash(ours), repr(ours), ours.version, ours.is_safe) == (
        hash(theirs), repr(theirs), theirs.version, theirs.is_safe,
    )  # fmt: skip


@given(st.text(), st.integers(), st.integers())
def test_a_changed_model_is_another_and_the_old_one_stays(name: str, count: int, later: int) -> None:
    @dataclass(frozen=True, slots=True)
    class Tally:
        name: str
        count: int = 0

    tally = Tally(name, count)
    assert changed(tally, count=later) == replace(tally, count=later)
    assert (changed(tally), tally) == (tally, Tally(name, count))
    with pytest.raises(KeyError):
        changed(tally, unknown=1)


def test_a_recorded_fact_knows_what_it_is_about_and_stays_as_it_is() -> None:
    at = datetime(2026, 5, 4, tzinfo=UTC)
    recorded = Recorded(Position(1), "agent-7-b", 0, at, Cause(uuid.UUID(int=1)), Fact())
    assert (recorded.category, recorded.subject) == ("agent", "7-b")
    assert replace(recorded, stream="task-1").category == "task"
    assert recorded == replace(recorded)
    with pytest.raises(FrozenInstanceError):
        recorded.stream = "agent-8"  # type: ignore[misc]


def test_a_fact_is_known_by_its_stored_name_even_with_slots() -> None:
    @dataclass(frozen=True, slots=True)
    class Tried(Fact, stored_as="test.tried", version=2):
        pass

    try:
        assert Tried.stored_as == "test.tried@2"
        assert FACTS["test.tried@2"] is Tried
    finally:
        del FACTS["test.tried@2"]
