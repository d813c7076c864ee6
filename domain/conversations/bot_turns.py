"""When does the bot speak, and what follows from what it says?"""

from datetime import datetime

from domain.channels.bots import BotAnswer
from domain.channels.messages import Sender, SenderType
from domain.conversations.facts import (
    AgentRequested,
    BotAnswered,
    BotJoined,
    ConversationDataSet,
    MessagePosted,
    RequestListed,
    RequestReason,
)
from domain.conversations.standing import Standing, check_body
from domain.ids import BotId, MessageId
from domain.kernel import Decision, derived_id, replace

MISUNDERSTANDINGS_MAX = 2


class BotTurns(Standing):
    __slots__ = ()

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
        remind_at: datetime | None = None,
    ) -> Decision:
        """A bot answers, as long as it is its turn: what it says after a human was asked for is dropped.

        `turn` names what it answers, so that an answer that comes twice is taken once. `request` is the way to a human,
        taken when the bot hands over or has misunderstood too often; none where the channel
        has neither queue nor list.
        """
        done = MessageId(f"{turn}:answered")
        if self.bot_on_turn != bot or done in self.posted:
            return
        session = self.reply_session()
        sender, channel = Sender(SenderType.BOT, bot, name), self.sessions[session]
        for number, body in enumerate(answer.says):
            check_body(body)
            yield MessagePosted(
                MessageId(derived_id(turn, number)),
                sender,
                body,
                session,
                channel,
                reply_due=reply_due,
                remind_at=remind_at,
            )
        yield BotAnswered(bot, done, answer.misunderstood)
        if self.has_news(answer.data):
            yield ConversationDataSet(dict(answer.data))
        lost = answer.misunderstood and self.misunderstandings + 1 >= MISUNDERSTANDINGS_MAX
        if request is not None and (answer.hands_over or lost):
            request = request if answer.hands_over else replace(request, reason=RequestReason.BOT_MISUNDERSTOOD)
            yield replace(request, unread=self.unread) if isinstance(request, RequestListed) else request
