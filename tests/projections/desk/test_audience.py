"""Whose desk shows a fact: now, and when a desk comes back and asks for what it missed?"""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.agents.facts import ListSubscribed, ListUnsubscribed, LoggedIn
from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.facts import AgentJoined, AgentLeft, CloseReason, ConversationClosed, MessagePosted, ParticipantRole
from domain.customers.facts import CustomerRenamed
from domain.kernel import Cause, Fact, Position, Recorded
from domain.lists.facts import ListItemClosed, ListItemCloseReason, ListItemDismissed, ListItemJoined
from domain.tasks.facts import StepReached, TaskAccepted, TaskClosed, TaskCloseReason, TaskReserved
from projections.desk import audience as audience_module
from projections.desk.audience import Audience

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HELLO = MessagePosted("m", Sender(SenderType.CUSTOMER, "john", ""), Body(text="Hello"), None)


def joined(agent: str) -> AgentJoined:
    return AgentJoined(agent, f"task of {agent}", ParticipantRole.PRIMARY, agent)


def left(agent: str) -> AgentLeft:
    return AgentLeft(agent, f"task of {agent}", "")


class Log:
    """Facts in one conversation, or elsewhere."""

    def __init__(self) -> None:
        self.audience, self.facts = Audience(), []

    def tell(self, fact: Fact, stream: str = "conversation-1") -> Recorded:
        recorded = Recorded(Position(len(self.facts) + 1), stream, 0, NOON, Cause(UUID(int=1)), fact)
        self.facts.append(recorded)
        self.audience.feed(recorded)
        return recorded

    def seen_by(self, recorded: Recorded) -> list[str]:
        return list(self.audience.of(recorded))


def test_whoever_is_in_the_conversation_sees_what_is_said() -> None:
    log = Log()
    log.tell(joined("ada"))
    log.tell(joined("grace"))
    assert log.seen_by(log.tell(HELLO)) == ["ada", "grace"]
    assert log.seen_by(log.tell(HELLO, "conversation-2")) == []


def test_coming_and_going_is_seen_by_whoever_comes_and_goes() -> None:
    log = Log()
    assert log.seen_by(log.tell(joined("ada"))) == ["ada"]
    assert log.seen_by(log.tell(left("ada"))) == ["ada"]
    assert log.seen_by(log.tell(HELLO)) == []


def test_what_was_said_before_and_after_a_stay_is_not_theirs_to_catch_up_on() -> None:
    log = Log()
    log.tell(HELLO)
    log.tell(joined("ada"))
    log.tell(HELLO)
    log.tell(left("ada"))
    log.tell(HELLO)
    log.tell(joined("ada"))
    assert [recorded.position for recorded in log.facts if log.seen_by(recorded)] == [2, 3, 4, 6]
    assert all(len(log.seen_by(recorded)) <= 1 for recorded in log.facts)


def test_that_it_is_over_is_seen_by_whoever_was_in_it() -> None:  # routing 48
    log = Log()
    log.tell(joined("ada"))
    log.tell(left("ada"))
    log.tell(joined("ada"))
    log.tell(left("ada"))
    log.tell(joined("grace"))
    assert log.seen_by(log.tell(ConversationClosed(CloseReason.EVERYBODY_LEFT, "john"))) == ["ada", "grace"]
    assert log.seen_by(log.tell(HELLO, "conversation-2")) == []


def test_an_agent_sees_what_happens_to_themselves() -> None:
    log = Log()
    assert log.seen_by(log.tell(LoggedIn(), "agent-ada")) == ["ada"]


@pytest.mark.parametrize(
    ("fact", "seen"),
    [
        (TaskReserved("o", "ada", NOON, 0), ["ada"]),
        (TaskAccepted("o", "ada", "1"), ["ada"]),
        (TaskClosed(TaskCloseReason.RONA, "1", "ada", "o"), ["ada"]),
        (TaskClosed(TaskCloseReason.NO_AGENT_AVAILABLE, "1"), []),
        (StepReached(1), []),
    ],
)
def test_a_task_is_seen_by_whoever_it_rings_at_or_belongs_to(fact: Fact, seen: list[str]) -> None:
    log = Log()
    assert log.seen_by(log.tell(fact, "task-1")) == seen


JOINED = ListItemJoined("comments", "zoe", "t")


def test_whoever_follows_a_list_sees_what_happens_on_it() -> None:  # routing 60
    log = Log()
    log.tell(ListSubscribed("comments"), "agent-ada")
    log.tell(ListSubscribed("letters"), "agent-zoe")
    log.tell(ListSubscribed("comments"), "agent-grace")
    seen = log.tell(JOINED, "listitem-1")
    assert log.seen_by(seen) == ["ada", "grace"]
    log.tell(ListUnsubscribed("comments"), "agent-ada")
    closed = log.tell(ListItemClosed("comments", "1", ListItemCloseReason.AGENT), "listitem-1")
    assert log.seen_by(closed) == ["grace"]
    assert log.seen_by(seen) == ["ada", "grace"]
    log.tell(ListSubscribed("comments"), "agent-ada")
    assert log.seen_by(closed) == ["grace"]
    assert log.seen_by(log.tell(JOINED, "listitem-2")) == ["grace", "ada"]


def test_a_notice_is_put_away_in_private() -> None:  # routing 60
    log = Log()
    for agent in ("ada", "grace"):
        log.tell(ListSubscribed("comments"), f"agent-{agent}")
    assert log.seen_by(log.tell(ListItemDismissed("comments", "grace"), "listitem-1")) == ["grace"]


def test_what_concerns_no_desk_is_seen_by_nobody() -> None:
    log = Log()
    assert log.seen_by(log.tell(CustomerRenamed("John"), "customer-1")) == []


def test_a_restored_audience_is_the_same() -> None:
    log, restored = Log(), Audience()
    for fact in (joined("ada"), HELLO, left("ada"), joined("grace"), HELLO):
        log.tell(fact)
    log.tell(ListSubscribed("comments"), "agent-ada")
    log.tell(JOINED, "listitem-1")
    restored.restore(log.audience.dump())
    assert restored.stays == log.audience.stays
    assert [list(restored.of(recorded)) for recorded in log.facts] == [log.seen_by(it) for it in log.facts]


def test_long_ended_stays_are_forgotten_and_a_desk_that_comes_too_late_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audience_module, "KEPT", 10)
    log = Log()
    log.tell(joined("ada"))
    log.tell(left("ada"))
    log.tell(joined("grace"))
    assert log.audience.knows_since(Position(0))
    for _ in range(20):
        last = log.tell(HELLO)
    log.audience.forget()
    assert not log.audience.knows_since(Position(5))
    assert log.audience.knows_since(Position(13))
    assert log.seen_by(last) == ["grace"]
    assert not log.seen_by(log.facts[1])
