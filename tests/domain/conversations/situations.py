"""Who is in this conversation when a test begins? Situations, as the facts that led there."""

from datetime import UTC, datetime, timedelta

from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.facts import (
    AgentJoined,
    AgentRequested,
    BotJoined,
    BotLeft,
    ConversationStarted,
    MessagePosted,
    ParticipantRole,
    RequestListed,
    RequestReason,
    SessionJoined,
    SessionLeft,
)
from domain.ids import (
    AgentId,
    BotId,
    ChannelId,
    CustomerId,
    ListId,
    ListItemId,
    MessageId,
    MrdId,
    QueueId,
    SessionId,
    TaskId,
)
from domain.sessions.facts import SessionEndReason

NOW = datetime(2026, 1, 31, 10, 4, tzinfo=UTC)
LATER = NOW + timedelta(seconds=600)
JOHN = CustomerId("john")
WEB, WHATSAPP = SessionId("web"), SessionId("whatsapp")
WEB_CHAT, WHATSAPP_LINE = ChannelId("web-chat"), ChannelId("whatsapp-line")
MARIA, PAUL = AgentId("maria"), AgentId("paul")
TASK = TaskId("task-1")
BOT = BotId("greeter")

ARRIVED = (ConversationStarted(JOHN), SessionJoined(WEB, WEB_CHAT))
ON_TWO_CHANNELS = (*ARRIVED, SessionJoined(WHATSAPP, WHATSAPP_LINE))
WITH_BOT = (*ARRIVED, BotJoined(BOT, greets=True))
REQUEST = AgentRequested(TASK, QueueId("sales"), MrdId("chat"), WEB, 1, RequestReason.CUSTOMER_ASKED)
WAITING = (*WITH_BOT, REQUEST)
ITEM = ListItemId("item")
LISTED = RequestListed(ITEM, ListId("comments"), MrdId("chat"), WEB, RequestReason.CUSTOMER_ASKED)
ON_A_LIST = (*ARRIVED, LISTED)


def joined(agent: AgentId = MARIA, role: ParticipantRole = ParticipantRole.PRIMARY, task: TaskId = TASK) -> AgentJoined:
    return AgentJoined(agent, task, role, agent.title())


TALKING = (*WAITING, joined(), BotLeft(BOT))
GONE = SessionLeft(WEB, SessionEndReason.CUSTOMER)


def said(id_: str, text: str = "Hello", session: SessionId = WEB, channel: ChannelId = WEB_CHAT) -> MessagePosted:
    """By the customer."""
    return MessagePosted(
        MessageId(id_), Sender(SenderType.CUSTOMER, "visitor-7"), Body(text=text), session, channel, f"provider-{id_}"
    )
