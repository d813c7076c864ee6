"""Which facts set a timer, which stop it, and what is done when it fires? routing 42."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.conversations import ExpireCustomerInactivity
from commands.policies.deadlines import Clear, Set, deadlines
from commands.tasks import ExpireOffer, ExpireTask, ExpireWrapUp
from domain.channels.messages import Sender, SenderType
from domain.conversations.facts import (
    AgentLeft,
    AgentRequested,
    CloseReason,
    ConversationClosed,
    RequestReason,
    SessionLeft,
)
from domain.kernel import FACTS
from domain.sessions.facts import SessionEndReason
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
from tests.commands.policies.test_policies import CHAT, JOHN, MARIA, NOW, OFFER, SALES, SESSION, TALK, TASK, recorded
from tests.domain.conversations.situations import said
from tests.domain.stored.samples import a_sample_of, import_all_facts
from tests.domain.tasks.situations import ROUTING

DUE = NOW + timedelta(seconds=60)
REPLY = replace(said("a1"), sender=Sender(SenderType.AGENT, MARIA), reply_due=DUE)
QUIET = replace(said("a1"), sender=Sender(SenderType.AGENT, MARIA))
SILENCE, TTL, RING, WRAP_UP = "inactivity/talk", "ttl/task-1", "offer/task-1", "wrap-up/task-1"
ASKED = AgentRequested(TASK, SALES, CHAT, SESSION, 1, RequestReason.CUSTOMER_ASKED)

TABLE = {
    "an agent's reply": (REPLY, [Set(SILENCE, DUE, ExpireCustomerInactivity(TALK, "a1"))]),
    "a bot's reply": (
        replace(REPLY, sender=Sender(SenderType.BOT, "greeter")),
        [Set(SILENCE, DUE, ExpireCustomerInactivity(TALK, "a1"))],
    ),
    "a whisper": (QUIET, []),
    "a customer's message": (said("m1"), [Clear(SILENCE)]),
    "a request for a human": (ASKED, [Clear(SILENCE)]),  # routing 56
    "one session of perhaps several": (SessionLeft(SESSION, SessionEndReason.CUSTOMER), []),
    "an agent left": (AgentLeft(MARIA, TASK), []),
    "the end": (ConversationClosed(CloseReason.AGENT, JOHN), [Clear(SILENCE)]),
    "in line": (TaskQueued(ROUTING, SESSION), [Set(TTL, ROUTING.expires_at, ExpireTask(TASK))]),  # routing 27
    "in line without a limit": (TaskQueued(replace(ROUTING, expires_at=None), SESSION), []),
    "wider": (StepReached(1), []),
    "ringing": (TaskReserved(OFFER, MARIA, DUE, 0), [Set(RING, DUE, ExpireOffer(TASK, OFFER))]),
    "accepted": (TaskAccepted(OFFER, MARIA, TALK), [Clear(RING), Clear(TTL)]),
    "wrapping up": (WrapUpStarted(MARIA, TALK, DUE), [Set(WRAP_UP, DUE, ExpireWrapUp(TASK))]),
    "wrapping up for ever": (WrapUpStarted(MARIA, TALK, None), []),
    "codes": (WrapUpApplied(MARIA, ("sale",), ""), []),
    "closed": (TaskClosed(TaskCloseReason.RONA, TALK), [Clear(RING), Clear(TTL), Clear(WRAP_UP)]),
}


@pytest.mark.parametrize(("fact", "changes"), TABLE.values(), ids=TABLE)
def test_each_fact_sets_and_stops_its_timers(fact, changes) -> None:
    stream = "task-task-1" if fact.stored_as.startswith("task.") else "conversation-talk"
    assert list(deadlines(recorded(stream, fact))) == changes


def test_every_fact_with_a_due_time_sets_a_timer() -> None:
    import_all_facts()
    for name, kind in FACTS.items():
        fields = getattr(kind, "__dataclass_fields__", {})
        if {"due", "reply_due"} & set(fields) and not name.startswith("test."):
            changes = list(deadlines(recorded("any-1", a_sample_of(kind))))
            assert any(isinstance(change, Set) for change in changes), name


def test_whatever_ends_a_task_leaves_no_timer_behind() -> None:  # routing 67
    set_by = {change.key for fact, changes in TABLE.values() for change in changes if isinstance(change, Set)}
    stopped = {change.key for name in ("closed", "the end") for change in TABLE[name][1]}
    assert set_by <= stopped
