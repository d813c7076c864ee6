"""A customer who comes by another channel, too, is not offered to anybody again: whoever is there has them (routing 50)."""

from collections.abc import Iterator

from commands.attendance import ShareSessions
from commands.bus import Command
from commands.policies.registry import reacts_to
from domain.conversations.facts import AgentJoined, SessionJoined
from domain.ids import ConversationId
from domain.kernel import Recorded


@reacts_to(SessionJoined)
def a_further_session_belongs_to_the_task_of_whoever_is_there(event: Recorded[SessionJoined]) -> Iterator[Command]:
    yield ShareSessions(ConversationId(event.subject))


@reacts_to(AgentJoined)
def whoever_joins_has_all_sessions_of_the_customer(event: Recorded[AgentJoined]) -> Iterator[Command]:
    yield ShareSessions(ConversationId(event.subject))
