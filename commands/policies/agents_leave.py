"""An agent who leaves wraps up; one who signs out gives their work to others."""

from collections.abc import Iterator

from commands.agents import HandOverWork
from commands.bus import Command
from commands.policies.registry import reacts_to
from commands.requests import ReplaceAgent
from commands.wrap_up import BeginWrapUp
from domain.agents.facts import LoggedOut
from domain.conversations.facts import AgentLeft
from domain.ids import AgentId, ConversationId
from domain.kernel import Recorded
from domain.tasks.facts import TaskCloseReason

TAKEN_AWAY = frozenset({TaskCloseReason.AGENT_LOGOUT, TaskCloseReason.REROUTE, TaskCloseReason.RESPONSE_TIMEOUT})
"""Ends of a task that its agent did not choose: the customer is not done with us."""


@reacts_to(AgentLeft)
def an_agent_who_left_wraps_up(event: Recorded[AgentLeft]) -> Iterator[Command]:
    """routing 43, 51: for a transfer, how the task ends is known already."""
    transferred = event.fact.ends is TaskCloseReason.TRANSFERRED
    yield BeginWrapUp(event.fact.task_id, TaskCloseReason.TRANSFERRED if transferred else TaskCloseReason.DONE)


@reacts_to(LoggedOut)
def whoever_signs_out_gives_their_work_back(event: Recorded[LoggedOut]) -> Iterator[Command]:
    """routing 37"""
    yield HandOverWork(AgentId(event.subject))


@reacts_to(AgentLeft)
def a_customer_whose_agent_signed_out_gets_another(event: Recorded[AgentLeft]) -> Iterator[Command]:
    """routing 37, 38, 56: once the agent is out of the talk, for nobody is asked for while one is in it: in a conference
    the rest go on, and whoever only advised or listened is not replaced.
    """
    if event.fact.ends in TAKEN_AWAY:
        yield ReplaceAgent(ConversationId(event.subject), event.fact.task_id)
