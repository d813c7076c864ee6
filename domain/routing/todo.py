"""What is to be looked at in this decision? The steps that were stirred, and those that a freed agent serves (routing 17)."""

from domain.routing.lines import Pool
from domain.routing.reach import Reach
from domain.routing.staff import Seat

MANY = 32
"""Freed agents from which on everything that waits is looked at, rather than what each of them serves."""


class Todo:
    """Takes what has changed in a pool, and leaves nothing. `steps` is the set of numbers still to be looked at; a freed
    agent who was given work takes what only they could have served out of it.
    """

    __slots__ = ("_dismissed", "_freed", "_reach", "_stirred", "steps")

    def __init__(self, pool: Pool, reach: Reach) -> None:
        self._reach = reach
        self._dismissed = 0
        self._stirred, pool.stirred = pool.stirred, 0
        self._freed: list[Seat] = []
        work = pool.work.members
        if pool.freed and work:
            members = pool.seats.members
            self._freed = [seat for seat in pool.freed if members >> seat.number & 1]
            if len(self._freed) > MANY:
                self._stirred, self._freed = work, []
        pool.freed.clear()
        self.steps = 0
        self._gather()
        self.steps &= work

    def dismiss(self, number: int) -> None:
        """Nobody is there for what waits at that step."""
        bit = 1 << number
        self._dismissed |= bit
        self.steps &= ~bit

    def has_work(self, seat: Seat) -> None:
        if seat in self._freed:
            self._freed.remove(seat)
            self._gather()

    def _gather(self) -> None:
        steps = self._stirred
        for seat in self._freed:
            steps |= seat.serves(self._reach)
        self.steps = steps & ~self._dismissed if self._dismissed else steps
