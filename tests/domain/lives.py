"""What holds in every life of a model? Random decisions, one after the other, each made twice."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from domain.kernel import Decision, Fact, Refused, replay

T = TypeVar("T")
Decide = Callable[[Any], Decision]


def live(model: T, decisions: Sequence[Decide]) -> Iterator[tuple[T, tuple[Fact, ...], T]]:
    """Each decision that was not refused: the model before, the facts, the model after.

    Every fact that a decision yields can be evolved, and the same decision made again has nothing left to do.
    """
    for decide in decisions:
        try:
            facts = tuple(decide(model))
        except Refused:
            continue
        after = replay(model, iter(facts))
        assert tuple(decide(after)) == (), "the same decision again"
        yield model, facts, after
        model = after


def history(model: T, decisions: Sequence[Decide]) -> tuple[list[Fact], T]:
    facts: list[Fact] = []
    for _, new, after in live(model, decisions):
        facts += new
        model = after
    return facts, model
