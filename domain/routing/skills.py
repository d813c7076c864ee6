"""Who knows what? For each attribute and value the set of those who have it, and from these the set of any step.

A step's set is a few `&` and `|` over sets of all agents, made when first asked for. When an attribute of one agent
changes, only the terms that this agent now meets or fails are looked at, and in the sets that name them only this agent's
bit. What nobody has asked for yet costs nothing.
"""

from collections.abc import Mapping
from typing import Protocol

from domain.configuration.settings import RelationalOperator, Step, Term
from domain.ids import AttributeId
from domain.routing.ways import ways_of

EVERYBODY = -1

TermKey = tuple[AttributeId, RelationalOperator, int]


class Crowd(Protocol):
    """A set of agents that follows from attributes."""

    @property
    def members(self) -> int: ...


class Kept:
    """A crowd whose `members` are made when first asked for, and are from then on as quick to get as any attribute."""

    __slots__ = ("members",)

    members: int

    def __getattr__(self, name: str) -> int:
        if name != "members":
            raise AttributeError(name)
        self.members = members = self._make()
        return members

    @property
    def is_made(self) -> bool:
        try:
            MEMBERS(self)
        except AttributeError:
            return False
        return True

    def _make(self) -> int:
        raise NotImplementedError


MEMBERS = Kept.__dict__["members"].__get__


class Matching(Kept):
    """Whoever matches a step."""

    __slots__ = ("_skills", "_step", "_union", "ways")

    def __init__(self, skills: "Skills", step: Step) -> None:
        ways = ways_of(step)
        self._skills, self._step = skills, step
        self.ways = tuple(tuple(map(key_of, way)) for way in ways.ways) if ways.exact else None
        self._union: Union | None = None

    def joined_by(self, union: "Union") -> None:
        self._union = union

    def change(self, agent: int, bit: int) -> None:
        """That agent meets or fails one of the terms now."""
        if not self.is_made:
            return
        if self.ways is None:
            del self.members
            if self._union is not None:
                self._union.forget()
            return
        meeting = self._skills.meeting
        matches = any(all(meeting[term] >> agent & 1 for term in way) for way in self.ways)
        if (self.members >> agent & 1) != matches:
            self.members ^= bit
            if self._union is not None:
                self._union.change(agent, bit)

    def _make(self) -> int:
        self._skills.attend(self, self._step)
        if self.ways is None:
            return self._step.judged(lambda term: self._skills.meeting[key_of(term)], EVERYBODY)
        meeting, found = self._skills.meeting, 0
        for way in self.ways:
            members = EVERYBODY
            for term in way:
                members &= meeting[term]
            found |= members
        return found


class Union(Kept):
    """Whoever matches this step or an earlier one (routing 7)."""

    __slots__ = ("_next", "earlier", "own")

    def __init__(self, earlier: "Matching | Union", own: Matching) -> None:
        self.earlier, self.own = earlier, own
        self._next: Union | None = None
        own.joined_by(self)
        earlier.joined_by(self)

    def _make(self) -> int:
        return self.earlier.members | self.own.members

    def joined_by(self, union: "Union") -> None:
        self._next = union

    def change(self, agent: int, bit: int) -> None:
        if not self.is_made:
            return
        admitted = (self.earlier.members | self.own.members) >> agent & 1
        if (self.members >> agent & 1) != admitted:
            self.members ^= bit
            if self._next is not None:
                self._next.change(agent, bit)

    def forget(self) -> None:
        if self.is_made:
            del self.members
        if self._next is not None:
            self._next.forget()


class Scale:
    """How skilled for a step: the sum of the values of the attributes that it names (routing 14), for all agents at once.

    The sum is kept as one set per binary digit: `_digits[d]` are those whose sum has digit d.
    """

    __slots__ = ("_digits", "_skills", "names")

    def __init__(self, skills: "Skills", step: Step) -> None:
        self._skills, self.names = skills, frozenset(step.attribute_ids())
        self._digits: list[int] | None = None

    def extreme(self, among: int, *, most: bool) -> int:
        """Those of `among` with the highest sum, or the lowest."""
        for digit in reversed(self._made()):
            high = among & digit
            if better := high if most else among ^ high:
                among = better
        return among

    def extreme_and_sum(self, among: int, *, most: bool) -> tuple[int, int]:
        """The same, and the sum that they all have; somebody is among them."""
        total = 0
        for digit in reversed(self._made()):
            high = among & digit
            total <<= 1
            if better := high if most else among ^ high:
                among = better
            if among & high:
                total += 1
        return among, total

    def _made(self) -> list[int]:
        if self._digits is None:
            self._digits = self._sum()
            self._skills.keep(self)
        return self._digits

    def change(self, bit: int, before: int, after: int) -> None:
        """One agent's sum is another."""
        digits = self._digits
        if digits is None:
            return
        flipped, digit = before ^ after, 0
        while flipped:
            if digit == len(digits):
                digits.append(0)
            if flipped & 1:
                digits[digit] ^= bit
            flipped >>= 1
            digit += 1

    def _sum(self) -> list[int]:
        total: list[int] = []
        for name in self.names:
            carry, addend = 0, self._skills.digits_of(name)
            for digit in range(max(len(total), len(addend))):
                if digit == len(total):
                    total.append(0)
                one, other = total[digit], addend[digit] if digit < len(addend) else 0
                both = one ^ other
                total[digit] = both ^ carry
                carry = one & other | carry & both
            if carry:
                total.append(carry)
        return total


class Skills:
    """`meeting`: for each term that a step names, whoever meets it."""

    def __init__(self) -> None:
        self.meeting: dict[TermKey, int] = {}
        self._having: dict[AttributeId, dict[int, int]] = {}
        self._digits: dict[AttributeId, list[int]] = {}
        self._terms: dict[AttributeId, dict[TermKey, tuple[Term, set[Matching]]]] = {}
        self._scales: dict[AttributeId, set[Scale]] = {}

    def learn(
        self, agent: int, attribute: AttributeId, before: int | None, attributes: Mapping[AttributeId, int]
    ) -> None:
        """The agent with this number has a new value, or lost it, and has these attributes now."""
        after = attributes.get(attribute)
        if before == after:
            return
        having, bit = self._having.setdefault(attribute, {}), 1 << agent
        if before is not None:
            having[before] ^= bit
        if after is not None:
            having[after] = having.get(after, 0) | bit
        self._digits.pop(attribute, None)
        gained = (after or 0) - (before or 0)
        for scale in self._scales.get(attribute, ()):
            total = sum(attributes.get(name, 0) for name in scale.names)
            scale.change(bit, total - gained, total)
        for key, (term, matchings) in self._terms.get(attribute, {}).items():
            if term.meets(before) is not term.meets(after):
                self.meeting[key] ^= bit
                for matching in matchings:
                    matching.change(agent, bit)

    def attend(self, matching: Matching, step: Step) -> None:
        """From now on this step's set is kept."""
        for term in _terms(step):
            key = key_of(term)
            if key not in self.meeting:
                self.meeting[key] = self._those_who_meet(term)
            self._terms.setdefault(term.attribute_id, {}).setdefault(key, (term, set()))[1].add(matching)

    def keep(self, scale: Scale) -> None:
        for name in scale.names:
            self._scales.setdefault(name, set()).add(scale)

    def leave(self, step: Step, matching: Matching, scale: Scale | None) -> None:
        """Nobody will ask for that step's sets any more."""
        for term in _terms(step):
            key, terms = key_of(term), self._terms.get(term.attribute_id, {})
            if key in terms:
                terms[key][1].discard(matching)
                if not terms[key][1]:
                    del terms[key], self.meeting[key]
        if scale is not None:
            for name in scale.names:
                self._scales.get(name, set()).discard(scale)

    def digits_of(self, attribute: AttributeId) -> list[int]:
        """The values of an attribute as sets: who has a value with that binary digit."""
        digits = self._digits.get(attribute)
        if digits is None:
            having = self._having.get(attribute, {})
            digits = self._digits[attribute] = [0] * max((value.bit_length() for value in having), default=0)
            for value, members in having.items():
                for digit in range(value.bit_length()):
                    if value >> digit & 1:
                        digits[digit] |= members
        return digits

    def _those_who_meet(self, term: Term) -> int:
        """Whoever has a value that will do; so nobody who lacks the attribute (routing 6)."""
        members = 0
        for value, having in self._having.get(term.attribute_id, {}).items():
            if term.meets(value):
                members |= having
        return members


def _terms(step: Step) -> list[Term]:
    return [term for expression in step.expressions for term in expression.terms]


def key_of(term: Term) -> TermKey:
    return term.attribute_id, term.operator, term.value
