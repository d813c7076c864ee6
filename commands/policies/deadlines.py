"""Which facts set a timer, which stop it, and what is done when it fires? (routing 42)

A deadline stands in a fact; the timer wheel (`infra/timers.py`) is only a reading of the log. Firing is a command that
names what it was set for, so a late, repeated or superseded firing does nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commands.bus import Command
from commands.conversations import ExpireCustomerInactivity
from commands.desks import ExpireDesk, ExpireIdling, WarnOfIdling
from commands.domains import EndCoolDown
from commands.tasks import ExpireOffer, ExpireTask, ExpireWrapUp
from domain.agents import facts as agents
from domain.channels.messages import SenderType
from domain.conversations.facts import (
    AgentRequested,
    AgentRequestEnded,
    ColleagueRequested,
    ConversationClosed,
    MessagePosted,
    Release,
    RequestListed,
)
from domain.ids import AgentId, ConversationId, MessageId, TaskId
from domain.kernel import Recorded
from domain.tasks.facts import TaskAccepted, TaskClosed, TaskQueued, TaskReserved, WrapUpStarted


@dataclass(frozen=True, slots=True)
class Set:
    """Do `command` at `due`; a later `Set` with the same key takes its place."""

    key: str
    due: datetime
    command: Command


@dataclass(frozen=True, slots=True)
class Clear:
    key: str


def deadlines(event: Recorded[Any]) -> Iterator[Set | Clear]:
    match event.fact:
        case MessagePosted() as it:
            key = f"inactivity/{event.subject}"
            if it.reply_due is not None:
                command = ExpireCustomerInactivity(ConversationId(event.subject), it.message_id)
                yield Set(key, it.reply_due, command)
            elif it.sender.type is SenderType.CUSTOMER:
                yield Clear(key)
        case AgentRequestEnded(task_id=task, reply_due=due) if due is not None:  # routing 28
            silence = MessageId(task)
            yield Set(
                f"inactivity/{event.subject}", due, ExpireCustomerInactivity(ConversationId(event.subject), silence)
            )
        # a session that left may not have been the only one
        case ColleagueRequested() as it if not (it.is_transfer and it.release is Release.AT_ONCE):
            return  # somebody stays with the customer
        case AgentRequested() | ColleagueRequested() | RequestListed() | ConversationClosed():
            yield Clear(f"inactivity/{event.subject}")
        case TaskQueued(routing=routing) if routing.expires_at is not None:
            yield Set(f"ttl/{event.subject}", routing.expires_at, ExpireTask(TaskId(event.subject)))
        case TaskReserved() as it:
            yield Set(f"offer/{event.subject}", it.due, ExpireOffer(TaskId(event.subject), it.offer_id))
        case TaskAccepted():
            yield Clear(f"offer/{event.subject}")
            yield Clear(f"ttl/{event.subject}")
        case WrapUpStarted(due=due) if due is not None:
            yield Set(f"wrap-up/{event.subject}", due, ExpireWrapUp(TaskId(event.subject)))
        case TaskClosed():
            for kind in ("offer", "ttl", "wrap-up"):
                yield Clear(f"{kind}/{event.subject}")
        case _:
            if event.category == "agent":
                yield from _of_agent(AgentId(event.subject), event.fact)


def _of_agent(agent_id: AgentId, fact: Any) -> Iterator[Set | Clear]:
    match fact:
        case agents.MrdMadeNotReady(mrd_id=mrd, until=until):  # routing 25
            key = f"cool-down/{agent_id}/{mrd}"
            yield Set(key, until, EndCoolDown(agent_id, mrd, until)) if until else Clear(key)
        case agents.MrdMadeReady(mrd_id=mrd):
            yield Clear(f"cool-down/{agent_id}/{mrd}")
        case agents.DeskDisconnected(connection_id=connection, due=due) if due is not None:  # routing 39
            yield Set(f"desk/{agent_id}", due, ExpireDesk(agent_id, connection))
        case agents.DeskConnected():
            yield Clear(f"desk/{agent_id}")
        case agents.IdlingBegan(warn_at=warn_at, due=due):  # routing 40
            yield Set(f"idle-warning/{agent_id}", warn_at, WarnOfIdling(agent_id, due))
            yield Set(f"idle/{agent_id}", due, ExpireIdling(agent_id, due))
        case agents.SlotReserved() | agents.SlotFilled():
            yield Clear(f"idle-warning/{agent_id}")
            yield Clear(f"idle/{agent_id}")
        case agents.LoggedOut():
            for kind in ("desk", "idle-warning", "idle"):
                yield Clear(f"{kind}/{agent_id}")
        case _:
            return
