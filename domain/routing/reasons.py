"""Why this agent, and why nobody else? Asked of the engine's own order and sets, right after it decided.

Nothing here is done while deciding. An offer remembers the set of those who could have had it, and the rest still stands
as it stood; only those who were given something else in the same moment have lost their place in the order since.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter

from domain.agents.states import Mrd
from domain.configuration.settings import AgentSelectionPolicy
from domain.ids import AgentId, ConversationId, TaskId
from domain.routing.decisions import NAMED_MAX, Candidate, Grounds, Obstacle, Rejected
from domain.routing.lines import Pool, Stage, Standing
from domain.routing.staff import Chair, Seat, Staff
from domain.routing.state import Request, State

LOOKED_AT_MAX = 32
"""How many agents are looked at one by one, for one offer."""

Key = tuple[object, ...]


class Reasons:
    def __init__(self, state: State, staff: Staff) -> None:
        self._state, self._staff = state, staff

    def of(self, request: Request, stage: Stage, rank: int, chosen: Seat, candidates: int) -> Grounds:
        """`rank`: by which step they were chosen among the candidates."""
        others = candidates & ~(1 << chosen.number)
        best = sorted(self._finalists(stage, others), key=lambda it: self._key(stage, it))
        return self._told(request, stage, rank, candidates, [chosen, *best[: NAMED_MAX - 1]])

    def everywhere(self, lines: Mapping[TaskId, Request], standing: Mapping[TaskId, Standing]) -> list[Grounds]:
        """Of a request in each of its lines."""
        return [self.now(it, standing[id_][0] if id_ in standing else None) for id_, it in lines.items()]

    def now(self, request: Request, stage: Stage | None) -> Grounds:
        """Of a request that waits: who could have it, and why nobody else. `stage`: none while no step of its queue is for
        it (routing 9).
        """
        if stage is None:
            return Grounds(request.routing.queue_id, request.step, decided_at=self._state.position)
        staff, talking = self._staff, self._talking(request)
        able = stage.admitted.members & stage.line.pool.seats.members
        able &= ~(staff.members(talking) | staff.members(request.missed))
        best = sorted(self._finalists(stage, able), key=lambda it: self._key(stage, it))
        return self._told(request, stage, request.step, able, best)

    def _told(self, request: Request, stage: Stage, rank: int, candidates: int, best: list[Seat]) -> Grounds:
        line = stage.line
        counts, rejected = self._rejected(request, stage, candidates)
        return Grounds(
            queue_id=line.id,
            step=request.step,
            matched_step=rank,
            policy=line.queue.agent_selection,
            configuration=self._state.catalog.version,
            decided_at=self._state.position,
            candidate_count=candidates.bit_count(),
            candidates=tuple(self._candidate(stage, seat) for seat in best[:NAMED_MAX]),
            rejected_counts=counts,
            rejected=tuple(rejected),
        )

    # Who could have had it

    def _finalists(self, stage: Stage, others: int) -> Iterator[Seat]:
        """The first few of those who are still free, and those who got something else in this moment."""
        free = others & stage.line.pool.seats.members
        for number in first_of(others ^ free, LOOKED_AT_MAX):
            yield self._staff.by_number[number]
        for _ in range(NAMED_MAX - 1):
            seat = self._first(stage, free)
            if seat is None:
                return
            free ^= 1 << seat.number
            yield seat

    def _first(self, stage: Stage, among: int) -> Seat | None:
        for _, matching, scale in stage.choices:
            if best := among & matching.members:
                if scale is not None:
                    best = scale.extreme(best, most=stage.line.most)
                number = stage.line.pool.seats.first(best)
                return None if number is None else self._staff.by_number[number]
        return None

    def _key(self, stage: Stage, seat: Seat) -> Key:
        """routing 13, as `Choices._best` and `Staff._settle` have it."""
        it, line = self._candidate(stage, seat), stage.line
        skill = 0 if it.skill is None else -it.skill if line.most else it.skill
        return it.matched_step, skill, it.load / max(1, it.tasks_max), it.available_since or "", seat.id

    def _candidate(self, stage: Stage, seat: Seat) -> Candidate:
        line = stage.line
        bit, mrd_id = 1 << seat.number, line.pool.mrd_id
        rank = next((rank for rank, matching, _ in stage.choices if matching.members & bit), stage.choices[-1][0])
        skill = None
        if rank >= 0 and line.queue.agent_selection is not AgentSelectionPolicy.LONGEST_AVAILABLE:
            names = set(line.whole.steps[rank].attribute_ids())
            skill = sum(seat.agent.attributes.get(name, 0) for name in names)
        chair, tasks_max = seat.chairs[mrd_id], seat.agent.mrds.get(mrd_id, Mrd()).tasks_max
        return Candidate(seat.id, rank, chair.load, tasks_max, seat.since.get(mrd_id), skill)

    # Who could not

    def _talking(self, request: Request) -> Iterable[AgentId]:
        return self._state.talking.get(request.conversation_id or ConversationId(""), {}).values()

    def _rejected(self, request: Request, stage: Stage, able: int) -> tuple[Mapping[Obstacle, int], list[Rejected]]:
        """Those nearest to it are named first; whoever is busy is counted one by one as far as that goes quickly."""
        pool, staff = stage.line.pool, self._staff
        there = stage.admitted.members & pool.staffed & ~able
        gone = there & ~staff.here
        resting = there & staff.here & ~pool.willing
        occupied = there & staff.here & pool.willing
        talking = staff.members(self._talking(request))
        missed = staff.members(request.missed)
        counts: Counter[Obstacle] = Counter()
        near: list[tuple[int, Obstacle, Seat]] = []
        for number in first_of(occupied, LOOKED_AT_MAX):
            bit, seat = 1 << number, staff.by_number[number]
            if bit & missed:
                obstacle = Obstacle.EXCLUDED
            elif bit & talking:
                obstacle = Obstacle.IN_CONVERSATION
            else:
                obstacle = _at_work(seat, seat.chairs[pool.mrd_id])
            counts[obstacle] += 1
            occupied ^= bit
            near.append((_NEARNESS[obstacle], obstacle, seat))
        near.sort(key=itemgetter(0))
        named = [_occupied(seat, pool, obstacle) for _, obstacle, seat in near[:NAMED_MAX]]
        named += [_resting(staff.by_number[it]) for it in first_of(resting, NAMED_MAX - len(named))]
        absent = first_of(gone, NAMED_MAX - len(named))
        named += [Rejected(staff.by_number[it].id, Obstacle.LOGGED_OUT) for it in absent]
        if occupied:
            counts[Obstacle.OCCUPIED] = occupied.bit_count()
        if resting:
            counts[Obstacle.NOT_READY] = resting.bit_count()
        if gone:
            counts[Obstacle.LOGGED_OUT] = gone.bit_count()
        return dict(counts), named


_NEARNESS = {
    obstacle: number
    for number, obstacle in enumerate(
        (
            Obstacle.EXCLUDED,
            Obstacle.IN_CONVERSATION,
            Obstacle.DISCONNECTED,
            Obstacle.INTERRUPTED,
            Obstacle.OFFERED,
            Obstacle.BUSY,
            Obstacle.OCCUPIED,
        )
    )
}


def _at_work(seat: Seat, chair: Chair) -> Obstacle:
    if chair.closed:  # routing 35, 39
        return Obstacle.DISCONNECTED if seat.agent.lost_desk else Obstacle.INTERRUPTED
    return Obstacle.OFFERED if chair.ringing or chair.promised else Obstacle.BUSY


def _occupied(seat: Seat, pool: Pool, obstacle: Obstacle) -> Rejected:
    load, tasks_max = seat.chairs[pool.mrd_id].load, seat.agent.mrds[pool.mrd_id].tasks_max
    return Rejected(seat.id, obstacle, f"{load}/{tasks_max}")


def _resting(seat: Seat) -> Rejected:
    reason = Obstacle.MRD_NOT_READY if seat.agent.ready else Obstacle.NOT_READY
    return Rejected(seat.id, reason, seat.agent.reason)


def first_of(members: int, most: int) -> Iterator[int]:
    """The highest few numbers of a set."""
    for _ in range(most):
        if not members:
            return
        number = members.bit_length() - 1
        members ^= 1 << number
        yield number
