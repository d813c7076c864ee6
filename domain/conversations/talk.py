"""What may be said in a conversation, and how far did it come?"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.channels.messages import Body, DeliveryStatus, Sender, SenderType
from domain.conversations.facts import (
    ConversationDataSet,
    ConversationResumed,
    DeliveryReported,
    MessagePosted,
    ParticipantRole,
    ResumeReason,
)
from domain.conversations.standing import OnlyListening, Standing, check_body
from domain.ids import AgentId, MessageId
from domain.kernel import Decision, NotFound


class Talk(Standing):
    __slots__ = ()

    def say_as_agent(
        self,
        agent: AgentId,
        name: str,
        message: MessageId,
        body: Body,
        now: datetime,
        inactivity_s: int,
        reminder_s: float | None = None,
    ) -> Decision:
        """An agent writes: to the customer as PRIMARY, and to the other agents alone in any other role. Who writes to a
        customer on hold ends the hold (routing 53, 56). `reminder_s`: after how long they are reminded to answer.
        """
        if message in self.posted:
            return
        self.check_open()
        self.check_takes_part(agent)
        check_body(body)
        if self.agents[agent].role is ParticipantRole.SILENT_MONITOR:
            raise OnlyListening("You listen silently: begin to whisper first.")
        sender = Sender(SenderType.AGENT, agent, name)
        if self.agents[agent].role is not ParticipantRole.PRIMARY:
            yield MessagePosted(message, sender, body, session_id=None)
            return
        session = self.reply_session()
        due = now + timedelta(seconds=inactivity_s) if inactivity_s and not self.calls else None
        remind_at = now + timedelta(seconds=reminder_s) if reminder_s is not None and due is not None else None
        if self.held is not None:
            yield ConversationResumed(ResumeReason.AGENT_WROTE)
        yield MessagePosted(message, sender, body, session, self.sessions[session], reply_due=due, remind_at=remind_at)

    def set_data(self, data: Mapping[str, str]) -> Decision:
        self.check_open()
        if self.has_news(data):
            yield ConversationDataSet(dict(data))

    def report_delivery(
        self, message: MessageId, status: DeliveryStatus, reason: str, provider_message_id: str = ""
    ) -> Decision:
        """A receipt: repeated or late ones change nothing, receipts of a closed conversation still count."""
        if message not in self.posted:
            raise NotFound("There is no such message in this conversation.", "message_id")
        if status.follows(self.deliveries.get(message)):
            yield DeliveryReported(message, status, reason, provider_message_id)
