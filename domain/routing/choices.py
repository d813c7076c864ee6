"""Who gets what? The first in line first, each with the best agent who is left."""

from collections.abc import Callable

from domain.ids import ConversationId, MrdId, OfferId, TaskId
from domain.kernel import derived_id
from domain.routing.decisions import record
from domain.routing.lines import Lines, Pool, Stage, WorkKey
from domain.routing.moves import Offer
from domain.routing.staff import Seat, Staff
from domain.routing.state import Request, State
from domain.routing.todo import Todo


class Choices:
    """`hold` hears of each offer at once, for it takes the request and the agent out of what is left. `held_up` are
    conversations whose next request waits while somebody who could have it is still in them.
    """

    def __init__(self, state: State, staff: Staff, lines: Lines, hold: Callable[[Offer], None]) -> None:
        self._state, self._staff, self._lines, self._hold = state, staff, lines, hold
        self.held_up: set[ConversationId] = set()

    def serve(self, pool: Pool) -> list[tuple[WorkKey, Offer]]:
        """The first in line first, whether it is new or an agent is (routing 16, 18)."""
        found: list[tuple[WorkKey, Offer]] = []
        passed: list[Stage] = []
        todo = Todo(pool, self._lines.reach)
        while todo.steps and (number := pool.work.first(todo.steps)) is not None:
            stage = self._lines.stages[number]
            candidates = stage.admitted.members & pool.seats.members
            if not candidates:
                todo.dismiss(number)
                continue
            key = stage.front
            task_id = key[3]
            request = self._state.requests[task_id]
            if request.missed or request.conversation_id in self._state.talking:
                candidates = self._not_left_out(candidates, request, pool.mrd_id)
            if candidates:
                offer = self._offer(task_id, request, stage, candidates)
                self._hold(offer)
                found.append((key, offer))
                todo.has_work(self._staff.seat(offer.agent_id))
            else:
                stage.pass_over()
                passed.append(stage)
        for stage in passed:
            stage.start_again()
        return found

    def _not_left_out(self, candidates: int, request: Request, mrd_id: MrdId) -> int:
        """Without whoever is in the conversation already (routing 12), and whoever let it ring; unless there is nobody
        else and they became ready since (routing 24, 26).
        """
        talking = self._state.talking.get(request.conversation_id or ConversationId(""))
        if talking:
            inside = candidates & self._staff.members(talking.values())
            if inside and request.conversation_id is not None:
                self.held_up.add(request.conversation_id)
                candidates ^= inside
        others = candidates & ~self._staff.members(request.missed)
        if others:
            return others
        readied = self._state.readied
        back = [agent for agent, at in request.missed.items() if readied.get(agent, {}).get(mrd_id, 0) > at]
        return candidates & self._staff.members(back)

    def _offer(self, task_id: TaskId, request: Request, stage: Stage, candidates: int) -> Offer:
        """Earlier steps first, then the queue's policy, then how full, who waits longest, the id (routing 13)."""
        line = stage.line
        mrd_id = line.pool.mrd_id
        rank, seat = self._best(stage, candidates)
        since = seat.since[mrd_id].isoformat()
        offer_id = OfferId(derived_id("offer", task_id, seat.id, since))
        configuration = self._state.catalog.version
        decision = record(request, line, rank, seat, candidates.bit_count(), since, configuration)
        return Offer(task_id, mrd_id, seat.id, offer_id, rank, decision)

    def _best(self, stage: Stage, candidates: int) -> tuple[int, Seat]:
        line = stage.line
        for rank, matching, scale in stage.choices:
            if best := candidates & matching.members:
                if scale is not None and best & (best - 1):
                    best = scale.extreme(best, most=line.most)
                number = line.pool.seats.first(best)
                if number is not None:
                    return rank, self._staff.by_number[number]
        raise AssertionError("a candidate matches one of the steps that count")
