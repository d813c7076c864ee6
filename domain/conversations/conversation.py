"""Who is in this conversation, what may be said in it, and when is it over?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Self, assert_never

from domain.channels.bots import BotAnswer
from domain.channels.messages import Body, DeliveryStatus, Sender, SenderType
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
    RequestReason,
    RequestUnlisted,
    SessionJoined,
    SessionLeft,
)
from domain.ids import (
    AgentId,
    BotId,
    ChannelId,
    CustomerId,
    ListItemId,
    MessageId,
    MrdId,
    QueueId,
    SessionId,
    TaskId,
)
from domain.kernel import Decision, GrowingSet, Invalid, NotAllowed, NotFound, WrongState, derived_id, replace
from domain.sessions.facts import SessionEndReason

BODY_TEXT_MAX = 16_384
MISUNDERSTANDINGS_MAX = 2


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
class Conversation:
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
    posted: GrowingSet = field(default_factory=GrowingSet)
    deliveries: Mapping[MessageId, DeliveryStatus] = field(default_factory=dict)
    awaiting_reply_to: MessageId | None = None
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

    # Decisions about customers

    def receive(
        self, customer: CustomerId, session: SessionId, channel: ChannelId, message: MessagePosted | None
    ) -> Decision:
        """A customer's message, through a session that joins when it is not here yet. A repeated message does nothing."""
        self._check_open()
        if message is not None and message.message_id in self.posted:
            return
        if session in self.ended_sessions:
            raise CustomerGone("This channel session has ended; a new message opens a new one.")
        if self.customer_id is None:
            yield ConversationStarted(customer)
        if session not in self.sessions:
            yield SessionJoined(session, channel)
        if message is not None:
            heard = self.bot or self.human_comes or self.talking or session not in self.sessions
            item = self.listed.item_id if self.listed is not None and not self.talking else None
            yield message if heard and item is None else replace(message, unheard=not heard, item_id=item)

    def lose_session(self, session: SessionId, reason: SessionEndReason) -> Decision:
        """Also of a session that ended before it got here: it must not join afterwards, nobody would end it again."""
        if self.closed is None and session not in self.ended_sessions:
            yield SessionLeft(session, reason)

    # Decisions about agents and bots

    def say_as_agent(
        self, agent: AgentId, name: str, message: MessageId, body: Body, now: datetime, inactivity_s: int
    ) -> Decision:
        """An agent writes: to the customer as PRIMARY, and to the other agents alone in any other role."""
        if message in self.posted:
            return
        self._check_open()
        self.check_takes_part(agent)
        _check(body)
        sender = Sender(SenderType.AGENT, agent, name)
        if self.agents[agent].role is not ParticipantRole.PRIMARY:
            yield MessagePosted(message, sender, body, session_id=None)
            return
        session = self._reply_session()
        due = now + timedelta(seconds=inactivity_s) if inactivity_s else None
        yield MessagePosted(message, sender, body, session, self.sessions[session], reply_due=due)

    def assign_bot(self, bot: BotId) -> Decision:
        if self.closed is None and self.sessions and self.bot is None and not self.talking and not self.human_comes:
            yield BotJoined(bot, greets=not self.bot_greeted)

    def take_bot_answer(
        self,
        bot: BotId,
        name: str,
        turn: str,
        answer: BotAnswer,
        request: AgentRequested | RequestListed | None,
        reply_due: datetime | None,
    ) -> Decision:
        """A bot answers, as long as it is its turn: what it says after a human was asked for is dropped.

        `turn` names what it answers, so that an answer that comes twice is taken once. `request` is the way to a human,
        taken when the bot hands over or has misunderstood too often; none where the channel
        has neither queue nor list.
        """
        done = MessageId(f"{turn}:answered")
        if self.bot_on_turn != bot or done in self.posted:
            return
        session = self._reply_session()
        sender, channel = Sender(SenderType.BOT, bot, name), self.sessions[session]
        for number, body in enumerate(answer.says):
            _check(body)
            yield MessagePosted(
                MessageId(derived_id(turn, number)), sender, body, session, channel, reply_due=reply_due
            )
        yield BotAnswered(bot, done, answer.misunderstood)
        lost = answer.misunderstood and self.misunderstandings + 1 >= MISUNDERSTANDINGS_MAX
        if request is not None and (answer.hands_over or lost):
            request = request if answer.hands_over else replace(request, reason=RequestReason.BOT_MISUNDERSTOOD)
            yield replace(request, unread=self.unread) if isinstance(request, RequestListed) else request

    def request_agent(
        self, task: TaskId, queue: QueueId, mrd: MrdId, session: SessionId, priority: int, reason: RequestReason
    ) -> Decision:
        """Ask for a human, unless one is here or on the way."""
        self._check_may_request(session)
        if not self.human_comes and not self.talking:
            yield AgentRequested(task, queue, mrd, session, priority, reason)

    def list_request(self, listed: RequestListed) -> Decision:
        """Ask for a human on a list, unless one is here or on the way (routing 60)."""
        self._check_may_request(listed.session_id)
        if not self.human_comes and not self.talking:
            yield replace(listed, unread=self.unread)

    def unlist_request(self, item: ListItemId, reason: str) -> Decision:
        """The item was closed: nobody is asked for any more."""
        if self.listed is not None and self.listed.item_id == item:
            yield RequestUnlisted(item, reason)

    def end_request(self, task: TaskId, reason: str) -> Decision:
        """The request came to nothing (nobody free in time, cancelled)."""
        if self.request is not None and self.request.task_id == task:
            yield AgentRequestEnded(task, reason)

    def admit(
        self, agent: AgentId, name: str, task: TaskId, role: ParticipantRole, item: ListItemId | None = None
    ) -> Decision:
        """An agent joins; where a human talks, the bot leaves. Whoever still wraps up may be back for another task.

        `item`: whoever comes for an item of a list comes too late once it is closed.
        """
        self._check_open()
        if not self.sessions:
            raise CustomerGone("The customer left before the agent joined.")
        part = self.agents.get(agent)
        if part is not None and (part.role is not ParticipantRole.WRAP_UP or part.task_id == task):
            return
        if item is not None and (self.listed is None or self.listed.item_id != item):
            raise CustomerGone("The request was closed before the agent joined.")
        if part is not None:
            yield AgentLeft(agent, part.task_id, "back for another task")
        yield AgentJoined(agent, task, role, name)
        if self.bot is not None and role is ParticipantRole.PRIMARY:
            yield BotLeft(self.bot)

    def change_role(self, agent: AgentId, role: ParticipantRole, task: TaskId | None = None) -> Decision:
        """`task`: as in `leave`."""
        part = self.agents.get(agent)
        if self.closed is None and part is not None and part.role is not role and task in (None, part.task_id):
            yield AgentRoleChanged(agent, role)

    def leave(self, agent: AgentId, reason: str = "", task: TaskId | None = None) -> Decision:
        """`task`: only the part that they take for it, for they may be back for another by now."""
        if self.customer_id is None:
            raise NotFound("There is no such conversation.", "conversation_id")
        part = self.agents.get(agent)
        if part is not None and task in (None, part.task_id):
            yield AgentLeft(agent, part.task_id, reason)

    def set_data(self, data: Mapping[str, str]) -> Decision:
        self._check_open()
        if any(self.data.get(key) != value for key, value in data.items()):
            yield ConversationDataSet(dict(data))

    # Decisions about what was said

    def report_delivery(self, message: MessageId, status: DeliveryStatus, reason: str) -> Decision:
        """A receipt: repeated or late ones change nothing, receipts of a closed conversation still count."""
        if message not in self.posted:
            raise NotFound("There is no such message in this conversation.", "message_id")
        if status.follows(self.deliveries.get(message)):
            yield DeliveryReported(message, status, reason)

    # Decisions about the end

    def close(self, reason: CloseReason) -> Decision:
        if self.closed is None and self.customer_id is not None:
            yield ConversationClosed(reason, self.customer_id, self.last_agent)

    def close_if_everybody_left(self, reason: CloseReason) -> Decision:
        """`# routing 48`: the last one out closes."""
        if self.state is ConversationState.CLOSING:
            yield from self.close(reason)

    def check_takes_part(self, agent: AgentId) -> None:
        part = self.agents.get(agent)
        if part is None or part.role is ParticipantRole.WRAP_UP:
            raise NotInConversation("You are not in this conversation (any more).")

    def _check_may_request(self, session: SessionId) -> None:
        self._check_open()
        if session not in self.sessions:
            raise CustomerGone("The customer has left this conversation.")

    def _check_open(self) -> None:
        if self.closed is not None:
            raise ConversationOver("This conversation is closed.")

    def _reply_session(self) -> SessionId:
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
            case SessionLeft(session_id=session):
                sessions = {s: c for s, c in self.sessions.items() if s != session}
                awaiting = self.awaiting_reply_to if sessions else None
                ended = self.ended_sessions | {session}
                last = (
                    self.last_session if self.last_session in sessions else next(reversed(sessions), self.last_session)
                )
                return replace(
                    self, sessions=sessions, last_session=last, ended_sessions=ended, awaiting_reply_to=awaiting
                )
            case BotJoined(bot_id=bot):
                return replace(self, bot=bot, bot_greeted=True, misunderstandings=0)
            case BotAnswered(turn=turn, misunderstood=misunderstood):
                missed = self.misunderstandings + 1 if misunderstood else 0
                return replace(self, posted=self.posted.add(turn), misunderstandings=missed)
            case BotLeft():
                return replace(self, bot=None)
            case AgentRequested():
                return replace(self, request=fact, awaiting_reply_to=None)
            case AgentRequestEnded():
                return replace(self, request=None)
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
                return replace(self, posted=posted, last_session=fact.session_id, awaiting_reply_to=None, unread=unread)
            case SenderType.AGENT | SenderType.BOT if fact.reply_due is not None:
                return replace(self, posted=posted, awaiting_reply_to=fact.message_id)
            case _:
                return replace(self, posted=posted)


def _check(body: Body) -> None:
    if not body.text and body.attachment is None and not body.data:
        raise Invalid("A message needs a text, an attachment or data.", "text")
    if len(body.text) > BODY_TEXT_MAX:
        raise Invalid(f"A text may have at most {BODY_TEXT_MAX} characters.", "text")
