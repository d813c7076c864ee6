"""Who asks for a human, who joins, who leaves, and when is it over? routing 28, 48, 49."""

import pytest

from domain.conversations.conversation import AgentPart, Conversation, ConversationOver, CustomerGone, NotInConversation
from domain.conversations.facts import (
    AgentLeft,
    AgentRequestEnded,
    AgentRoleChanged,
    BotJoined,
    BotLeft,
    CloseReason,
    ConversationClosed,
    ParticipantRole,
)
from domain.ids import TaskId
from tests.domain.conversations.situations import (
    ARRIVED,
    BOT,
    GONE,
    JOHN,
    MARIA,
    PAUL,
    REQUEST,
    TALKING,
    TASK,
    WAITING,
    WITH_BOT,
    joined,
)
from tests.domain.scenario import given

OVER = ConversationClosed(CloseReason.EVERYBODY_LEFT, JOHN)
WRAPS_UP = AgentRoleChanged(MARIA, ParticipantRole.WRAP_UP)


def request(it: Conversation):
    return it.request_agent(
        REQUEST.task_id, REQUEST.queue_id, REQUEST.mrd_id, REQUEST.session_id, REQUEST.priority, REQUEST.reason
    )


def admit(agent=MARIA, role=ParticipantRole.PRIMARY, task=TASK):
    return lambda it: it.admit(agent, agent.title(), task, role)


# Asking for a human


@pytest.mark.parametrize("history", [ARRIVED, WITH_BOT, (*TALKING, AgentLeft(MARIA, TASK))])
def test_a_human_is_asked_for_once(history) -> None:
    given(Conversation, *history).when(request).then(REQUEST).twice()


def test_nobody_is_asked_for_while_somebody_talks() -> None:
    given(Conversation, *TALKING).when(request).then()


def test_somebody_is_asked_for_while_an_agent_only_wraps_up() -> None:
    given(Conversation, *TALKING, WRAPS_UP).when(request).then(REQUEST)


def test_nobody_is_asked_for_a_customer_who_left() -> None:
    given(Conversation, *WITH_BOT, GONE).when(request).refused(CustomerGone)
    given(Conversation, *WITH_BOT, OVER).when(request).refused(ConversationOver)


def test_a_request_comes_to_nothing_once() -> None:  # routing 28
    given(Conversation, *WAITING).when(lambda it: it.end_request(TASK, "NO_AGENT_AVAILABLE")).then(
        AgentRequestEnded(TASK, "NO_AGENT_AVAILABLE")
    ).twice()


def test_the_end_of_another_request_is_not_the_end_of_this() -> None:
    given(Conversation, *WAITING).when(lambda it: it.end_request(TaskId("task-0"), "CANCELLED")).then()


# Joining


def test_an_agent_joins_once_and_the_bot_leaves() -> None:
    admitted = given(Conversation, *WAITING).when(admit())
    admitted.then(joined(), BotLeft(BOT)).twice()
    assert admitted.leaves(lambda it: (it.request, it.bot, it.talking)) == (None, None, [MARIA])


def test_a_monitor_takes_nobodys_place() -> None:
    admitted = given(Conversation, *TALKING).when(admit(PAUL, ParticipantRole.SILENT_MONITOR))
    admitted.then(joined(PAUL, ParticipantRole.SILENT_MONITOR))
    assert admitted.leaves(lambda it: (it.monitor, it.talking)) == (PAUL, [MARIA])


def test_an_agent_who_accepts_too_late_does_not_join() -> None:  # routing 49
    given(Conversation, *WAITING, GONE).when(admit()).refused(CustomerGone)
    given(Conversation, *WAITING, OVER).when(admit()).refused(ConversationOver)


def test_a_role_changes_once() -> None:
    changed = given(Conversation, *TALKING).when(lambda it: it.retire(MARIA))
    changed.then(WRAPS_UP).twice()
    assert changed.leaves(lambda it: it.agents) == {MARIA: AgentPart(TASK, ParticipantRole.WRAP_UP)}


def test_whoever_is_not_here_or_comes_too_late_has_no_role() -> None:
    given(Conversation, *TALKING).when(lambda it: it.retire(PAUL)).then()
    given(Conversation, *TALKING, OVER).when(lambda it: it.retire(MARIA)).then()


def test_whoever_wraps_up_takes_no_part() -> None:
    with pytest.raises(NotInConversation):
        given(Conversation, *TALKING, WRAPS_UP).model.check_takes_part(MARIA)
    given(Conversation, *TALKING).model.check_takes_part(MARIA)


# The bot


def test_a_bot_greets_once() -> None:
    given(Conversation, *ARRIVED).when(lambda it: it.assign_bot(BOT)).then(BotJoined(BOT, greets=True)).twice()
    given(Conversation, *TALKING, AgentLeft(MARIA, TASK)).when(lambda it: it.assign_bot(BOT)).then(
        BotJoined(BOT, greets=False)
    )


@pytest.mark.parametrize(
    "history", [(), TALKING, (*ARRIVED, REQUEST), (*ARRIVED, GONE), (*ARRIVED, OVER)], ids=lambda _: ""
)
def test_a_bot_does_not_come_where_it_is_not_needed(history) -> None:
    given(Conversation, *history).when(lambda it: it.assign_bot(BOT)).then()


def test_a_bot_hears_the_customer_while_the_agent_wraps_up() -> None:
    given(Conversation, *TALKING, WRAPS_UP).when(lambda it: it.assign_bot(BOT)).then(BotJoined(BOT, greets=False))


# Leaving


def test_an_agent_leaves_once() -> None:
    given(Conversation, *TALKING).when(lambda it: it.leave(MARIA, "DONE")).then(AgentLeft(MARIA, TASK, "DONE")).twice()


def test_whoever_is_not_here_does_not_leave() -> None:
    given(Conversation, *TALKING).when(lambda it: it.leave(PAUL)).then()


def test_the_last_one_out_closes() -> None:  # routing 48
    def last_out(it: Conversation):
        return it.close_if_everybody_left(CloseReason.EVERYBODY_LEFT)

    given(Conversation, *WITH_BOT, GONE).when(last_out).then(OVER).twice()
    for history in (
        (),
        ARRIVED,
        TALKING,
        (*TALKING, GONE),
        (*TALKING, GONE, WRAPS_UP),
        (*TALKING, AgentLeft(MARIA, TASK)),
    ):
        given(Conversation, *history).when(last_out).then()


def test_a_conversation_closes_once_and_the_first_reason_stays() -> None:
    given(Conversation, *TALKING).when(lambda it: it.close(CloseReason.FORCE_CLOSED)).then(
        ConversationClosed(CloseReason.FORCE_CLOSED, JOHN, MARIA)
    ).twice()
    given(Conversation, *TALKING, OVER).when(lambda it: it.close(CloseReason.INACTIVITY)).then()


def test_what_never_began_does_not_close() -> None:
    given(Conversation).when(lambda it: it.close(CloseReason.FORCE_CLOSED)).then()
