"""Of these, who is first? Numbered things in order, asked for the first that is also in a given set.

A set is an integer: bit n stands for number n. There is one order of agents and one of waiting work per media routing
domain, never one per step: an agent is in hundreds of steps, and to keep all their orders would cost that much whenever
an agent comes free. The order is cut into blocks that know who is in them, so that most of it is passed by at one `&` per
block.
"""

from bisect import bisect_left, insort
from typing import Any

BLOCK = 192
FEW = 10

Place = tuple[Any, ...]
"""What is compared, smaller first; its last element is the number, and nothing before it is ever equal in two."""


class Ranking:
    __slots__ = ("_blocks", "_lasts", "_places", "_sets", "_size", "members")

    def __init__(self) -> None:
        self.members = 0
        self._size = 1
        self._places: dict[int, Place] = {}
        self._blocks: list[list[Place]] = []
        self._lasts: list[Place] = []
        self._sets: list[int] = []

    def __len__(self) -> int:
        return len(self._places)

    def place_of(self, number: int) -> Place | None:
        return self._places.get(number)

    def put(self, place: Place) -> None:
        """Put it there, or move it there."""
        number: int = place[-1]
        if number in self._places:
            if self._places[number] == place:
                return
            self.drop(number)
        bit = 1 << number
        self._places[number] = place
        self.members |= bit
        if number >> 3 >= self._size:
            self._size = 2 * (number >> 3) + 1
        lasts = self._lasts
        if not lasts:
            self._blocks.append([place])
            self._sets.append(bit)
            lasts.append(place)
            return
        if place > lasts[-1]:
            at = len(lasts) - 1
            self._blocks[at].append(place)
            lasts[at] = place
        else:
            at = bisect_left(lasts, place)
            insort(self._blocks[at], place)
        self._sets[at] |= bit
        if len(self._blocks[at]) > 2 * BLOCK:
            self._split(at)

    def drop(self, number: int) -> None:
        place = self._places.pop(number, None)
        if place is None:
            return
        bit = 1 << number
        self.members ^= bit
        at = bisect_left(self._lasts, place)
        block = self._blocks[at]
        del block[bisect_left(block, place)]
        if not block:
            del self._blocks[at], self._lasts[at], self._sets[at]
            return
        self._lasts[at] = block[-1]
        self._sets[at] ^= bit
        if len(block) < BLOCK // 4 and at + 1 < len(self._blocks):
            self._join(at)

    def first(self, among: int) -> int | None:
        """The number of the first member in `among`; none if there is none."""
        among &= self.members
        if not among & (among - 1):
            return among.bit_length() - 1 if among else None
        if among.bit_count() <= FEW:
            return self._first_of_few(among)
        for block, members in zip(self._blocks, self._sets, strict=True):
            if found := among & members:
                return self._first_in(block, found)
        raise AssertionError("every member is in a block")

    def _first_of_few(self, found: int) -> int:
        places, number = self._places, found.bit_length() - 1
        first = places[number]
        while found := found ^ 1 << number:
            number = found.bit_length() - 1
            if (place := places[number]) < first:
                first = place
        return int(first[-1])

    def _first_in(self, block: list[Place], found: int) -> int:
        if found.bit_count() <= FEW:
            return self._first_of_few(found)
        flags = found.to_bytes(self._size, "little")  # to shift a long integer costs four times as much as to look here
        for place in block:
            number: int = place[-1]
            if flags[number >> 3] >> (number & 7) & 1:
                return number
        raise AssertionError("it is in this block")

    def _split(self, at: int) -> None:
        block = self._blocks[at]
        first, second = block[:BLOCK], block[BLOCK:]
        self._blocks[at : at + 1] = first, second
        self._lasts.insert(at, first[-1])
        members = members_of(place[-1] for place in first)
        self._sets[at : at + 1] = members, self._sets[at] ^ members

    def _join(self, at: int) -> None:
        if len(self._blocks[at]) + len(self._blocks[at + 1]) <= BLOCK:
            self._blocks[at : at + 2] = [self._blocks[at] + self._blocks[at + 1]]
            self._sets[at : at + 2] = [self._sets[at] | self._sets[at + 1]]
            del self._lasts[at]


def members_of(numbers: Any) -> int:
    """The set of these numbers."""
    members = 0
    for number in numbers:
        members |= 1 << number
    return members
