"""What does Parley itself tell a customer?"""

from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.facts import MessagePosted
from domain.conversations.standing import Standing
from domain.ids import MessageId
from domain.kernel import Decision

PARLEY = Sender(SenderType.SYSTEM, "parley")


class Notices(Standing):
    __slots__ = ()

    def notify(self, message: MessageId, text: str) -> Decision:
        """A notice to the customer, where they are still here to read it and there is something to say."""
        if text and self.closed is None and self.sessions and message not in self.posted:
            session = self.reply_session()
            yield MessagePosted(message, PARLEY, Body(text=text), session, self.sessions[session])
