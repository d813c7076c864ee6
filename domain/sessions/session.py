"""Where does this customer stay, and do they still? One stay of one customer on one channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self, assert_never

from domain.ids import ChannelId, ConversationId, CustomerId, IdentityId
from domain.kernel import Decision, NotFound, replace
from domain.sessions.facts import SessionEnded, SessionEndReason, SessionFact, SessionStarted


@dataclass(frozen=True, slots=True)
class Session:
    category: ClassVar[str] = "session"

    started: SessionStarted | None = None
    ended: SessionEndReason | None = None

    @property
    def is_open(self) -> bool:
        return self.started is not None and self.ended is None

    def start(
        self,
        channel: ChannelId,
        identity: IdentityId,
        customer: CustomerId,
        conversation: ConversationId,
        contact: str,
        channel_data: Mapping[str, str],
    ) -> Decision:
        if self.started is None:
            yield SessionStarted(channel, identity, customer, conversation, contact, channel_data)

    def end(self, reason: SessionEndReason) -> Decision:
        if self.started is None:
            raise NotFound("There is no such channel session.")
        if self.ended is None:
            yield SessionEnded(reason, self.started.conversation_id, self.started.identity_id)

    def evolve(self, fact: SessionFact) -> Self:
        match fact:
            case SessionStarted():
                return replace(self, started=fact)
            case SessionEnded(reason=reason):
                return replace(self, ended=reason)
            case _:
                assert_never(fact)
