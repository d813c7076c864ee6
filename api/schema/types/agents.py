"""Who is there, wants work, and has how much?"""

from datetime import datetime

import strawberry

from api.schema.types.paging import Connection
from api.schema.words import doc
from domain.agents import agent as model
from domain.agents.facts import AgentState, MrdState, SlotState
from domain.ids import AgentId, AttributeId, ConversationId, MrdId, OfferId, TaskId
from projections.agents.reads import AgentPresence, AgentTask, MrdStand


@strawberry.type(description="What an agent is good at.")
class AgentAttribute:
    attribute_id: AttributeId = doc("The routing attribute.")
    value: int = doc("0 or 1, or 1 to 10.")


@strawberry.type(description="How long an agent was in a state.")
class AgentStateTime:
    state: AgentState = doc("The state.")
    seconds: float = doc("Seconds of this shift, or of the last, until the present state began.")


@strawberry.type(description="How long an agent was in a state of one media routing domain.")
class MrdStateTime:
    state: MrdState = doc("The state.")
    seconds: float = doc("Seconds of this shift, or of the last, until the present state began.")


@strawberry.type(description="An agent's stand in one media routing domain.")
class AgentMrd:
    mrd_id: MrdId = doc("The media routing domain.")
    state: MrdState = doc("Their state in it.")
    previous_state: MrdState | None = doc("The state before; null where the live model was asked.")
    since: datetime | None = doc("Since when; null where the live model was asked.")
    tasks_max: int = doc("How many tasks they may have at once.")
    load: int = doc("How many they have: reserved, active and in wrap-up.")
    last_ready_at: datetime | None = doc("When they last became ready; null where the live model was asked.")
    durations: list[MrdStateTime] = doc("How long they were in each state; empty where the live model was asked.")


@strawberry.type(description="A task that fills one of an agent's slots.")
class AgentSlot:
    task_id: TaskId = doc("The task.")
    mrd_id: MrdId = doc("The media routing domain whose slot it is.")
    state: SlotState = doc("What the slot is taken by.")
    offer_id: OfferId = doc("The offer that it began with; empty for work from a list.")
    conversation_id: ConversationId | None = doc(
        "The conversation, once the agent joined; null where the live model was asked."
    )
    since: datetime | None = doc("Since when; null where the live model was asked.")


@strawberry.type(description="An agent: who they are, whether they want work, and how much they have.")
class Agent:
    id: AgentId = doc("Their id: the subject of their tokens.")
    username: str = doc("What they sign in with.")
    name: str = doc("Their name, as customers see it.")
    state: AgentState = doc("Their global state.")
    reason: str = doc("The reason of that state; empty for none.")
    since: datetime | None = doc("Since when; null where the live model was asked.")
    login_at: datetime | None = doc("When their shift began; null outside one, and where the live model was asked.")
    is_connected: bool = doc("False while they are cut off from their desk: nothing is offered to them.")
    is_auto_answering: bool = doc("Is what rings at them accepted in the same moment, whatever its queue says?")
    durations: list[AgentStateTime] = doc("How long they were in each state; empty where the live model was asked.")
    attributes: list[AgentAttribute] = doc("What they are good at.")
    mrds: list[AgentMrd] = doc("Their media routing domains.")
    tasks: list[AgentSlot] = doc("What fills their slots.")


AgentConnection = Connection[Agent]


def of_presence(row: AgentPresence) -> Agent:
    return Agent(
        id=row.id,
        username=row.username,
        name=row.name,
        state=row.state,
        reason=row.reason,
        since=row.since,
        login_at=row.login_at,
        is_connected=row.is_connected,
        is_auto_answering=row.is_auto_answering,
        durations=[AgentStateTime(state=state, seconds=seconds) for state, seconds in row.durations.items()],
        attributes=[AgentAttribute(attribute_id=id, value=value) for id, value in row.attributes.items()],
        mrds=[_stand(stand) for stand in row.mrds],
        tasks=[_slot(task) for task in row.tasks],
    )


def of_model(id: AgentId, agent: model.Agent) -> Agent:
    """An agent as the model that decides knows them: newer than any read model, and without the times."""
    return Agent(
        id=id,
        username=agent.username,
        name=agent.name,
        state=agent.state,
        reason=agent.reason,
        since=None,
        login_at=None,
        is_connected=not agent.lost_desk,
        is_auto_answering=agent.auto_answers,
        durations=[],
        attributes=[AgentAttribute(attribute_id=id, value=value) for id, value in agent.attributes.items()],
        mrds=[
            AgentMrd(
                mrd_id=mrd_id,
                state=agent.mrd_state(mrd_id),
                previous_state=None,
                since=None,
                tasks_max=mrd.tasks_max,
                load=agent.load(mrd_id),
                last_ready_at=None,
                durations=[],
            )
            for mrd_id, mrd in agent.mrds.items()
        ],
        tasks=[
            AgentSlot(
                task_id=task_id,
                mrd_id=slot.mrd_id,
                state=slot.state,
                offer_id=slot.offer_id,
                conversation_id=None,
                since=None,
            )
            for task_id, slot in agent.slots.items()
        ],
    )


def _stand(stand: MrdStand) -> AgentMrd:
    return AgentMrd(
        mrd_id=stand.mrd_id,
        state=stand.state,
        previous_state=stand.previous_state,
        since=stand.since,
        tasks_max=stand.tasks_max,
        load=stand.load,
        last_ready_at=stand.last_ready_at,
        durations=[MrdStateTime(state=state, seconds=seconds) for state, seconds in stand.durations.items()],
    )


def _slot(task: AgentTask) -> AgentSlot:
    return AgentSlot(
        task_id=task.task_id,
        mrd_id=task.mrd_id,
        state=task.state,
        offer_id=task.offer_id,
        conversation_id=task.conversation_id,
        since=task.since,
    )
