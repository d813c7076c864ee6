"""Where is this agent when a test begins? Situations, as the facts that led there."""

from datetime import UTC, datetime

from domain.agents.facts import (
    AgentFact,
    AgentRegistered,
    LoggedIn,
    MadeReady,
    MrdGranted,
    MrdMadeReady,
    SlotFilled,
    SlotReserved,
)
from domain.ids import ConversationId, MrdId, OfferId, TaskId

CHAT, EMAIL = MrdId("chat"), MrdId("email")
TALK = ConversationId("talk")
RESTED = datetime(2026, 1, 31, 12, 0, 30, tzinfo=UTC)

REGISTERED = (AgentRegistered("maria", "Maria"), MrdGranted(CHAT, 3), MrdGranted(EMAIL, 1))
LOGGED_IN = (*REGISTERED, LoggedIn())
READY = (*LOGGED_IN, MadeReady(), MrdMadeReady(CHAT), MrdMadeReady(EMAIL))


def task(number: int) -> TaskId:
    return TaskId(f"task-{number}")


def offered(number: int = 1, mrd: MrdId = CHAT) -> SlotReserved:
    return SlotReserved(mrd, task(number), OfferId(f"offer-{number}"), 0)


def answered(number: int = 1, mrd: MrdId = CHAT) -> tuple[AgentFact, ...]:
    return offered(number, mrd), SlotFilled(mrd, task(number), TALK)


def working(tasks: int, mrd: MrdId = CHAT) -> tuple[AgentFact, ...]:
    """Ready, with so many talks going on."""
    return *READY, *(fact for number in range(1, tasks + 1) for fact in answered(number, mrd))
