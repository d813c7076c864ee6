"""Who am I, and what is on my desk?"""

from collections.abc import Iterable

import strawberry

from api.auth import Role
from api.schema.context import Info
from api.schema.queries.arguments import WaitFor
from api.schema.transcript import transcript_of
from api.schema.types import agents, conversations
from api.schema.types.conversations import Conversation
from api.schema.types.tasks import Task as TaskType
from api.schema.types.tasks import of_model as task_of_model
from api.schema.words import answer, doc
from domain.ids import AgentId, TaskId
from domain.kernel import Position
from domain.tasks.facts import MediaState, TaskState
from domain.tasks.task import Task
from projections.paging import Window
from projections.tasks import reads as task_reads

OPEN_MAX = 100
"""Tasks that one desk shows."""


@strawberry.type(description="Who asks.")
class Me:
    subject: strawberry.ID = doc("The subject of the token; the agent's id where they are an agent.")
    username: str = doc("What they sign in with.")
    name: str = doc("Their name.")
    roles: list[Role] = doc("What they may do.")


@strawberry.type(description="An agent's whole present.")
class Desk:
    as_of: Position = doc("Everything up to here is in this answer: subscribe to `desk(after:)` with it.")
    agent: agents.Agent = doc("Presence, media routing domains and slots.")
    offers: list[TaskType] = doc("Tasks that ring.")
    tasks: list[TaskType] = doc("Tasks of conversations that go on.")
    wrap_ups: list[TaskType] = doc("Tasks to wrap up.")
    conversations: list[Conversation] = doc("The conversations of all those tasks, offers included.")


@strawberry.type
class SelfQuery:
    @answer("Who you are.")
    def me(self, info: Info) -> Me:
        viewer = info.context.viewer
        return Me(
            subject=strawberry.ID(viewer.subject),
            username=viewer.username,
            name=viewer.name,
            roles=sorted(viewer.roles),
        )

    @answer("Everything on your desk now.")
    async def desk(self, info: Info, wait_for: WaitFor = None) -> Desk:
        context, agent_id = info.context, AgentId(info.context.viewer.agent_id)
        # Taken before anything is read: what comes later comes by the subscription.
        as_of = await context.behind.caught_up(wait_for)
        agent = await context.agent(agent_id)
        open_tasks = [
            (task_id, task)
            for task_id in dict.fromkeys((*agent.slots, *await _wrapping_up(info, agent_id)))
            if (task := await context.behind.store.load(Task, task_id)).created and task.state is not TaskState.CLOSED
        ]
        return Desk(
            as_of=as_of,
            agent=agents.of_model(agent_id, agent),
            offers=_those(open_tasks, MediaState.RESERVED),
            tasks=_those(open_tasks, MediaState.ACTIVE),
            wrap_ups=_those(open_tasks, MediaState.CLOSED),
            conversations=[
                conversations.of_transcript(id, await transcript_of(context, id))
                for id in dict.fromkeys(task.created.conversation_id for _, task in open_tasks if task.created)
            ],
        )


async def _wrapping_up(info: Info, agent_id: AgentId) -> list[TaskId]:
    """Where wrap-up holds no slot, only the read model still knows whose it is."""
    async with info.context.reading() as connection:
        page = await task_reads.tasks(
            connection, agent_id=agent_id, states=(TaskState.ACTIVE, TaskState.WRAP_UP), window=Window(OPEN_MAX)
        )
    return [row.id for row in page.items]


def _those(open_tasks: Iterable[tuple[TaskId, Task]], state: MediaState) -> list[TaskType]:
    found = (task_of_model(task_id, task) for task_id, task in open_tasks if task.media_state is state)
    return [task for task in found if task is not None]
