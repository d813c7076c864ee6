"""Which facts set a timer, which stop it, and what is done when it fires? (routing 42)

A deadline stands in a fact; the timer wheel (`infra/timers.py`) is only a reading of the log. Firing is a command that
names what it was set for, so a late, repeated or superseded firing does nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commands.answering import EndHold, ExpireResponse, RemindCustomer, WarnOfResponse
from commands.bus import Command
from commands.conversations import ExpireCustomerInactivity
from commands.desks import ExpireDesk, ExpireIdling, WarnOfIdling
from commands.domains import EndCoolDown
from commands.supervisors import ExpireSupervisor
from commands.tasks import ExpireOffer, ExpireTask
from commands.wrap_up import ExpireWrapUp
from domain.agents import facts as agents
from domain.agents.states import AT_WORK
from domain.channels.messages import SenderType
from domain.conversations.answering import FULL, next_percent, percent_at
from domain.conversations.facts import (
    AgentLeft,
    AgentRequested,
    AgentRequestEnded,
    ColleagueRequested,
    ConversationClosed,
    ConversationHeld,
    ConversationResumed,
    MessagePosted,
    Release,
    RequestListed,
    ResponseAwaited,
    ResponseTimedOut,
    ResponseWarned,
    SessionJoined,
)
from domain.ids import AgentId, ConversationId, MessageId, TaskId
from domain.kernel import Recorded
from domain.supervisors.facts import SupervisorConnected, SupervisorDisconnected
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
                yield Clear(f"reminder/{event.subject}")
            if it.remind_at is not None:
                number, of = (it.reminder + 1, it.reminds_of) if it.reminds_of else (0, it.message_id)
                again = RemindCustomer(ConversationId(event.subject), of, number)
                yield Set(f"reminder/{event.subject}", it.remind_at, again)
            if it.sender.type is SenderType.AGENT and it.session_id is not None:
                yield Clear(f"response/{event.subject}")
        case AgentRequestEnded(task_id=task, reply_due=due) | AgentLeft(task_id=task, reply_due=due) if (
            due is not None
        ):  # routing 28, 48
            silence = MessageId(task)
            yield Set(
                f"inactivity/{event.subject}", due, ExpireCustomerInactivity(ConversationId(event.subject), silence)
            )
        case SessionJoined(live_voice=True):
            for kind in ("inactivity", "reminder", "response"):
                yield Clear(f"{kind}/{event.subject}")
        # a session that left may not have been the only one
        case ColleagueRequested() as it if not (it.is_transfer and it.release is Release.AT_ONCE):
            return  # somebody stays with the customer
        case AgentRequested() | ColleagueRequested() | RequestListed():
            yield Clear(f"inactivity/{event.subject}")
            yield Clear(f"reminder/{event.subject}")
        case ConversationClosed():
            for kind in ("inactivity", "reminder", "response", "hold"):
                yield Clear(f"{kind}/{event.subject}")
        case ResponseAwaited() | ResponseWarned() | ResponseTimedOut() | ConversationHeld() | ConversationResumed():
            yield from _of_answer(ConversationId(event.subject), event.fact, event.at)
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
        case SupervisorDisconnected(due=due):  # routing 39
            key, supervisor = f"supervisor/{event.subject}", AgentId(event.subject)
            yield Set(key, due, ExpireSupervisor(supervisor, due)) if due is not None else Clear(key)
        case SupervisorConnected():
            yield Clear(f"supervisor/{event.subject}")
        case _:
            if event.category == "agent":
                yield from _of_agent(AgentId(event.subject), event.fact)


def _of_answer(conversation_id: ConversationId, fact: Any, at: datetime) -> Iterator[Set | Clear]:
    """routing 56: one timer goes from warning to warning to the end, and stands still on hold."""
    key, hold = f"response/{conversation_id}", f"hold/{conversation_id}"
    match fact:
        case (
            ResponseAwaited(message_id=message, due=due, within_s=within_s, warned=told)
            | ResponseWarned(message_id=message, due=due, within_s=within_s, percent=told)
        ):
            percent = next_percent(at, due, within_s, told)
            if percent < FULL:
                warning = WarnOfResponse(conversation_id, message, percent, due)
                yield Set(key, percent_at(percent, due, within_s), warning)
            else:
                yield Set(key, due, ExpireResponse(conversation_id, message, due))
        case ConversationHeld(due=due):
            for kind in ("inactivity", "reminder", "response"):
                yield Clear(f"{kind}/{conversation_id}")
            yield Set(hold, due, EndHold(conversation_id, due)) if due is not None else Clear(hold)
        case ConversationResumed():
            yield Clear(hold)
        case _:
            yield Clear(key)


def _of_agent(agent_id: AgentId, fact: Any) -> Iterator[Set | Clear]:
    match fact:
        case agents.MrdMadeNotReady(mrd_id=mrd, until=until):  # routing 25
            key = f"cool-down/{agent_id}/{mrd}"
            yield Set(key, until, EndCoolDown(agent_id, mrd, until)) if until else Clear(key)
        case agents.MrdMadeReady(mrd_id=mrd):
            yield Clear(f"cool-down/{agent_id}/{mrd}")
        case agents.DeskDisconnected(connection_id=connection, due=due) if due is not None:  # routing 39
            yield Set(f"desk/{agent_id}", due, ExpireDesk(agent_id, connection, due))
        case agents.DeskConnected():
            yield Clear(f"desk/{agent_id}")
        case agents.IdlingBegan(warn_at=warn_at, due=due):  # routing 40
            yield Set(f"idle-warning/{agent_id}", warn_at, WarnOfIdling(agent_id, due))
            yield Set(f"idle/{agent_id}", due, ExpireIdling(agent_id, due))
        case agents.SlotReserved() | agents.SlotFilled():
            yield from _not_idle(agent_id)
        case agents.MrdMirrored(state=state) if state in AT_WORK:
            yield from _not_idle(agent_id)
        case agents.LoggedOut():
            for kind in ("desk", "idle-warning", "idle"):
                yield Clear(f"{kind}/{agent_id}")
        case _:
            return


def _not_idle(agent_id: AgentId) -> Iterator[Clear]:
    yield Clear(f"idle-warning/{agent_id}")
    yield Clear(f"idle/{agent_id}")
