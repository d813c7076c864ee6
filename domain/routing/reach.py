"""Which waiting lines does this agent serve? The same steps as in `skills.py`, seen from the other side.

Each step is spelled out as the ways to meet it (`ways.py`), and every way has a number. An agent's value of an attribute rules out the ways with a term that it fails; what no attribute rules out is met:
one `|` for each attribute there is, whatever the number of queues. Where a step has too many ways it counts as met; the
step's own set of agents has the last word anyway.

A queue's ways stand side by side in a lane, step after step. In a cumulative queue whoever meets a step also serves all
later ones (routing 7): within the lane every bit above the lowest is set, for all lanes at once, by a subtraction from a
guard bit at each lane's end. A step is known by the number of its last way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.configuration.settings import Queue, StepMode, Term
from domain.ids import AttributeId
from domain.routing.ways import ways_of

FEW = 8
"""So many lanes that were opened or closed since are looked at one by one, up to twice as many; of more, all are."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Where a queue's ways stand: `numbers` is the number of each step, `extent` all bits, guards included."""

    start: int
    length: int
    numbers: tuple[int, ...]
    names: frozenset[AttributeId]

    @property
    def extent(self) -> int:
        return ((1 << self.length) - 1) << self.start


class Reach:
    """`version` counts the lanes opened and closed, of which the last ones are known."""

    def __init__(self) -> None:
        self.version = 0
        self._changed: list[Lane] = []
        self._ways = self._guards = self._size = 0
        self._spare: dict[int, list[int]] = {}
        self._terms: dict[AttributeId, dict[int, list[Term]]] = {}
        self._fails: dict[AttributeId, dict[int | None, int]] = {}

    def of(self, attributes: Mapping[AttributeId, int]) -> int:
        """The numbers of all steps whose requests somebody with these attributes may have."""
        ruled_out = 0
        for name, fails in self._fails.items():
            value = attributes.get(name)
            try:
                ruled_out |= fails[value]
            except KeyError:
                ruled_out |= self._failing(name, value)
        met = self._ways & ~ruled_out
        guards = self._guards
        return ((guards - met) | met) & ~guards

    def since(self, version: int, reach: int, attributes: Mapping[AttributeId, int]) -> int:
        """The same, of whom it was known at that version."""
        missed = self.version - version
        if missed > len(self._changed):
            return self.of(attributes)
        for lane in self._changed[-missed:]:
            reach = reach & ~lane.extent | self._within(lane, attributes) << lane.start
        return reach

    def _within(self, lane: Lane, attributes: Mapping[AttributeId, int]) -> int:
        ruled_out, start = 0, lane.start
        for name in lane.names:
            value, fails = attributes.get(name), self._fails[name]
            ruled_out |= (fails[value] if value in fails else self._failing(name, value)) >> start
        bits = (1 << lane.length) - 1
        met, guards = self._ways >> start & bits & ~ruled_out, self._guards >> start & bits
        return ((guards - met) | met) & ~guards

    def open(self, queue: Queue) -> Lane:
        """Give a queue its lane; nobody else's changes."""
        ways = [ways_of(step).in_order() for step in queue.steps]
        replace = queue.step_mode is StepMode.REPLACE
        length = sum(map(len, ways)) + (len(ways) if replace else 1)
        spare = self._spare.get(length)
        start = at = spare.pop() if spare else self._size
        self._size = max(self._size, start + length)
        numbers: list[int] = []
        names: set[AttributeId] = set()
        for number, step in enumerate(ways):
            for way in step:
                self._add(at, way)
                names.update(term.attribute_id for term in way)
                at += 1
            numbers.append(at - 1)
            if replace or number == len(ways) - 1:
                self._guards |= 1 << at
                at += 1
        lane = Lane(start, length, tuple(numbers), frozenset(names))
        self._note(lane)
        return lane

    def take_number(self) -> int:
        """A number for what no attributes decide about."""
        spare = self._spare.get(1)
        if spare:
            return spare.pop()
        self._size += 1
        return self._size - 1

    def give_back(self, number: int) -> None:
        self._spare.setdefault(1, []).append(number)

    def close(self, lane: Lane) -> None:
        kept = ~lane.extent
        self._ways &= kept
        self._guards &= kept
        for name in lane.names:
            fails, terms = self._fails[name], self._terms[name]
            for value in fails:
                fails[value] &= kept
            for number in range(lane.start, lane.start + lane.length):
                terms.pop(number, None)
        self._spare.setdefault(lane.length, []).append(lane.start)
        self._note(lane)

    def _note(self, lane: Lane) -> None:
        self.version += 1
        self._changed.append(lane)
        if len(self._changed) > 2 * FEW:
            del self._changed[:FEW]

    def _add(self, number: int, way: frozenset[Term]) -> None:
        self._ways |= 1 << number
        for term in way:
            name = term.attribute_id
            self._terms.setdefault(name, {}).setdefault(number, []).append(term)
            for value, failing in self._fails.setdefault(name, {None: 0}).items():
                if not term.meets(value):
                    self._fails[name][value] = failing | 1 << number

    def _failing(self, name: AttributeId, value: int | None) -> int:
        """Nobody had this value before."""
        failing = 0
        for number, terms in self._terms[name].items():
            if not all(term.meets(value) for term in terms):
                failing |= 1 << number
        self._fails[name][value] = failing
        return failing
