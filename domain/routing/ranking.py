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
from collections.abc import Iterable, Iterator
from datetime import datetime

BLOCK = 96
FEW = 3
"""Of so many more than one the first is found by comparing; of more, by looking for one after the other."""
PIECE = 240
SOME = 12
"""So many without a place are compared, too; more are put in their places first."""

Level = tuple[float, ...]
Known = tuple[float, str, int]
"""Time, name, and number."""
Place = tuple[float, datetime, str, int] | tuple[int, int, datetime, str, int]
"""Level, time, name, and number. All but the last are compared, smaller first."""


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
    """By number: the tier, if it is a member, the time and the name. Times are in seconds: two that differ by a
    microsecond differ there, too. `_unplaced` are members that have no place yet, or not their present one.
    """

    __slots__ = ("_by_level", "_later", "_names", "_of", "_tiers", "_times", "_unplaced", "members")

    def __init__(self) -> None:
        self.members = self._unplaced = 0
        self._later: dict[int, Place] = {}
        self._of: list[Tier | None] = []
        self._times = array("d")
        self._names: list[str] = []
        self._by_level: dict[Level, Tier] = {}
        self._tiers: list[Tier] = []

    def put(self, place: Place) -> None:
        """Put it there, or move it there."""
        number: int = place[-1]
        if self._later and self._later.pop(number, None) is not None:
            self._unplaced ^= 1 << number
        tier = self._by_level.get(place[:-3])
        time: float = place[-3].timestamp()
        name: str = place[-2]
        if number >= len(self._of):
            self._grow(number)
        elif self._of[number] is not None:
            if self._of[number] is tier and self._times[number] == time and self._names[number] == name:
                return
            self.drop(number)
            tier = self._by_level.get(place[:-3])
        if tier is None:
            tier = self._new_tier(place[:-3])
        self._of[number], self._times[number], self._names[number] = tier, time, name
        bit = 1 << number
        self.members |= bit
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
            at = self._insert(tier, number, time, name)
            block = tier.blocks[at]
        block.members |= bit
        if len(block.numbers) > 2 * BLOCK:
            self._split(tier, at)

    def put_later(self, place: Place) -> None:
        """The same, but its place is looked for when it matters; it may be gone by then."""
        number: int = place[-1]
        bit = 1 << number
        self.members |= bit
        self._unplaced |= bit
        self._later[number] = place

    def drop(self, number: int) -> None:
        if self._later and self._later.pop(number, None) is not None:
            bit = 1 << number
            self._unplaced ^= bit
            if number >= len(self._of) or self._of[number] is None:
                self.members ^= bit
                return
        tier = self._of[number] if number < len(self._of) else None
        if tier is None:
            return
        self._of[number] = None
        bit = 1 << number
        self.members ^= bit
        time = self._times[number]
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
        if self._unplaced and (unplaced := among & self._unplaced):
            if unplaced.bit_count() <= SOME:
                return self._first_with(unplaced, among ^ unplaced)
            self._place(unplaced)
        return self._first_placed(among)

    def first_few(self, among: int, most: int) -> list[Known]:
        """The first members in `among`, in order."""
        among &= self.members
        if not among:
            return []
        if unplaced := among & self._unplaced:
            self._place(unplaced)
        number = among.bit_length() - 1
        if not among ^ 1 << number:
            return [(self._times[number], self._names[number], number)]
        if among.bit_count() <= SOME:
            return self._in_order_of_all(among)[:most]
        found: list[Known] = []
        for tier in self._tiers:
            for block in tier.blocks:
                if here := among & block.members:
                    found += self._in_order(block, here, most - len(found))
                    if len(found) == most:
                        return found
                    among ^= here
                    if not among:
                        return found
        raise AssertionError("every member is in a block")

    def _in_order_of_all(self, few: int) -> list[Known]:
        """Without a look into the blocks: most are passed by for every few."""
        of, times, names = self._of, self._times, self._names
        found: list[tuple[Level, float, str, int]] = []
        while few:
            number = few.bit_length() - 1
            few ^= 1 << number
            tier = of[number]
            if tier is not None:
                found.append((tier.level, times[number], names[number], number))
        found.sort()
        return [it[1:] for it in found]

    def _in_order(self, block: Block, here: int, most: int) -> list[Known]:
        """The first of a block who are in a set: all of them are sorted, or, where they are many, met in passing."""
        times, names = self._times, self._names
        number = here.bit_length() - 1
        if not (rest := here ^ 1 << number):
            return [(times[number], names[number], number)]
        found: list[Known] = []
        if here.bit_count() > SOME:
            flags = here.to_bytes((number >> 3) + 1, "little")
            last = len(flags)
            for number in block.numbers:
                at = number >> 3
                if at < last and flags[at] >> (number & 7) & 1:
                    found.append((times[number], names[number], number))
                    if len(found) == most:
                        break
            return found
        found.append((times[number], names[number], number))
        while rest:
            number = rest.bit_length() - 1
            rest ^= 1 << number
            found.append((times[number], names[number], number))
        found.sort()
        return found[:most]

    def _first_placed(self, among: int) -> int:
        for tier in self._tiers:
            for block in tier.blocks:
                if found := among & block.members:
                    return self._first_in(block, found)
        raise AssertionError("every member is in a block")

    def _first_in(self, block: Block, found: int) -> int:
        if found == block.members:
            return block.numbers[0]
        times, rest = self._times, found
        first = number = rest.bit_length() - 1
        for _ in range(FEW):
            rest ^= 1 << number
            if not rest:
                return first
            number = rest.bit_length() - 1
            if times[number] < times[first] or (times[number] == times[first] and self._is_before(number, first)):
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

    def _first_with(self, unplaced: int, placed: int) -> int:
        """The first of both."""
        later, number = self._later, unplaced.bit_length() - 1
        first = later[number]
        while unplaced := unplaced ^ 1 << number:
            number = unplaced.bit_length() - 1
            if (place := later[number]) < first:
                first = place
        if placed:
            other = self._first_placed(placed)
            tier = self._of[other]
            if tier is not None and (tier.level, self._times[other], self._names[other]) < _compared(first):
                return other
        return first[-1]

    def _place(self, numbers: int) -> None:
        self._unplaced ^= numbers
        while numbers:
            number = numbers.bit_length() - 1
            numbers ^= 1 << number
            self.put(self._later.pop(number))

    def _is_before(self, one: int, other: int) -> bool:
        return self._names[one] < self._names[other]

    def _grow(self, number: int) -> None:
        more = 2 * number + 1 - len(self._of)
        self._of += [None] * more
        self._names += [""] * more
        self._times.extend([0.0] * more)

    def _new_tier(self, level: Level) -> Tier:
        tier = self._by_level[level] = Tier(level)
        insort(self._tiers, tier, key=lambda it: it.level)
        return tier

    def _insert(self, tier: Tier, number: int, time: float, name: str) -> int:
        """Not after all others of the tier; returns in which block."""
        names, lasts = self._names, tier.lasts
        at = bisect_left(lasts, time)
        while at + 1 < len(lasts) and lasts[at] == time and names[tier.blocks[at].numbers[-1]] < name:
            at += 1
        block = tier.blocks[at]
        index = bisect_left(block.times, time)
        while index < len(block.times) and block.times[index] == time and names[block.numbers[index]] < name:
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


def _compared(place: Place) -> tuple[Level, float, str]:
    return place[:-3], place[-3].timestamp(), place[-2]


def numbers_of(members: int) -> Iterator[int]:
    """Those in the set, the highest first. Bits are taken out of a short piece of it: of the whole each would cost a copy."""
    while members:
        shift = max(0, members.bit_length() - PIECE)
        piece = members >> shift
        members ^= piece << shift
        while piece:
            number = piece.bit_length() - 1
            piece ^= 1 << number
            yield number + shift


def members_of(numbers: Iterable[int]) -> int:
    """The set of these numbers."""
    members = 0
    for number in numbers:
        members |= 1 << number
    return members
