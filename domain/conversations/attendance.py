"""Who comes into a conversation, who goes, and when is it over?"""

from datetime import datetime

from domain.conversations.answering import Answering, ResponseTime
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRequestEnded,
    AgentRoleChanged,
    BotLeft,
    CloseReason,
    ColleagueRequested,
    ConversationClosed,
    ConversationStarted,
    ConversationState,
    MessagePosted,
    ParticipantRole,
    SessionJoined,
    SessionLeft,
)
from domain.conversations.standing import AlreadyInConversation, CustomerGone
from domain.ids import AgentId, ChannelId, CustomerId, ListItemId, MessageId, SessionId, TaskId
from domain.kernel import Decision, NotFound, replace
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskCloseReason


class Attendance(Answering):
    __slots__ = ()

    # Decisions about customers

    def receive(
        self,
        customer: CustomerId,
        session: SessionId,
        channel: ChannelId,
        message: MessagePosted | None,
        response: ResponseTime | None = None,
        *,
        live_voice: bool = False,
    ) -> Decision:
        """A customer's message, through a session that joins when it is not here yet. A repeated message does nothing.

        `response`: how soon an agent who is here is to reply, unless they talk in this session or another (routing 56).
        """
        self.check_open()
        if message is not None and message.message_id in self.posted:
            return
        if session in self.ended_sessions:
            raise CustomerGone("This channel session has ended; a new message opens a new one.")
        if self.customer_id is None:
            yield ConversationStarted(customer)
        if session not in self.sessions:
            yield SessionJoined(session, channel, live_voice)
        if message is not None:
            heard = self.bot or self.human_comes or self.talking or session not in self.sessions
            item = self.listed.item_id if self.listed is not None and not self.talking else None
            yield message if heard and item is None else replace(message, unheard=not heard, item_id=item)
            yield from self.awaits_answer(message, session, None if live_voice else response)

    def lose_session(self, session: SessionId, reason: SessionEndReason) -> Decision:
        """Also of a session that ended before it got here: it must not join afterwards, nobody would end it again."""
        if self.closed is None and session not in self.ended_sessions:
            yield SessionLeft(session, reason)

    def end_silence(self, message: MessageId) -> Decision:
        """They have been silent since `message`: all their sessions end in one decision, so nobody comes in between
        (routing 56).
        """
        if self.awaiting_reply_to == message:
            for session in self.sessions:
                yield SessionLeft(session, SessionEndReason.INACTIVITY)

    # Decisions about agents

    def admit(
        self,
        agent: AgentId,
        name: str,
        task: TaskId,
        role: ParticipantRole,
        item: ListItemId | None = None,
        request: TaskId | None = None,
    ) -> Decision:
        """An agent joins; where a human talks, the bot leaves. Whoever still wraps up may be back for another task.

        `item`: whoever comes for an item of a list comes too late once it is closed. `request`: so does whoever was
        asked by a colleague who does not need them any more (routing 49).
        """
        self.check_open()
        if not self.sessions:
            raise CustomerGone("The customer left before the agent joined.")
        part = self.agents.get(agent)
        if part is not None and part.task_id == task:
            return
        if part is not None and part.role is not ParticipantRole.WRAP_UP:
            raise AlreadyInConversation("They are in this conversation already.")
        if item is not None and (self.listed is None or self.listed.item_id != item):
            raise CustomerGone("The request was closed before the agent joined.")
        if request is not None and request not in self.colleagues:
            raise CustomerGone("The colleague who asked needs nobody any more.")
        if role is ParticipantRole.SILENT_MONITOR and (self.monitor is not None or not self.talking):
            raise CustomerGone("There is nobody to listen to, or another listens.")
        if part is not None:
            yield AgentLeft(agent, part.task_id, "back for another task")
        yield AgentJoined(agent, task, role, name, request)
        if self.bot is not None and role is ParticipantRole.PRIMARY:
            yield BotLeft(self.bot)
        if request is not None and self.colleagues[request].is_transfer:
            yield from self._makes_way(self.colleagues[request])

    def _makes_way(self, asked: ColleagueRequested) -> Decision:
        """Who passed the customer on, and stayed until the other came, goes now (routing 44)."""
        part = self.agents.get(asked.by)
        if part is not None and part.role is ParticipantRole.PRIMARY and part.task_id == asked.by_task_id:
            yield AgentLeft(asked.by, part.task_id, TaskCloseReason.TRANSFERRED, TaskCloseReason.TRANSFERRED)

    def retire(self, agent: AgentId, task: TaskId | None = None) -> Decision:
        """They stay to wrap up, and take no further part. `task`: as in `leave`."""
        part, wraps_up = self.agents.get(agent), ParticipantRole.WRAP_UP
        if self.closed is None and part is not None and part.role is not wraps_up and task in (None, part.task_id):
            yield AgentRoleChanged(agent, wraps_up)
            if self.sessions and self.talking == [agent]:
                yield from self._nobody_talks(agent)

    def leave(
        self,
        agent: AgentId,
        reason: str = "",
        task: TaskId | None = None,
        ends: TaskCloseReason = TaskCloseReason.DONE,
        reply_due: datetime | None = None,
    ) -> Decision:
        """`task`: only the part that they take for it, for they may be back for another by now. `reply_due`: for a
        customer who stays alone, and whose silence is not measured yet (routing 48).
        """
        if self.customer_id is None:
            raise NotFound("There is no such conversation.", "conversation_id")
        part = self.agents.get(agent)
        if part is not None and task in (None, part.task_id):
            yield from self.departs(agent, reason, ends, reply_due)

    def departs(
        self, agent: AgentId, reason: str, ends: TaskCloseReason, reply_due: datetime | None = None
    ) -> Decision:
        """With the last who talks with the customer go those who were there for their sake (routing 38, 47, 49)."""
        is_last = bool(self.sessions) and self.talking == [agent]
        is_measured = self.awaiting_reply_to is not None or self.human_comes
        due = reply_due if is_last and not is_measured else None
        yield AgentLeft(agent, self.agents[agent].task_id, reason, ends, due)
        if is_last:
            yield from self._nobody_talks(agent)

    def _nobody_talks(self, last: AgentId) -> Decision:
        """Nobody is left to be advised, to be listened to or to be joined. Transfers stay: the customer waits for them."""
        for agent, part in self.agents.items():
            if agent != last and part.role is not ParticipantRole.WRAP_UP:
                yield AgentLeft(agent, part.task_id, "nobody talks any more")
        for task, asked in self.colleagues.items():
            if not asked.is_transfer:
                yield AgentRequestEnded(task, TaskCloseReason.CANCELLED)

    # Decisions about the end

    def close(self, reason: CloseReason) -> Decision:
        if self.closed is None and self.customer_id is not None:
            yield ConversationClosed(reason, self.customer_id, self.last_agent)

    def close_if_everybody_left(self, reason: CloseReason) -> Decision:
        """`# routing 48`: the last one out closes."""
        if self.state is ConversationState.CLOSING:
            yield from self.close(reason)
