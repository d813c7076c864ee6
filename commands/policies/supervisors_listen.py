"""A supervisor who listens is let into the talk, and goes with its last agent."""

from collections.abc import Iterator

from commands.attendance import AdmitAgent
from commands.bus import Command
from commands.policies.registry import reacts_to
from domain.ids import TaskId
from domain.kernel import Recorded
from domain.tasks.facts import MonitoringStarted


@reacts_to(MonitoringStarted)
def a_supervisor_listens(event: Recorded[MonitoringStarted]) -> Iterator[Command]:
    """routing 47: also when whoever carried out the command was gone before the supervisor was in."""
    yield AdmitAgent(event.fact.conversation_id, event.fact.agent_id, TaskId(event.subject))
