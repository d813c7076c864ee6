"""What follows when somebody is asked for: in a queue, on a list, or a colleague?"""

from dataclasses import replace

from commands.colleagues import CancelRequest, FallBack, NameTask, RedirectTask, ReserveNamedSlot
from commands.diversions import NoteCallback, SendCustomerHome, TellCustomer
from commands.lists import LeaveListItem, NoteListMessage, PullTask, PutOnList, SettleClosedItem, TakeUpSlot
from commands.policies import ask_colleagues, diversions, find_an_agent, pull_from_lists
from commands.requests import EndAgentRequest
from commands.tasks import EnqueueTask, RerouteTask
from domain.configuration.diversions import DiversionAction
from domain.conversations.facts import (
    AgentRequested,
    AgentRequestEnded,
    AgentRoleChanged,
    ParticipantRole,
    RequestReason,
)
from domain.ids import MessageId, QueueId
from domain.kernel import derived_id
from domain.lists.facts import ListItemClosed, ListItemCloseReason, ListItemJoined
from domain.tasks.facts import TaskCloseReason, TaskDirection, TaskNamed, TaskPulled
from tests.commands.policies.situations import (
    ASKED,
    CHAT,
    COMMENTS,
    DECLINED,
    ITEM,
    LEFT,
    LISTED,
    MARIA,
    PAUL,
    REROUTE,
    RONA,
    SALES,
    SESSION,
    TALK,
    TASK,
    TO_PAUL,
    TO_QUEUE,
    closed,
    diverted,
)
from tests.domain.conversations.situations import said

SENTENCES = [
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
        pull_from_lists.a_closed_item_ends_its_conversation,
        "listitem-item",
        ListItemClosed(COMMENTS, TALK, ListItemCloseReason.AGENT, MARIA),
        [SettleClosedItem(ITEM, TALK, ListItemCloseReason.AGENT)],
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
]
