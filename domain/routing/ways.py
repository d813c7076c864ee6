"""In which ways can a step be met? Any one of them, each a set of terms that must all hold.

The step itself says so: it is judged by ways instead of truth values (routing 5). Alternatives multiply where AND joins
what OR has joined, so there is a limit; beyond it the ways say less than the step, and `exact` is false.
"""

from dataclasses import dataclass

from domain.configuration.settings import Step, Term

WAYS_MAX = 64

Way = frozenset[Term]


@dataclass(frozen=True, slots=True)
class Ways:
    ways: frozenset[Way]
    exact: bool = True

    def __and__(self, other: "Ways") -> "Ways":
        if len(self.ways) * len(other.ways) > WAYS_MAX:
            return ANYHOW
        return Ways(frozenset(one | two for one in self.ways for two in other.ways), self.exact and other.exact)

    def __or__(self, other: "Ways") -> "Ways":
        ways = self.ways | other.ways
        return Ways(ways, self.exact and other.exact) if len(ways) <= WAYS_MAX else ANYHOW

    def in_order(self) -> list[Way]:
        return sorted(self.ways, key=lambda way: sorted(map(repr, way)))


EVERY_WAY = Ways(frozenset((frozenset(),)))
ANYHOW = Ways(EVERY_WAY.ways, exact=False)
"""Met by anybody, as far as the ways can tell: whoever relies on them alone lets too many in, never too few."""


def ways_of(step: Step) -> Ways:
    return step.judged(lambda term: Ways(frozenset((frozenset((term,)),))), EVERY_WAY)
