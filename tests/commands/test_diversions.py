"""What becomes of customers whose requests are not to wait on? The engine's part is played by the test."""

import pytest

from commands.bots import TakeBotAnswer
from commands.conversations import SetConversationData
from commands.diversions import CALLBACK_WISHED, DivertTask, FlushTask
from commands.inbound import EndSession, OpenSession
from commands.tasks import AcceptTask, CancelTask, WidenTask
from domain.configuration.diversions import Diversion, DiversionAction
from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    AgentRequestEnded,
    BotJoined,
    ConversationStarted,
    ConversationState,
    MessagePosted,
)
from domain.ids import BotId, ChannelId, ConversationId, QueueId, SessionId, TaskId
from domain.kernel import replace
from domain.sessions.facts import SessionEnded, SessionEndReason, SessionStarted
from domain.tasks.facts import (
    MediaState,
    QueueLeft,
    StepReason,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDiverted,
    TaskQueued,
)
from domain.tasks.task import Task
from tests.commands.office import Office, message
from tests.commands.scenes import HANDS_OVER, JOHN, MARIA, newest, rings, staffed, talk

pytestmark = pytest.mark.anyio
ELSEWHERE = Diversion(DiversionAction.OTHER_QUEUE, QueueId("returns"), "One moment more.")
RULE = "sales: QUEUE_LENGTH 5"


async def a_customer_who_waits() -> tuple[Office, TaskId]:
    office = await staffed()
    await office.sends(message(1))
    return office, TaskId(await newest(office, TaskCreated))


async def told(office: Office) -> list[str]:
    return [it.body.text for it in await office.facts(MessagePosted) if it.sender.id == "parley"]


async def diverts(office: Office, task: TaskId, diversion: Diversion) -> None:
    await office.sends(DivertTask(task, RULE, diversion, 5))


async def test_whoever_goes_to_another_queue_keeps_their_time() -> None:  # routing 4, 58
    office, task = await a_customer_who_waits()
    before = (await office.facts(TaskQueued))[-1].routing
    office.now = office.now.replace(hour=13)
    await diverts(office, task, ELSEWHERE)
    after = (await office.facts(TaskQueued))[-1].routing
    assert after.queue_id == "returns"
    kept = ("root_request_id", "first_enqueued_at", "expires_at", "priority", "mrd_id")
    assert [getattr(after, it) for it in kept] == [getattr(before, it) for it in kept]
    assert (after.diverted, after.entered_at, after.step) == ({RULE}, office.now, 0)
    assert (await office.facts(TaskCreated))[-1].previous_task_id == task
    assert await told(office) == ["One moment more."]
    assert (await talk(office)).request is not None


async def test_a_request_is_diverted_once_by_each_rule() -> None:  # routing 58
    office, task = await a_customer_who_waits()
    wait = Diversion(DiversionAction.MESSAGE, message="It takes longer today.")
    await diverts(office, task, wait)
    await diverts(office, task, wait)
    assert len(await office.facts(TaskDiverted)) == 1
    assert await told(office) == ["It takes longer today."]
    assert (await office.load(Task, task)).media_state is MediaState.QUEUED


async def test_what_rings_is_not_diverted() -> None:  # routing 27, 58
    office, task = await a_customer_who_waits()
    await rings(office)
    await diverts(office, task, ELSEWHERE)
    assert await office.facts(TaskDiverted) == []


async def test_whoever_is_sent_home_is_told_so_once() -> None:  # routing 57
    office, task = await a_customer_who_waits()
    await diverts(office, task, Diversion(DiversionAction.CLOSE, message="We are closed."))
    assert [it.reason for it in await office.facts(TaskClosed)] == [TaskCloseReason.NO_AGENT_AVAILABLE]
    assert [it.reason for it in await office.facts(SessionEnded)] == [SessionEndReason.FORCE_CLOSED]
    assert await told(office) == ["We are closed."]
    assert (await talk(office)).state is ConversationState.CLOSED


async def bot_hands_over() -> tuple[Office, TaskId]:

    office = await staffed()
    await office.sends(OpenSession(message("hi", "web-chat", JOHN).inbound))
    talk_id = ConversationId(await newest(office, ConversationStarted))
    await office.sends(TakeBotAnswer(talk_id, BotId("greeter"), "m1", HANDS_OVER))
    return office, TaskId(await newest(office, TaskCreated))


async def test_whoever_goes_to_the_bot_has_it_again() -> None:  # routing 57, 58
    office, task = await bot_hands_over()
    await diverts(office, task, Diversion(DiversionAction.BOT, message="Nobody is here."))
    assert [it.reason for it in await office.facts(AgentRequestEnded)] == [TaskCloseReason.NO_AGENT_AVAILABLE]
    assert (await talk(office)).bot_on_turn == "greeter"
    assert await told(office) == ["Nobody is here."]


async def test_whoever_is_sent_home_is_greeted_by_no_bot() -> None:  # routing 57
    office, task = await bot_hands_over()
    before = len(await office.facts(BotJoined))
    await diverts(office, task, Diversion(DiversionAction.CLOSE, message="We are closed."))
    assert len(await office.facts(BotJoined)) == before


async def test_a_wish_to_be_called_back_stays_with_the_conversation() -> None:  # routing 57, 58
    office, task = await a_customer_who_waits()
    await diverts(office, task, Diversion(DiversionAction.CALLBACK, message="We call you back."))
    conversation: Conversation = await talk(office)
    assert conversation.data[CALLBACK_WISHED] == office.now.isoformat()
    assert await told(office) == ["We call you back."]
    assert conversation.state is ConversationState.INACTIVE


async def test_whoever_left_meanwhile_does_not_wait_elsewhere() -> None:  # routing 49, 58
    office, task = await a_customer_who_waits()
    await office.send(DivertTask(task, RULE, ELSEWHERE, 5))

    await office.send(EndSession(SessionId(await newest(office, SessionStarted)), SessionEndReason.CUSTOMER))
    await office.settle()
    waiting = [await office.load(Task, it) for it in await office.subjects(TaskCreated)]
    assert all(it.closed is not None for it in waiting)
    await office.sends(CancelTask(task, TaskCloseReason.CANCELLED))
    assert (await talk(office)).state is ConversationState.CLOSED


async def test_another_queue_asks_about_other_data() -> None:  # routing 9, 58
    office, task = await a_customer_who_waits()

    talk_id = ConversationId(await newest(office, ConversationStarted))
    await office.sends(SetConversationData(talk_id, {"order": "500", "name": "John"}))
    await diverts(office, task, replace(ELSEWHERE, message=""))
    assert (await office.facts(TaskQueued))[-1].routing.data == {"order": "500"}
    assert await told(office) == []


async def test_a_diverted_request_is_accepted_where_it_came_to() -> None:  # routing 19, 58

    office, task = await a_customer_who_waits()
    await diverts(office, task, ELSEWHERE)
    ringing = await rings(office)
    assert ringing != task
    await office.sends(AcceptTask(ringing, MARIA))
    assert (await talk(office)).talking == [MARIA]


async def test_who_waits_in_several_queues_goes_on_in_the_next_with_all_they_had() -> None:  # routing 9, 10, 11, 57
    office = await staffed()
    channel = office.catalog.channels[ChannelId("whatsapp-line")]
    spare = replace(office.catalog.queues[QueueId("returns")], name="Spare")
    also = replace(channel, routing=replace(channel.routing, also_in=(QueueId("returns"), QueueId("spare"))))
    queues = {**office.catalog.queues, "spare": spare}
    office.catalog = replace(office.catalog, channels={**office.catalog.channels, "whatsapp-line": also}, queues=queues)
    await office.sends(message(1))
    task = TaskId(await newest(office, TaskCreated))
    await office.sends(WidenTask(task, 1, StepReason.WAITED, QueueId("returns")))
    came = (await office.facts(TaskQueued))[-1].routing
    await office.sends(DivertTask(task, "spare: closed", Diversion(DiversionAction.CLOSE), 0, QueueId("spare")))
    assert [it.queue_id for it in await office.facts(QueueLeft)] == ["spare"]
    await diverts(office, task, Diversion(DiversionAction.CLOSE, message="We are closed."))
    goes_on = (await office.facts(TaskQueued))[-1].routing
    assert (goes_on.queue_id, goes_on.also_in, goes_on.step) == ("returns", (), 1)
    assert (goes_on.entered_at, goes_on.came_at) == (office.now, came.first_enqueued_at)
    assert goes_on.diverted == {"spare: closed", RULE}
    assert (await told(office), await office.facts(SessionEnded)) == ([], [])
    assert (await talk(office)).request is not None


async def test_who_is_flushed_out_of_their_last_queue_is_told_so() -> None:  # routing 64
    office, task = await a_customer_who_waits()
    await office.sends(FlushTask(task, QueueId("sales"), "We close."))
    assert [it.reason for it in await office.facts(TaskClosed)] == [TaskCloseReason.FORCE_CLOSED]
    assert await told(office) == ["We close."]
    assert (await talk(office)).request is None
