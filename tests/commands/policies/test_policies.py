"""What follows from what? A fact goes in, commands come out; each policy is one sentence of the business."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from commands.agents import FillSlot, HandOverWork, MissOffer, ReleaseSlot, WrapUpSlot
from commands.answering import RemoveAllAgents
from commands.attendance import (
    AdmitAgent,
    LeaveConversation,
    LoseSession,
    ReleaseCustomer,
    RetireAgentToWrapUp,
    SettleDeparture,
    ShareSessions,
)
from commands.bots import AssignBot, WelcomeCustomer
from commands.colleagues import CancelRequest, FallBack, NameTask, RedirectTask, ReserveNamedSlot
from commands.departures import CheckOffer, GiveWay, GiveWorkAway
from commands.diversions import NoteCallback, SendCustomerHome, TellCustomer
from commands.inbound import ReleaseIdentity
from commands.interruptions import HoldTalks, SettleHold, TakeUpTalks
from commands.lists import LeaveListItem, NoteListMessage, PullTask, PutOnList, SettleClosedItem, TakeUpSlot
from commands.policies import (
    POLICIES,
    agents_leave,
    answers_are_due,
    ask_colleagues,
    bots_first,
    conversations_end,
    diversions,
    find_an_agent,
    offers,
    pull_from_lists,
    sessions_join,
    supervisors_listen,
    talks_wait,
    work_goes_to_others,
)
from commands.requests import EndAgentRequest, ReplaceAgent
from commands.tasks import EnqueueTask, OfferTask, RerouteTask
from commands.wrap_up import BeginWrapUp
from domain.agents.facts import LoggedOut, MadeNotReady, MrdMirrored, MrdState, SlotFilled, SlotReleased, SlotReserved
from domain.configuration.diversions import DiversionAction
from domain.configuration.settings import InterruptionAction
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRequested,
    AgentRequestEnded,
    AgentRoleChanged,
    CloseReason,
    ColleagueRequested,
    ConversationClosed,
    ParticipantRole,
    RequestListed,
    RequestReason,
    RequestUnlisted,
    ResponseTimedOut,
    SessionJoined,
    SessionLeft,
)
from domain.ids import (
    AgentId,
    ChannelId,
    ConversationId,
    CustomerId,
    IdentityId,
    ListId,
    ListItemId,
    MessageId,
    MrdId,
    OfferId,
    QueueId,
    SessionId,
    TaskId,
)
from domain.kernel import Cause, Fact, Position, Recorded, derived_id
from domain.lists.facts import ListItemClosed, ListItemCloseReason, ListItemJoined
from domain.sessions.facts import SessionEnded, SessionEndReason
from domain.tasks.facts import (
    MonitoringStarted,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskDirection,
    TaskDiverted,
    TaskNamed,
    TaskPulled,
    TaskReserved,
    WrapUpStarted,
)
from tests.domain.conversations.situations import said

NOW = datetime(2026, 1, 31, 10, 4, tzinfo=UTC)
TALK, TASK, OFFER, MARIA = ConversationId("talk"), TaskId("task-1"), OfferId("offer-1"), AgentId("maria")
JOHN, SESSION, SALES, CHAT = CustomerId("john"), SessionId("web"), QueueId("sales"), MrdId("chat")


def recorded(stream: str, fact: Fact) -> Recorded:
    return Recorded(Position(7), stream, 3, NOW, Cause(UUID(int=1)), fact)


def closed(reason: TaskCloseReason, held: bool = True) -> TaskClosed:
    return TaskClosed(reason, TALK, MARIA, OFFER) if held else TaskClosed(reason, TALK)


RONA, DECLINED, REROUTE = TaskCloseReason.RONA, TaskCloseReason.DECLINED, TaskCloseReason.REROUTE
ITEM, COMMENTS = ListItemId("item"), ListId("comments")
LISTED = RequestListed(ITEM, COMMENTS, CHAT, SESSION, RequestReason.CHANNEL_MODE, 1)
LEFT = AgentLeft(MARIA, TASK, "DONE")
TRANSFERRED = AgentLeft(MARIA, TASK, "TRANSFERRED", TaskCloseReason.TRANSFERRED)
PAUL, ASKED = AgentId("paul"), TaskId("task-2")
TO_QUEUE = ColleagueRequested(
    ASKED, TaskDirection.DIRECT_TRANSFER, MARIA, TASK, CHAT, SESSION, SALES, priority=3, note="An order"
)
TO_PAUL = replace(TO_QUEUE, agent_id=PAUL)

GIVES_WAY = {CHAT: InterruptionAction.REROUTE, MrdId("email"): InterruptionAction.HOLD}


def diverted(action: DiversionAction, words: str = "It takes longer.") -> TaskDiverted:
    return TaskDiverted("a rule", action, TALK, message=words)


SENTENCES = [
    # answers_are_due
    (
        answers_are_due.who_does_not_answer_in_time_is_removed,
        "conversation-talk",
        ResponseTimedOut(MessageId("m1")),
        [RemoveAllAgents(TALK, TaskCloseReason.RESPONSE_TIMEOUT)],  # routing 56
    ),
    (
        agents_leave.a_customer_whose_agent_signed_out_gets_another,
        "conversation-talk",
        AgentLeft(MARIA, TASK, "", TaskCloseReason.RESPONSE_TIMEOUT),
        [ReplaceAgent(TALK, TASK)],  # routing 56
    ),
    # agents_leave
    (agents_leave.an_agent_who_left_wraps_up, "conversation-talk", LEFT, [BeginWrapUp(TASK)]),
    (
        agents_leave.an_agent_who_left_wraps_up,
        "conversation-talk",
        TRANSFERRED,
        [BeginWrapUp(TASK, TaskCloseReason.TRANSFERRED)],  # routing 43
    ),
    (agents_leave.whoever_signs_out_gives_their_work_back, "agent-maria", LoggedOut("home"), [HandOverWork(MARIA)]),
    (
        agents_leave.a_customer_whose_agent_signed_out_gets_another,
        "conversation-talk",
        AgentLeft(MARIA, TASK, "AGENT_LOGOUT", TaskCloseReason.AGENT_LOGOUT),
        [ReplaceAgent(TALK, TASK)],
    ),
    (
        agents_leave.a_customer_whose_agent_signed_out_gets_another,
        "conversation-talk",
        AgentLeft(MARIA, TASK, "AGENT_LOGOUT"),  # what an agent gives as their reason is only a text
        [],
    ),
    # ask_colleagues
    (
        ask_colleagues.a_colleague_is_looked_for,
        "conversation-talk",
        TO_QUEUE,
        [
            EnqueueTask(
                ASKED,
                TALK,
                SESSION,
                SALES,
                CHAT,
                3,
                TaskDirection.DIRECT_TRANSFER,
                TASK,
                MARIA,
                "An order",
                excluded=frozenset({MARIA}),
            )
        ],
    ),
    (ask_colleagues.a_colleague_is_looked_for, "conversation-talk", TO_PAUL, [NameTask(TALK, TO_PAUL)]),  # routing 44
    (
        ask_colleagues.a_named_colleague_is_asked_at_once,
        "task-task-2",
        TaskNamed(PAUL, CHAT, ASKED, SESSION, SALES),
        [ReserveNamedSlot(ASKED, PAUL, CHAT)],
    ),
    *(
        (
            ask_colleagues.what_a_named_colleague_did_not_take_falls_back,
            "task-task-2",
            closed(reason),
            [FallBack(ASKED)]
            if reason.name in ("RONA", "DECLINED", "REROUTE", "NO_AGENT_AVAILABLE")
            else [],  # routing 44
        )
        for reason in TaskCloseReason
    ),
    (
        ask_colleagues.who_is_not_awaited_is_not_looked_for,
        "conversation-talk",
        AgentRequestEnded(ASKED, "CANCELLED"),
        [CancelRequest(ASKED)],
    ),
    (
        ask_colleagues.who_is_not_awaited_is_not_looked_for,
        "conversation-talk",
        AgentRequestEnded(ASKED, "NO_AGENT_AVAILABLE"),
        [],
    ),
    (
        ask_colleagues.a_task_is_for_what_its_agent_does_now,
        "conversation-talk",
        AgentRoleChanged(PAUL, ParticipantRole.PRIMARY, ASKED, TaskDirection.CONSULT_TRANSFER),
        [RedirectTask(ASKED, TaskDirection.CONSULT_TRANSFER)],
    ),
    (
        ask_colleagues.a_task_is_for_what_its_agent_does_now,
        "conversation-talk",
        AgentRoleChanged(PAUL, ParticipantRole.WRAP_UP),
        [],
    ),
    # sessions_join
    (
        sessions_join.a_further_session_belongs_to_the_task_of_whoever_is_there,
        "conversation-talk",
        SessionJoined(SESSION, ChannelId("web-chat")),
        [ShareSessions(TALK)],  # routing 50
    ),
    (
        sessions_join.whoever_joins_has_all_sessions_of_the_customer,
        "conversation-talk",
        AgentJoined(MARIA, TASK, ParticipantRole.PRIMARY),
        [ShareSessions(TALK)],
    ),
    # supervisors_listen
    (
        supervisors_listen.a_supervisor_listens,
        "task-task-2",
        MonitoringStarted(PAUL, "Paul", TALK),
        [AdmitAgent(TALK, PAUL, ASKED)],
    ),
    (agents_leave.a_customer_whose_agent_signed_out_gets_another, "conversation-talk", LEFT, []),
    # bots_first
    (
        bots_first.whoever_arrives_is_welcomed,
        "conversation-talk",
        SessionJoined(SESSION, ChannelId("web-chat")),
        [WelcomeCustomer(TALK)],
    ),
    (bots_first.a_customer_whose_agent_left_has_the_bot_again, "conversation-talk", LEFT, [AssignBot(TALK)]),
    (
        bots_first.a_customer_for_whom_nobody_was_free_has_the_bot_again,
        "conversation-talk",
        AgentRequestEnded(TASK, "NO_AGENT_AVAILABLE"),
        [AssignBot(TALK)],
    ),
    (bots_first.a_customer_whom_nobody_hears_is_welcomed_again, "conversation-talk", said("m1"), []),
    (
        bots_first.a_customer_whom_nobody_hears_is_welcomed_again,
        "conversation-talk",
        replace(said("m1"), unheard=True),
        [WelcomeCustomer(TALK)],
    ),
    (
        bots_first.whoever_came_back_while_their_request_was_closed_is_welcomed,
        "conversation-talk",
        RequestUnlisted(ITEM, "CUSTOMER_LEFT"),
        [WelcomeCustomer(TALK)],
    ),
    # conversations_end
    (
        conversations_end.an_ended_session_leaves_its_conversation,
        "session-web",
        SessionEnded(SessionEndReason.NETWORK, TALK, IdentityId("web-1")),
        [LoseSession(TALK, SESSION, SessionEndReason.NETWORK), ReleaseIdentity(IdentityId("web-1"), SESSION)],
    ),
    (
        conversations_end.when_the_customer_left_the_rest_settles,
        "conversation-talk",
        SessionLeft(SESSION, SessionEndReason.CUSTOMER),
        [SettleDeparture(TALK)],
    ),
    (
        conversations_end.when_the_last_agent_left_too_the_conversation_closes,
        "conversation-talk",
        LEFT,
        [SettleDeparture(TALK)],
    ),
    (
        conversations_end.a_closed_conversation_frees_its_customer,
        "conversation-talk",
        ConversationClosed(CloseReason.EVERYBODY_LEFT, JOHN),
        [ReleaseCustomer(JOHN, TALK)],
    ),
    # find_an_agent
    (
        find_an_agent.a_request_becomes_a_task_in_the_queue,
        "conversation-talk",
        AgentRequested(TASK, SALES, CHAT, SESSION, 7, RequestReason.CUSTOMER_ASKED),
        [EnqueueTask(TASK, TALK, SESSION, SALES, CHAT, 7)],
    ),
    (  # routing 11
        find_an_agent.a_request_becomes_a_task_in_the_queue,
        "conversation-talk",
        AgentRequested(TASK, SALES, CHAT, SESSION, 7, RequestReason.CUSTOMER_ASKED, also_in=(QueueId("returns"),)),
        [EnqueueTask(TASK, TALK, SESSION, SALES, CHAT, 7, also_in=(QueueId("returns"),))],
    ),
    *(
        (
            find_an_agent.a_request_that_rang_in_vain_goes_on_first_in_line,
            "task-task-1",
            closed(reason),
            {
                RONA: [RerouteTask(TASK, MARIA)],  # routing 4, 24
                DECLINED: [RerouteTask(TASK, MARIA)],  # routing 21
                REROUTE: [RerouteTask(TASK, None)],  # routing 37
            }.get(reason, []),
        )
        for reason in TaskCloseReason
    ),
    *(
        (
            find_an_agent.a_request_that_came_to_nothing_is_reported,
            "task-task-1",
            closed(reason, held=False),
            [EndAgentRequest(TALK, TASK, reason)]  # routing 28
            if reason.name in ("NO_AGENT_AVAILABLE", "CANCELLED", "AGENT_LOGOUT", "FORCE_CLOSED")
            else [],
        )
        for reason in TaskCloseReason
    ),
    # offers
    (
        offers.a_held_slot_rings,
        "agent-maria",
        SlotReserved(CHAT, TASK, OFFER, 2, {"rule": "longest"}),
        [OfferTask(TASK, MARIA, OFFER, 2, {"rule": "longest"})],
    ),
    (
        offers.what_rings_where_no_slot_is_held_is_withdrawn,
        "task-task-1",
        TaskReserved(OFFER, MARIA, NOW, 0),
        [CheckOffer(TASK, MARIA)],
    ),
    (
        offers.an_accepted_task_fills_the_slot_and_joins_the_agent,
        "task-task-1",
        TaskAccepted(OFFER, MARIA, TALK),
        [AdmitAgent(TALK, MARIA, TASK), FillSlot(MARIA, TASK, TALK)],
    ),
    (
        offers.an_agent_in_wrap_up_is_out_of_the_talk,
        "task-task-1",
        WrapUpStarted(MARIA, TALK, None),
        [WrapUpSlot(MARIA, TASK), RetireAgentToWrapUp(TALK, MARIA, TASK)],
    ),
    *(
        (
            offers.a_closed_task_frees_its_slot_and_its_agent,
            "task-task-1",
            closed(reason),
            [MissOffer(MARIA, TASK)]  # routing 25
            if reason is RONA
            else [ReleaseSlot(MARIA, TASK, reason), LeaveConversation(TALK, MARIA, reason, TASK, reason)],
        )
        for reason in TaskCloseReason
    ),
    *(
        (offers.a_closed_task_frees_its_slot_and_its_agent, "task-task-1", closed(reason, held=False), [])
        for reason in TaskCloseReason
    ),
    # pull_from_lists
    (
        pull_from_lists.a_listed_request_becomes_an_item,
        "conversation-talk",
        LISTED,
        [PutOnList(TALK, LISTED)],  # routing 60
    ),
    (pull_from_lists.what_a_waiting_customer_writes_is_counted, "conversation-talk", said("m1"), []),
    (
        pull_from_lists.what_a_waiting_customer_writes_is_counted,
        "conversation-talk",
        replace(said("m1"), item_id=ITEM),
        [NoteListMessage(ITEM, MessageId("m1"))],
    ),
    (
        pull_from_lists.whoever_joins_an_item_has_a_task,
        "listitem-item",
        ListItemJoined(COMMENTS, MARIA, TASK),
        [PullTask(ITEM, MARIA, TASK)],
    ),
    (
        pull_from_lists.a_pulled_task_fills_a_slot,
        "task-task-1",
        TaskPulled(ITEM, COMMENTS, CHAT, MARIA, TALK),
        [TakeUpSlot(MARIA, CHAT, TASK, TALK)],
    ),
    (pull_from_lists.whoever_left_the_talk_left_the_item, "conversation-talk", LEFT, [LeaveListItem(TASK, MARIA)]),
    (
        pull_from_lists.whoever_never_came_into_the_talk_leaves_the_item_too,
        "task-task-1",
        closed(TaskCloseReason.CANCELLED),
        [LeaveListItem(TASK, MARIA)],
    ),
    (
        pull_from_lists.whoever_never_came_into_the_talk_leaves_the_item_too,
        "task-task-1",
        closed(TaskCloseReason.CANCELLED, held=False),
        [],
    ),
    (
        diversions.whoever_waits_on_elsewhere_or_longer_is_told_so,
        "task-task-1",
        diverted(DiversionAction.MESSAGE),
        [TellCustomer(TALK, derived_id("diverted", TASK, "a rule"), "It takes longer.")],
    ),
    (
        diversions.whoever_waits_on_elsewhere_or_longer_is_told_so,
        "task-task-1",
        diverted(DiversionAction.OTHER_QUEUE, ""),
        [],
    ),
    (
        diversions.whoever_waits_on_elsewhere_or_longer_is_told_so,
        "task-task-1",
        diverted(DiversionAction.CLOSE),
        [],
    ),
    (
        diversions.a_callback_that_was_promised_is_noted,
        "task-task-1",
        diverted(DiversionAction.CALLBACK),
        [NoteCallback(TALK)],
    ),
    (diversions.a_callback_that_was_promised_is_noted, "task-task-1", diverted(DiversionAction.BOT), []),
    (
        diversions.whoever_is_sent_home_goes_home,
        "task-task-1",
        diverted(DiversionAction.CLOSE),
        [SendCustomerHome(TALK, TASK, "It takes longer.")],
    ),
    (diversions.whoever_is_sent_home_goes_home, "task-task-1", diverted(DiversionAction.MESSAGE), []),
    (
        pull_from_lists.a_closed_item_ends_its_conversation,
        "listitem-item",
        ListItemClosed(COMMENTS, TALK, ListItemCloseReason.AGENT, MARIA),
        [SettleClosedItem(ITEM, TALK, ListItemCloseReason.AGENT)],
    ),
    # work_goes_to_others
    (
        work_goes_to_others.whoever_stops_for_such_a_reason_gives_their_work_away,
        "agent-maria",
        MadeNotReady("callback", reroutes_work=True),
        [GiveWorkAway(MARIA)],  # routing 30
    ),
    (
        work_goes_to_others.whoever_stops_for_such_a_reason_gives_their_work_away,
        "agent-maria",
        MadeNotReady("lunch"),
        [],
    ),
    (
        work_goes_to_others.what_gives_way_to_accepted_work_goes_to_others,
        "agent-maria",
        SlotFilled(MrdId("voice"), TASK, TALK, False, GIVES_WAY),
        [GiveWay(MARIA, CHAT)],  # routing 36
    ),
    (
        work_goes_to_others.what_gives_way_to_accepted_work_goes_to_others,
        "agent-maria",
        SlotFilled(CHAT, TASK, TALK),
        [],
    ),
    (
        work_goes_to_others.what_gives_way_to_work_elsewhere_goes_to_others,
        "agent-maria",
        MrdMirrored(MrdId("voice"), MrdState.BUSY, False, GIVES_WAY),
        [GiveWay(MARIA, CHAT)],  # routing 34, 35
    ),
    (
        work_goes_to_others.what_gives_way_to_work_elsewhere_goes_to_others,
        "agent-maria",
        MrdMirrored(MrdId("voice"), MrdState.READY, False, GIVES_WAY),
        [],
    ),
    # talks_wait (routing 36)
    (
        talks_wait.what_gives_way_to_accepted_work_is_on_hold,
        "agent-maria",
        SlotFilled(MrdId("voice"), TASK, TALK, False, GIVES_WAY),
        [HoldTalks(MARIA, MrdId("email"))],
    ),
    *(
        (
            talks_wait.what_gave_way_goes_on_when_the_agent_is_free,
            "agent-maria",
            SlotReleased(MrdId("voice"), TASK, "DONE", goes_on),
            [TakeUpTalks(MARIA)] if goes_on else [],
        )
        for goes_on in ((), (MrdId("email"),))
    ),
    *(
        (
            talks_wait.what_gives_way_to_work_elsewhere_is_on_hold_until_that_is_over,
            "agent-maria",
            MrdMirrored(MrdId("voice"), state, False, GIVES_WAY),
            [HoldTalks(MARIA, MrdId("email"))] if state is MrdState.BUSY else [TakeUpTalks(MARIA)],
        )
        for state in (MrdState.BUSY, MrdState.READY)
    ),
    *(
        (
            talks_wait.whoever_comes_to_talk_may_be_free,
            "conversation-talk",
            AgentJoined(MARIA, TASK, role),
            [SettleHold(TALK)] if role is ParticipantRole.PRIMARY else [],
        )
        for role in (ParticipantRole.PRIMARY, ParticipantRole.ASSISTANT)
    ),
    *(
        (
            talks_wait.whoever_begins_to_talk_or_to_wrap_up_leaves_others_to_attend,
            "conversation-talk",
            AgentRoleChanged(PAUL, role),
            [] if role is ParticipantRole.WHISPER else [SettleHold(TALK)],
        )
        for role in (ParticipantRole.PRIMARY, ParticipantRole.WRAP_UP, ParticipantRole.WHISPER)
    ),
    (talks_wait.whoever_leaves_may_leave_nobody_who_is_free, "conversation-talk", LEFT, [SettleHold(TALK)]),
]


@pytest.mark.parametrize(
    ("policy", "stream", "fact", "commands"), SENTENCES, ids=[f"{it[0].__name__}-{n}" for n, it in enumerate(SENTENCES)]
)
def test_from_a_fact_follow_commands(policy, stream, fact, commands) -> None:
    assert list(policy(recorded(stream, fact))) == commands
    assert policy in POLICIES[type(fact)]


def test_every_policy_is_tested_here() -> None:
    tested = {policy for policy, *_ in SENTENCES}
    assert {policy for policies in POLICIES.values() for policy in policies} == tested


def test_a_replacement_is_asked_for_before_the_bot_comes_back() -> None:
    """Policies of one fact run in this order; the other way round a bot would join whom nobody needs."""
    names = [policy.__name__ for policy in POLICIES[AgentLeft]]
    assert names.index("a_customer_whose_agent_signed_out_gets_another") < names.index(
        "a_customer_whose_agent_left_has_the_bot_again"
    )
