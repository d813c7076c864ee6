"""What is going on? Lists and single things, as the read models know them."""

from typing import Annotated

import strawberry

from api.auth import Viewer
from api.policy import WATCHING
from api.schema import reach
from api.schema.context import Info, not_found, refusal
from api.schema.queries.arguments import After, AtMoment, Before, First, Last, WaitFor
from api.schema.transcript import model_at, transcript_of
from api.schema.types import agents, conversations, customers, queues, tasks
from api.schema.types.paging import connection_of, window
from api.schema.words import answer, doc
from domain.agents.agent import Agent
from domain.agents.facts import AgentState
from domain.conversations.facts import ConversationState
from domain.ids import AgentId, ConversationId, CustomerId, QueueId, TaskId
from domain.tasks.facts import MediaState, TaskState
from domain.tasks.task import Task
from projections.agents import reads as agent_reads
from projections.conversations import reads as conversation_reads
from projections.conversations.reads import ConversationSummary
from projections.customers import reads as customer_reads
from projections.paging import Connection, Page, Window
from projections.queues import reads as queue_reads
from projections.tasks import reads as task_reads


@strawberry.input(description="Which conversations. At most one of these conditions may be given.")
class ConversationFilter:
    states: list[ConversationState] | None = doc("In one of these states; null for all.", default=None)
    customer_id: CustomerId | None = doc("With this customer.", default=None)
    agent_id: AgentId | None = doc("In which this agent takes or took part.", default=None)


@strawberry.input(description="Which tasks. Every condition that is given must hold.")
class TaskFilter:
    queue_id: QueueId | None = doc("Of this queue.", default=None)
    agent_id: AgentId | None = doc("Of this agent, from the offer on.", default=None)
    conversation_id: ConversationId | None = doc("Of this conversation.", default=None)
    states: list[TaskState] | None = doc("In one of these states.", default=None)
    media_states: list[MediaState] | None = doc("In one of these media states.", default=None)


@strawberry.type
class BoardsQuery:
    @answer("A conversation, now or at any moment of the past. NOT_FOUND for one that you may not see.")
    async def conversation(self, info: Info, id: ConversationId, as_of: AtMoment = None) -> conversations.Conversation:
        if not await reach.sees_conversation(info.context.behind, info.context.viewer, id):
            raise not_found("conversation")
        return conversations.of_transcript(id, await transcript_of(info.context, id, as_of))

    @answer("Conversations, the newest first. Agents get those in which they take or took part.")
    async def conversations(
        self,
        info: Info,
        filter: Annotated[ConversationFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        wait_for: WaitFor = None,
    ) -> conversations.ConversationConnection:
        part = window(first, after, last, before)
        as_of = await info.context.behind.caught_up(wait_for)
        async with info.context.reading() as connection:
            page = await _conversations(connection, filter or ConversationFilter(), info.context.viewer, part)
        return connection_of(page, as_of, conversations.of_summary)

    @answer("A task, now or at any moment of the past. NOT_FOUND for one that you may not see.")
    async def task(self, info: Info, id: TaskId, as_of: AtMoment = None) -> tasks.Task:
        model = await model_at(info.context, Task, id, as_of)
        task = tasks.of_model(id, model)
        if task is None or not await reach.sees_task(info.context.behind, info.context.viewer, model):
            raise not_found("task")
        return task

    @answer("Tasks, the newest first. Agents get their own.")
    async def tasks(
        self,
        info: Info,
        filter: Annotated[TaskFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        wait_for: WaitFor = None,
    ) -> tasks.TaskConnection:
        part, which, viewer = window(first, after, last, before), filter or TaskFilter(), info.context.viewer
        as_of = await info.context.behind.caught_up(wait_for)
        async with info.context.reading() as connection:
            page = await task_reads.tasks(
                connection,
                queue_id=which.queue_id,
                agent_id=which.agent_id if viewer.is_any(WATCHING) else AgentId(viewer.agent_id),
                conversation_id=which.conversation_id,
                states=which.states or (),
                media_states=which.media_states or (),
                window=part,
            )
        return connection_of(page, as_of, tasks.of_summary)

    @answer("An agent, now or at any moment of the past. Agents see themselves.")
    async def agent(self, info: Info, id: AgentId, as_of: AtMoment = None, wait_for: WaitFor = None) -> agents.Agent:
        if not reach.sees_agent(info.context.viewer, id):
            raise not_found("agent")
        model = await model_at(info.context, Agent, id, as_of)
        if not model.username:
            raise not_found("agent")
        if as_of is not None:
            return agents.of_model(id, model)
        await info.context.behind.caught_up(wait_for)
        async with info.context.reading() as connection:
            row = await agent_reads.agent(connection, id)
        return agents.of_presence(row) if row else agents.of_model(id, model)

    @answer("Agents by username.")
    async def agents(
        self,
        info: Info,
        states: Annotated[
            list[AgentState] | None, strawberry.argument(description="In one of these states; null for all.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        wait_for: WaitFor = None,
    ) -> agents.AgentConnection:
        part = window(first, after, last, before)
        as_of = await info.context.behind.caught_up(wait_for)
        async with info.context.reading() as connection:
            page = await agent_reads.agents(connection, states or (), part)
        return connection_of(page, as_of, agents.of_presence)

    @answer("A queue, live.")
    async def queue(self, info: Info, id: QueueId, wait_for: WaitFor = None) -> queues.Queue:
        await info.context.behind.caught_up(wait_for)
        async with info.context.reading() as connection:
            rows = await queue_reads.boards(connection, info.context.behind.day_began(), [id])
        if not rows:
            raise not_found("queue")
        return queues.of_board(rows[0])

    @answer("All queues, live, with today's counters.")
    async def queues(self, info: Info, wait_for: WaitFor = None) -> queues.QueueBoard:
        as_of = await info.context.behind.caught_up(wait_for)
        async with info.context.reading() as connection:
            rows = await queue_reads.boards(connection, info.context.behind.day_began())
        return queues.QueueBoard(as_of=as_of, nodes=[queues.of_board(row) for row in rows])

    @answer("A customer. Agents see those whose open conversation they see; others are NOT_FOUND.")
    async def customer(self, info: Info, id: CustomerId, wait_for: WaitFor = None) -> customers.Customer:
        if not await reach.sees_customer(info.context.behind, info.context.viewer, id):
            raise not_found("customer")
        await info.context.behind.caught_up(wait_for)
        async with info.context.reading() as connection:
            row = await customer_reads.customer(connection, id)
        if row is None:
            raise not_found("customer")
        return customers.of_profile(row)

    @answer("Customers, the newest first.")
    async def customers(
        self,
        info: Info,
        name: Annotated[str, strawberry.argument(description="Whose name begins so, in any case.")] = "",
        contact: Annotated[str, strawberry.argument(description="Who is known by exactly this contact.")] = "",
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        wait_for: WaitFor = None,
    ) -> customers.CustomerConnection:
        part = window(first, after, last, before)
        as_of = await info.context.behind.caught_up(wait_for)
        async with info.context.reading() as connection:
            page = await customer_reads.customers(connection, name=name, contact=contact, window=part)
        return connection_of(page, as_of, customers.of_profile)


async def _conversations(
    connection: Connection, which: ConversationFilter, viewer: Viewer, part: Window
) -> Page[ConversationSummary]:
    conditions = sum(condition is not None for condition in (which.states, which.customer_id, which.agent_id))
    if not viewer.is_any(WATCHING):
        if conditions and which != ConversationFilter(agent_id=AgentId(viewer.agent_id)):
            raise refusal("INVALID", "Agents filter by themselves alone.", "filter")
        which = ConversationFilter(agent_id=AgentId(viewer.agent_id))
    elif conditions > 1:
        raise refusal("INVALID", "At most one condition may be given.", "filter")
    if which.agent_id is not None:
        return await conversation_reads.conversations_of_agent(connection, which.agent_id, present=False, window=part)
    if which.customer_id is not None:
        return await conversation_reads.conversations_of_customer(connection, which.customer_id, window=part)
    return await conversation_reads.all_conversations(connection, which.states or (), part)
