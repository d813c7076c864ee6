"""Does the engine of each process want what a look at everything would want? A judge is asked beside it (routing 67).

What one engine misses is healed by the next restart, and a wrong order leaves nothing undone: neither is seen in what is left
at the end of the day. So each decision that was made with the whole log in mind is held against the judge's.
"""

from datetime import UTC, datetime
from typing import Any

from bench.routing_judge import Judge, in_order, plain
from bench.routing_judge_rules import Plain
from domain.kernel import Position, Recorded
from domain.routing.conditions import Expected
from domain.routing.engine import Diverting, Engine, Move, Offer, State, Widening

COMPARED = (Offer, Diverting, Widening)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class SecondOpinion:
    """The judge of a day, who hears of each fact at once. `faults`: what an engine wanted otherwise; `asked`: how often."""

    def __init__(self) -> None:
        self.judge = Judge()
        self.position = Position(0)
        self.faults: list[str] = []
        self.asked = 0

    def told(self, recorded: Recorded[Any]) -> None:
        self.judge.feed(recorded)
        self.position = recorded.position

    def engine(self, state: State | None, expected: Expected) -> Engine:
        """One whose decisions are looked at."""
        return Judged(self, state, expected)

    def compare(self, engine: "Judged", before: dict[str, tuple[str, str]], now: datetime, moves: list[Move]) -> None:
        self.asked += 1
        judge = self.judge
        out, judge.out = judge.out, before
        judge.leaving = engine.left_before
        expected = judge.decide(now)
        judge.out = out
        wanted = in_order([plain(move) for move in moves if isinstance(move, COMPARED)])
        offers, others = ([it for it in expected if (it[0] == "offer") is kind] for kind in (True, False))
        self._must_be_the_same(wanted, offers)
        mine = [it for it in wanted if it[0] != "offer"]
        more = [
            it for it in mine if it not in others and not engine.has_begun(it, [])
        ]  # wanted again: it comes to the same
        self.faults += [f"the engine wants {it}, and the judge does not" for it in more]
        missing = [it for it in others if it not in mine and not engine.has_begun(it, mine)]
        self.faults += [f"the engine does not want {it}, and the judge does" for it in missing]

    def _must_be_the_same(self, wanted: list[Plain], offers: list[Plain]) -> None:
        mine = [it for it in wanted if it[0] == "offer"]
        if mine != offers:
            self.faults.append(f"{self.position}: the engine offers {mine}, and the judge {offers}")


class Judged(Engine):
    """`under_way`: what it wanted once, that is not forgotten. After the clock went back it is not asked until it has come
    so far again: who has grown more urgent stays so.
    """

    def __init__(self, opinion: SecondOpinion, state: State | None, expected: Expected) -> None:
        super().__init__(state, expected)
        self._opinion, self._latest = opinion, LONG_AGO
        self.under_way: set[Plain] = set()
        self.left_before: set[str] = set()

    def decide(self, now: datetime) -> list[Move]:
        before = {task: (offer.agent_id, offer.mrd_id) for task, (offer, _) in self._waiting.pending.items()}
        self.left_before = {task.replace("\x1f", " in ") for task in self._watch.leaving}
        moves = super().decide(now)
        if now >= self._latest and self.state.position == self._opinion.position:
            self._opinion.compare(self, before, now, moves)
        self._latest = max(self._latest, now)
        self.under_way |= {plain(move) for move in moves if isinstance(move, Diverting | Widening)}
        return moves

    def has_begun(self, wanted: Plain, now: list[Plain]) -> bool:
        """That rule, whatever was measured then; or that step, or a later one, for steps may be skipped on the way."""
        kind, task, what, number = wanted
        return any(
            it[:2] == (kind, task) and (it[2] == what if kind == "divert" else it[3] >= number)
            for it in (*self.under_way, *now)
        )

    def forget(self, move: Move) -> None:
        if isinstance(move, Diverting | Widening):
            self.under_way.discard(plain(move))
        super().forget(move)
