"""A customer whose request is diverted is told so; what else follows depends on where it goes (routing 57, 58)."""

from collections.abc import Iterator

from commands.bus import Command
from commands.diversions import NoteCallback, SendCustomerHome, TellCustomer
from commands.policies.registry import reacts_to
from domain.configuration.diversions import DiversionAction
from domain.ids import MessageId, TaskId
from domain.kernel import Recorded, derived_id
from domain.tasks.facts import TaskDiverted

WAIT_ON = frozenset({DiversionAction.MESSAGE, DiversionAction.OTHER_QUEUE})
"""All others end the request, and with that comes the message (`find_an_agent.py`)."""


@reacts_to(TaskDiverted)
def whoever_waits_on_elsewhere_or_longer_is_told_so(event: Recorded[TaskDiverted]) -> Iterator[Command]:
    it = event.fact
    if it.message and it.action in WAIT_ON:
        message_id = MessageId(derived_id("diverted", event.subject, it.rule))
        yield TellCustomer(it.conversation_id, message_id, it.message)


@reacts_to(TaskDiverted)
def a_callback_that_was_promised_is_noted(event: Recorded[TaskDiverted]) -> Iterator[Command]:
    if event.fact.action is DiversionAction.CALLBACK:
        yield NoteCallback(event.fact.conversation_id)


@reacts_to(TaskDiverted)
def whoever_is_sent_home_goes_home(event: Recorded[TaskDiverted]) -> Iterator[Command]:
    it = event.fact
    if it.action is DiversionAction.CLOSE:
        yield SendCustomerHome(it.conversation_id, TaskId(event.subject), it.message)
