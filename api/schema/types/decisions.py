"""Why this agent, and not another? What the routing engine compared when it offered a task."""

from datetime import datetime

import strawberry

from api.policy import WATCHING
from api.schema.context import Info
from api.schema.words import answer, doc
from domain.configuration.settings import AgentSelectionPolicy
from domain.ids import AgentId, QueueId
from domain.kernel import Position
from domain.routing import decisions
from domain.routing.decisions import Obstacle


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


@strawberry.type(description="An agent whose attributes match, and who could not have the task.")
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
        "How many of those whose attributes match could not have had it, and why."
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

    @answer("Some of those who could not have had it, the nearest to it first.")
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


def _sees(info: Info, agent_id: AgentId) -> bool:
    return info.context.viewer.is_any(WATCHING) or info.context.viewer.agent_id == agent_id
