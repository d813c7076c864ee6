"""Which policies react to which facts?"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from commands.bus import Command
from domain.kernel import Fact, Recorded

Policy = Callable[[Recorded[Any]], Iterator[Command]]
F = TypeVar("F", bound=Fact)

POLICIES: dict[type[Fact], list[Policy]] = defaultdict(list)


def reacts_to(
    fact: type[F],
) -> Callable[[Callable[[Recorded[F]], Iterator[Command]]], Callable[[Recorded[F]], Iterator[Command]]]:
    def register(policy: Callable[[Recorded[F]], Iterator[Command]]) -> Callable[[Recorded[F]], Iterator[Command]]:
        POLICIES[fact].append(policy)
        return policy

    return register
