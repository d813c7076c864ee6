"""What does a list of conversations show?"""

from dataclasses import replace

import pytest

from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRequested,
    AgentRequestEnded,
    AgentRoleChanged,
    BotJoined,
    CloseReason,
    ColleagueRequested,
    ConversationClosed,
    ConversationHeld,
    ConversationResumed,
    ConversationStarted,
    ConversationState,
    MessagePosted,
    ParticipantRole,
    RequestReason,
    ResponseAwaited,
    ResumeReason,
    SessionJoined,
    SessionLeft,
)
from domain.kernel import Invalid
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskDirection
from projections.conversations.reads import (
    all_conversations,
    conversation,
    conversations_of_agent,
    conversations_of_customer,
)
from projections.paging import Window
from tests.projections.telling import after, shown, told

pytestmark = pytest.mark.anyio
C1 = "conversation-c1"
BEGUN = ((0, C1, ConversationStarted("ada")), (0, C1, SessionJoined("s1", "web")))
REQUEST = AgentRequested("t1", "sales", "chat", "s1", 1, RequestReason.CUSTOMER_ASKED)

TALKING = (2, C1, AgentJoined("bob", "t1", ParticipantRole.PRIMARY))
TRANSFER = ColleagueRequested("t2", TaskDirection.DIRECT_TRANSFER, "bob", "t1", "chat", "s1", "returns")


def by_customer(message: str, text: str) -> MessagePosted:
    return MessagePosted(message, Sender(SenderType.CUSTOMER, "x", "Ada"), Body(text=text), "s1", "web")


def by_agent(message: str, text: str, session: str | None = "s1", **more) -> MessagePosted:
    return MessagePosted(message, Sender(SenderType.AGENT, "bob", "Bob"), Body(text=text), session, "web", **more)


async def test_a_conversation_shows_who_said_what_last_and_how_much(postgres_url):
    facts = told(
        *BEGUN,
        (1, C1, by_customer("m1", "hello " * 100)),
        (2, C1, AgentJoined("bob", "t1", ParticipantRole.PRIMARY, "Bob")),
        (3, C1, by_agent("m2", "good morning")),
        (4, C1, by_customer("m3", "I am " + "very " * 100 + "late")),
        (5, C1, by_customer("m4", "y" * 200)),
    )
    async with shown(postgres_url, facts) as connection:
        it = await conversation(connection, "c1")
    assert it.last_message.preview == "y" * 120
    assert (it.last_message.sender_type, it.last_message.at) == (SenderType.CUSTOMER, after(5))
    assert (it.customer_messages, it.agent_messages, it.unread) == (3, 1, 2)
    assert (it.customer_id, it.channel_ids, it.state) == ("ada", ("web",), ConversationState.ACTIVE)
    assert [(p.agent_id, p.name, p.role, p.joined_at) for p in it.participants] == [
        ("bob", "Bob", ParticipantRole.PRIMARY, after(2))
    ]


async def test_what_agents_say_among_themselves_is_not_shown(postgres_url):
    async with shown(postgres_url, told(*BEGUN, (1, C1, by_agent("m1", "rude one", session=None)))) as connection:
        it = await conversation(connection, "c1")
    assert (it.last_message, it.agent_messages) == (None, 0)


async def test_a_request_for_a_human_is_shown_until_one_joins(postgres_url):
    facts = told(*BEGUN, (3, C1, REQUEST))
    async with shown(postgres_url, facts) as connection:
        it = await conversation(connection, "c1")
        assert (it.request.queue_id, it.request.task_id, it.request.since) == ("sales", "t1", after(3))


async def test_a_customer_who_was_passed_on_waits_in_a_queue(postgres_url):  # routing 43
    facts = told(*BEGUN, TALKING, (3, C1, TRANSFER), (3, C1, AgentLeft("bob", "t1", "TRANSFERRED")))
    async with shown(postgres_url, facts) as connection:
        it = await conversation(connection, "c1")
    assert (it.state, it.participants) == (ConversationState.ACTIVE, ())
    assert (it.request.queue_id, it.request.reason, it.request.since) == (
        "returns",
        RequestReason.TRANSFERRED,
        after(3),
    )


async def test_a_customer_whose_agent_asks_for_advice_waits_for_nobody(postgres_url):  # routing 46
    consult = replace(TRANSFER, direction=TaskDirection.CONSULT)
    async with shown(postgres_url, told(*BEGUN, TALKING, (3, C1, consult))) as connection:
        assert (await conversation(connection, "c1")).request is None


async def test_a_request_ends_when_a_human_joins(postgres_url):
    facts = told(*BEGUN, (3, C1, REQUEST), (9, C1, AgentJoined("bob", "t1", ParticipantRole.PRIMARY)))
    async with shown(postgres_url, facts) as connection:
        assert (await conversation(connection, "c1")).request is None


async def test_a_silence_that_will_end_it_is_shown_until_the_customer_writes(postgres_url):
    waiting = told(*BEGUN, (1, C1, by_agent("m1", "still there?", reply_due=after(600))))
    async with shown(postgres_url, waiting) as connection:
        assert (await conversation(connection, "c1")).reply_due == after(600)


async def test_an_answered_question_waits_for_nothing(postgres_url):
    facts = told(
        *BEGUN, (1, C1, by_agent("m1", "still there?", reply_due=after(600))), (2, C1, by_customer("m2", "yes"))
    )
    async with shown(postgres_url, facts) as connection:
        assert (await conversation(connection, "c1")).reply_due is None


async def test_a_closed_conversation_says_when_and_why(postgres_url):
    facts = told(
        *BEGUN,
        (1, C1, BotJoined("helper", greets=True)),
        (5, C1, SessionLeft("s1", SessionEndReason.CUSTOMER)),
        (6, C1, ConversationClosed(CloseReason.EVERYBODY_LEFT, "ada")),
    )
    async with shown(postgres_url, facts) as connection:
        it = await conversation(connection, "c1")
    assert (it.state, it.closed_at, it.close_reason) == (
        ConversationState.CLOSED,
        after(6),
        CloseReason.EVERYBODY_LEFT,
    )
    assert it.bot_id is None


async def test_a_text_with_a_character_that_postgresql_refuses_is_shown_without_it(postgres_url):
    async with shown(postgres_url, told(*BEGUN, (1, C1, by_customer("m1", "a\x00b \\u0000")))) as connection:
        assert (await conversation(connection, "c1")).last_message.preview == "a�b \\u0000"


async def test_an_unknown_conversation_is_none(postgres_url):
    async with shown(postgres_url, told(*BEGUN)) as connection:
        assert await conversation(connection, "nobody") is None


def five() -> list:
    """Five conversations, a second apart; Bob is in three of them and has left one of those."""
    lines = []
    for n in range(5):
        stream = f"conversation-c{n}"
        lines += [(n, stream, ConversationStarted("ada" if n % 2 else "eve")), (n, stream, SessionJoined("s", "web"))]
        if n > 1:
            lines.append((n, stream, AgentJoined("bob", f"t{n}", ParticipantRole.PRIMARY, "Bob")))
    lines.append((9, "conversation-c3", AgentRoleChanged("bob", ParticipantRole.WRAP_UP)))
    lines.append((9, "conversation-c4", AgentLeft("bob", "t4")))
    lines.append((9, "conversation-c0", ConversationClosed(CloseReason.AGENT, "eve")))
    return told(*lines)


def ids(page) -> list[str]:
    return [item.id for item in page.items]


async def test_lists_are_by_state_customer_and_agent_newest_first(postgres_url):
    async with shown(postgres_url, five()) as connection:
        assert ids(await all_conversations(connection)) == ["c4", "c3", "c2", "c1", "c0"]
        assert ids(await all_conversations(connection, [ConversationState.CLOSED])) == ["c0"]
        two = [ConversationState.CLOSED, ConversationState.ACTIVE]
        assert ids(await all_conversations(connection, two)) == ["c2", "c0"]
        assert ids(await conversations_of_customer(connection, "eve")) == ["c4", "c2", "c0"]
        assert ids(await conversations_of_agent(connection, "bob")) == ["c3", "c2"]
        assert ids(await conversations_of_agent(connection, "bob", present=False)) == ["c4", "c3", "c2"]


async def test_pages_follow_each_other_both_ways(postgres_url):
    async with shown(postgres_url, five()) as connection:
        first = await all_conversations(connection, window=Window(2))
        second = await all_conversations(connection, window=Window(2, after=first.cursors[-1]))
        third = await all_conversations(connection, window=Window(2, after=second.cursors[-1]))
        assert [ids(first), ids(second), ids(third)] == [["c4", "c3"], ["c2", "c1"], ["c0"]]
        assert (first.has_next, first.has_previous, third.has_next, third.has_previous) == (True, False, False, True)
        back = await all_conversations(connection, window=Window(1, before=third.cursors[0], from_end=True))
        assert (ids(back), back.has_next, back.has_previous) == (["c1"], True, True)
        between = await all_conversations(connection, window=Window(9, first.cursors[0], third.cursors[0]))
        assert ids(between) == ["c3", "c2", "c1"]


async def test_pages_of_an_agent_follow_each_other(postgres_url):
    async with shown(postgres_url, five()) as connection:
        first = await conversations_of_agent(connection, "bob", window=Window(1))
        second = await conversations_of_agent(connection, "bob", window=Window(1, after=first.cursors[0]))
        assert (ids(first), ids(second), second.has_next) == (["c3"], ["c2"], False)


@pytest.mark.parametrize(
    "window", [Window(0), Window(501), Window(after="zz"), Window(before="5b5d"), Window(after="6e")]
)
async def test_a_window_that_makes_no_sense_is_refused(postgres_url, window):
    async with shown(postgres_url, five()) as connection:
        with pytest.raises(Invalid):
            await all_conversations(connection, window=window)


TALK = (*BEGUN, (2, C1, AgentJoined("bob", "t1", ParticipantRole.PRIMARY, "Bob")), (3, C1, by_customer("m1", "hi")))
AWAITED = (3, C1, ResponseAwaited("m1", "s1", after(63), 60))


async def test_until_when_an_agent_is_to_reply_is_shown(postgres_url):  # routing 56
    async with shown(postgres_url, told(*TALK, AWAITED)) as connection:
        assert (await conversation(connection, "c1")).response_due == after(63)
    async with shown(postgres_url, told(*TALK, AWAITED, (9, C1, by_agent("m2", "hello")))) as connection:
        assert (await conversation(connection, "c1")).response_due is None


async def test_who_is_on_hold_is_shown(postgres_url):  # routing 56
    held = (*TALK, AWAITED, (9, C1, ConversationHeld("bob", after(99), "", 54.0)))
    async with shown(postgres_url, told(*held)) as connection:
        it = await conversation(connection, "c1")
    assert (it.state, it.held_until, it.response_due) == (ConversationState.ON_HOLD, after(99), None)
    async with shown(postgres_url, told(*held, (20, C1, ConversationResumed(ResumeReason.TIME)))) as connection:
        it = await conversation(connection, "c1")
    assert (it.state, it.held_until) == (ConversationState.ACTIVE, None)


async def test_a_reminder_does_not_move_the_end_of_a_silence(postgres_url):  # routing 56
    reminder = MessagePosted(
        "r", Sender(SenderType.SYSTEM, "parley"), Body(text="There?"), "s1", "web", reminds_of="m2"
    )
    said = (*TALK, (4, C1, by_agent("m2", "hello", reply_due=after(604))), (300, C1, reminder))
    async with shown(postgres_url, told(*said)) as connection:
        it = await conversation(connection, "c1")
    assert (it.reply_due, it.last_message.preview, it.other_messages) == (after(604), "There?", 1)


async def test_the_silence_after_a_request_in_vain_is_shown(postgres_url):  # routing 28
    facts = told(*BEGUN, (3, C1, REQUEST), (9, C1, AgentRequestEnded("t1", "NO_AGENT_AVAILABLE", after(609))))
    async with shown(postgres_url, facts) as connection:
        assert (await conversation(connection, "c1")).reply_due == after(609)
