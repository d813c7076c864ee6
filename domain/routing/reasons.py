"""Why this agent, and why nobody else? Asked of the engine's own order and sets, right after it decided.

Nothing here is done while deciding. An offer remembers the set of those who could have had it, and the rest still stands
as it stood; only those who were given something else in the same moment have lost their place in the order since.

Nobody is looked at to be counted: the engine keeps a set of those who are signed in, want work, are being offered
something …, and how many of them a step admits is one `&` for each (`docs/adr/0014`).
"""

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice

from domain.ids import AgentId, ConversationId, TaskId
from domain.routing.decisions import NAMED_MAX, Candidate, Grounds, Obstacle, Rejected
from domain.routing.lines import Pool, Stage, Standing
from domain.routing.ranking import Known, numbers_of
from domain.routing.staff import Seat, Staff
from domain.routing.state import Request, State
from domain.tasks.facts import LAST_AGENT_STEP

RANKED_MAX = 8
"""How many of those who got something else in the same moment are put in order again, for one offer."""

OFFERED, BUSY, CUT_OFF, INTERRUPTED = (  # members are looked up slowly
    Obstacle.OFFERED,
    Obstacle.BUSY,
    Obstacle.DISCONNECTED,
    Obstacle.INTERRUPTED,
)
EXCLUDED, TALKING, LOGGED_OUT = Obstacle.EXCLUDED, Obstacle.IN_CONVERSATION, Obstacle.LOGGED_OUT
ATTRIBUTES, NOT_READY, MRD_NOT_READY = Obstacle.ATTRIBUTES, Obstacle.NOT_READY, Obstacle.MRD_NOT_READY
OBSTACLES = len(Obstacle)
Kept = tuple[Obstacle, int]
"""What keeps from it, and whom, as a set."""
_candidate, _refused = partial(tuple.__new__, Candidate), partial(tuple.__new__, Rejected)
_grounds = partial(tuple.__new__, Grounds)
"""As the classes themselves do, in half the time."""


class Reasons:
    def __init__(self, state: State, staff: Staff) -> None:
        self._state, self._staff = state, staff

    def of(self, request: Request, stage: Stage, rank: int, chosen: Seat, candidates: int) -> Grounds:
        """`rank`: by which step they were chosen among the candidates."""
        return self._told(request, stage, rank, candidates, chosen)

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
        return self._told(request, stage, request.step, able, None)

    def _told(self, request: Request, stage: Stage, rank: int, candidates: int, chosen: Seat | None) -> Grounds:
        line, state = stage.line, self._state
        counts, rejected = self._rejected(request, stage, candidates)
        found = self._in_order(stage, candidates, chosen)
        count = candidates.bit_count() if len(found) == NAMED_MAX else len(found)
        selection, configuration = line.queue.agent_selection, state.catalog.version
        return _grounds(
            (line.id, request.step, rank, selection, configuration, state.position, count, found, counts, rejected)
        )

    # Who could have had it

    def _in_order(self, stage: Stage, candidates: int, chosen: Seat | None) -> tuple[Candidate, ...]:
        """The first few, by rule 13, as `Choices._best` and `Staff._settle` have it; the chosen one is among the first that
        are found here, and has lost their place in the order by now.
        """
        line, found = stage.line, list[Candidate]()
        pool, room = line.pool, NAMED_MAX
        taken = candidates & pool.offered
        for rank, matching, scale in stage.choices:
            here = candidates & matching.members
            candidates ^= here
            while here:
                equals, skill = (here, None) if scale is None else scale.extreme_and_sum(here, most=line.most)
                here ^= equals
                if chosen is not None:
                    equals ^= 1 << chosen.number
                    chair, since = pool.chairs[chosen.number], chosen.since[pool.mrd_id]
                    found.append(_candidate((chosen.id, rank, chair.load, chair.limit, since.timestamp(), skill)))
                    chosen, room = None, room - 1
                if equals:
                    for since_s, name, number in self._first_of(equals, equals & taken, pool, room):
                        chair = pool.chairs[number]
                        found.append(_candidate((name, rank, chair.load, chair.limit, since_s, skill)))
                    room = NAMED_MAX - len(found)
                    if not room:
                        return tuple(found)
            if not candidates:
                break
        return tuple(found)

    def _first_of(self, equals: int, taken: int, pool: Pool, most: int) -> list[Known]:
        """Of those between whom only the order of the pool decides. `taken`: they got something else in this moment."""
        found = pool.seats.first_few(equals, most)
        if taken:
            chairs = [pool.chairs[it] for it in islice(numbers_of(taken), RANKED_MAX)]
            found += [(it.seat.since[pool.mrd_id].timestamp(), it.seat.id, it.seat.number) for it in chairs]
            found.sort(key=lambda it: (pool.chairs[it[2]].load / pool.chairs[it[2]].limit, it))
        return found[:most]

    # Who could not

    def _talking(self, request: Request) -> Iterable[AgentId]:
        return self._state.talking.get(request.conversation_id or ConversationId(""), {}).values()

    def _rejected(self, request: Request, stage: Stage, able: int) -> tuple[tuple[int, ...], tuple[Rejected, ...]]:
        """How many, by the number of the obstacle; and one for each, of those who let it ring or talk some."""
        pool, staff = stage.line.pool, self._staff
        admitted = stage.admitted.members & pool.staffed
        here = admitted & staff.here
        ready = here & staff.ready
        willing = ready & pool.willing
        counts, named = [0] * OBSTACLES, list[Rejected]()
        if stage.choices[0][0] != LAST_AGENT_STEP:  # nobody else is asked there
            counts[ATTRIBUTES] = pool.staff_count - admitted.bit_count()
        for obstacle, those in (
            *self._at_work(request, pool, willing ^ willing & able),
            (MRD_NOT_READY, ready ^ willing),
            (NOT_READY, here ^ ready),
            (LOGGED_OUT, admitted ^ here),
        ):
            if those:
                counts[obstacle] = those.bit_count()
                number = those.bit_length() - 1
                chair = pool.chairs[number]
                if obstacle > MRD_NOT_READY:
                    detail = f"{chair.load}/{chair.limit}"
                else:
                    detail = chair.seat.agent.reason if obstacle > LOGGED_OUT else ""
                named.append(_refused((chair.seat.id, obstacle, detail)))
        return tuple(counts), tuple(named)

    def _at_work(self, request: Request, pool: Pool, those: int) -> list[Kept]:
        """Why they cannot, of those who want work here; whoever is nearest to it first."""
        kept: list[Kept] = []
        if request.missed:  # routing 24
            excluded = those & self._staff.members(request.missed)
            those ^= excluded
            kept.append((EXCLUDED, excluded))
        if request.conversation_id in self._state.talking:
            talking = those & self._staff.members(self._talking(request))
            those ^= talking
            kept.append((TALKING, talking))
        if closed := those & pool.closed:  # routing 35, 39
            those ^= closed
            cut_off = closed & self._staff.cut_off
            kept += [(CUT_OFF, cut_off), (INTERRUPTED, closed ^ cut_off)]
        offered = those & pool.offered
        return [*kept, (OFFERED, offered), (BUSY, those ^ offered)]
