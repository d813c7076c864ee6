"""A supervisor who listens is let into the talk, goes with its last agent, and has to be there meanwhile."""

from collections.abc import Iterator

from commands.attendance import AdmitAgent
from commands.bus import Command
from commands.policies.registry import reacts_to
from commands.supervisors import EndSupervision, NoteSupervision
from domain.ids import TaskId
from domain.kernel import Recorded
from domain.tasks.facts import MonitoringStarted, TaskClosed


@reacts_to(MonitoringStarted)
def a_supervisor_listens(event: Recorded[MonitoringStarted]) -> Iterator[Command]:
    """routing 47: also when whoever carried out the command was gone before the supervisor was in."""
    yield AdmitAgent(event.fact.conversation_id, event.fact.agent_id, TaskId(event.subject))


@reacts_to(MonitoringStarted)
def a_supervisor_has_to_be_there(event: Recorded[MonitoringStarted]) -> Iterator[Command]:
    """routing 38, 39"""
    yield NoteSupervision(event.fact.agent_id, TaskId(event.subject), event.fact.conversation_id)


@reacts_to(TaskClosed)
def whoever_takes_part_no_more_need_not_be_there(event: Recorded[TaskClosed]) -> Iterator[Command]:
    """Supervisors are never offered what they do; nor are agents what they choose from a list, for whom nothing follows."""
    if event.fact.agent_id is not None and event.fact.offer_id is None:
        yield EndSupervision(event.fact.agent_id, TaskId(event.subject))
