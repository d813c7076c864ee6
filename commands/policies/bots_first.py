"""Bots answer first; on a channel for agents alone, a human is asked for at once."""

from collections.abc import Iterator

from commands.bots import AssignBot, WelcomeCustomer
from commands.bus import Command
from commands.policies.registry import reacts_to
from domain.conversations.facts import (
    AgentLeft,
    AgentRequestEnded,
    AgentRoleChanged,
    MessagePosted,
    ParticipantRole,
    RequestUnlisted,
    SessionJoined,
)
from domain.ids import ConversationId
from domain.kernel import Recorded


@reacts_to(SessionJoined)
def whoever_arrives_is_welcomed(event: Recorded[SessionJoined]) -> Iterator[Command]:
    yield WelcomeCustomer(ConversationId(event.subject))


@reacts_to(AgentLeft)
def a_customer_whose_agent_left_has_the_bot_again(event: Recorded[AgentLeft]) -> Iterator[Command]:
    yield AssignBot(ConversationId(event.subject))


@reacts_to(AgentRoleChanged)
def whoever_comes_while_their_agent_begins_to_wrap_up_is_welcomed(
    event: Recorded[AgentRoleChanged],
) -> Iterator[Command]:
    """They had left, and were here again before the agent had heard of it."""
    if event.fact.role is ParticipantRole.WRAP_UP:
        yield WelcomeCustomer(ConversationId(event.subject))


@reacts_to(AgentRequestEnded)
def a_customer_for_whom_nobody_was_free_has_the_bot_again(event: Recorded[AgentRequestEnded]) -> Iterator[Command]:
    yield AssignBot(ConversationId(event.subject))


@reacts_to(RequestUnlisted)
def whoever_came_back_while_their_request_was_closed_is_welcomed(event: Recorded[RequestUnlisted]) -> Iterator[Command]:
    """They left or were sent off, and were here again before the list had heard of it."""
    yield WelcomeCustomer(ConversationId(event.subject))


@reacts_to(MessagePosted)
def a_customer_whom_nobody_hears_is_welcomed_again(event: Recorded[MessagePosted]) -> Iterator[Command]:
    """The agent left, the request came to nothing: whoever writes then is not left alone."""
    if event.fact.unheard:
        yield WelcomeCustomer(ConversationId(event.subject))
