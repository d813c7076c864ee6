"""What follows when work is offered, taken, given away or interrupted?"""

from commands.agents import FillSlot, MissOffer, ReleaseSlot, WrapUpSlot
from commands.attendance import AdmitAgent, LeaveConversation, RetireAgentToWrapUp
from commands.departures import CheckOffer, GiveWay, GiveWorkAway
from commands.interruptions import HoldTalks, SettleHold, TakeUpTalks
from commands.policies import offers, talks_wait, work_goes_to_others
from commands.tasks import OfferTask
from domain.agents.facts import MadeNotReady, MrdMirrored, MrdState, SlotFilled, SlotReleased, SlotReserved
from domain.conversations.facts import AgentJoined, AgentLeft, AgentRoleChanged, ParticipantRole
from domain.ids import MrdId, QueueId
from domain.routing.decisions import Grounds
from domain.tasks.facts import TaskAccepted, TaskCloseReason, TaskReserved, WrapUpStarted
from tests.commands.policies.situations import CHAT, GIVES_WAY, MARIA, NOW, OFFER, RONA, TALK, TASK, closed

SENTENCES = [
    (
        offers.a_held_slot_rings,
        "agent-maria",
        SlotReserved(CHAT, TASK, OFFER, 2, Grounds(QueueId("sales"))),
        [OfferTask(TASK, MARIA, OFFER, 2, QueueId("sales"), slot_version=3)],
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
    # routing 36
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
            AgentRoleChanged(MARIA, role),
            [] if role is ParticipantRole.WHISPER else [SettleHold(TALK)],
        )
        for role in (ParticipantRole.PRIMARY, ParticipantRole.WRAP_UP, ParticipantRole.WHISPER)
    ),
    (
        talks_wait.whoever_leaves_may_leave_nobody_who_is_free,
        "conversation-talk",
        AgentLeft(MARIA, TASK),
        [SettleHold(TALK)],
    ),
]
