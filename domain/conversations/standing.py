"""How does this conversation stand: who is here, who is awaited, what was said? Facts are folded here, nothing is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self, assert_never

from domain.channels.messages import Body, DeliveryStatus, SenderType
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRequested,
    AgentRequestEnded,
    AgentRoleChanged,
    BotAnswered,
    BotJoined,
    BotLeft,
    CloseReason,
    ConversationClosed,
    ConversationDataSet,
    ConversationFact,
    ConversationStarted,
    ConversationState,
    DeliveryReported,
    MessagePosted,
    ParticipantRole,
    RequestListed,
    RequestUnlisted,
    SessionJoined,
    SessionLeft,
)
from domain.ids import AgentId, BotId, ChannelId, CustomerId, MessageId, SessionId, TaskId
from domain.kernel import GrowingSet, Invalid, NotAllowed, WrongState, replace
from domain.sessions.facts import SessionEndReason

BODY_TEXT_MAX = 16_384
HEARD_MAX = 50
"""Messages of a session that are remembered when it is over (routing 66)."""


class ConversationOver(WrongState):
    code = "CONVERSATION_CLOSED"


class CustomerGone(WrongState):
    code = "CUSTOMER_GONE"


class NotInConversation(NotAllowed):
    code = "NOT_IN_CONVERSATION"


@dataclass(frozen=True, slots=True)
class AgentPart:
    """An agent's part in a conversation: for which task, in which role."""

    task_id: TaskId
    role: ParticipantRole


@dataclass(frozen=True, slots=True)
class Standing:
    category: ClassVar[str] = "conversation"

    customer_id: CustomerId | None = None
    sessions: Mapping[SessionId, ChannelId] = field(default_factory=dict)
    last_session: SessionId | None = None
    agents: Mapping[AgentId, AgentPart] = field(default_factory=dict)
    last_agent: AgentId | None = None
    bot: BotId | None = None
    bot_greeted: bool = False
    misunderstandings: int = 0
    request: AgentRequested | None = None
    listed: RequestListed | None = None
    unjoined: bool = False
    """The request stands on a list, and no agent has joined it yet."""
    unread: int = 0
    """Messages of the customer since an agent was in the talk."""
    ended_sessions: frozenset[SessionId] = frozenset()
    departure: SessionEndReason | None = None
    """How the session ended that ended last."""
    posted: GrowingSet = field(default_factory=GrowingSet)
    heard: Mapping[SessionId, tuple[MessageId, ...]] = field(default_factory=dict)
    """The last messages of the customer, by session."""
    deliveries: Mapping[MessageId, DeliveryStatus] = field(default_factory=dict)
    awaiting_reply_to: MessageId | None = None
    """What the customer's silence is measured from: a message, or the request that came to nothing (routing 28, 56)."""
    data: Mapping[str, str] = field(default_factory=dict)
    closed: CloseReason | None = None

    @property
    def state(self) -> ConversationState:
        """Derived from who is there, so no two causes can disagree."""
        if self.closed is not None:
            return ConversationState.CLOSED
        if not self.sessions:
            if any(part.role is not ParticipantRole.WRAP_UP for part in self.agents.values()):
                return ConversationState.CUSTOMER_LEFT
            if self.agents:
                return ConversationState.WRAP_UP
            return ConversationState.CLOSING if self.ended_sessions else ConversationState.CREATED
        if self.talking or self.bot or self.request or self.unjoined:
            return ConversationState.ACTIVE
        return ConversationState.INACTIVE

    @property
    def talking(self) -> list[AgentId]:
        """The agents whom the customer talks with."""
        return [agent for agent, part in self.agents.items() if part.role is ParticipantRole.PRIMARY]

    @property
    def bot_on_turn(self) -> BotId | None:
        """The bot that answers the customer now: none while a human is here or on the way."""
        return self.bot if self.sessions and not self.human_comes and not self.talking else None

    @property
    def human_comes(self) -> bool:
        """Was a human asked for, in a queue or on a list?"""
        return self.request is not None or self.listed is not None

    # What decisions ask first

    def check_takes_part(self, agent: AgentId) -> None:
        part = self.agents.get(agent)
        if part is None or part.role is ParticipantRole.WRAP_UP:
            raise NotInConversation("You are not in this conversation (any more).")

    def check_open(self) -> None:
        if self.closed is not None:
            raise ConversationOver("This conversation is closed.")

    def reply_session(self) -> SessionId:
        """Where a reply goes: the session that the customer used last, or any that is still open."""
        if not self.sessions:
            raise CustomerGone("The customer has left: there is no channel session to write to.")
        if self.last_session is not None and self.last_session in self.sessions:
            return self.last_session
        return list(self.sessions)[-1]

    def evolve(self, fact: ConversationFact) -> Self:
        match fact:
            case MessagePosted():
                return self._heard(fact)
            case DeliveryReported(message_id=message, status=status):
                return replace(self, deliveries={**self.deliveries, message: status})
            case ConversationStarted(customer_id=customer):
                return replace(self, customer_id=customer)
            case SessionJoined(session_id=session, channel_id=channel):
                return replace(self, sessions={**self.sessions, session: channel}, last_session=session)
            case SessionLeft(session_id=session, reason=departure):
                sessions = {s: c for s, c in self.sessions.items() if s != session}
                awaiting = self.awaiting_reply_to if sessions else None
                ended = self.ended_sessions | {session}
                last = (
                    self.last_session if self.last_session in sessions else next(reversed(sessions), self.last_session)
                )
                left = replace(self, sessions=sessions, last_session=last, ended_sessions=ended, departure=departure)
                return replace(left, awaiting_reply_to=awaiting)
            case BotJoined(bot_id=bot):
                return replace(self, bot=bot, bot_greeted=True, misunderstandings=0)
            case BotAnswered(turn=turn, misunderstood=misunderstood):
                missed = self.misunderstandings + 1 if misunderstood else 0
                return replace(self, posted=self.posted.add(turn), misunderstandings=missed)
            case BotLeft():
                return replace(self, bot=None)
            case AgentRequested():
                return replace(self, request=fact, awaiting_reply_to=None)
            case AgentRequestEnded(task_id=task, reply_due=due):
                awaiting = self.awaiting_reply_to if due is None else MessageId(task)
                return replace(self, request=None, awaiting_reply_to=awaiting)
            case RequestListed():
                return replace(self, listed=fact, unjoined=True, awaiting_reply_to=None)
            case RequestUnlisted():
                return replace(self, listed=None, unjoined=False)
            case AgentJoined(agent_id=agent, task_id=task, role=role):
                agents = {**self.agents, agent: AgentPart(task, role)}
                if role is not ParticipantRole.PRIMARY:
                    return replace(self, agents=agents)
                return replace(self, agents=agents, last_agent=agent, request=None, unjoined=False, unread=0)
            case AgentRoleChanged(agent_id=agent, role=role):
                return replace(self, agents={**self.agents, agent: replace(self.agents[agent], role=role)})
            case AgentLeft(agent_id=agent):
                return replace(self, agents={a: part for a, part in self.agents.items() if a != agent})
            case ConversationDataSet(data=data):
                return replace(self, data={**self.data, **data})
            case ConversationClosed(reason=reason):
                over = replace(self, closed=reason, bot=None, request=None, awaiting_reply_to=None)
                return replace(over, listed=None, unjoined=False)
            case _:
                assert_never(fact)

    def _heard(self, fact: MessagePosted) -> Self:
        posted = self.posted.add(fact.message_id)
        match fact.sender.type:
            case SenderType.CUSTOMER:
                unread = 0 if self.talking else self.unread + 1
                heard = _heard_last(self.heard, fact.session_id, fact.message_id)
                said = replace(self, posted=posted, last_session=fact.session_id, unread=unread, heard=heard)
                return replace(said, awaiting_reply_to=None)
            case SenderType.AGENT | SenderType.BOT if fact.reply_due is not None:
                return replace(self, posted=posted, awaiting_reply_to=fact.message_id)
            case _:
                return replace(self, posted=posted)


def _heard_last(
    heard: Mapping[SessionId, tuple[MessageId, ...]], session: SessionId | None, message: MessageId
) -> Mapping[SessionId, tuple[MessageId, ...]]:
    return heard if session is None else {**heard, session: (*heard.get(session, ()), message)[-HEARD_MAX:]}


def check_body(body: Body) -> None:
    if not body.text and body.attachment is None and not body.data:
        raise Invalid("A message needs a text, an attachment or data.", "text")
    if len(body.text) > BODY_TEXT_MAX:
        raise Invalid(f"A text may have at most {BODY_TEXT_MAX} characters.", "text")
