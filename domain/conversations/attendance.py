"""Who comes into a conversation, who goes, and when is it over?"""

from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRoleChanged,
    BotLeft,
    CloseReason,
    ConversationClosed,
    ConversationStarted,
    ConversationState,
    MessagePosted,
    ParticipantRole,
    SessionJoined,
    SessionLeft,
)
from domain.conversations.standing import CustomerGone, Standing
from domain.ids import AgentId, ChannelId, CustomerId, ListItemId, SessionId, TaskId
from domain.kernel import Decision, NotFound, replace
from domain.sessions.facts import SessionEndReason


class Attendance(Standing):
    __slots__ = ()

    # Decisions about customers

    def receive(
        self, customer: CustomerId, session: SessionId, channel: ChannelId, message: MessagePosted | None
    ) -> Decision:
        """A customer's message, through a session that joins when it is not here yet. A repeated message does nothing."""
        self.check_open()
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

    # Decisions about agents

    def admit(
        self, agent: AgentId, name: str, task: TaskId, role: ParticipantRole, item: ListItemId | None = None
    ) -> Decision:
        """An agent joins; where a human talks, the bot leaves. Whoever still wraps up may be back for another task.

        `item`: whoever comes for an item of a list comes too late once it is closed.
        """
        self.check_open()
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

    # Decisions about the end

    def close(self, reason: CloseReason) -> Decision:
        if self.closed is None and self.customer_id is not None:
            yield ConversationClosed(reason, self.customer_id, self.last_agent)

    def close_if_everybody_left(self, reason: CloseReason) -> Decision:
        """`# routing 48`: the last one out closes."""
        if self.state is ConversationState.CLOSING:
            yield from self.close(reason)
