"""How does this conversation stand: who is here, who is awaited, what was said? Facts are folded here, nothing is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self, TypeVar, assert_never

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
    ColleagueRequested,
    ConversationClosed,
    ConversationDataSet,
    ConversationFact,
    ConversationHeld,
    ConversationResumed,
    ConversationStarted,
    ConversationState,
    DeliveryReported,
    MessagePosted,
    ParticipantRole,
    Release,
    RequestListed,
    RequestReason,
    RequestUnlisted,
    ResponseAwaited,
    ResponseTimedOut,
    ResponseWarned,
    SessionJoined,
    SessionLeft,
)
from domain.ids import AgentId, BotId, ChannelId, CustomerId, MessageId, SessionId, TaskId
from domain.kernel import GrowingSet, Invalid, NotAllowed, WrongState, replace
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskDirection

BODY_TEXT_MAX = 16_384
HEARD_MAX = 50
"""Messages of a session that are remembered when it is over (routing 66)."""


class ConversationOver(WrongState):
    code = "CONVERSATION_CLOSED"


class CustomerGone(WrongState):
    code = "CUSTOMER_GONE"


class NotInConversation(NotAllowed):
    code = "NOT_IN_CONVERSATION"


class AlreadyInConversation(WrongState):
    code = "ALREADY_IN_CONVERSATION"


class OnlyListening(NotAllowed):
    code = "ONLY_LISTENING"


class TooManyAgents(WrongState):
    code = "TOO_MANY_AGENTS"


WORKING = frozenset({ParticipantRole.PRIMARY, ParticipantRole.ASSISTANT})
LISTENING = frozenset({ParticipantRole.SILENT_MONITOR, ParticipantRole.WHISPER})
CONSULTED = frozenset({TaskDirection.CONSULT_TRANSFER, TaskDirection.CONSULT_CONFERENCE})
"""Whoever was consulted talks with the customer from now on; a supervisor who takes part need not be an agent."""
K = TypeVar("K")
V = TypeVar("V")


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
    calls: frozenset[SessionId] = frozenset()
    """Those in which they talk instead of writing."""
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
    colleagues: Mapping[TaskId, ColleagueRequested] = field(default_factory=dict)
    """Whom agents of this talk have asked for, and who has not come yet."""
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
    """What the customer's silence is measured from: a message, the request that came to nothing, or the task of the agent
    who left them (routing 28, 48, 56).
    """
    unanswered: MessageId | None = None
    """The first message of the customer to which no agent has replied."""
    response: ResponseAwaited | None = None
    """Until when an agent is to reply, while that time runs (routing 56)."""
    response_warned: int = 0
    """How many percent of it were over when that was last told."""
    held: ConversationHeld | None = None
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
        if self.held is not None:
            return ConversationState.ON_HOLD
        if self.talking or self.bot or self.request or self.unjoined or self.is_transferred:
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
        """Was a human asked for, in a queue, on a list, or by an agent who passes the customer on?"""
        return self.request is not None or self.listed is not None or self.is_transferred

    @property
    def is_transferred(self) -> bool:
        """Is an agent on the way in place of another?"""
        return any(asked.is_transfer for asked in self.colleagues.values())

    @property
    def waits_for(self) -> AgentRequested | None:
        """Whom the customer waits for in a queue, if anybody: also after an agent passed them on."""
        for asked in self.colleagues.values():
            if asked.is_transfer and asked.queue_id is not None:
                queue_id, reason = asked.queue_id, RequestReason.TRANSFERRED
                return AgentRequested(
                    asked.task_id, queue_id, asked.mrd_id, asked.session_id, asked.priority, reason, asked.by_task_id
                )
        return self.request

    @property
    def awaited(self) -> set[TaskId]:
        """The requests, by their first tasks, for which somebody may still come."""
        return {*self.colleagues, *([self.request.task_id] if self.request is not None else [])}

    @property
    def monitor(self) -> AgentId | None:
        """The supervisor who listens in, or whispers."""
        return next((agent for agent, part in self.agents.items() if part.role in LISTENING), None)

    # What decisions ask first

    def check_takes_part(self, agent: AgentId) -> None:
        part = self.agents.get(agent)
        if part is None or part.role is ParticipantRole.WRAP_UP:
            raise NotInConversation("You are not in this conversation (any more).")

    def check_talks(self, agent: AgentId, task: TaskId | None = None) -> AgentPart:
        """`task`: for which they are here, where it is known."""
        part = self.agents.get(agent)
        if part is None or part.role is not ParticipantRole.PRIMARY or task not in (None, part.task_id):
            raise NotInConversation("You do not talk with this customer (any more).")
        return part

    def has_news(self, data: Mapping[str, str]) -> bool:
        """Is any of it not known yet?"""
        return any(self.data.get(key) != value for key, value in data.items())

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
            case SessionJoined() | SessionLeft():
                return self._reached(fact)
            case BotJoined() | BotAnswered() | BotLeft():
                return self._with_bot(fact)
            case AgentRequested() | ColleagueRequested() | AgentRequestEnded() | RequestListed() | RequestUnlisted():
                return self._requested(fact)
            case AgentJoined() | AgentRoleChanged() | AgentLeft():
                return self._attended(fact)
            case ResponseAwaited() | ResponseWarned() | ResponseTimedOut():
                return self._timed(fact)
            case ConversationHeld():
                return replace(self, held=fact, response=None, awaiting_reply_to=None)
            case ConversationResumed():
                return replace(self, held=None)
            case ConversationDataSet(data=data):
                return replace(self, data={**self.data, **data})
            case ConversationClosed(reason=reason):
                over = replace(self, closed=reason, bot=None, request=None, awaiting_reply_to=None)
                over = replace(over, listed=None, unjoined=False, colleagues={})
                return _answered(replace(over, held=None))
            case _:
                assert_never(fact)

    def _reached(self, fact: SessionJoined | SessionLeft) -> Self:
        """By which channel sessions the customer can be reached."""
        match fact:
            case SessionJoined(session_id=session, channel_id=channel, live_voice=live_voice):
                came = replace(self, sessions={**self.sessions, session: channel}, last_session=session)
                if not live_voice:
                    return came
                return _answered(replace(came, calls=self.calls | {session}, awaiting_reply_to=None))
            case SessionLeft(session_id=session, reason=departure):
                sessions = {s: c for s, c in self.sessions.items() if s != session}
                awaiting = self.awaiting_reply_to if sessions else None
                ended = self.ended_sessions | {session}
                last = (
                    self.last_session if self.last_session in sessions else next(reversed(sessions), self.last_session)
                )
                left = replace(self, sessions=sessions, last_session=last, ended_sessions=ended, departure=departure)
                return _settled(replace(left, awaiting_reply_to=awaiting, calls=self.calls - {session}))
            case _:
                assert_never(fact)

    def _with_bot(self, fact: BotJoined | BotAnswered | BotLeft) -> Self:
        match fact:
            case BotJoined(bot_id=bot):
                return replace(self, bot=bot, bot_greeted=True, misunderstandings=0)
            case BotAnswered(turn=turn, misunderstood=misunderstood):
                missed = self.misunderstandings + 1 if misunderstood else 0
                return replace(self, posted=self.posted.add(turn), misunderstandings=missed)
            case BotLeft():
                return replace(self, bot=None)
            case _:
                assert_never(fact)

    def _requested(
        self, fact: AgentRequested | ColleagueRequested | AgentRequestEnded | RequestListed | RequestUnlisted
    ) -> Self:
        """Who was asked for, and no longer is."""
        match fact:
            case AgentRequested():
                return replace(self, request=fact, awaiting_reply_to=None)
            case ColleagueRequested(task_id=task):
                asked = replace(self, colleagues={**self.colleagues, task: fact})
                leaves = fact.is_transfer and fact.release is Release.AT_ONCE
                return replace(asked, awaiting_reply_to=None) if leaves else asked
            case AgentRequestEnded(task_id=task, reply_due=due):
                request = None if self.request is not None and self.request.task_id == task else self.request
                awaiting = self.awaiting_reply_to if due is None else MessageId(task)
                colleagues = _without(self.colleagues, task)
                return replace(self, request=request, colleagues=colleagues, awaiting_reply_to=awaiting)
            case RequestListed():
                return replace(self, listed=fact, unjoined=True, awaiting_reply_to=None)
            case RequestUnlisted():
                return replace(self, listed=None, unjoined=False)
            case _:
                assert_never(fact)

    def _attended(self, fact: AgentJoined | AgentRoleChanged | AgentLeft) -> Self:
        """Which agents take part, and how."""
        match fact:
            case AgentJoined(agent_id=agent, task_id=task, role=role, request_id=request_id):
                agents = {**self.agents, agent: AgentPart(task, role)}
                came = replace(self, agents=agents, colleagues=_without(self.colleagues, request_id))
                if role is not ParticipantRole.PRIMARY:
                    return came
                return replace(came, last_agent=agent, request=None, unjoined=False, unread=0)
            case AgentRoleChanged(agent_id=agent, role=role, direction=direction):
                talks = agent if direction in CONSULTED else self.last_agent  # routing 46, 54
                parts = {**self.agents, agent: replace(self.agents[agent], role=role)}
                return _settled(replace(self, agents=parts, last_agent=talks))
            case AgentLeft(agent_id=agent, task_id=task, reply_due=due):
                awaiting = self.awaiting_reply_to if due is None else MessageId(task)
                gone = _settled(replace(self, agents=_without(self.agents, agent), awaiting_reply_to=awaiting))
                waits = gone.is_transferred and not gone.talking
                return replace(gone, awaiting_reply_to=None) if waits else gone
            case _:
                assert_never(fact)

    def _timed(self, fact: ResponseAwaited | ResponseWarned | ResponseTimedOut) -> Self:
        """The time in which an agent is to reply (routing 56)."""
        match fact:
            case ResponseAwaited(warned=warned):
                return replace(self, response=fact, response_warned=warned)
            case ResponseWarned(percent=percent):
                return replace(self, response_warned=percent)
            case ResponseTimedOut():
                return _answered(self)
            case _:
                assert_never(fact)

    def _heard(self, fact: MessagePosted) -> Self:
        posted = self.posted.add(fact.message_id)
        match fact.sender.type:
            case SenderType.CUSTOMER:
                talking = bool(self.talking)
                return replace(
                    self,
                    posted=posted,
                    last_session=fact.session_id,
                    unread=0 if talking else self.unread + 1,
                    heard=_heard_last(self.heard, fact.session_id, fact.message_id),
                    unanswered=self.unanswered or fact.message_id if talking else None,
                    awaiting_reply_to=None,
                )
            case SenderType.AGENT if fact.session_id is not None:
                awaiting = fact.message_id if fact.reply_due is not None else self.awaiting_reply_to
                return replace(
                    self,
                    posted=posted,
                    awaiting_reply_to=awaiting,
                    response=None,
                    unanswered=None,
                    response_warned=0,
                )
            case SenderType.BOT if fact.reply_due is not None:
                return replace(self, posted=posted, awaiting_reply_to=fact.message_id)
            case _:
                return replace(self, posted=posted)


S = TypeVar("S", bound=Standing)


def _settled(standing: S) -> S:
    """Without an agent who talks with the customer, nobody is to reply and nothing is on hold."""
    if standing.talking and standing.sessions:
        return standing
    if standing.response is None and standing.unanswered is None and standing.held is None:
        return standing
    return _answered(replace(standing, held=None))


def _answered(standing: S) -> S:
    """Nobody is to reply (any more)."""
    return replace(standing, response=None, unanswered=None, response_warned=0)


def _heard_last(
    heard: Mapping[SessionId, tuple[MessageId, ...]], session: SessionId | None, message: MessageId
) -> Mapping[SessionId, tuple[MessageId, ...]]:
    if session is None:
        return heard
    before = heard.get(session, ())
    return {**heard, session: (*before[1 - HEARD_MAX :], message)}


def check_body(body: Body) -> None:
    if not body.text and body.attachment is None and not body.data:
        raise Invalid("A message needs a text, an attachment or data.", "text")
    if len(body.text) > BODY_TEXT_MAX:
        raise Invalid(f"A text may have at most {BODY_TEXT_MAX} characters.", "text")


def _without(those: Mapping[K, V], key: K | None) -> Mapping[K, V]:
    return {each: value for each, value in those.items() if each != key} if key in those else those
