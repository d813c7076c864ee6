"""Why not this agent? Asked by agents for themselves, and by whoever watches for anybody, of now or of any moment."""

from typing import Annotated

import strawberry

from api.policy import WATCHING
from api.schema.context import Context, Info, not_found
from api.schema.queries.arguments import AtMoment
from api.schema.queries.configuration import catalog_at
from api.schema.transcript import AsOf, history_of, model_at
from api.schema.types.decisions import Eligibility, of_verdict, record_of
from api.schema.words import answer
from domain.agents.agent import Agent
from domain.agents.facts import MrdMadeReady
from domain.conversations.conversation import Conversation
from domain.ids import AgentId, TaskId
from domain.kernel import BEGINNING, Position, stream_of
from domain.routing.eligibility import standings, why_not
from domain.tasks.facts import TaskClosed
from domain.tasks.task import UNWANTED, Task


@strawberry.type
class ReasonsQuery:
    @answer(
        "Why an agent can have a request, or cannot: each rule with what is the case, now or at any moment of the past. "
        "Of several queues, by the one where most rules hold. "
        "Agents ask for themselves."
    )
    async def why_not(
        self,
        info: Info,
        agent_id: Annotated[AgentId, strawberry.argument(description="Who.")],
        task_id: Annotated[TaskId, strawberry.argument(description="What.")],
        as_of: AtMoment = None,
    ) -> Eligibility:
        context = info.context
        if agent_id != context.viewer.agent_id and not context.viewer.is_any(WATCHING):
            raise not_found("agent")
        agent = await model_at(context, Agent, agent_id, as_of)
        task = await model_at(context, Task, task_id, as_of)
        if task.created is None or not agent.username:
            raise not_found("task" if agent.username else "agent")
        conversation = await model_at(context, Conversation, task.created.conversation_id, as_of)
        catalog = await catalog_at(info, as_of)
        came_back = await _came_back(context, agent_id, task, as_of)
        verdicts = [
            why_not(
                agent_id,
                agent,
                task,
                catalog.queues.get(routing.queue_id) if routing else None,
                conversation.agents.keys(),
                lambda id: catalog.attributes[id].name if id in catalog.attributes else id,
                came_back=came_back,
                routing=routing,
            )
            for routing in (standings(task.routing) if task.routing else [None])
        ]
        nearest = max(verdicts, key=lambda verdict: sum(check.passes for check in verdict.checks))
        return of_verdict(nearest, await record_of(context, task.offer) if task.offer else None)


async def _came_back(context: Context, agent_id: AgentId, task: Task, as_of: AsOf | None) -> bool:
    """Did whoever is left out of it become ready again since (routing 26)?"""
    if task.routing is None or agent_id not in task.routing.excluded:
        return False
    missed = await _missed_at(context, agent_id, task)
    history = await history_of(context, stream_of(Agent, agent_id), as_of)
    ready = (it for it in history if isinstance(it.fact, MrdMadeReady) and it.fact.mrd_id == task.routing.mrd_id)
    return any(it.position > missed for it in ready)


async def _missed_at(context: Context, agent_id: AgentId, task: Task) -> Position:
    """Where in the log they let it ring, or declined it."""
    missed, earlier = BEGINNING, task.created.previous_task_id if task.created else None
    while earlier is not None:
        for recorded in await context.behind.log.read(stream_of(Task, earlier)):
            match recorded.fact:
                case TaskClosed(reason=reason, agent_id=agent) if reason in UNWANTED and agent == agent_id:
                    missed = max(missed, recorded.position)
                case _:
                    pass
        created = (await context.behind.store.load(Task, earlier)).created
        earlier = created.previous_task_id if created else None
    return missed
