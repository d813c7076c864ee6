"""Why this agent, and not another? What the routing engine compared when it offered a task."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import strawberry

from api.policy import WATCHING
from api.schema.context import Context, Info
from api.schema.words import answer, doc
from domain.agents.agent import Agent
from domain.agents.facts import SlotReserved
from domain.configuration.settings import AgentSelectionPolicy
from domain.ids import AgentId, QueueId, TaskId
from domain.kernel import Position, Recorded, stream_of
from domain.routing import decisions
from domain.routing.decisions import Obstacle
from domain.routing.eligibility import Rule, Verdict, steps_of
from domain.routing.story import ANOTHER, Chapter, Turn, story, why_nobody, words
from domain.tasks.facts import TaskReserved
from domain.tasks.task import Task


@strawberry.type(description="An agent who could have had the task, with what was compared.")
class Candidate:
    agent_id: AgentId = doc("Who.")
    matched_step: int = doc("The first step of the queue that they match, of those that count; from 0.")
    load: int = doc("How many tasks they had: reserved, active and in wrap-up.")
    tasks_max: int = doc("How many they may have at once.")
    available_since: datetime | None = doc("Since when they could have taken one more.")
    skill: int | None = doc(
        "The sum of what their matched step asks for; null where the queue does not choose by skill."
    )


@strawberry.type(description="An agent whose attributes match, and who could not have the task, as an example.")
class Rejected:
    agent_id: AgentId = doc("Who.")
    obstacle: Obstacle = doc("What kept them from it.")
    detail: str = doc("By what, such as 2/2 or the reason of their break.")


@strawberry.type(description="How many could not have the task, for one reason.")
class RejectedCount:
    obstacle: Obstacle = doc("The reason.")
    count: int = doc("How many.")


@strawberry.type(description="Why this agent: what the routing engine compared. Agents see themselves alone in it.")
class OfferDecision:
    queue_id: QueueId | None = doc("The queue; null where nothing was recorded.")
    step: int = doc("Which step the request had reached, from 0.")
    matched_step: int = doc("By which step the agent was found, from 0.")
    policy: AgentSelectionPolicy | None = doc("Whom the queue preferred.")
    configuration: Position | None = doc("The newest change of the configuration that was in force.")
    decided_at: Position | None = doc("Everything up to here was known.")
    candidate_count: int = doc("How many could have had it.")
    rejected_counts: list[RejectedCount] = doc(
        "How many of those who work in its media routing domain could not have had it, and why."
    )
    grounds: strawberry.Private[decisions.Grounds]

    @answer("The first few of those who could have had it, in order; the chosen one is the first.")
    def candidates(self, info: Info) -> list[Candidate]:
        return [
            Candidate(
                agent_id=it.agent_id,
                matched_step=it.matched_step,
                load=it.load,
                tasks_max=it.tasks_max,
                available_since=it.available_since,
                skill=it.skill,
            )
            for it in self.grounds.candidates
            if _sees(info, it.agent_id)
        ]

    @answer("One of those who could not have had it for each reason; ATTRIBUTES are only counted. The nearest first.")
    def rejected(self, info: Info) -> list[Rejected]:
        return [
            Rejected(agent_id=it.agent_id, obstacle=it.obstacle, detail=it.detail)
            for it in self.grounds.rejected
            if _sees(info, it.agent_id)
        ]


def of_grounds(grounds: decisions.Grounds | None) -> OfferDecision:
    it = grounds or decisions.UNTOLD
    return OfferDecision(
        queue_id=it.queue_id,
        step=it.step,
        matched_step=it.matched_step,
        policy=AgentSelectionPolicy(it.policy) if it.policy in set(AgentSelectionPolicy) else None,
        configuration=it.configuration or None,
        decided_at=it.decided_at or None,
        candidate_count=it.candidate_count,
        rejected_counts=[RejectedCount(obstacle=why, count=count) for why, count in it.rejected_counts.items()],
        grounds=it,
    )


@strawberry.type(description="One turn of a request's way to an agent, and why.")
class RoutingDecision:
    cursor: Position = doc("Its place in the log.")
    at: datetime = doc("When.")
    task_id: TaskId = doc(
        "The task that it was then; a request goes on under another when an offer of it came to nothing."
    )
    turn: Turn = doc("What happened.")
    queue_id: QueueId | None = doc("The queue, where one is entered or offers.")
    step: int | None = doc("Which step was reached, or by which an agent was found; from 0.")
    agent_id: AgentId | None = doc("The agent.")
    reason: str = doc("The code of why, where there is one.")
    words: str = doc("The same in a sentence. Agents read of nobody else by name.")
    decision: OfferDecision | None = doc("What the engine compared, for an offer.")


@strawberry.type(description="Why a request waits: who could have it now, and why nobody else.")
class TaskWaiting:
    words: str = doc("In a sentence.")
    next_step_at: datetime | None = doc("When the next step of the queue begins; null at the last one.")
    position: int | None = doc("Its place in the queue, from 1.")
    estimated_wait_s: float | None = doc("How many seconds it may still be; null where nothing is known.")
    decision: OfferDecision = doc("Who could have it, and who not.")
    elsewhere: list[OfferDecision] = doc("The same in the other queues in which it waits.")


@strawberry.type(description="One rule of who may be offered a request, and what is the case.")
class EligibilityCheck:
    rule: Rule = doc("The rule.")
    passes: bool = doc("Does it hold?")
    found: str = doc("What is the case, in words.")


@strawberry.type(description="A step of the queue, for one request and one agent.")
class StepMatch:
    step: int = doc("Which, from 0.")
    begins_at: datetime = doc("When it begins for this request, or began.")
    counts: bool = doc("Is it in force for the request now?")
    matches: bool = doc("Does the agent match it?")
    missing: list[str] = doc("The terms that the agent fails, in words.")


@strawberry.type(description="Why an agent can have a request, or cannot: every rule with what is the case.")
class Eligibility:
    eligible: bool = doc("May it be offered to them now?")
    checks: list[EligibilityCheck] = doc("The rules, in the order in which they are asked.")
    steps: list[StepMatch] = doc("The steps of the queue.")
    matched_step: StepMatch | None = doc("The step by which they could have it, now or later; null where none matches.")
    decision: OfferDecision | None = doc("What the engine compared, where it was offered to somebody.")


def of_verdict(verdict: Verdict, grounds: decisions.Grounds | None) -> Eligibility:
    steps = {
        it.step: StepMatch(
            step=it.step, begins_at=it.begins_at, counts=it.counts, matches=it.matches, missing=list(it.missing)
        )
        for it in verdict.steps
    }
    matched = verdict.matched_step
    return Eligibility(
        eligible=verdict.eligible,
        checks=[EligibilityCheck(rule=it.rule, passes=it.passes, found=it.found) for it in verdict.checks],
        steps=list(steps.values()),
        matched_step=steps[matched.step] if matched else None,
        decision=of_grounds(grounds) if grounds else None,
    )


async def decisions_of(context: Context, task_id: TaskId) -> list[RoutingDecision]:
    history = await _history(context, task_id)
    offers = [it.fact for it in history if isinstance(it.fact, TaskReserved)]
    records = {it.offer_id: record for it in offers if (record := await record_of(context, it)) is not None}
    chapters = list(story(history, records))
    name, queue_name = await _names(context, _named_in(chapters)), _queue_name(context)
    return [
        RoutingDecision(
            cursor=it.position,
            at=it.at,
            task_id=it.task_id,
            turn=it.turn,
            queue_id=it.queue_id,
            step=it.step,
            agent_id=it.agent_id if it.agent_id and _may_see(context, it.agent_id) else None,
            reason=it.reason,
            words=words(it, name, queue_name),
            decision=of_grounds(it.grounds) if it.grounds else None,
        )
        for it in chapters
    ]


async def waiting_of(context: Context, task_id: TaskId) -> TaskWaiting | None:
    """As the engine of this process knows it."""
    lines = context.behind.why_waiting(task_id)
    if not lines:
        return None
    why, *elsewhere = lines
    task = await context.behind.store.load(Task, task_id)
    queue = context.behind.catalog().queues.get(why.queue_id) if why.queue_id else None
    later = (
        [it.begins_at for it in steps_of({}, task.routing, queue) if it.step > why.step]
        if queue and task.routing
        else []
    )
    queue_name, name = (
        _queue_name(context),
        await _names(context, {one.agent_id for it in lines for one in it.rejected}),
    )
    said = [
        f"{queue_name(it.queue_id or '')}: {why_nobody(it, name)}" if elsewhere else why_nobody(it, name)
        for it in lines
    ]
    estimate = context.behind.waits().of(task_id, context.behind.clock())
    return TaskWaiting(
        words=" ".join(f"{it}." for it in said),
        next_step_at=later[0] if later else None,
        position=estimate.position if estimate else None,
        estimated_wait_s=estimate.wait_s if estimate else None,
        decision=of_grounds(why),
        elsewhere=[of_grounds(it) for it in elsewhere],
    )


async def record_of(context: Context, offer: TaskReserved) -> decisions.Grounds | None:
    """Why it was offered to whom: as the fact says that holds their slot, or, in former times, the task itself."""
    if offer.slot_version is None:
        return offer.decision
    return await record_at(context, offer.agent_id, offer.slot_version)


async def record_at(context: Context, agent_id: AgentId, version: int) -> decisions.Grounds | None:
    for recorded in await context.behind.log.read(stream_of(Agent, agent_id), version - 1, 1):
        if isinstance(recorded.fact, SlotReserved):
            return recorded.fact.decision
    return None


async def _history(context: Context, task_id: TaskId) -> list[Recorded[Any]]:
    """The facts of a task and of those that it continues, in the order of the log."""
    found: list[Recorded[Any]] = []
    earlier: TaskId | None = task_id
    while earlier is not None and len(found) < HISTORY_MAX:
        history = await context.behind.log.read(stream_of(Task, earlier))
        found = [*history, *found]
        created = (await context.behind.store.load(Task, earlier)).created
        earlier = created.previous_task_id if created else None
    return found


HISTORY_MAX = 1_000


def _named_in(chapters: list[Chapter]) -> set[AgentId]:
    told = [it.grounds for it in chapters if it.grounds]
    return {
        *(it.agent_id for it in chapters if it.agent_id),
        *(one.agent_id for it in told for one in it.candidates),
        *(one.agent_id for it in told for one in it.rejected),
    }


async def _names(context: Context, agents: set[AgentId]) -> Callable[[str], str]:
    """What agents are called, for those whom this viewer may know of."""
    names = {it: (await context.agent(it)).name for it in agents if _may_see(context, it)}
    return lambda agent_id: names.get(AgentId(agent_id)) or ANOTHER


def _queue_name(context: Context) -> Callable[[str], str]:
    queues = context.behind.catalog().queues
    return lambda queue_id: queues[QueueId(queue_id)].name if queue_id in queues else queue_id


def _sees(info: Info, agent_id: AgentId) -> bool:
    return _may_see(info.context, agent_id)


def _may_see(context: Context, agent_id: AgentId) -> bool:
    return context.viewer.is_any(WATCHING) or context.viewer.agent_id == agent_id
