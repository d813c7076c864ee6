"""What can happen in a conversation, each with the fields that a screen needs. `api/schema/events.py` says for which fact."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from api.schema.types import messages
from api.schema.words import doc
from domain.conversations.facts import CloseReason, Holder, ParticipantRole, RequestReason, ResumeReason
from domain.ids import (
    AgentId,
    BotId,
    ChannelId,
    ConversationId,
    CustomerId,
    ListId,
    ListItemId,
    MessageId,
    QueueId,
    SessionId,
    TaskId,
)
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskDirection

CONVERSATION, AGENT = "The conversation.", "The agent."


@strawberry.type(description="Somebody wrote.")
class MessagePosted:
    message: messages.Message = doc("What they wrote.")


@strawberry.type(description="A message came further, or failed.")
class DeliveryReported:
    conversation_id: ConversationId = doc(CONVERSATION)
    message_id: MessageId = doc("The message.")
    delivery: messages.Delivery = doc("How far it came.")


@strawberry.type(description="A conversation with a customer began.")
class ConversationStarted:
    conversation_id: ConversationId = doc(CONVERSATION)
    customer_id: CustomerId = doc("The customer.")


@strawberry.type(description="The customer came, by a channel.")
class SessionJoined:
    conversation_id: ConversationId = doc(CONVERSATION)
    session_id: SessionId = doc("Their stay on the channel.")
    channel_id: ChannelId = doc("The channel.")


@strawberry.type(description="The customer left a channel.")
class SessionLeft:
    conversation_id: ConversationId = doc(CONVERSATION)
    session_id: SessionId = doc("Their stay on the channel.")
    end_reason: SessionEndReason = doc("Why it ended.")


@strawberry.type(description="A bot answers from now on.")
class BotJoined:
    conversation_id: ConversationId = doc(CONVERSATION)
    bot_id: BotId = doc("The bot.")


@strawberry.type(description="The bot answers no more.")
class BotLeft:
    conversation_id: ConversationId = doc(CONVERSATION)
    bot_id: BotId = doc("The bot.")


@strawberry.type(description="A human was asked for.")
class AgentRequested:
    conversation_id: ConversationId = doc(CONVERSATION)
    task_id: TaskId = doc("The first task of the request.")
    queue_id: QueueId = doc("Where.")
    request_reason: RequestReason = doc("Why.")


@strawberry.type(description="An agent asked for a colleague: to take over, for advice, or to join them.")
class ColleagueRequested:
    conversation_id: ConversationId = doc(CONVERSATION)
    task_id: TaskId = doc("The first task of the request.")
    direction: TaskDirection = doc("DIRECT_TRANSFER, CONSULT or DIRECT_CONFERENCE.")
    requested_by: AgentId = doc("Who asked.")


@strawberry.type(description="The request for a human, or for a colleague, came to nothing.")
class AgentRequestEnded:
    conversation_id: ConversationId = doc(CONVERSATION)
    task_id: TaskId = doc("The first task of the request.")
    reason: str = doc("Why.")


@strawberry.type(description="A human was asked for on a list, from which agents pull.")
class RequestListed:
    conversation_id: ConversationId = doc(CONVERSATION)
    list_id: ListId = doc("The list.")
    item_id: ListItemId = doc("Its item there.")
    request_reason: RequestReason = doc("Why.")


@strawberry.type(description="The conversation stands on no list any more.")
class RequestUnlisted:
    conversation_id: ConversationId = doc(CONVERSATION)
    item_id: ListItemId = doc("The item that was closed.")
    reason: str = doc("Why.")


@strawberry.type(description="An agent came in.")
class AgentJoined:
    conversation_id: ConversationId = doc(CONVERSATION)
    agent_id: AgentId = doc(AGENT)
    name: str = doc("Their name.")
    role: ParticipantRole = doc("What part they take.")
    task_id: TaskId = doc("The task for which they came.")


@strawberry.type(description="An agent takes another part.")
class AgentRoleChanged:
    conversation_id: ConversationId = doc(CONVERSATION)
    agent_id: AgentId = doc(AGENT)
    role: ParticipantRole = doc("What part they take now.")


@strawberry.type(description="An agent left.")
class AgentLeft:
    conversation_id: ConversationId = doc(CONVERSATION)
    agent_id: AgentId = doc(AGENT)
    task_id: TaskId = doc("The task for which they were here.")
    reason: str = doc("Why; empty where nobody said.")


@strawberry.type(description="The customer wrote to an agent, who is to reply in time.")
class ResponseAwaited:
    conversation_id: ConversationId = doc(CONVERSATION)
    message_id: MessageId = doc("What the customer wrote.")
    response_due: datetime = doc("Until when.")


@strawberry.type(description="Half, or three quarters, of the time to reply is over.")
class ResponseWarned:
    conversation_id: ConversationId = doc(CONVERSATION)
    message_id: MessageId = doc("What the customer wrote.")
    percent: int = doc("How much of the time is over: 50 or 75.")
    response_due: datetime = doc("Until when.")


@strawberry.type(description="Nobody replied in time: the agents are removed, and others are asked.")
class ResponseTimedOut:
    conversation_id: ConversationId = doc(CONVERSATION)
    message_id: MessageId = doc("What the customer wrote.")


@strawberry.type(description="The customer is on hold.")
class ConversationHeld:
    conversation_id: ConversationId = doc(CONVERSATION)
    agent_id: AgentId = doc("By whom.")
    held_until: datetime | None = doc("When it ends by itself; null where it waits for an agent who has other work.")
    reason: str = doc("Why; empty where nobody said.")
    held_by: Holder = doc("AGENT: they said so. INTERRUPTION: until they are free from other work, or write.")


@strawberry.type(description="The customer is on hold no more.")
class ConversationResumed:
    conversation_id: ConversationId = doc(CONVERSATION)
    resume_reason: ResumeReason = doc("Why.")


@strawberry.type(description="Data was kept with the conversation.")
class ConversationDataSet:
    conversation_id: ConversationId = doc(CONVERSATION)
    data: JSON = doc("What was set: an object of texts; other keys stay as they are.")


@strawberry.type(description="The conversation is over.")
class ConversationClosed:
    conversation_id: ConversationId = doc(CONVERSATION)
    close_reason: CloseReason = doc("Why.")
