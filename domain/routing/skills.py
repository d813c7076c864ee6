"""Who knows what? For each attribute and value the set of those who have it, and from these the set of any step.

A step's set is a few `&` and `|` over sets of all agents (routing 5, by the step's own `judged`), so it costs a
microsecond or two to make, whoever matches. Nothing is kept up to date: a change of an attribute forgets the sets of
the steps that name it, and whoever needs one makes it again.
"""

from collections.abc import Callable, Iterable

from domain.configuration.settings import Step, Term
from domain.ids import AttributeId

EVERYBODY = -1


class Crowd:
    """A set of agents that follows from attributes, made when it is asked for."""

    __slots__ = ("_make", "_members", "_skills", "names")

    def __init__(self, skills: "Skills", names: frozenset[AttributeId], make: Callable[[], int]) -> None:
        self.names, self._skills, self._make = names, skills, make
        self._members: int | None = None

    @property
    def members(self) -> int:
        members = self._members
        if members is None:
            members = self._members = self._make()
            self._skills.watch(self, self.names)
        return members

    def forget(self) -> None:
        self._members = None


class Scale:
    """How skilled for a step: the sum of the values of the attributes that it names (routing 14), for all agents at once.

    The sum is kept as one set per binary digit: `digits[d]` are those whose sum has digit d.
    """

    __slots__ = ("_digits", "_skills", "names")

    def __init__(self, skills: "Skills", step: Step) -> None:
        self._skills, self.names = skills, frozenset(step.attribute_ids())
        self._digits: list[int] | None = None

    def extreme(self, among: int, *, most: bool) -> int:
        """Those of `among` with the highest sum, or the lowest."""
        digits = self._digits
        if digits is None:
            digits = self._digits = self._sum()
            self._skills.watch(self, self.names)
        for digit in reversed(digits):
            if better := among & (digit if most else ~digit):
                among = better
        return among

    def forget(self) -> None:
        self._digits = None

    def _sum(self) -> list[int]:
        total: list[int] = []
        for name in self.names:
            carry = 0
            addend = self._skills.digits_of(name)
            for digit in range(max(len(total), len(addend))):
                if digit == len(total):
                    total.append(0)
                one, other = total[digit], addend[digit] if digit < len(addend) else 0
                total[digit] = one ^ other ^ carry
                carry = one & other | carry & (one ^ other)
            if carry:
                total.append(carry)
        return total


class Skills:
    def __init__(self) -> None:
        self._having: dict[AttributeId, dict[int, int]] = {}
        self._terms: dict[AttributeId, dict[tuple[str, int], int]] = {}
        self._watchers: dict[AttributeId, set[Crowd | Scale]] = {}

    def learn(self, agent: int, attribute: AttributeId, before: int | None, after: int | None) -> None:
        """The agent with this number has a new value, or lost it."""
        having = self._having.setdefault(attribute, {})
        if before is not None:
            having[before] ^= 1 << agent
        if after is not None:
            having[after] = having.get(after, 0) | 1 << agent
        self._terms.pop(attribute, None)
        for watcher in self._watchers.pop(attribute, ()):
            watcher.forget()

    def watch(self, watcher: Crowd | Scale, names: Iterable[AttributeId]) -> None:
        for name in names:
            self._watchers.setdefault(name, set()).add(watcher)

    def unwatch(self, watchers: Iterable[Crowd | Scale]) -> None:
        for watcher in watchers:
            for name in watcher.names:
                self._watchers.get(name, set()).discard(watcher)

    def crowd_of(self, step: Step) -> Crowd:
        return Crowd(self, frozenset(step.attribute_ids()), lambda: step.judged(self._meeting, EVERYBODY))

    def digits_of(self, attribute: AttributeId) -> list[int]:
        having = self._having.get(attribute, {})
        size = max((value.bit_length() for value in having), default=0)
        digits = [0] * size
        for value, members in having.items():
            for digit in range(size):
                if value >> digit & 1:
                    digits[digit] |= members
        return digits

    def _meeting(self, term: Term) -> int:
        """Whoever has a value that will do; so nobody who lacks the attribute (routing 6)."""
        terms = self._terms.setdefault(term.attribute_id, {})
        key = (term.operator, term.value)
        members = terms.get(key)
        if members is None:
            members = 0
            for value, having in self._having.get(term.attribute_id, {}).items():
                if term.matches({term.attribute_id: value}):
                    members |= having
            terms[key] = members
        return members
