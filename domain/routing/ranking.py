"""Of these, who is first? Numbered things in order, asked for the first that is also in a given set.

A set is an integer: bit n stands for number n. There is one order of agents and one of waiting work per media routing
domain, never one per step: an agent is in hundreds of steps, and to keep all their orders would cost that much whenever
an agent comes free.

Things of one level (equally full; equally urgent) make a tier, in which time decides, and the name where even that is
the same. A tier is cut into blocks that know who is in them, so that most of it is passed by at one `&` per block; times
and numbers lie side by side in arrays, for what a search costs is going through memory that nobody touched for a while.
"""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable
from datetime import datetime

BLOCK = 96
FEW = 3
"""Of so many more than one the first is found by comparing; of more, by looking for one after the other."""

Level = tuple[float, ...]
Stand = tuple[Level, float, str]
"""What is compared, smaller first. The time is in seconds: two that differ by a microsecond differ there, too."""
Place = tuple[float, datetime, str, int] | tuple[int, int, datetime, str, int]
"""Level, time, name, number."""


class Block:
    __slots__ = ("members", "numbers", "times")

    def __init__(self, times: "array[float]", numbers: "array[int]", members: int) -> None:
        self.times, self.numbers, self.members = times, numbers, members


class Tier:
    """`lasts`: the latest time in each block."""

    __slots__ = ("blocks", "lasts", "level")

    def __init__(self, level: Level) -> None:
        self.level = level
        self.blocks: list[Block] = []
        self.lasts = array("d")


class Ranking:
    __slots__ = ("_by_level", "_stands", "_tiers", "members")

    def __init__(self) -> None:
        self.members = 0
        self._stands: dict[int, Stand] = {}
        self._by_level: dict[Level, Tier] = {}
        self._tiers: list[Tier] = []

    def __len__(self) -> int:
        return len(self._stands)

    def put(self, place: Place) -> None:
        """Put it there, or move it there."""
        number: int = place[-1]
        stands, level = self._stands, place[:-3]
        time: float = place[-3].timestamp()
        stand = level, time, place[-2]
        if number in stands:
            if stands[number] == stand:
                return
            self.drop(number)
        stands[number] = stand
        bit = 1 << number
        self.members |= bit
        tier = self._by_level.get(level) or self._new_tier(level)
        lasts = tier.lasts
        if not lasts:
            tier.blocks.append(Block(array("d", (time,)), array("L", (number,)), bit))
            lasts.append(time)
            return
        if time > lasts[-1]:
            at = len(lasts) - 1
            block = tier.blocks[at]
            block.times.append(time)
            block.numbers.append(number)
            lasts[at] = time
        else:
            at = self._insert(tier, number, stand)
            block = tier.blocks[at]
        block.members |= bit
        if len(block.numbers) > 2 * BLOCK:
            self._split(tier, at)

    def drop(self, number: int) -> None:
        stand = self._stands.pop(number, None)
        if stand is None:
            return
        bit = 1 << number
        self.members ^= bit
        tier, time = self._by_level[stand[0]], stand[1]
        lasts = tier.lasts
        at = bisect_left(lasts, time) if len(lasts) > 1 else 0
        block = tier.blocks[at]
        index = bisect_left(block.times, time)
        if block.numbers[index] != number:
            at, index = self._among_equals(tier, at, number)
            block = tier.blocks[at]
        del block.times[index], block.numbers[index]
        if not block.numbers:
            del tier.blocks[at], lasts[at]
            if not lasts:
                del self._by_level[tier.level]
                self._tiers.remove(tier)
            return
        lasts[at] = block.times[-1]
        block.members ^= bit
        if len(block.numbers) < BLOCK // 4 and at + 1 < len(lasts):
            self._join(tier, at)

    def first(self, among: int) -> int | None:
        """The number of the first member in `among`; none if there is none."""
        among &= self.members
        if not among:
            return None
        number = among.bit_length() - 1
        if not among ^ 1 << number:
            return number
        for tier in self._tiers:
            for block in tier.blocks:
                if found := among & block.members:
                    return self._first_in(block, found)
        raise AssertionError("every member is in a block")

    def _first_in(self, block: Block, found: int) -> int:
        stands, rest = self._stands, found
        first = number = rest.bit_length() - 1
        for _ in range(FEW):
            rest ^= 1 << number
            if not rest:
                return first
            number = rest.bit_length() - 1
            if stands[number] < stands[first]:
                first = number
        flags = found.to_bytes(
            found.bit_length() + 7 >> 3, "little"
        )  # to shift it would cost four times as much a look
        last = len(flags)
        for number in block.numbers:
            at = number >> 3
            if at < last and flags[at] >> (number & 7) & 1:
                return number
        raise AssertionError("it is in this block")

    def _new_tier(self, level: Level) -> Tier:
        tier = self._by_level[level] = Tier(level)
        insort(self._tiers, tier, key=lambda it: it.level)
        return tier

    def _insert(self, tier: Tier, number: int, stand: Stand) -> int:
        """Not after all others of the tier; returns in which block."""
        stands, lasts, time = self._stands, tier.lasts, stand[1]
        at = bisect_left(lasts, time)
        while at + 1 < len(lasts) and lasts[at] == time and stands[tier.blocks[at].numbers[-1]] < stand:
            at += 1
        block = tier.blocks[at]
        index = bisect_left(block.times, time)
        while index < len(block.times) and block.times[index] == time and stands[block.numbers[index]] < stand:
            index += 1
        block.times.insert(index, time)
        block.numbers.insert(index, number)
        return at

    def _among_equals(self, tier: Tier, at: int, number: int) -> tuple[int, int]:
        """Which block it is in, and where, if others have the same time."""
        bit = 1 << number
        while not tier.blocks[at].members & bit:
            at += 1
        return at, tier.blocks[at].numbers.index(number)

    def _split(self, tier: Tier, at: int) -> None:
        block = tier.blocks[at]
        numbers = block.numbers[:BLOCK]
        first = Block(block.times[:BLOCK], numbers, members_of(numbers))
        second = Block(block.times[BLOCK:], block.numbers[BLOCK:], block.members ^ first.members)
        tier.blocks[at : at + 1] = first, second
        tier.lasts.insert(at, first.times[-1])

    def _join(self, tier: Tier, at: int) -> None:
        first, second = tier.blocks[at : at + 2]
        if len(first.numbers) + len(second.numbers) <= BLOCK:
            both = Block(first.times + second.times, first.numbers + second.numbers, first.members | second.members)
            tier.blocks[at : at + 2] = [both]
            del tier.lasts[at]


def members_of(numbers: Iterable[int]) -> int:
    """The set of these numbers."""
    members = 0
    for number in numbers:
        members |= 1 << number
    return members
