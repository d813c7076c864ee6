"""The last one out closes the conversation, and whoever comes next opens a new one."""

from collections.abc import Iterator

from commands.attendance import LoseSession, ReleaseCustomer, SettleDeparture
from commands.bus import Command
from commands.inbound import EndSession, ReleaseIdentity
from commands.policies.registry import reacts_to
from domain.conversations.facts import AgentLeft, ConversationClosed, SessionLeft
from domain.ids import ConversationId, SessionId
from domain.kernel import Recorded
from domain.sessions.facts import SessionEnded, SessionEndReason


@reacts_to(SessionEnded)
def an_ended_session_leaves_its_conversation(event: Recorded[SessionEnded]) -> Iterator[Command]:
    it, session_id = event.fact, SessionId(event.subject)
    yield LoseSession(it.conversation_id, session_id, it.reason)
    yield ReleaseIdentity(it.identity_id, session_id)


@reacts_to(SessionLeft)
def a_silent_customers_sessions_end(event: Recorded[SessionLeft]) -> Iterator[Command]:
    """routing 56: the conversation has decided that; whoever writes again opens a new one."""
    if event.fact.reason is SessionEndReason.INACTIVITY:
        yield EndSession(event.fact.session_id, SessionEndReason.INACTIVITY)


@reacts_to(SessionLeft)
def when_the_customer_left_the_rest_settles(event: Recorded[SessionLeft]) -> Iterator[Command]:
    """routing 48, 49"""
    yield SettleDeparture(ConversationId(event.subject))


@reacts_to(AgentLeft)
def when_the_last_agent_left_too_the_conversation_closes(event: Recorded[AgentLeft]) -> Iterator[Command]:
    yield SettleDeparture(ConversationId(event.subject))


@reacts_to(ConversationClosed)
def a_closed_conversation_frees_its_customer(event: Recorded[ConversationClosed]) -> Iterator[Command]:
    yield ReleaseCustomer(event.fact.customer_id, ConversationId(event.subject), event.fact.last_agent_id)
