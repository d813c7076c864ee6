"""What holds for a conversation, whatever is decided?"""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.channels.bots import BotAnswer
from domain.channels.messages import Body, DeliveryStatus, SenderType
from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRequested,
    AgentRequestEnded,
    CloseReason,
    ColleagueRequested,
    ConversationClosed,
    ConversationState,
    DeliveryReported,
    MessagePosted,
    ParticipantRole,
    Release,
)
from domain.ids import AgentId, ChannelId, MessageId, SessionId, TaskId
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskDirection
from tests.domain.conversations.situations import BOT, JOHN, LATER, LISTED, MARIA, NOW, PAUL, REQUEST, said
from tests.domain.lives import history, live

sessions = st.integers(1, 3).map(lambda number: SessionId(f"session-{number}"))
agents = st.sampled_from([MARIA, PAUL])
roles = st.sampled_from([ParticipantRole.PRIMARY, ParticipantRole.SILENT_MONITOR, ParticipantRole.WRAP_UP])
directions = st.sampled_from([TaskDirection.DIRECT_TRANSFER, TaskDirection.CONSULT, TaskDirection.DIRECT_CONFERENCE])
BECOME = [TaskDirection.CONSULT_TRANSFER, TaskDirection.CONSULT_CONFERENCE]
tasks = st.integers(1, 2).map(lambda number: TaskId(f"task-{number}"))
ids = st.integers(1, 9).map(lambda number: MessageId(f"m{number}"))
bodies = st.sampled_from([Body(text="Hello"), Body()])
answers = st.builds(BotAnswer, st.lists(bodies, max_size=2).map(tuple), st.booleans(), st.booleans())


def decision(make, *arguments: st.SearchStrategy):
    return st.builds(lambda args: lambda it: make(it, *args), st.tuples(*arguments))


def receive(it: Conversation, session: SessionId, id_: MessageId | None):
    channel = ChannelId(f"channel of {session}")
    return it.receive(JOHN, session, channel, said(id_, session=session, channel=channel) if id_ else None)


def ask(it: Conversation, by: AgentId, task: TaskId, own: TaskId, direction: TaskDirection, release: Release):
    asked = ColleagueRequested(task, direction, by, own, REQUEST.mrd_id, REQUEST.session_id, REQUEST.queue_id)
    return it.ask_colleague(replace(asked, release=release), "A colleague comes.")


def answer(it: Conversation, agent: AgentId, task: TaskId):
    """Whoever was asked comes."""
    asked = it.colleagues.get(task)
    if asked is None:
        return iter(())
    role = ParticipantRole.ASSISTANT if asked.direction is TaskDirection.CONSULT else ParticipantRole.PRIMARY
    return it.admit(agent, agent, task, role, None, task)


decisions = st.lists(
    st.one_of(
        decision(receive, sessions, st.none() | ids),
        decision(receive, sessions, ids),
        decision(lambda it, s: it.lose_session(s, SessionEndReason.CUSTOMER), sessions),
        decision(
            lambda it, a, m, b, s: it.say_as_agent(a, a, m, b, NOW, s), agents, ids, bodies, st.sampled_from([0, 60])
        ),
        decision(lambda it: it.assign_bot(BOT)),
        decision(
            lambda it, turn, answer, request: it.take_bot_answer(BOT, "Greeter", turn, answer, request, LATER),
            ids,
            answers,
            st.sampled_from([None, REQUEST, LISTED]),
        ),
        decision(
            lambda it, t, s: it.request_agent(t, REQUEST.queue_id, REQUEST.mrd_id, s, 1, REQUEST.reason),
            tasks,
            sessions,
        ),
        decision(lambda it, s: it.list_request(replace(LISTED, session_id=s)), sessions),
        decision(lambda it: it.unlist_request(LISTED.item_id, "AGENT")),
        decision(lambda it, t: it.end_request(t, "CANCELLED"), tasks),
        decision(lambda it, a, t, r: it.admit(a, a, t, r), agents, tasks, roles),
        decision(Conversation.retire, agents),
        decision(ask, agents, tasks, tasks, directions, st.sampled_from(Release)),
        decision(answer, agents, tasks),
        decision(Conversation.withdraw, agents, tasks),
        decision(Conversation.promote, agents, tasks, st.none() | agents, st.sampled_from(BECOME)),
        decision(Conversation.end_consult, agents, tasks, st.none() | agents),
        decision(lambda it, t, q: it.fall_back(t, "RONA", "Nobody.", None, has_queue=q), tasks, st.booleans()),
        decision(lambda it, t: it.end_colleague(t, "NO_AGENT_AVAILABLE", "Nobody.", LATER), tasks),
        decision(Conversation.whisper, agents),
        decision(Conversation.barge_in, agents),
        decision(Conversation.leave, agents),
        decision(Conversation.set_data, st.dictionaries(st.text(max_size=1), st.text(max_size=1), max_size=2)),
        decision(lambda it, m, s: it.report_delivery(m, s, ""), ids, st.sampled_from(DeliveryStatus)),
        decision(lambda it: it.close_if_everybody_left(CloseReason.EVERYBODY_LEFT)),
    )
    | st.sampled_from([lambda it: iter(())] * 9 + [lambda it: it.close(CloseReason.FORCE_CLOSED)]),
    max_size=50,
)


@given(decisions)
def test_a_conversation_has_a_state_and_keeps_the_last(decisions) -> None:
    for before, facts, after in live(Conversation(), decisions):
        assert after.state in ConversationState
        if before.state is ConversationState.CLOSED:
            assert after.state is ConversationState.CLOSED
            assert all(isinstance(fact, AgentLeft | DeliveryReported) for fact in facts)


@given(decisions)
def test_the_state_says_who_is_there(decisions) -> None:
    for _, _, after in live(Conversation(), decisions):
        match after.state:
            case ConversationState.ACTIVE:
                assert after.sessions
                assert after.talking or after.bot or after.request or after.unjoined or after.is_transferred
            case ConversationState.INACTIVE:
                assert after.sessions
                assert not (after.talking)
                assert not (after.bot)
                assert not (after.request)
            case ConversationState.CUSTOMER_LEFT | ConversationState.WRAP_UP:
                assert after.agents
                assert not after.sessions
            case ConversationState.CLOSING:
                assert not after.agents
                assert not after.sessions
            case _:
                assert after.closed or not after.sessions


@given(decisions)
def test_whoever_is_here_did_not_leave_and_replies_reach_them(decisions) -> None:
    for _, facts, after in live(Conversation(), decisions):
        assert not set(after.sessions) & after.ended_sessions
        assert not after.sessions or after.last_session in after.sessions
        for fact in facts:
            if isinstance(fact, MessagePosted) and fact.session_id is not None:
                assert after.sessions[fact.session_id] == fact.channel_id


@given(decisions)
def test_only_one_answers_the_customer(decisions) -> None:
    for _, _, after in live(Conversation(), decisions):
        assert not (after.bot_on_turn and (after.talking or after.request))
        if after.talking:
            assert after.request is None


@given(decisions)
def test_everything_is_said_once_and_it_ends_once(decisions) -> None:
    facts, it = history(Conversation(), decisions)
    said_once = Counter(fact.message_id for fact in facts if isinstance(fact, MessagePosted))
    assert all(times == 1 and id_ in it.posted for id_, times in said_once.items())
    assert sum(isinstance(fact, ConversationClosed) for fact in facts) == (it.closed is not None)


@given(decisions)
def test_nobody_waits_for_whoever_left(decisions) -> None:  # routing 56
    for _, facts, after in live(Conversation(), decisions):
        if not after.sessions or after.closed or any(isinstance(fact, AgentRequested) for fact in facts):
            assert after.awaiting_reply_to is None
        if any(isinstance(fact, MessagePosted) and fact.sender.type is SenderType.CUSTOMER for fact in facts):
            assert after.awaiting_reply_to is None


@given(decisions)
def test_nobody_is_there_for_whoever_left(decisions) -> None:  # routing 38, 47, 49
    for before, _, after in live(Conversation(), decisions):
        beside = [asked for asked in after.colleagues.values() if not asked.is_transfer]
        if before.talking and not after.talking and after.sessions and after.closed is None:
            assert {part.role for part in after.agents.values()} <= {ParticipantRole.WRAP_UP}
            assert beside == []
        assert [part.role for part in after.agents.values()].count(ParticipantRole.SILENT_MONITOR) <= 1


@given(decisions)
def test_whoever_was_asked_for_comes_or_is_reported(decisions) -> None:  # routing 44, 67
    facts, it = history(Conversation(), decisions)
    asked = Counter(fact.task_id for fact in facts if isinstance(fact, ColleagueRequested))
    ends = Counter(fact.request_id for fact in facts if isinstance(fact, AgentJoined) and fact.request_id)
    ends.update(fact.task_id for fact in facts if isinstance(fact, AgentRequestEnded) and fact.task_id in asked)
    for task, times in asked.items():
        assert it.closed or task in it.colleagues or ends[task] >= times
