"""What simulated days have found, as small as it gets."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from commands.inbound import EndSession, ReceiveMessage
from domain.conversations.conversation import Conversation
from domain.conversations.facts import AgentRequested, MessagePosted
from domain.ids import SessionId
from domain.sessions.facts import SessionEndReason, SessionStarted
from infra.eventlog.memory import MemoryLog
from infra.store import WarmStore
from tests.commands.office import Office, message
from tests.domain.configuration.situations import catalog
from tests.infra.restless import NOON, Notebook, RestlessLog, a_cause

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("later_s", [0, 1])
@pytest.mark.parametrize("told_before_the_answer", [True, False])
async def test_who_carried_out_a_command_second_believes_the_log(told_before_the_answer: bool, later_s: int) -> None:
    """Two processes lead for a moment: each decides for itself, the log keeps what came first."""
    log, cause = RestlessLog(), a_cause()
    mine, theirs = WarmStore(log), WarmStore(log)

    async def told() -> None:
        mine.observe(await log.read_all())

    await mine.change(Notebook, "other", lambda book: book.write("a"), a_cause(), NOON)  # knows where the log ended
    await mine.load(Notebook, "1")
    await theirs.change(Notebook, "1", lambda book: book.write("theirs"), cause, NOON)
    log.after_append = told if told_before_the_answer else None
    await mine.change(Notebook, "1", lambda book: book.write("mine"), cause, NOON + timedelta(seconds=later_s))
    if not told_before_the_answer:
        await told()
    assert (await mine.load(Notebook, "1")).lines == ("theirs",)


async def test_who_carried_out_a_command_second_need_not_have_heard_of_the_first() -> None:
    log, cause = MemoryLog(), a_cause()
    mine, theirs = WarmStore(log), WarmStore(log)
    await mine.load(Notebook, "1")
    await mine.change(Notebook, "other", lambda book: book.write("a"), a_cause(), NOON)
    await theirs.change(Notebook, "1", lambda book: book.write("theirs"), cause, NOON)
    done = await mine.change(Notebook, "1", lambda book: book.write("mine"), cause, NOON)
    assert (done.model.lines, done.facts) == (("theirs",), ())


async def test_a_newcomers_message_sent_again_after_their_session_ended_is_known() -> None:
    office, again = Office(MemoryLog(), catalog()), uuid4()
    first = ReceiveMessage(replace(message(1).inbound, is_newcomer=True))
    await office.send(first, again)
    await office.settle()
    session = SessionId((await office.subjects(SessionStarted))[0])
    await office.sends(EndSession(session, SessionEndReason.CUSTOMER))
    await office.send(first, again)
    assert len(await office.facts(MessagePosted)) == 1


async def test_a_request_for_a_queue_that_was_retired_meanwhile_comes_to_nothing() -> None:  # routing 28
    office = Office(MemoryLog(), catalog())
    await office.send(message(1))
    while not await office.facts(AgentRequested):
        recorded = (await office.log.read_all(office.reacted))[0]
        await office.react(recorded)
        office.reacted = recorded.position
    office.catalog = replace(office.catalog, queues={})
    await office.settle()
    await office.wait(1)
    conversation = (await office.subjects(AgentRequested))[0]
    assert (await office.load(Conversation, conversation)).request is None
