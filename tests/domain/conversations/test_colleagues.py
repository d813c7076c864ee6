"""Whom may an agent bring into a talk, in which part, and who makes way? routing 38, 43 to 47, 49."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.channels.messages import Body
from domain.conversations.answering import ResponseTime
from domain.conversations.colleagues import AlreadyTransferred
from domain.conversations.conversation import (
    AgentPart,
    AlreadyInConversation,
    Conversation,
    ConversationOver,
    CustomerGone,
    NotInConversation,
)
from domain.conversations.facts import (
    AgentLeft,
    AgentRequestEnded,
    AgentRoleChanged,
    CloseReason,
    ColleagueRequested,
    ConversationClosed,
    ConversationHeld,
    ConversationResumed,
    ConversationState,
    MessagePosted,
    ParticipantRole,
    Release,
    ResponseAwaited,
    ResumeReason,
)
from domain.conversations.notices import PARLEY
from domain.conversations.standing import TooManyAgents
from domain.ids import AgentId, MessageId, MrdId, QueueId, TaskId
from domain.kernel import NotFound, WrongState, derived_id
from domain.tasks.facts import TaskCloseReason, TaskDirection
from tests.domain.conversations.situations import (
    GONE,
    JOHN,
    LATER,
    MARIA,
    NOW,
    PAUL,
    TALKING,
    TASK,
    WEB,
    WEB_CHAT,
    joined,
    said,
)
from tests.domain.scenario import given

PRIMARY, ASSISTANT = ParticipantRole.PRIMARY, ParticipantRole.ASSISTANT
MONITOR, WHISPER = ParticipantRole.SILENT_MONITOR, ParticipantRole.WHISPER
ZOE, OMAR, ANNA = AgentId("zoe"), AgentId("omar"), AgentId("anna")
ASKED, TASK_2, TASK_3 = TaskId("request"), TaskId("task-2"), TaskId("task-3")
TRANSFER = ColleagueRequested(
    ASKED, TaskDirection.DIRECT_TRANSFER, MARIA, TASK, MrdId("chat"), WEB, QueueId("sales"), note="An order"
)
BY_NAME = replace(TRANSFER, agent_id=PAUL)
STAYS = replace(BY_NAME, release=Release.ON_ACCEPT)
CONSULT = replace(TRANSFER, direction=TaskDirection.CONSULT)
CONFERENCE = replace(TRANSFER, direction=TaskDirection.DIRECT_CONFERENCE)
MADE_WAY = AgentLeft(MARIA, TASK, "TRANSFERRED", TaskCloseReason.TRANSFERRED)
PASSED_ON = (*TALKING, TRANSFER, MADE_WAY)
CONSULTING = (*TALKING, joined(PAUL, ASSISTANT, TASK_2))
TOGETHER = (*TALKING, joined(PAUL, PRIMARY, TASK_2))
MONITORED = (*TALKING, joined(ZOE, MONITOR, TASK_3))
CALLED_OFF = AgentRequestEnded(ASKED, "CANCELLED")
NOBODY = "nobody talks any more"


def notice(occasion: str, text: str) -> MessagePosted:
    return MessagePosted(MessageId(derived_id(occasion, ASKED)), PARLEY, Body(text=text), WEB, WEB_CHAT)


def ask(asked: ColleagueRequested, text: str = ""):
    return lambda it: it.ask_colleague(asked, text)


def admit(agent: AgentId, role: ParticipantRole, request: TaskId | None = ASKED, task: TaskId = TASK_2):
    return lambda it: it.admit(agent, agent.title(), task, role, None, request)


# Passing the customer on (routing 43, 44)


def test_whoever_passes_a_customer_on_leaves_and_the_customer_is_told() -> None:
    passed_on = given(Conversation, *TALKING).when(ask(TRANSFER, "A colleague comes."))
    passed_on.then(TRANSFER, notice("transferred", "A colleague comes."), MADE_WAY)
    assert passed_on.leaves(lambda it: (it.state, it.human_comes, it.talking)) == (ConversationState.ACTIVE, True, [])


def test_a_customer_is_told_nothing_where_nothing_is_to_be_said_or_somebody_stays() -> None:
    given(Conversation, *TALKING).when(ask(TRANSFER)).then(TRANSFER, MADE_WAY)
    given(Conversation, *TOGETHER).when(ask(TRANSFER, "A colleague comes.")).then(TRANSFER, MADE_WAY)


def test_whoever_waits_for_the_other_stays_until_they_come() -> None:
    given(Conversation, *TALKING).when(ask(STAYS, "A colleague comes.")).then(STAYS).twice()
    came = given(Conversation, *TALKING, STAYS).when(admit(PAUL, PRIMARY))
    came.then(replace(joined(PAUL, PRIMARY, TASK_2), request_id=ASKED), MADE_WAY)
    assert came.leaves(lambda it: (it.talking, it.awaited)) == ([PAUL], set())


def test_whoever_left_and_came_back_for_something_else_does_not_make_way() -> None:  # routing 44
    back = (*TALKING, STAYS, AgentLeft(MARIA, TASK), joined(MARIA, PRIMARY, TASK_3))
    came = given(Conversation, *back).when(admit(PAUL, PRIMARY))
    came.then(replace(joined(PAUL, PRIMARY, TASK_2), request_id=ASKED))


def test_nobody_is_passed_on_twice_by_the_same_agent() -> None:
    again = replace(TRANSFER, task_id=TaskId("another"))
    given(Conversation, *TALKING, STAYS).when(ask(again)).refused(AlreadyTransferred)


def test_a_customer_who_is_passed_on_has_no_bot() -> None:
    model = given(Conversation, *PASSED_ON).model
    assert tuple(model.assign_bot("greeter")) == ()
    assert model.bot_on_turn is None


def test_only_who_talks_asks_for_somebody() -> None:
    given(Conversation, *TALKING).when(ask(replace(TRANSFER, by=ZOE))).refused(NotInConversation)
    given(Conversation, *TALKING).when(ask(replace(TRANSFER, by_task_id=TASK_2))).refused(NotInConversation)
    given(Conversation, *CONSULTING).when(ask(replace(TRANSFER, by=PAUL, by_task_id=TASK_2))).refused(NotInConversation)
    given(Conversation, *TALKING, GONE).when(ask(TRANSFER)).refused(CustomerGone)
    over = ConversationClosed(CloseReason.AGENT, JOHN)
    given(Conversation, *TALKING, over).when(ask(TRANSFER)).refused(ConversationOver)


def test_who_is_here_is_not_asked_to_come() -> None:
    given(Conversation, *CONSULTING).when(ask(BY_NAME)).refused(AlreadyInConversation)
    given(Conversation, *CONSULTING).when(admit(PAUL, PRIMARY, None, TASK_3)).refused(AlreadyInConversation)


def test_a_customer_for_whom_nobody_was_free_is_told() -> None:  # routing 28, 43
    def ends(it: Conversation):
        return it.end_colleague(ASKED, "NO_AGENT_AVAILABLE", "Nobody is free.")

    nobody = AgentRequestEnded(ASKED, "NO_AGENT_AVAILABLE")
    given(Conversation, *PASSED_ON).when(ends).then(nobody, notice("request ended", "Nobody is free.")).twice()
    given(Conversation, *TALKING, STAYS).when(ends).then(nobody)  # the agent tells them
    given(Conversation, *TALKING, CONSULT).when(ends).then(nobody)  # the customer never knew


def falls_back(it: Conversation):
    return it.fall_back(ASKED, "RONA", "", None, has_queue=True)


def test_what_a_named_colleague_did_not_take_falls_back_to_whoever_talks() -> None:  # routing 44
    ended = AgentRequestEnded(ASKED, "RONA")
    given(Conversation, *TALKING, STAYS).when(falls_back).then(ended).twice()
    given(Conversation, *TOGETHER, BY_NAME, MADE_WAY).when(falls_back).then(ended)
    given(Conversation, *TALKING, replace(CONSULT, agent_id=PAUL)).when(falls_back).then(ended)


def test_nobody_is_asked_in_the_queue_for_advice_that_nobody_needs_any_more() -> None:  # routing 44, 49
    by_name = replace(CONSULT, agent_id=PAUL)
    wraps_up = AgentRoleChanged(MARIA, ParticipantRole.WRAP_UP)
    given(Conversation, *TALKING, by_name, GONE, wraps_up).when(falls_back).then(AgentRequestEnded(ASKED, "RONA"))


def test_where_nobody_talks_the_customer_is_still_awaited() -> None:  # routing 44
    given(Conversation, *TALKING, BY_NAME, MADE_WAY).when(falls_back).then()
    nowhere = given(Conversation, *TALKING, BY_NAME, MADE_WAY)
    nowhere.when(lambda it: it.fall_back(ASKED, "RONA", "", None, has_queue=False)).then(
        AgentRequestEnded(ASKED, "RONA")
    )


# Consulting (routing 46)


def test_who_is_consulted_only_whispers_and_the_customer_knows_nothing() -> None:
    given(Conversation, *TALKING).when(ask(CONSULT, "A colleague comes.")).then(CONSULT).twice()
    came = given(Conversation, *TALKING, CONSULT).when(admit(PAUL, ASSISTANT))
    came.then(replace(joined(PAUL, ASSISTANT, TASK_2), request_id=ASKED)).twice()
    assert came.leaves(lambda it: (it.talking, it.awaited)) == ([MARIA], set())


def test_a_consult_becomes_a_transfer_without_a_new_offer() -> None:
    transfer = TaskDirection.CONSULT_TRANSFER
    became = given(Conversation, *CONSULTING).when(lambda it: it.promote(MARIA, TASK, None, transfer))
    became.then(AgentRoleChanged(PAUL, PRIMARY, TASK_2, transfer), MADE_WAY)
    assert became.leaves(lambda it: it.agents) == {PAUL: AgentPart(TASK_2, PRIMARY)}


def test_a_hold_ends_with_a_consult_transfer_too() -> None:  # routing 45
    held = ConversationHeld(MARIA, LATER, "asks around")
    became = given(Conversation, *CONSULTING, held).when(
        lambda it: it.promote(MARIA, TASK, None, TaskDirection.CONSULT_TRANSFER)
    )
    assert ConversationResumed(ResumeReason.TRANSFER) in became.decide(became.model)
    assert became.leaves(lambda it: it.held) is None


WAITS = (said("m1"), ResponseAwaited(MessageId("m1"), WEB, LATER, 600))
ON_HOLD = (*WAITS, ConversationHeld(MARIA, LATER, "", 45.0))
GOES_ON = ResponseAwaited(MessageId("m1"), WEB, NOW + timedelta(seconds=45), 600)
RESUMED = ConversationResumed(ResumeReason.TRANSFER)
SOON = ResponseTime(NOW, 600)


def test_whoever_takes_over_from_hold_replies_in_what_was_left_of_the_time() -> None:  # routing 45, 56
    transfer = TaskDirection.CONSULT_TRANSFER
    given(Conversation, *CONSULTING, *ON_HOLD).when(lambda it: it.promote(MARIA, TASK, None, transfer, SOON)).then(
        AgentRoleChanged(PAUL, PRIMARY, TASK_2, transfer), RESUMED, GOES_ON, MADE_WAY
    )


def test_whoever_stays_while_another_is_asked_to_take_over_from_hold_still_has_to_reply() -> None:  # routing 45, 56
    given(Conversation, *TALKING, *ON_HOLD).when(lambda it: it.ask_colleague(STAYS, "", SOON)).then(
        RESUMED, GOES_ON, STAYS
    )
    given(Conversation, *TOGETHER, *ON_HOLD).when(lambda it: it.ask_colleague(TRANSFER, "", SOON)).then(
        RESUMED, GOES_ON, TRANSFER, MADE_WAY
    )
    given(Conversation, *TALKING, *ON_HOLD).when(lambda it: it.ask_colleague(TRANSFER, "", SOON)).then(
        RESUMED, TRANSFER, MADE_WAY
    )


@pytest.mark.parametrize("asked", [CONSULT, CONFERENCE])
def test_who_is_on_hold_stays_there_while_a_colleague_is_asked_for_advice(asked: ColleagueRequested) -> None:
    """routing 45: a hold is what advice is asked for in."""
    given(Conversation, *TALKING, *ON_HOLD).when(lambda it: it.ask_colleague(asked, "", SOON)).then(asked)


@pytest.mark.parametrize("direction", [TaskDirection.CONSULT_TRANSFER, TaskDirection.CONSULT_CONFERENCE])
def test_whoever_was_consulted_and_talks_now_talked_with_the_customer_last(direction) -> None:  # routing 46, 54
    became = given(Conversation, *CONSULTING).when(lambda it: it.promote(MARIA, TASK, None, direction))
    assert became.leaves(lambda it: it.last_agent) == PAUL


def test_a_supervisor_who_takes_part_is_no_agent_to_ask_for_again() -> None:  # routing 54
    barged_in = (*MONITORED, AgentRoleChanged(ZOE, PRIMARY, TASK_3, TaskDirection.BARGE_IN))
    assert given(Conversation, *barged_in).model.last_agent == MARIA


def test_a_consult_becomes_a_conference_without_a_new_offer() -> None:
    conference = TaskDirection.CONSULT_CONFERENCE
    became = given(Conversation, *CONSULTING).when(lambda it: it.promote(MARIA, TASK, PAUL, conference))
    became.then(AgentRoleChanged(PAUL, PRIMARY, TASK_2, conference))
    assert became.leaves(lambda it: it.talking) == [MARIA, PAUL]


def test_whoever_only_gives_advice_does_not_take_over_by_themselves() -> None:  # routing 46
    for become in (TaskDirection.CONSULT_TRANSFER, TaskDirection.CONSULT_CONFERENCE):
        given(Conversation, *CONSULTING).when(lambda it, to=become: it.promote(PAUL, TASK_2, PAUL, to)).refused(
            NotInConversation
        )


def test_a_consult_ends_and_the_talk_goes_on() -> None:
    ended = given(Conversation, *CONSULTING).when(lambda it: it.end_consult(MARIA, TASK, None))
    ended.then(AgentLeft(PAUL, TASK_2, "the consult ended"))
    assert ended.leaves(lambda it: it.talking) == [MARIA]


def test_of_several_who_are_consulted_one_is_named() -> None:
    both = given(Conversation, *CONSULTING, joined(ZOE, ASSISTANT, TASK_3))
    both.when(lambda it: it.end_consult(MARIA, TASK, None)).refused(WrongState)
    both.when(lambda it: it.end_consult(MARIA, TASK, ZOE)).then(AgentLeft(ZOE, TASK_3, "the consult ended"))
    both.when(lambda it: it.end_consult(MARIA, TASK, OMAR)).refused(NotFound)
    both.when(lambda it: it.end_consult(PAUL, TASK_2, ZOE)).refused(NotInConversation)


# Together (routing 47)


def test_four_agents_are_enough() -> None:
    three = (*TOGETHER, joined(ZOE, ASSISTANT, TASK_3))
    given(Conversation, *three).when(ask(CONFERENCE)).then(CONFERENCE)
    another = replace(CONFERENCE, task_id=TaskId("another"))
    given(Conversation, *three, CONFERENCE).when(ask(another)).refused(TooManyAgents)
    given(Conversation, *three, joined(OMAR, PRIMARY, TaskId("task-4"))).when(ask(CONSULT)).refused(TooManyAgents)
    given(Conversation, *three, CONFERENCE).when(ask(replace(TRANSFER, task_id=another.task_id))).leaves(str)


def test_whoever_takes_the_place_of_somebody_who_is_gone_counts_as_well() -> None:  # routing 47
    """Otherwise they would be the fifth."""
    others = [joined(who, PRIMARY, TaskId(f"of {who}")) for who in (PAUL, ZOE, OMAR)]
    asked = replace(CONSULT, task_id=TaskId("another"), by=PAUL, by_task_id=TaskId("of paul"))
    full = given(Conversation, *TALKING, *others, TRANSFER, MADE_WAY)
    full.when(ask(asked)).refused(TooManyAgents)
    given(Conversation, *TALKING, *others, STAYS, AgentLeft(MARIA, TASK)).when(ask(asked)).refused(TooManyAgents)
    given(Conversation, *TALKING, *others[:2], TRANSFER, MADE_WAY).when(ask(asked)).then(asked)
    given(Conversation, *TALKING, *others[:2], STAYS).when(ask(asked)).then(asked)  # Maria makes way


def test_whoever_asked_may_call_it_off() -> None:
    withdrawn = given(Conversation, *TALKING, CONFERENCE).when(lambda it: it.withdraw(MARIA, ASKED))
    withdrawn.then(CALLED_OFF).twice()
    given(Conversation, *TALKING, CONFERENCE).when(lambda it: it.withdraw(PAUL, ASKED)).refused(NotInConversation)


def test_whoever_comes_when_nobody_needs_them_any_more_does_not_join() -> None:  # routing 49
    given(Conversation, *TALKING).when(admit(PAUL, ASSISTANT)).refused(CustomerGone)
    given(Conversation, *TALKING, CONFERENCE, CALLED_OFF).when(admit(PAUL, PRIMARY)).refused(CustomerGone)


def test_with_the_last_who_talks_go_those_who_were_there_for_their_sake() -> None:  # routing 38, 47, 49
    full = (*CONSULTING, joined(ZOE, MONITOR, TASK_3), CONFERENCE)
    left = given(Conversation, *full).when(lambda it: it.leave(MARIA, "home", TASK, TaskCloseReason.AGENT_LOGOUT))
    left.then(
        AgentLeft(MARIA, TASK, "home", TaskCloseReason.AGENT_LOGOUT),
        AgentLeft(PAUL, TASK_2, NOBODY),
        AgentLeft(ZOE, TASK_3, NOBODY),
        CALLED_OFF,
    )
    assert left.leaves(lambda it: (it.state, it.agents, it.awaited)) == (ConversationState.INACTIVE, {}, set())


def test_whoever_begins_to_wrap_up_while_the_customer_is_back_leaves_nobody_behind() -> None:  # routing 48, 49
    back = given(Conversation, *CONSULTING, CONFERENCE).when(lambda it: it.retire(MARIA, TASK))
    back.then(AgentRoleChanged(MARIA, ParticipantRole.WRAP_UP), AgentLeft(PAUL, TASK_2, NOBODY), CALLED_OFF).twice()


def test_after_the_customer_everybody_leaves_for_themselves() -> None:  # routing 48
    """Each wraps up as they were; nobody is cut short by whoever is first out."""
    left = given(Conversation, *CONSULTING, GONE).when(lambda it: it.leave(MARIA, reply_due=LATER))
    left.then(AgentLeft(MARIA, TASK))
    assert left.leaves(lambda it: list(it.agents)) == [PAUL]


def test_in_a_conference_the_rest_go_on() -> None:  # routing 38
    left = given(Conversation, *TOGETHER, CONFERENCE, joined(ZOE, MONITOR, TASK_3)).when(lambda it: it.leave(MARIA))
    left.then(AgentLeft(MARIA, TASK))
    assert left.leaves(lambda it: (it.talking, it.monitor, it.awaited)) == ([PAUL], ZOE, {ASKED})


def test_a_transfer_goes_on_when_whoever_asked_is_gone() -> None:
    left = given(Conversation, *TALKING, STAYS).when(lambda it: it.leave(MARIA))
    left.then(AgentLeft(MARIA, TASK))
    assert left.leaves(lambda it: (it.human_comes, it.awaiting_reply_to)) == (True, None)


# Listening, whispering, taking part (routing 47)


def test_one_supervisor_listens_where_somebody_talks() -> None:
    given(Conversation, *TALKING).when(admit(ZOE, MONITOR, None, TASK_3)).then(joined(ZOE, MONITOR, TASK_3)).twice()
    for history in (MONITORED, PASSED_ON):
        given(Conversation, *history).when(admit(OMAR, MONITOR, None)).refused(CustomerGone)
    given(Conversation, *TALKING).model.check_may_monitor(ZOE)
    for who, history, refusal in (
        (OMAR, MONITORED, TooManyAgents),
        (ZOE, MONITORED, AlreadyInConversation),
        (ZOE, PASSED_ON, NotInConversation),
        (ZOE, (*TALKING, GONE), NotInConversation),
    ):
        with pytest.raises(refusal):
            given(Conversation, *history).model.check_may_monitor(who)


def test_who_listens_whispers_and_takes_part() -> None:
    whispers = AgentRoleChanged(ZOE, WHISPER, TASK_3)
    given(Conversation, *MONITORED).when(lambda it: it.whisper(ZOE)).then(whispers).twice()
    takes_part = AgentRoleChanged(ZOE, PRIMARY, TASK_3, TaskDirection.BARGE_IN)
    for history in (MONITORED, (*MONITORED, whispers)):
        given(Conversation, *history).when(lambda it: it.barge_in(ZOE)).then(takes_part).twice()


def test_only_who_listens_may_whisper_or_take_part() -> None:
    for who in (ZOE, MARIA):
        given(Conversation, *TALKING).when(lambda it, who=who: it.whisper(who)).refused(NotInConversation)
    given(Conversation, *TALKING).when(lambda it: it.barge_in(ZOE)).refused(NotInConversation)
    given(Conversation, *CONSULTING).when(lambda it: it.barge_in(PAUL)).refused(NotInConversation)
    four = [joined(who, ASSISTANT, TaskId(f"of {who}")) for who in (PAUL, OMAR, ANNA)]
    given(Conversation, *MONITORED, *four).when(lambda it: it.barge_in(ZOE)).refused(TooManyAgents)


def test_a_supervisor_who_took_part_takes_over() -> None:  # routing 38
    barged_in = (*MONITORED, AgentRoleChanged(ZOE, PRIMARY, TASK_3, TaskDirection.BARGE_IN))
    left = given(Conversation, *barged_in).when(lambda it: it.leave(MARIA, ends=TaskCloseReason.AGENT_LOGOUT))
    left.then(AgentLeft(MARIA, TASK, "", TaskCloseReason.AGENT_LOGOUT))
    assert left.leaves(lambda it: it.talking) == [ZOE]
