"""What simulated days have found, as small as it gets."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from commands.inbound import EndSession, ReceiveMessage
from domain.conversations.facts import MessagePosted
from domain.ids import SessionId
from domain.sessions.facts import SessionEndReason, SessionStarted
from infra.eventlog.memory import MemoryLog
from infra.store import WarmStore
from tests.commands.office import Office, message
from tests.domain.configuration.situations import catalog
from tests.infra.restless import NOON, Notebook, a_cause

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("told_first", [True, False])
async def test_who_carried_out_a_command_second_believes_the_log(told_first: bool) -> None:
    """Two processes lead for a moment: each decides with its own clock, the log keeps what came first."""
    log, cause = MemoryLog(), a_cause()
    mine, theirs = WarmStore(log), WarmStore(log)
    await mine.change(Notebook, "other", lambda book: book.write("a"), a_cause(), NOON)  # knows where the log ended
    await mine.load(Notebook, "1")
    await theirs.change(Notebook, "1", lambda book: book.write("theirs"), cause, NOON)
    if told_first:
        mine.observe(await log.read_all())
    await mine.change(Notebook, "1", lambda book: book.write("mine"), cause, NOON + timedelta(seconds=1))
    mine.observe(await log.read_all())
    assert (await mine.load(Notebook, "1")).lines == ("theirs",)


async def test_a_newcomers_message_sent_again_after_their_session_ended_is_known() -> None:
    office, again = Office(MemoryLog(), catalog()), uuid4()
    first = ReceiveMessage(replace(message(1).inbound, is_newcomer=True))
    await office.send(first, again)
    await office.settle()
    session = SessionId((await office.subjects(SessionStarted))[0])
    await office.sends(EndSession(session, SessionEndReason.CUSTOMER))
    await office.send(first, again)
    assert len(await office.facts(MessagePosted)) == 1
