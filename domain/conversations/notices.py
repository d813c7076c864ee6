"""What does Parley itself tell a customer?"""

from datetime import datetime

from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.facts import MessagePosted
from domain.conversations.standing import Standing
from domain.ids import MessageId
from domain.kernel import Decision, derived_id

PARLEY = Sender(SenderType.SYSTEM, "parley")


class Notices(Standing):
    __slots__ = ()

    def notify(self, message: MessageId, text: str) -> Decision:
        """A notice to the customer, where they are still here to read it and there is something to say."""
        if text and self.closed is None and self.sessions and message not in self.posted:
            session = self.reply_session()
            yield MessagePosted(message, PARLEY, Body(text=text), session, self.sessions[session])

    def remind(self, message: MessageId, number: int, text: str, again_at: datetime | None) -> Decision:
        """They have not answered `message` yet, and are told so once (routing 42, 56)."""
        id_ = MessageId(derived_id("reminder", message, number))
        if self.awaiting_reply_to == message and self.sessions and id_ not in self.posted:
            session = self.reply_session()
            yield MessagePosted(
                id_,
                PARLEY,
                Body(text=text),
                session,
                self.sessions[session],
                remind_at=again_at,
                reminds_of=message,
                reminder=number,
            )
