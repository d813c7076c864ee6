"""Who is in a conversation, how it stands, and what was said in it."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from api.schema.context import Info
from api.schema.transcript import Transcript, transcript_of
from api.schema.types.customers import Customer, customer_named
from api.schema.types.messages import Message
from api.schema.types.paging import Connection, window
from api.schema.words import answer, doc
from domain.conversations.facts import (
    AgentRequested,
    CloseReason,
    ConversationState,
    ParticipantRole,
    Release,
    RequestReason,
)
from domain.ids import AgentId, BotId, ChannelId, ConversationId, CustomerId, MessageId, QueueId, SessionId, TaskId
from domain.kernel import Position
from domain.tasks.facts import TaskDirection
from projections.conversations.reads import ConversationSummary

ASCENDING = "Messages come oldest first; `last` gives the newest."


@strawberry.type(description="An agent in a conversation.")
class Participant:
    agent_id: AgentId = doc("The agent.")
    name: str = doc("Their name.")
    role: ParticipantRole = doc("What part they take; WRAP_UP takes none any more.")
    task_id: TaskId = doc("The task for which they are here.")
    joined_at: datetime = doc("Since when.")


@strawberry.type(description="A customer's stay on a channel.")
class ChannelSession:
    id: SessionId = doc("Its id.")
    channel_id: ChannelId = doc("The channel.")


@strawberry.type(description="A human is asked for.")
class AgentRequest:
    task_id: TaskId = doc("The first task of the request.")
    queue_id: QueueId = doc("Where.")
    reason: RequestReason = doc("Why.")
    since: datetime = doc("Since when.")


@strawberry.type(description="An agent of the conversation asks for a colleague, who has not come yet.")
class ColleagueRequest:
    task_id: TaskId = doc("The first task of the request.")
    direction: TaskDirection = doc("DIRECT_TRANSFER, CONSULT or DIRECT_CONFERENCE.")
    requested_by: AgentId = doc("Who asks.")
    queue_id: QueueId | None = doc("Whoever serves this queue; with an agent, where the customer had come from.")
    agent_id: AgentId | None = doc("This colleague; null for whoever serves the queue.")
    note: str = doc("What they should know.")
    release: Release = doc("When whoever passes the customer on is out of the talk.")


@strawberry.type(description="What was said last.")
class LastMessage:
    id: MessageId = doc("Its id.")
    preview: str = doc("Its first 120 characters.")
    at: datetime = doc("When.")


@strawberry.type(
    description="Everything that is said between a customer, bots and agents, from the first message to the close."
)
class Conversation:
    id: ConversationId = doc("Its id.")
    customer_id: CustomerId | None = doc("The customer.")
    state: ConversationState = doc("Where it stands.")
    channel_ids: list[ChannelId] = doc("The channels by which the customer came, in that order.")
    participants: list[Participant] = doc("The agents in it now.")
    bot_id: BotId | None = doc("The bot in it now.")
    request: AgentRequest | None = doc("Whether a human is asked for.")
    created_at: datetime = doc("When it began.")
    closed_at: datetime | None = doc("When it was closed.")
    close_reason: CloseReason | None = doc("Why it was closed.")
    last_message: LastMessage | None = doc("What was said last.")
    message_count: int = doc("How many messages there are.")
    unread: int = doc("What the customer wrote since an agent last did.")
    reply_due: datetime | None = doc("When the customer's silence ends their session.")
    response_due: datetime | None = doc("When an agent is to have replied; null while nobody has to.")
    held_until: datetime | None = doc(
        "When the hold ends by itself; null where the customer is not on hold, or until an agent is free."
    )
    as_of: Position = doc("The newest fact that is in this answer.")
    known: strawberry.Private[Transcript | None] = None

    @answer(f"What was said. {ASCENDING} Cursors are places in the log.")
    async def messages(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description="How many of the oldest, 1 to 100.")] = None,
        after: Annotated[Position | None, strawberry.argument(description="Only what came after this.")] = None,
        last: Annotated[int | None, strawberry.argument(description="How many of the newest, 1 to 100.")] = None,
        before: Annotated[Position | None, strawberry.argument(description="Only what came before this.")] = None,
    ) -> "MessageConnection":
        size = window(first, None, last, None)
        said = (await self._transcript(info)).between(after, before)
        cut = said[-size.limit :] if size.from_end else said[: size.limit]
        missing = len(said) > len(cut)
        return message_connection(
            cut,
            self.as_of,
            more=before is not None if size.from_end else missing,
            less=missing if size.from_end else after is not None,
        )

    @answer("Colleagues whom its agents have asked for, and who have not come yet.")
    async def colleague_requests(self, info: Info) -> list[ColleagueRequest]:
        asked = (await self._transcript(info)).model.colleagues.values()
        return [
            ColleagueRequest(
                task_id=it.task_id,
                direction=it.direction,
                requested_by=it.by,
                queue_id=it.queue_id,
                agent_id=it.agent_id,
                note=it.note,
                release=it.release,
            )
            for it in asked
        ]

    @answer("The channel sessions that are open in it.")
    async def sessions(self, info: Info) -> list[ChannelSession]:
        model = (await self._transcript(info)).model
        return [ChannelSession(id=session, channel_id=channel) for session, channel in model.sessions.items()]

    @answer("What is kept with it: an object of texts.")
    async def conversation_data(self, info: Info) -> JSON:
        return JSON(dict((await self._transcript(info)).model.data))

    @answer("The customer; null before anybody was identified.")
    async def customer(self, info: Info) -> Customer | None:
        return await customer_named(info, self.customer_id)

    async def _transcript(self, info: Info) -> Transcript:
        if self.known is None:
            self.known = await transcript_of(info.context, self.id)
        return self.known


@strawberry.type(description="A message and its place.")
class MessageEdge:
    cursor: Position = doc("Its place in the log.")
    node: Message = doc("The message.")


@strawberry.type(description="Is there more?")
class MessagePageInfo:
    has_next_page: bool = doc("Is there more after this page?")
    has_previous_page: bool = doc("Is there more before this page?")
    start_cursor: Position | None = doc("Pass it as `before` to go back.")
    end_cursor: Position | None = doc("Pass it as `after` to go on.")


@strawberry.type(description=f"A page of messages. {ASCENDING}")
class MessageConnection:
    edges: list[MessageEdge] = doc("The messages with their places.")
    nodes: list[Message] = doc("The messages alone.")
    page_info: MessagePageInfo = doc("Is there more?")
    as_of: Position = doc("Everything up to here is in this answer.")


ConversationConnection = Connection[Conversation]


def message_connection(said: list[Message], as_of: Position, *, more: bool, less: bool) -> MessageConnection:
    return MessageConnection(
        edges=[MessageEdge(cursor=message.cursor, node=message) for message in said],
        nodes=said,
        page_info=MessagePageInfo(
            has_next_page=more,
            has_previous_page=less,
            start_cursor=said[0].cursor if said else None,
            end_cursor=said[-1].cursor if said else None,
        ),
        as_of=as_of,
    )


def of_summary(row: ConversationSummary) -> Conversation:
    """A conversation as the read models know it; what was said is read from the log when it is asked for."""
    last, request = row.last_message, row.request
    return Conversation(
        id=row.id,
        customer_id=row.customer_id,
        state=row.state,
        channel_ids=list(row.channel_ids),
        participants=[
            Participant(
                agent_id=part.agent_id, name=part.name, role=part.role, task_id=part.task_id, joined_at=part.joined_at
            )
            for part in row.participants
        ],
        bot_id=row.bot_id,
        request=AgentRequest(
            task_id=request.task_id, queue_id=request.queue_id, reason=request.reason, since=request.since
        )
        if request
        else None,
        created_at=row.created_at,
        closed_at=row.closed_at,
        close_reason=row.close_reason,
        last_message=LastMessage(id=last.message_id, preview=last.preview, at=last.at) if last else None,
        message_count=row.customer_messages + row.agent_messages + row.bot_messages + row.other_messages,
        unread=row.unread,
        reply_due=row.reply_due,
        response_due=row.response_due,
        held_until=row.held_until,
        as_of=row.position,
    )


def of_transcript(id: ConversationId, known: Transcript) -> Conversation:
    """A conversation as its own stream tells it, now or at any moment of the past."""
    model = known.model
    said = known.messages[-1] if known.messages else None
    return Conversation(
        id=id,
        customer_id=model.customer_id,
        state=model.state,
        channel_ids=known.channel_ids,
        participants=[
            Participant(
                agent_id=agent,
                name=known.names.get(agent, ""),
                role=part.role,
                task_id=part.task_id,
                joined_at=known.joined_at[agent],
            )
            for agent, part in model.agents.items()
        ],
        bot_id=model.bot,
        request=_request(model.waits_for, known),
        created_at=known.created_at,
        closed_at=known.closed_at,
        close_reason=model.closed,
        last_message=LastMessage(id=said.id, preview=said.body.text[:120], at=said.at) if said else None,
        message_count=len(known.messages),
        unread=known.unread,
        reply_due=known.reply_due,
        response_due=model.response.due if model.response else None,
        held_until=model.held.due if model.held else None,
        as_of=known.position,
        known=known,
    )


def _request(request: AgentRequested | None, known: Transcript) -> AgentRequest | None:
    if request is None or known.requested_at is None:
        return None
    return AgentRequest(
        task_id=request.task_id, queue_id=request.queue_id, reason=request.reason, since=known.requested_at
    )
