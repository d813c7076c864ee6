"""Who gets what? The first in line first, each with the best agent who is left."""

from collections.abc import Callable
from functools import partial

from domain.ids import ConversationId, MrdId, TaskId
from domain.routing.lines import Lines, Pool, Stage, WorkKey
from domain.routing.moves import Offer
from domain.routing.reasons import Reasons
from domain.routing.siblings import Siblings
from domain.routing.staff import Chair, Seat, Staff
from domain.routing.state import Request, State
from domain.routing.todo import Todo

Found = tuple[WorkKey, Offer]


class Choices:
    """`hold` hears of each offer at once, for it takes the request and the agent out of what is left. `held_up` are
    conversations whose next request waits while somebody who could have it is still in them.
    """

    def __init__(
        self,
        state: State,
        staff: Staff,
        lines: Lines,
        siblings: Siblings,
        hold: Callable[[Offer, Chair], None],
        reasons: Reasons,
    ) -> None:
        self._state, self._staff, self._lines, self._hold = state, staff, lines, hold
        self._siblings = siblings
        self._why = reasons.of
        self.held_up: set[ConversationId] = set()

    def serve(self, pool: Pool) -> list[Found]:
        """The first in line first, whether it is new or an agent is (routing 16, 18)."""
        if pool.fresh:
            if len(pool.fresh) == 1 and not (pool.freed or pool.stirred):
                return self._serve_alone(pool)
            pool.line_up()
        elif len(pool.freed) == 1 and not pool.stirred:
            return self._serve_freed(pool, pool.freed.pop())
        found: list[Found] = []
        passed: list[Stage] = []
        todo = Todo(pool, self._lines.reach)
        while todo.steps and (number := pool.work.first(todo.steps)) is not None:
            stage = self._lines.stages[number]
            candidates = stage.admitted.members & pool.seats.members
            if not candidates:
                todo.dismiss(number)
            elif offer := self._look(stage, stage.front, candidates):
                found.append(offer)
                todo.has_work(self._staff.seat(offer[1].agent_id))
            else:
                stage.pass_over()
                passed.append(stage)
        for stage in passed:
            stage.start_again()
        return found

    def _serve_freed(self, pool: Pool, seat: Seat) -> list[Found]:
        """One agent is all that is new: only what they serve is looked at, until they have something."""
        found: list[Found] = []
        work = pool.work
        if not work.members or seat.chairs[pool.mrd_id].place is None:
            return found
        steps = work.members & seat.serves(self._lines.reach)
        passed: list[Stage] = []
        while steps and (number := work.first(steps)) is not None:
            stage = self._lines.stages[number]
            candidates = stage.admitted.members & pool.seats.members
            if not candidates:
                steps ^= 1 << number
            elif offer := self._look(stage, stage.front, candidates):
                found.append(offer)
                if offer[1].agent_id == seat.id:
                    break
            else:
                stage.pass_over()
                passed.append(stage)
        for stage in passed:
            stage.start_again()
        return found

    def _serve_alone(self, pool: Pool) -> list[Found]:
        """One request is all that is new: whoever waits has been looked at, so it need not stand in line to be first."""
        ((stage, key),) = pool.fresh.values()
        candidates = stage.admitted.members & pool.seats.members
        if candidates and (found := self._look(stage, key, candidates)):
            return [found]
        pool.fresh.clear()
        stage.add(key)
        return []

    def _look(self, stage: Stage, key: WorkKey, candidates: int) -> Found | None:
        """Is one of the candidates for this step somebody for this request?"""
        task_id = key[3]
        request = self._state.requests.get(task_id)
        if request is None:  # the shadow of one, in another of its queues (routing 11)
            request, task_id = self._siblings.shadows[task_id], self._siblings.real[task_id]
        if request.missed or request.conversation_id in self._state.talking:
            candidates = self._not_left_out(candidates, request, stage.line.pool.mrd_id)
            if not candidates:
                return None
        return key, self._offer(task_id, request, stage, candidates)

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
        mrd_id = stage.line.pool.mrd_id
        rank, seat = self._best(stage, candidates)
        since = seat.since[mrd_id]
        why = partial(self._why, request, stage, rank, seat, candidates)
        offer = Offer(task_id, mrd_id, seat.id, None, rank, None, since, why)
        self._hold(offer, seat.chairs[mrd_id])
        return offer

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
