"""Why not this agent? The rules of eligibility for one agent and one request, each with what was found (routing 12).

A pure function of what the two streams and the configuration say, so it can be asked of any moment. The engine answers the
same question for everybody at once, by sets; a random day holds both against each other.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.agents.agent import Agent
from domain.agents.facts import MrdState, SlotState
from domain.configuration.operators import RelationalOperator
from domain.configuration.settings import Queue, StepMode, Term
from domain.ids import AgentId, AttributeId, MrdId
from domain.routing.skipping import not_considered
from domain.tasks.facts import LAST_AGENT_STEP, MediaState, Routing
from domain.tasks.task import Task


class Rule(StrEnum):
    """What must hold for an offer, in the order in which it is asked."""

    WAITING = "WAITING"
    MRD = "MRD"
    ATTRIBUTES = "ATTRIBUTES"
    LOGGED_IN = "LOGGED_IN"
    CONNECTED = "CONNECTED"
    READY = "READY"
    MRD_READY = "MRD_READY"
    NOT_INTERRUPTED = "NOT_INTERRUPTED"
    NO_OTHER_OFFER = "NO_OTHER_OFFER"
    ROOM = "ROOM"
    NOT_IN_CONVERSATION = "NOT_IN_CONVERSATION"
    NOT_EXCLUDED = "NOT_EXCLUDED"


@dataclass(frozen=True, slots=True)
class Check:
    """`found`: what is the case now, in words."""

    rule: Rule
    passes: bool
    found: str


@dataclass(frozen=True, slots=True)
class StepMatch:
    """A step of the queue. `counts`: it is in force for this request now; `missing`: the terms that the agent fails."""

    step: int
    begins_at: datetime
    counts: bool
    matches: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    checks: tuple[Check, ...]
    steps: tuple[StepMatch, ...]

    @property
    def eligible(self) -> bool:
        return all(check.passes for check in self.checks)

    @property
    def matched_step(self) -> StepMatch | None:
        """By which step they could have it: the first of those that count, or else the first that will."""
        matching = [it for it in self.steps if it.matches]
        return next((it for it in matching if it.counts), matching[0] if matching else None)


def why_not(
    agent_id: AgentId,
    agent: Agent,
    task: Task,
    queue: Queue | None,
    talking: Collection[AgentId],
    attribute_name: Callable[[AttributeId], str] = str,
    *,
    came_back: bool = False,
    routing: Routing | None = None,
) -> Verdict:
    """`routing`: how it stands in this queue, where that is not its first (routing 11). `talking`: the agents in the conversation. `came_back`: they let it ring, and became ready again since (routing 26)."""
    routing = routing or task.routing
    if routing is None or queue is None:
        found = "it never waited in a queue" if routing is None else "its queue is gone"
        return Verdict((Check(Rule.WAITING, passes=False, found=found),), ())
    steps = tuple(steps_of(agent.attributes, routing, queue, attribute_name))
    waited_for = routing.step == LAST_AGENT_STEP and routing.last_agent_id == agent_id
    waiting = task.media_state is MediaState.QUEUED
    checks = (
        Check(Rule.WAITING, passes=waiting, found=_FAR[task.media_state]),
        *_of_person(agent, queue.mrd_id, steps, waited_for=waited_for),
        *_of_work(agent, queue.mrd_id),
        Check(
            Rule.NOT_IN_CONVERSATION,
            passes=agent_id not in talking,
            found="in the conversation already" if agent_id in talking else "not in the conversation",
        ),
        _of_history(agent_id, routing, came_back=came_back),
    )
    return Verdict(checks, steps)


_FAR: Mapping[MediaState, str] = {
    MediaState.STARTED: "the request is in no queue yet",
    MediaState.QUEUED: "the request waits",
    MediaState.RESERVED: "the request rings at an agent",
    MediaState.ACTIVE: "the request was taken",
    MediaState.CLOSED: "the request is over",
}


def standings(routing: Routing) -> Iterator[Routing]:
    """How a request stands in each of the queues in which it waits (routing 11)."""
    yield routing
    for queue_id in routing.also_in:
        yield routing.in_queue(queue_id, routing.steps.get(queue_id, 0))


def _of_person(agent: Agent, mrd_id: MrdId, steps: tuple[StepMatch, ...], *, waited_for: bool) -> Iterator[Check]:
    mrd = agent.mrds.get(mrd_id)
    yield Check(Rule.MRD, passes=mrd is not None, found=f"works in {mrd_id}" if mrd else f"does not work in {mrd_id}")
    if waited_for:  # routing 54
        good = any(it.matches for it in steps)
        yield Check(
            Rule.ATTRIBUTES, passes=good, found="the customer talked with them last" if good else _matched(steps)
        )
    else:
        yield Check(Rule.ATTRIBUTES, passes=any(it.counts and it.matches for it in steps), found=_matched(steps))
    yield Check(Rule.LOGGED_IN, passes=agent.logged_in, found="signed in" if agent.logged_in else "signed out")
    yield Check(Rule.CONNECTED, passes=not agent.lost_desk, found="cut off" if agent.lost_desk else "not cut off")
    state = f"{agent.state}, {agent.reason}" if agent.reason else str(agent.state)
    yield Check(Rule.READY, passes=agent.ready, found=state)
    willing = mrd is not None and mrd.willing
    yield Check(Rule.MRD_READY, passes=willing, found=f"{mrd_id} is {agent.mrd_state(mrd_id)}")
    gives_way = mrd_id in agent.giving_way(agent.slots.values())
    found = f"{mrd_id} gives way to other work" if gives_way else "nothing goes before it"
    yield Check(Rule.NOT_INTERRUPTED, passes=not gives_way, found=found)


def _of_work(agent: Agent, mrd_id: MrdId) -> Iterator[Check]:
    mine = [slot for slot in agent.slots.values() if slot.mrd_id == mrd_id]
    ringing = sum(slot.state is SlotState.RESERVED for slot in mine)
    yield Check(Rule.NO_OTHER_OFFER, passes=not ringing, found="something else rings" if ringing else "nothing rings")
    tasks_max = agent.mrds[mrd_id].tasks_max if mrd_id in agent.mrds else 0
    busy = agent.mrd_state(mrd_id) is MrdState.BUSY
    yield Check(
        Rule.ROOM, passes=len(mine) < tasks_max, found=f"{len(mine)} of {tasks_max} tasks" + (", busy" if busy else "")
    )


def _of_history(agent_id: AgentId, routing: Routing, *, came_back: bool) -> Check:
    """routing 24, 26"""
    left_out = agent_id in routing.excluded
    if not left_out:
        return Check(Rule.NOT_EXCLUDED, passes=True, found="not left out")
    found = "let it ring or declined it; comes into question again when nobody else does"
    return Check(Rule.NOT_EXCLUDED, passes=False, found=f"{found}, and was ready again since" if came_back else found)


def steps_of(
    attributes: Mapping[AttributeId, int], routing: Routing, queue: Queue, name: Callable[[AttributeId], str] = str
) -> Iterator[StepMatch]:
    """Each step of the queue that is for this request at all (routing 9): from when on it counts (routing 7, 10), and
    whether the agent matches.
    """
    left_out = not_considered(queue, routing.data)
    own = [number for number in range(len(queue.steps)) if number not in left_out]
    at = max((number for number in own if number <= routing.step), default=None)
    begins = routing.first_enqueued_at
    for number in own:
        step = queue.steps[number]
        counts = number == at if queue.step_mode is StepMode.REPLACE else at is not None and number <= at
        terms = [term for expression in step.expressions for term in expression.terms]
        missing = tuple(_term(term, attributes, name) for term in terms if not term.matches(attributes))
        yield StepMatch(number, begins, counts, step.matches(attributes), missing)
        begins += timedelta(seconds=step.timeout_s)


def _matched(steps: tuple[StepMatch, ...]) -> str:
    matching = [it for it in steps if it.matches]
    now = next((it for it in matching if it.counts), None)
    if now is not None:
        return f"matches step {now.step + 1}"
    later = next((it for it in matching if not it.counts and it.step > _reached(steps)), None)
    if later is not None:
        return f"matches step {later.step + 1}, which begins at {later.begins_at:%H:%M:%S} UTC"
    missing = next((it.missing for it in steps if it.counts), ())
    return f"matches no step that counts: {'; '.join(missing)}"


def _reached(steps: tuple[StepMatch, ...]) -> int:
    return max((it.step for it in steps if it.counts), default=LAST_AGENT_STEP)


def _term(term: Term, attributes: Mapping[AttributeId, int], name: Callable[[AttributeId], str]) -> str:
    has = attributes.get(term.attribute_id)
    wanted = f"{name(term.attribute_id)} {term.operator} {term.value}"
    if term.operator is RelationalOperator.HAS:
        wanted = f"has {name(term.attribute_id)}"
    return f"{wanted} is asked, and they {'do not have it' if has is None else f'have {has}'}"
