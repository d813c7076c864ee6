"""One agent's share of one conversation, and the request that looks for that agent."""

from datetime import datetime

import strawberry

from api.schema.context import Info
from api.schema.types.customers import Customer, customer_named
from api.schema.types.decisions import (
    OfferDecision,
    RoutingDecision,
    TaskWaiting,
    decisions_of,
    of_grounds,
    record_at,
    waiting_of,
)
from api.schema.types.paging import Connection
from api.schema.words import answer, doc
from domain.ids import AgentId, ConversationId, CustomerId, MrdId, OfferId, QueueId, SessionId, TaskId
from domain.sessions.facts import SessionEndReason
from domain.tasks import task as model
from domain.tasks.facts import MediaState, TaskCloseReason, TaskDirection, TaskMode, TaskState
from projections.tasks.reads import TaskSummary


@strawberry.type(description="A task was offered to an agent.")
class Offer:
    id: OfferId = doc("Its id; pass it to `acceptTask`.")
    agent_id: AgentId = doc("To whom.")
    due: datetime | None = doc("Until when it rings.")
    task_id: strawberry.Private[TaskId]
    slot_version: strawberry.Private[int | None]

    @answer("Why this agent: what the routing engine compared.")
    async def decision(self, info: Info) -> OfferDecision:
        context = info.context
        if self.slot_version is not None:
            return of_grounds(await record_at(context, self.agent_id, self.slot_version))
        offer = (await context.behind.store.load(model.Task, self.task_id)).offer
        return of_grounds(offer.decision if offer else None)


@strawberry.type(description="What a task has to do with one media routing domain.")
class TaskMedia:
    mrd_id: MrdId = doc("The media routing domain.")
    session_ids: list[SessionId] = doc("The customer's channel sessions that belong to it.")


@strawberry.type(description="One agent's share of one conversation, from the queue to the end of the wrap-up.")
class Task:
    id: TaskId = doc("Its id.")
    conversation_id: ConversationId = doc("The conversation.")
    customer_id: CustomerId = doc("The customer.")
    state: TaskState = doc("How far it is.")
    media_state: MediaState = doc("How far the search for an agent is.")
    direction: TaskDirection = doc("How it came about.")
    mode: TaskMode = doc("For one agent, or for a queue?")
    queue_id: QueueId | None = doc("The queue.")
    mrd_id: MrdId | None = doc("The media routing domain.")
    priority: int | None = doc("1 to 10, and 11 for what was offered in vain already.")
    step: int | None = doc("Which step of the queue it has reached, from 0; -1 while the last agent is waited for.")
    attempt: int | None = doc("The how manieth task of its request it is, from 1.")
    previous_task_id: TaskId | None = doc("The task that it continues.")
    root_request_id: TaskId | None = doc("The first task of its request; null where nobody was looked for.")
    requested_by: AgentId | None = doc("The colleague who asked for whoever takes it.")
    request_note: str = doc("What that colleague says to them.")
    first_enqueued_at: datetime | None = doc("Since when the customer waits.")
    expires_at: datetime | None = doc("Until when it may wait.")
    offer: Offer | None = doc("The last offer.")
    agent_id: AgentId | None = doc("The agent who took it.")
    answered_at: datetime | None = doc("When; null where the live model was asked.")
    wrap_up_due: datetime | None = doc("When its wrap-up ends by itself.")
    wrap_up_codes: list[str] = doc("What it was about.")
    note: str = doc("A note for colleagues.")
    closed_at: datetime | None = doc("When it ended; null where the live model was asked.")
    close_reason: TaskCloseReason | None = doc("Why it ended.")
    disposition: TaskCloseReason | None = doc("Why it ended, coarsely.")
    customer_left: SessionEndReason | None = doc(
        "How the customer went before anybody answered; null where the live model was asked."
    )
    close_words: str | None = doc(
        "Why the agent declined it, or what the customer was told; null where the live model was asked."
    )

    @answer("Its media: one for each media routing domain by which the customer came.")
    async def media(self, info: Info) -> list[TaskMedia]:
        media = (await info.context.behind.store.load(model.Task, self.id)).media
        return [TaskMedia(mrd_id=mrd_id, session_ids=list(sessions)) for mrd_id, sessions in media.items()]

    @answer("The customer.")
    async def customer(self, info: Info) -> Customer | None:
        return await customer_named(info, self.customer_id)

    @answer("How it came where it is, turn by turn and why, with the tasks that it continues. The oldest first.")
    async def decisions(self, info: Info) -> list[RoutingDecision]:
        return await decisions_of(info.context, self.id)

    @answer("Who could have it now, and why nobody else; null unless it waits in a queue.")
    async def waiting(self, info: Info) -> TaskWaiting | None:
        return await waiting_of(info.context, self.id)


TaskConnection = Connection[Task]


def of_summary(row: TaskSummary) -> Task:
    held = row.media_state is not MediaState.RESERVED and row.answered_at is not None
    return Task(
        id=row.id,
        conversation_id=row.conversation_id,
        customer_id=row.customer_id,
        state=row.state,
        media_state=row.media_state,
        direction=row.direction,
        mode=row.mode,
        queue_id=row.queue_id,
        mrd_id=row.mrd_id,
        priority=row.priority,
        step=row.step,
        attempt=row.attempt,
        previous_task_id=row.previous_task_id,
        root_request_id=row.root_request_id,
        requested_by=row.requested_by,
        request_note=row.request_note,
        first_enqueued_at=row.first_enqueued_at,
        expires_at=row.expires_at,
        offer=Offer(
            id=row.offer_id, agent_id=row.agent_id, due=row.offer_due, task_id=row.id, slot_version=row.slot_version
        )
        if row.offer_id is not None and row.agent_id is not None
        else None,
        agent_id=row.agent_id if held else None,
        answered_at=row.answered_at,
        wrap_up_due=row.wrap_up_due,
        wrap_up_codes=list(row.codes),
        note=row.note,
        closed_at=row.closed_at,
        close_reason=row.close_reason,
        disposition=row.disposition,
        customer_left=row.customer_left,
        close_words=row.close_words,
    )


def of_model(id: TaskId, task: model.Task) -> Task | None:
    """A task as the model that decides knows it; none for a task that never was."""
    created, routing, offer = task.created, task.routing, task.offer
    if created is None:
        return None
    return Task(
        id=id,
        conversation_id=created.conversation_id,
        customer_id=created.customer_id,
        state=task.state,
        media_state=task.media_state,
        direction=task.direction or created.direction,
        mode=created.mode,
        queue_id=routing.queue_id if routing else None,
        mrd_id=task.mrd_id,
        priority=routing.priority if routing else None,
        step=routing.step if routing else None,
        attempt=routing.attempt if routing else None,
        previous_task_id=created.previous_task_id,
        root_request_id=task.root_request_id,
        requested_by=created.requested_by,
        request_note=created.note,
        first_enqueued_at=routing.first_enqueued_at if routing else None,
        expires_at=routing.expires_at if routing else None,
        offer=Offer(
            id=offer.offer_id, agent_id=offer.agent_id, due=offer.due, task_id=id, slot_version=offer.slot_version
        )
        if offer
        else None,
        agent_id=task.agent_id,
        answered_at=None,
        wrap_up_due=task.wrap_up.due if task.wrap_up else None,
        wrap_up_codes=list(task.codes),
        note=task.note,
        closed_at=None,
        close_reason=task.closed,
        disposition=task.closed.disposition if task.closed else None,
        customer_left=None,
        close_words=None,
    )
