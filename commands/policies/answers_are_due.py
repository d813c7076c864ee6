"""Whoever does not answer in time gives their place to others (routing 56)."""

from collections.abc import Iterator

from commands.answering import RemoveAllAgents
from commands.bus import Command
from commands.policies.registry import reacts_to
from domain.conversations.facts import ResponseTimedOut
from domain.ids import ConversationId
from domain.kernel import Recorded
from domain.tasks.facts import TaskCloseReason


@reacts_to(ResponseTimedOut)
def who_does_not_answer_in_time_is_removed(event: Recorded[ResponseTimedOut]) -> Iterator[Command]:
    """Their customer is offered to others then, first in line: see `agents_leave`."""
    yield RemoveAllAgents(ConversationId(event.subject), TaskCloseReason.RESPONSE_TIMEOUT)
