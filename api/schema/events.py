"""What can happen on a desk or in a conversation? Each kind of fact as an event with the fields that a screen needs.

Fields of one name have one type in all events, so that a client selects them without aliases.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from api.schema.context import Context, Info
from api.schema.transcript import transcript_of
from api.schema.types import agents, conversations, lists, messages
from api.schema.types.conversation_events import (
    AgentJoined,
    AgentLeft,
    AgentRequested,
    AgentRequestEnded,
    AgentRoleChanged,
    BotJoined,
    BotLeft,
    ColleagueRequested,
    ConversationClosed,
    ConversationDataSet,
    ConversationHeld,
    ConversationResumed,
    ConversationStarted,
    DeliveryReported,
    MessagePosted,
    RequestListed,
    RequestUnlisted,
    ResponseAwaited,
    ResponseTimedOut,
    ResponseWarned,
    SessionJoined,
    SessionLeft,
)
from api.schema.types.tasks import Task
from api.schema.types.tasks import of_model as task_of_model
from api.schema.words import answer, doc
from domain.agents import facts as agent_facts
from domain.conversations import facts as said
from domain.ids import (
    AgentId,
    ConversationId,
    ListId,
    ListItemId,
    OfferId,
    TaskId,
)
from domain.kernel import Position, Recorded
from domain.lists import facts as listed
from domain.lists.item import ListItem as ItemModel
from domain.tasks import facts as done
from domain.tasks import task as model
from domain.tasks.facts import TaskCloseReason

CONVERSATION, TASK, AGENT = "The conversation.", "The task.", "The agent."


@strawberry.type(description="A task rings at you.")
class TaskOffered:
    task_id: TaskId = doc(TASK)
    offer_id: OfferId = doc("The offer; pass it to `acceptTask`.")
    due: datetime = doc("Until when it rings.")

    @answer("The task as it is now: queue, priority, how long the customer waits.")
    async def task(self, info: Info) -> Task | None:
        return await _task(info.context, self.task_id)

    @answer("The conversation as it is now; null when it is out of your reach again.")
    async def conversation(self, info: Info) -> conversations.Conversation | None:
        return await _conversation(info.context, self.task_id)


@strawberry.type(description="A task rings no more, and it is not yours.")
class OfferEnded:
    task_id: TaskId = doc(TASK)
    conversation_id: ConversationId = doc(CONVERSATION)
    offer_id: OfferId = doc("The offer.")
    task_close_reason: TaskCloseReason = doc("Why: RONA when you did not take it in time.")


@strawberry.type(description="You took a task; you join its conversation next.")
class TaskAccepted:
    task_id: TaskId = doc(TASK)
    conversation_id: ConversationId = doc(CONVERSATION)

    @answer("The task as it is now.")
    async def task(self, info: Info) -> Task | None:
        return await _task(info.context, self.task_id)

    @answer("The conversation as it is now.")
    async def conversation(self, info: Info) -> conversations.Conversation | None:
        return await _conversation(info.context, self.task_id)


@strawberry.type(description="The talk is over: wrap it up.")
class WrapUpStarted:
    task_id: TaskId = doc(TASK)
    conversation_id: ConversationId = doc(CONVERSATION)
    wrap_up_due: datetime | None = doc("When the wrap-up ends by itself; null for never.")
    needs_codes: bool = doc("Is a code needed before you are done?")


@strawberry.type(description="You said what a task was about.")
class WrapUpApplied:
    task_id: TaskId = doc(TASK)
    codes: list[str] = doc("The codes, in place of those before.")
    note: str = doc("The note.")


@strawberry.type(description="A task of yours is over.")
class TaskClosed:
    task_id: TaskId = doc(TASK)
    conversation_id: ConversationId = doc(CONVERSATION)
    task_close_reason: TaskCloseReason = doc("Why.")
    disposition: TaskCloseReason = doc("Why, coarsely.")


@strawberry.type(description="A request came to a list that you follow.")
class ListItemArrived:
    list_id: ListId = doc("The list.")
    item_id: ListItemId = doc("The item; pass it to `joinListItem` or `dismissListItem`.")

    @answer("The item as it is now.")
    async def item(self, info: Info) -> lists.ListItem | None:
        return await _item(info.context, self.item_id)


@strawberry.type(
    description="On a list that you follow somebody joined, left or closed an item, or its customer wrote."
)
class ListItemChanged:
    list_id: ListId = doc("The list.")
    item_id: ListItemId = doc("The item.")

    @answer("The item as it is now: at least as new as this event.")
    async def item(self, info: Info) -> lists.ListItem | None:
        return await _item(info.context, self.item_id)


@strawberry.type(description="You became ready or not, your slots filled or emptied, or you follow other lists.")
class PresenceChanged:
    agent_id: AgentId = doc(AGENT)

    @answer("You as you are now: at least as new as this event.")
    async def agent(self, info: Info) -> agents.Agent:
        return agents.of_model(self.agent_id, await info.context.agent(self.agent_id))


@strawberry.type(
    description="You have had nothing to do for long. Unless that changes, or you say `stayLoggedIn`, you are signed out."
)
class IdleWarned:
    agent_id: AgentId = doc(AGENT)
    idle_due: datetime = doc("When.")


@strawberry.type(description="You were away too long to be told everything: ask again for all, then resume from here.")
class ResyncRequired:
    cursor: Position = doc("Where to resume from once you have asked again.")


async def _task(context: Context, task_id: TaskId) -> Task | None:
    return task_of_model(task_id, await context.behind.store.load(model.Task, task_id))


async def _item(context: Context, item_id: ListItemId) -> lists.ListItem | None:
    return lists.of_model(item_id, await context.behind.store.load(ItemModel, item_id))


async def _conversation(context: Context, task_id: TaskId) -> conversations.Conversation | None:
    created = (await context.behind.store.load(model.Task, task_id)).created
    if created is None:
        return None
    id = created.conversation_id
    return conversations.of_transcript(id, await transcript_of(context, id))


async def _closed(recorded: Recorded[done.TaskClosed], context: Context) -> TaskClosed | OfferEnded:
    """Whether an offer or a task ended, the task still knows: it keeps who took it."""
    task_id, fact = TaskId(recorded.subject), recorded.fact
    taken = (await context.behind.store.load(model.Task, task_id)).agent_id is not None
    if not taken and fact.offer_id is not None:
        return OfferEnded(
            task_id=task_id,
            conversation_id=fact.conversation_id,
            offer_id=fact.offer_id,
            task_close_reason=fact.reason,
        )
    return TaskClosed(
        task_id=task_id,
        conversation_id=fact.conversation_id,
        task_close_reason=fact.reason,
        disposition=fact.reason.disposition,
    )


Told = Callable[[Recorded[Any], ConversationId], object]


def _presence(recorded: Recorded[Any]) -> PresenceChanged:
    return PresenceChanged(agent_id=AgentId(recorded.subject))


IN_CONVERSATION: dict[type, Told] = {
    said.MessagePosted: lambda it, _: MessagePosted(message=messages.message(it)),
    said.DeliveryReported: lambda it, id: DeliveryReported(
        conversation_id=id, message_id=it.fact.message_id, delivery=messages.delivery(it)
    ),
    said.ConversationStarted: lambda it, id: ConversationStarted(conversation_id=id, customer_id=it.fact.customer_id),
    said.SessionJoined: lambda it, id: SessionJoined(
        conversation_id=id, session_id=it.fact.session_id, channel_id=it.fact.channel_id
    ),
    said.SessionLeft: lambda it, id: SessionLeft(
        conversation_id=id, session_id=it.fact.session_id, end_reason=it.fact.reason
    ),
    said.BotJoined: lambda it, id: BotJoined(conversation_id=id, bot_id=it.fact.bot_id),
    said.BotLeft: lambda it, id: BotLeft(conversation_id=id, bot_id=it.fact.bot_id),
    said.AgentRequested: lambda it, id: AgentRequested(
        conversation_id=id, task_id=it.fact.task_id, queue_id=it.fact.queue_id, request_reason=it.fact.reason
    ),
    said.ColleagueRequested: lambda it, id: ColleagueRequested(
        conversation_id=id, task_id=it.fact.task_id, direction=it.fact.direction, requested_by=it.fact.by
    ),
    said.AgentRequestEnded: lambda it, id: AgentRequestEnded(
        conversation_id=id, task_id=it.fact.task_id, reason=it.fact.reason
    ),
    said.RequestListed: lambda it, id: RequestListed(
        conversation_id=id, list_id=it.fact.list_id, item_id=it.fact.item_id, request_reason=it.fact.reason
    ),
    said.RequestUnlisted: lambda it, id: RequestUnlisted(
        conversation_id=id, item_id=it.fact.item_id, reason=it.fact.reason
    ),
    said.AgentJoined: lambda it, id: AgentJoined(
        conversation_id=id,
        agent_id=it.fact.agent_id,
        name=it.fact.name,
        role=it.fact.role,
        task_id=it.fact.task_id,
    ),
    said.AgentRoleChanged: lambda it, id: AgentRoleChanged(
        conversation_id=id, agent_id=it.fact.agent_id, role=it.fact.role
    ),
    said.AgentLeft: lambda it, id: AgentLeft(
        conversation_id=id, agent_id=it.fact.agent_id, task_id=it.fact.task_id, reason=it.fact.reason
    ),
    said.ResponseAwaited: lambda it, id: ResponseAwaited(
        conversation_id=id, message_id=it.fact.message_id, response_due=it.fact.due
    ),
    said.ResponseWarned: lambda it, id: ResponseWarned(
        conversation_id=id, message_id=it.fact.message_id, percent=it.fact.percent, response_due=it.fact.due
    ),
    said.ResponseTimedOut: lambda it, id: ResponseTimedOut(conversation_id=id, message_id=it.fact.message_id),
    said.ConversationHeld: lambda it, id: ConversationHeld(
        conversation_id=id,
        agent_id=it.fact.agent_id,
        held_until=it.fact.due,
        reason=it.fact.reason,
        held_by=it.fact.held_by,
    ),
    said.ConversationResumed: lambda it, id: ConversationResumed(conversation_id=id, resume_reason=it.fact.reason),
    said.ConversationDataSet: lambda it, id: ConversationDataSet(conversation_id=id, data=JSON(dict(it.fact.data))),
    said.ConversationClosed: lambda it, id: ConversationClosed(conversation_id=id, close_reason=it.fact.reason),
}
OF_TASKS: dict[type, Callable[[Recorded[Any], TaskId], object]] = {
    done.TaskReserved: lambda it, id: TaskOffered(task_id=id, offer_id=it.fact.offer_id, due=it.fact.due),
    done.TaskAccepted: lambda it, id: TaskAccepted(task_id=id, conversation_id=it.fact.conversation_id),
    done.WrapUpStarted: lambda it, id: WrapUpStarted(
        task_id=id,
        conversation_id=it.fact.conversation_id,
        wrap_up_due=it.fact.due,
        needs_codes=it.fact.needs_codes,
    ),
    done.WrapUpApplied: lambda it, id: WrapUpApplied(task_id=id, codes=list(it.fact.codes), note=it.fact.note),
}
OF_THE_CONNECTION = (agent_facts.DeskConnected, agent_facts.DeskDisconnected, agent_facts.IdlingBegan)
WITHOUT_EVENT = frozenset(
    {
        *OF_THE_CONNECTION,
        said.BotAnswered,
        done.TaskCreated,
        done.TaskQueued,
        done.TaskPulled,
        done.TaskNamed,
        done.TaskRedirected,
        done.SessionAdded,
        done.TaskDiverted,
        done.QueueLeft,
        done.MonitoringStarted,
        done.StepReached,
    }
)
"""Facts that a screen has no use for: their items only move the cursor on."""


def event_of(recorded: Recorded[Any], context: Context) -> object | Awaitable[object] | None:
    """The event that a fact is on a screen; none for a fact that no screen shows."""
    kind = type(recorded.fact)
    if (told := IN_CONVERSATION.get(kind)) is not None:
        return told(recorded, ConversationId(recorded.subject))
    if (told_of_task := OF_TASKS.get(kind)) is not None:
        return told_of_task(recorded, TaskId(recorded.subject))
    if kind is done.TaskClosed:
        return _closed(recorded, context)
    if isinstance(recorded.fact, listed.ListItemFact):
        event = ListItemArrived if kind is listed.ListItemArrived else ListItemChanged
        return event(list_id=recorded.fact.list_id, item_id=ListItemId(recorded.subject))
    if kind is agent_facts.IdleWarned:
        return IdleWarned(agent_id=AgentId(recorded.subject), idle_due=recorded.fact.due)
    if kind in OF_THE_CONNECTION:
        return None
    return _presence(recorded) if isinstance(recorded.fact, agent_facts.AgentFact) else None


InConversation = (
    MessagePosted
    | DeliveryReported
    | ConversationStarted
    | SessionJoined
    | SessionLeft
    | BotJoined
    | BotLeft
    | AgentRequested
    | ColleagueRequested
    | AgentRequestEnded
    | RequestListed
    | RequestUnlisted
    | AgentJoined
    | AgentRoleChanged
    | AgentLeft
    | ResponseAwaited
    | ResponseWarned
    | ResponseTimedOut
    | ConversationHeld
    | ConversationResumed
    | ConversationDataSet
    | ConversationClosed
)
ConversationEvent = Annotated[
    InConversation | ResyncRequired,
    strawberry.union("ConversationEvent", description="What can happen in a conversation."),
]
DeskEvent = Annotated[
    InConversation
    | TaskOffered
    | OfferEnded
    | TaskAccepted
    | WrapUpStarted
    | WrapUpApplied
    | TaskClosed
    | ListItemArrived
    | ListItemChanged
    | PresenceChanged
    | IdleWarned
    | ResyncRequired,
    strawberry.union(
        "DeskEvent",
        description="What can happen on a desk: offers, tasks, presence, lists that you follow, and every conversation in it.",
    ),
]
