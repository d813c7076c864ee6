"""Does a visitor see what is for them, and nothing else?"""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from connectors.webchat.channel import Screen
from domain.channels.messages import Body, DeliveryStatus, Sender, SenderType
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRequestEnded,
    AgentRoleChanged,
    BotJoined,
    CloseReason,
    ColleagueRequested,
    ConversationClosed,
    DeliveryReported,
    MessagePosted,
    ParticipantRole,
    Release,
    SessionJoined,
    SessionLeft,
)
from domain.ids import AgentId, BotId, ChannelId, CustomerId, MessageId, MrdId, QueueId, SessionId, TaskId
from domain.kernel import Cause, Fact, Position, Recorded
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskDirection

WEB, PHONE, HERE, THERE = ChannelId("web"), ChannelId("phone"), SessionId("s1"), SessionId("s2")
ADA, TASK = AgentId("ada"), TaskId("t1")
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def shown(*facts: Fact) -> list[dict[str, object]]:
    screen = Screen(WEB, "v1", {BotId("b"): "Robin"})
    frames = []
    for n, fact in enumerate(facts):
        recorded = Recorded(Position(n + 1), "conversation-c1", n, NOW, Cause(UUID(int=n)), fact)
        frames += [msgspec.json.decode(msgspec.json.encode(frame)) for frame in screen.see(recorded)]
    return frames


def kinds(*facts: Fact) -> list[object]:
    return [frame["type"] for frame in shown(*facts)]


def said(by: SenderType, session: SessionId | None = HERE, channel: ChannelId | None = WEB, provider: str = "") -> Fact:
    return MessagePosted(MessageId("m"), Sender(by, "ada", "Ada"), Body(text="hi"), session, channel, provider)


def test_what_was_said_comes_with_who_said_it() -> None:
    (frame,) = shown(said(SenderType.AGENT))
    assert frame["from"] == {"type": "AGENT", "name": "Ada"}
    assert frame["body"] == {"type": "PLAIN", "text": "hi"}
    assert (frame["cursor"], frame["messageId"], "id" in frame) == ("1", "m", False)


def test_ones_own_words_come_with_ones_own_id() -> None:
    (frame,) = shown(said(SenderType.CUSTOMER, provider="v1/abc"))
    assert frame["id"] == "abc"


def test_a_whisper_and_other_channels_stay_unseen() -> None:
    whisper, elsewhere = said(SenderType.AGENT, None, None), said(SenderType.AGENT, THERE, PHONE)
    news = DeliveryReported(MessageId("m"), DeliveryStatus.READ)
    assert kinds(whisper, elsewhere, news, SessionJoined(THERE, PHONE)) == []


def test_only_an_agent_who_talks_is_somebody() -> None:
    monitor = AgentJoined(ADA, TASK, ParticipantRole.SILENT_MONITOR, "Ada")
    assert kinds(monitor, AgentLeft(ADA, TASK)) == []
    steps_in = AgentRoleChanged(ADA, ParticipantRole.PRIMARY)
    assert shown(monitor, steps_in) == [{"type": "agentJoined", "cursor": "2", "name": "Ada"}]


def test_an_agent_who_wraps_up_has_left_once() -> None:
    joined = AgentJoined(ADA, TASK, ParticipantRole.PRIMARY, "Ada")
    wraps_up = AgentRoleChanged(ADA, ParticipantRole.WRAP_UP)
    assert kinds(joined, wraps_up, AgentLeft(ADA, TASK)) == ["agentJoined", "agentLeft"]


BO = AgentId("bo")
TALKS = AgentJoined(ADA, TASK, ParticipantRole.PRIMARY, "Ada")
CONSULT = ColleagueRequested(TaskId("t2"), TaskDirection.CONSULT, ADA, TASK, MrdId("chat"), HERE, QueueId("sales"))
TRANSFER = replace(CONSULT, direction=TaskDirection.DIRECT_TRANSFER)
IN_VAIN = AgentRequestEnded(TaskId("t2"), "NO_AGENT_AVAILABLE")


@pytest.mark.parametrize("direction", [TaskDirection.CONSULT, TaskDirection.DIRECT_CONFERENCE])
def test_of_whom_their_agent_asks_for_advice_a_visitor_hears_nothing(direction: TaskDirection) -> None:  # routing 46
    asked = replace(CONSULT, direction=direction)
    advises = AgentJoined(BO, TaskId("t2"), ParticipantRole.ASSISTANT, "Bo", TaskId("t2"))
    assert kinds(TALKS, asked, IN_VAIN) == ["agentJoined"]
    assert kinds(TALKS, CONSULT, advises, AgentLeft(BO, TaskId("t2"))) == ["agentJoined"]
    assert kinds(TALKS, asked, AgentLeft(ADA, TASK), IN_VAIN) == ["agentJoined", "agentLeft"]


def test_a_visitor_who_is_passed_on_waits_for_another() -> None:  # routing 43, 44
    left = AgentLeft(ADA, TASK)
    awaited = ["agentJoined", "agentRequested", "agentLeft", "agentRequestEnded"]
    assert kinds(TALKS, TRANSFER, left, IN_VAIN) == awaited
    stays = replace(TRANSFER, release=Release.ON_ACCEPT)
    assert kinds(TALKS, stays, IN_VAIN) == ["agentJoined"]
    with_bo = (TALKS, AgentJoined(BO, TaskId("t3"), ParticipantRole.PRIMARY, "Bo"))
    assert kinds(*with_bo, TRANSFER, left, IN_VAIN) == ["agentJoined", "agentJoined", "agentLeft"]


def test_a_bot_has_a_name() -> None:
    assert shown(BotJoined(BotId("b"), greets=True)) == [{"type": "botJoined", "cursor": "1", "name": "Robin"}]


def test_a_session_ends_once() -> None:
    joined, left = SessionJoined(HERE, WEB), SessionLeft(HERE, SessionEndReason.INACTIVITY)
    closed = ConversationClosed(CloseReason.FORCE_CLOSED, CustomerId("c"))
    assert kinds(joined, left, closed) == ["sessionStarted", "sessionEnded"]
    assert shown(joined, closed)[-1] == {
        "type": "sessionEnded", "cursor": "2", "sessionId": "s1", "reason": "FORCE_CLOSED",
    }  # fmt: skip
