"""Which facts set a timer, which stop it, and what is done when it fires? routing 42."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.answering import EndHold, ExpireResponse, RemindCustomer, WarnOfResponse
from commands.conversations import ExpireCustomerInactivity
from commands.desks import ExpireDesk, ExpireIdling, WarnOfIdling
from commands.domains import EndCoolDown
from commands.policies.deadlines import Clear, Set, deadlines
from commands.supervisors import ExpireSupervisor
from commands.tasks import ExpireOffer, ExpireTask
from commands.wrap_up import ExpireWrapUp
from domain.agents.facts import (
    DeskConnected,
    DeskDisconnected,
    IdlingBegan,
    LoggedOut,
    MrdMadeNotReady,
    MrdMadeReady,
    MrdMirrored,
    MrdState,
    SlotFilled,
    SlotReserved,
)
from domain.channels.messages import Sender, SenderType
from domain.conversations.facts import (
    AgentLeft,
    AgentRequested,
    AgentRequestEnded,
    CloseReason,
    ConversationClosed,
    ConversationHeld,
    ConversationResumed,
    Holder,
    RequestReason,
    ResponseAwaited,
    ResponseTimedOut,
    ResponseWarned,
    ResumeReason,
    SessionJoined,
    SessionLeft,
)
from domain.ids import ChannelId
from domain.kernel import FACTS
from domain.sessions.facts import SessionEndReason
from domain.supervisors.facts import SupervisorConnected, SupervisorDisconnected
from domain.tasks.facts import (
    StepReached,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskQueued,
    TaskReserved,
    WrapUpApplied,
    WrapUpStarted,
)
from tests.commands.policies.situations import CHAT, JOHN, MARIA, NOW, OFFER, SALES, SESSION, TALK, TASK, recorded
from tests.domain.conversations.situations import said
from tests.domain.stored.samples import a_sample_of, import_all_facts
from tests.domain.tasks.situations import ROUTING

DUE = NOW + timedelta(seconds=60)
REPLY = replace(said("a1"), sender=Sender(SenderType.AGENT, MARIA), reply_due=DUE)
QUIET = replace(said("a1"), sender=Sender(SenderType.AGENT, MARIA))
REMINDER, ANSWER, HOLD = "reminder/talk", "response/talk", "hold/talk"
SILENCE, TTL, RING, WRAP_UP = "inactivity/talk", "ttl/task-1", "offer/task-1", "wrap-up/task-1"
ASKED = AgentRequested(TASK, SALES, CHAT, SESSION, 1, RequestReason.CUSTOMER_ASKED)

TELLS = {"agent.idle-warned"}
"""Facts that tell a deadline which stands in another."""
TABLE = {
    "an agent's reply": (REPLY, [Set(SILENCE, DUE, ExpireCustomerInactivity(TALK, "a1")), Clear(ANSWER)]),
    "a bot's reply": (
        replace(REPLY, sender=Sender(SenderType.BOT, "greeter")),
        [Set(SILENCE, DUE, ExpireCustomerInactivity(TALK, "a1"))],
    ),
    "a reply that awaits nothing": (QUIET, [Clear(ANSWER)]),
    "a whisper": (replace(QUIET, session_id=None), []),
    "a customer's message": (said("m1"), [Clear(SILENCE), Clear(REMINDER)]),
    "a request for a human": (ASKED, [Clear(SILENCE), Clear(REMINDER)]),  # routing 56
    "a reply with a reminder": (
        replace(REPLY, remind_at=NOW),
        [
            Set(SILENCE, DUE, ExpireCustomerInactivity(TALK, "a1")),
            Set(REMINDER, NOW, RemindCustomer(TALK, "a1", 0)),
            Clear(ANSWER),
        ],
    ),
    "a reminder before another": (
        replace(QUIET, sender=Sender(SenderType.SYSTEM, "parley"), remind_at=DUE, reminds_of="a0", reminder=1),
        [Set(REMINDER, DUE, RemindCustomer(TALK, "a0", 2))],
    ),
    "a reply is due": (  # routing 56
        ResponseAwaited("m1", SESSION, DUE, 60),
        [Set(ANSWER, NOW + timedelta(seconds=30), WarnOfResponse(TALK, "m1", 50, DUE))],
    ),
    "a reply is due soon": (
        ResponseWarned("m1", 50, DUE, 60),
        [Set(ANSWER, NOW + timedelta(seconds=45), WarnOfResponse(TALK, "m1", 75, DUE))],
    ),
    "a reply is due at once": (ResponseWarned("m1", 75, DUE, 60), [Set(ANSWER, DUE, ExpireResponse(TALK, "m1", DUE))]),
    "no reply came": (ResponseTimedOut("m1"), [Clear(ANSWER)]),
    "on hold": (
        ConversationHeld(MARIA, DUE),
        [Clear(SILENCE), Clear(REMINDER), Clear(ANSWER), Set(HOLD, DUE, EndHold(TALK, DUE))],
    ),
    "on hold for other work": (  # routing 36
        ConversationHeld(MARIA, None, held_by=Holder.INTERRUPTION),
        [Clear(SILENCE), Clear(REMINDER), Clear(ANSWER), Clear(HOLD)],
    ),
    "taken back": (ConversationResumed(ResumeReason.AGENT), [Clear(HOLD)]),
    "nobody came": (
        AgentRequestEnded(TASK, "NO_AGENT_AVAILABLE", DUE),
        [Set(SILENCE, DUE, ExpireCustomerInactivity(TALK, TASK))],  # routing 28
    ),
    "one session of perhaps several": (SessionLeft(SESSION, SessionEndReason.CUSTOMER), []),
    "an agent left": (AgentLeft(MARIA, TASK), []),
    "the last agent left": (
        AgentLeft(MARIA, TASK, reply_due=DUE),
        [Set(SILENCE, DUE, ExpireCustomerInactivity(TALK, TASK))],  # routing 48
    ),
    "another session": (SessionJoined(SESSION, ChannelId("web-chat")), []),
    "a call": (  # routing 56
        SessionJoined(SESSION, ChannelId("phone"), live_voice=True),
        [Clear(SILENCE), Clear(REMINDER), Clear(ANSWER)],
    ),
    "the end": (
        ConversationClosed(CloseReason.AGENT, JOHN),
        [Clear(SILENCE), Clear(REMINDER), Clear(ANSWER), Clear(HOLD)],
    ),
    "in line": (TaskQueued(ROUTING, SESSION), [Set(TTL, ROUTING.expires_at, ExpireTask(TASK))]),  # routing 27
    "in line without a limit": (TaskQueued(replace(ROUTING, expires_at=None), SESSION), []),
    "wider": (StepReached(1), []),
    "ringing": (TaskReserved(OFFER, MARIA, DUE, 0), [Set(RING, DUE, ExpireOffer(TASK, OFFER))]),
    "accepted": (TaskAccepted(OFFER, MARIA, TALK), [Clear(RING), Clear(TTL)]),
    "wrapping up": (WrapUpStarted(MARIA, TALK, DUE), [Set(WRAP_UP, DUE, ExpireWrapUp(TASK))]),
    "wrapping up for ever": (WrapUpStarted(MARIA, TALK, None), []),
    "codes": (WrapUpApplied(MARIA, ("sale",), ""), []),
    "a rest": (  # routing 25
        MrdMadeNotReady(CHAT, "RONA", DUE),
        [Set("cool-down/maria/chat", DUE, EndCoolDown(MARIA, CHAT, DUE))],
    ),
    "no rest": (MrdMadeNotReady(CHAT, "enough"), [Clear("cool-down/maria/chat")]),
    "after a rest": (MrdMadeReady(CHAT), [Clear("cool-down/maria/chat")]),
    "cut off": (DeskDisconnected("c", DUE), [Set("desk/maria", DUE, ExpireDesk(MARIA, "c", DUE))]),  # routing 39
    "one of several connections": (DeskDisconnected("c"), []),
    "back": (DeskConnected("d"), [Clear("desk/maria")]),
    "a supervisor is cut off": (  # routing 38, 39
        SupervisorDisconnected("c", DUE),
        [Set("supervisor/sue", DUE, ExpireSupervisor("sue", DUE))],
    ),
    "one of several places": (SupervisorDisconnected("c"), [Clear("supervisor/sue")]),
    "a supervisor is back": (SupervisorConnected("d"), [Clear("supervisor/sue")]),
    "nothing to do": (  # routing 40
        IdlingBegan(NOW, DUE),
        [Set("idle-warning/maria", NOW, WarnOfIdling(MARIA, DUE)), Set("idle/maria", DUE, ExpireIdling(MARIA, DUE))],
    ),
    "an offer": (SlotReserved(CHAT, TASK, OFFER, 0), [Clear("idle-warning/maria"), Clear("idle/maria")]),
    "pulled work": (SlotFilled(CHAT, TASK, TALK), [Clear("idle-warning/maria"), Clear("idle/maria")]),
    "a call of another system": (  # routing 40
        MrdMirrored(CHAT, MrdState.BUSY),
        [Clear("idle-warning/maria"), Clear("idle/maria")],
    ),
    "no call of another system": (MrdMirrored(CHAT, MrdState.READY), []),
    "gone": (
        LoggedOut("home"),
        [Clear("desk/maria"), Clear("idle-warning/maria"), Clear("idle/maria")],
    ),
    "closed": (TaskClosed(TaskCloseReason.RONA, TALK), [Clear(RING), Clear(TTL), Clear(WRAP_UP)]),
}


@pytest.mark.parametrize(("fact", "changes"), TABLE.values(), ids=TABLE)
def test_each_fact_sets_and_stops_its_timers(fact, changes) -> None:
    streams = {"task": "task-task-1", "agent": "agent-maria", "conversation": "conversation-talk"} | {
        "supervisor": "supervisor-sue"
    }
    stream = streams[fact.stored_as.partition(".")[0]]
    assert list(deadlines(recorded(stream, fact))) == changes


def test_every_fact_with_a_due_time_sets_a_timer() -> None:
    import_all_facts()
    for name, kind in FACTS.items():
        fields = getattr(kind, "__dataclass_fields__", {})
        if {"due", "reply_due", "until"} & set(fields) and not name.startswith("test."):
            category = "agent" if name.startswith("agent.") else "any"
            changes = list(deadlines(recorded(f"{category}-1", a_sample_of(kind))))
            assert name in TELLS or any(isinstance(change, Set) for change in changes), name


def test_whatever_ends_something_leaves_no_timer_behind() -> None:  # routing 67
    set_by = {change.key for fact, changes in TABLE.values() for change in changes if isinstance(change, Set)}
    stopped = {
        change.key
        for name in ("closed", "the end", "gone", "after a rest", "a supervisor is back")
        for change in TABLE[name][1]
    }
    assert set_by <= stopped
