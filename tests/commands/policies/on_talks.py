"""What follows when somebody comes into a talk, leaves it or does not answer?"""

from dataclasses import replace

from commands.agents import HandOverWork
from commands.answering import RemoveAllAgents
from commands.attendance import AdmitAgent, LoseSession, ReleaseCustomer, SettleDeparture, ShareSessions
from commands.bots import AssignBot, WelcomeCustomer
from commands.inbound import EndSession, ReleaseIdentity
from commands.policies import (
    agents_leave,
    answers_are_due,
    bots_first,
    conversations_end,
    sessions_join,
    supervisors_listen,
)
from commands.requests import ReplaceAgent
from commands.supervisors import EndSupervision, NoteSupervision
from commands.wrap_up import BeginWrapUp
from domain.agents.facts import LoggedOut
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRequestEnded,
    AgentRoleChanged,
    CloseReason,
    ConversationClosed,
    ParticipantRole,
    RequestUnlisted,
    ResponseTimedOut,
    SessionJoined,
    SessionLeft,
)
from domain.ids import ChannelId, IdentityId, MessageId, OfferId
from domain.sessions.facts import SessionEnded, SessionEndReason
from domain.tasks.facts import MonitoringStarted, TaskClosed, TaskCloseReason
from tests.commands.policies.situations import ASKED, ITEM, JOHN, LEFT, MARIA, PAUL, SESSION, TALK, TASK, TRANSFERRED
from tests.domain.conversations.situations import said

SENTENCES = [
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
    (
        supervisors_listen.a_supervisor_listens,
        "task-task-2",
        MonitoringStarted(PAUL, "Paul", TALK),
        [AdmitAgent(TALK, PAUL, ASKED)],
    ),
    (
        supervisors_listen.a_supervisor_has_to_be_there,
        "task-task-2",
        MonitoringStarted(PAUL, "Paul", TALK),
        [NoteSupervision(PAUL, ASKED, TALK)],
    ),
    *(
        (
            supervisors_listen.whoever_takes_part_no_more_need_not_be_there,
            "task-task-2",
            TaskClosed(TaskCloseReason.DONE, TALK, agent, offer),
            [EndSupervision(PAUL, ASKED)] if agent and not offer else [],
        )
        for agent, offer in ((PAUL, None), (PAUL, OfferId("o")), (None, None))
    ),
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
    (
        agents_leave.a_customer_whose_agent_signed_out_gets_another,
        "conversation-talk",
        AgentLeft(MARIA, TASK, "", TaskCloseReason.RESPONSE_TIMEOUT),
        [ReplaceAgent(TALK, TASK)],  # routing 56
    ),
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
    (agents_leave.a_customer_whose_agent_signed_out_gets_another, "conversation-talk", LEFT, []),
    (
        answers_are_due.who_does_not_answer_in_time_is_removed,
        "conversation-talk",
        ResponseTimedOut(MessageId("m1")),
        [RemoveAllAgents(TALK, TaskCloseReason.RESPONSE_TIMEOUT)],  # routing 56
    ),
    *(
        (
            bots_first.whoever_comes_while_their_agent_begins_to_wrap_up_is_welcomed,
            "conversation-talk",
            AgentRoleChanged(MARIA, role),
            [WelcomeCustomer(TALK)] if role is ParticipantRole.WRAP_UP else [],
        )
        for role in (ParticipantRole.PRIMARY, ParticipantRole.WRAP_UP)
    ),
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
    *(
        (
            conversations_end.a_silent_customers_sessions_end,
            "conversation-talk",
            SessionLeft(SESSION, reason),
            [EndSession(SESSION, reason)] if reason is SessionEndReason.INACTIVITY else [],  # routing 56
        )
        for reason in SessionEndReason
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
]
