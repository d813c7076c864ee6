"""Why this agent, and why nobody else? Asked of the engine's own order and sets, right after it decided.

Nothing here is done while deciding. An offer remembers the set of those who could have had it, and the rest still stands
as it stood; only those who were given something else in the same moment have lost their place in the order since.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from domain.agents.states import Mrd
from domain.configuration.settings import AgentSelectionPolicy
from domain.ids import AgentId, ConversationId, TaskId
from domain.routing.decisions import NAMED_MAX, Candidate, Grounds, Obstacle, Rejected
from domain.routing.lines import Pool, Stage, Standing
from domain.routing.staff import Seat, Staff
from domain.routing.state import Request, State

LOOKED_AT_MAX = 8
"""How many agents are looked at one by one, for one offer."""

PIECE = 240
Key = tuple[object, ...]


class Reasons:
    def __init__(self, state: State, staff: Staff) -> None:
        self._state, self._staff = state, staff

    def of(self, request: Request, stage: Stage, rank: int, chosen: Seat, candidates: int) -> Grounds:
        """`rank`: by which step they were chosen among the candidates."""
        others = candidates ^ (candidates & 1 << chosen.number)
        best = [self._candidate(stage, chosen), *self._in_order(stage, others)]
        return self._told(request, stage, rank, candidates, best)

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
        return self._told(request, stage, request.step, able, self._in_order(stage, able))

    def _told(self, request: Request, stage: Stage, rank: int, candidates: int, best: list[Candidate]) -> Grounds:
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
            candidates=tuple(best[:NAMED_MAX]),
            rejected_counts=counts,
            rejected=tuple(rejected),
        )

    # Who could have had it

    def _in_order(self, stage: Stage, others: int) -> list[Candidate]:
        """The first few, by rule 13, as `Choices._best` and `Staff._settle` have it."""
        line = stage.line

        def key(it: Candidate) -> Key:
            skill = 0 if it.skill is None else -it.skill if line.most else it.skill
            return it.matched_step, skill, it.load / max(1, it.tasks_max), it.available_since or "", it.agent_id

        return sorted((self._candidate(stage, seat) for seat in self._finalists(stage, others)), key=key)

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
        missed = occupied & staff.members(request.missed)
        talking = (occupied ^ missed) & staff.members(self._talking(request))
        at_work = occupied ^ missed ^ talking
        near = [(Obstacle.EXCLUDED, staff.by_number[it]) for it in first_of(missed, NAMED_MAX)]
        near += [(Obstacle.IN_CONVERSATION, staff.by_number[it]) for it in first_of(talking, NAMED_MAX)]
        busy = [_at_work(staff.by_number[it], pool) for it in first_of(at_work, LOOKED_AT_MAX)]
        near += sorted(busy, key=_nearness)
        counts = Counter(obstacle for obstacle, _ in busy)
        named = [_occupied(seat, pool, obstacle) for obstacle, seat in near[:NAMED_MAX]]
        named += [_resting(staff.by_number[it]) for it in first_of(resting, NAMED_MAX - len(named))]
        absent = first_of(gone, NAMED_MAX - len(named))
        named += [Rejected(staff.by_number[it].id, Obstacle.LOGGED_OUT) for it in absent]
        for obstacle, those in (
            (Obstacle.EXCLUDED, missed.bit_count()),
            (Obstacle.IN_CONVERSATION, talking.bit_count()),
            (Obstacle.OCCUPIED, at_work.bit_count() - len(busy)),
            (Obstacle.NOT_READY, resting.bit_count()),
            (Obstacle.LOGGED_OUT, gone.bit_count()),
        ):
            if those:
                counts[obstacle] = those
        return dict(counts), named


Rejection = tuple[Obstacle, Seat]
_NEARNESS = {
    it: number
    for number, it in enumerate((Obstacle.DISCONNECTED, Obstacle.INTERRUPTED, Obstacle.OFFERED, Obstacle.BUSY))
}


def _nearness(rejection: Rejection) -> int:
    return _NEARNESS[rejection[0]]


def _at_work(seat: Seat, pool: Pool) -> Rejection:
    chair = seat.chairs[pool.mrd_id]
    if chair.closed:  # routing 35, 39
        return (Obstacle.DISCONNECTED if seat.agent.lost_desk else Obstacle.INTERRUPTED), seat
    return (Obstacle.OFFERED if chair.ringing or chair.promised else Obstacle.BUSY), seat


def _occupied(seat: Seat, pool: Pool, obstacle: Obstacle) -> Rejected:
    load, tasks_max = seat.chairs[pool.mrd_id].load, seat.agent.mrds[pool.mrd_id].tasks_max
    return Rejected(seat.id, obstacle, f"{load}/{tasks_max}")


def _resting(seat: Seat) -> Rejected:
    reason = Obstacle.MRD_NOT_READY if seat.agent.ready else Obstacle.NOT_READY
    return Rejected(seat.id, reason, seat.agent.reason)


def first_of(members: int, most: int) -> Iterator[int]:
    """The highest few numbers of a set. Bits are taken out of a short piece of it: of the whole each would cost a copy."""
    while members:
        shift = max(0, members.bit_length() - PIECE)
        piece = members >> shift
        members ^= piece << shift
        while piece:
            if not most:
                return
            most -= 1
            number = piece.bit_length() - 1
            piece ^= 1 << number
            yield number + shift
