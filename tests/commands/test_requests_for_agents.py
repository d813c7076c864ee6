"""What does a request take along when it gets in line? Whom the customer talked with last, and what the queue asks about."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from commands.agents import ReserveSlot
from commands.answering import RemoveAllAgents
from commands.attendance import LeaveConversation
from commands.colleagues import AskColleague
from commands.conversations import SetConversationData
from commands.inbound import ReceiveMessage
from commands.requests import RequestAgent
from commands.tasks import WidenTask
from commands.wrap_up import FinishWrapUp
from domain.configuration.catalog import Catalog
from domain.configuration.priorities import PriorityLabel
from domain.configuration.request_data import read
from domain.configuration.settings import Channel, Step
from domain.conversations.facts import ConversationClosed, ConversationStarted, RequestReason
from domain.customers.customer import Customer
from domain.customers.facts import ConversationReleased, CustomerCreated
from domain.ids import ChannelId, ConversationId, OfferId, QueueId, TaskId
from domain.kernel import Refused, replace
from domain.routing.decisions import Grounds
from domain.tasks.facts import (
    LAST_AGENT_STEP,
    Routing,
    StepReached,
    StepReason,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskQueued,
    TaskReserved,
)
from domain.tasks.task import REROUTE_PRIORITY, Task
from tests.commands.office import NOON, Office, message
from tests.commands.scenes import MARIA, PAUL, hang_up, newest, rings, staffed, talks
from tests.domain.configuration.situations import CHAT

pytestmark = pytest.mark.anyio
WHATSAPP = ChannelId("whatsapp-line")
URGENT = PriorityLabel("haste", "7", 7)


def routes_to_last_agent(catalog: Catalog, timeout_s: int) -> Catalog:
    channels: Mapping[ChannelId, Channel] = catalog.channels
    routing = replace(channels[WHATSAPP].routing, route_to_last_agent=True, last_agent_timeout_s=timeout_s)
    return replace(catalog, channels={**channels, WHATSAPP: replace(channels[WHATSAPP], routing=routing)})


async def an_office_where_people_know_each_other(timeout_s: int = 7) -> Office:
    office = await staffed(MARIA, PAUL)
    office.catalog = routes_to_last_agent(office.catalog, timeout_s)
    return office


async def has_talked(office: Office, agent: str = MARIA, number: int = 1) -> None:
    await office.sends(message(number))
    done = await talks(office, agent)
    await hang_up(office)
    await office.sends(FinishWrapUp(done, agent))


async def routing(office: Office) -> Routing:
    return (await office.facts(TaskQueued))[-1].routing


async def test_who_comes_back_asks_for_their_last_agent_first() -> None:  # routing 54
    office = await an_office_where_people_know_each_other()
    await has_talked(office)
    await office.sends(message(2))
    wanted = await routing(office)
    assert (wanted.last_agent_id, wanted.step) == (MARIA, LAST_AGENT_STEP)
    assert wanted.last_agent_until == NOON + timedelta(seconds=7)


async def test_the_last_agent_is_the_last_of_several() -> None:  # routing 54
    office = await an_office_where_people_know_each_other()
    await has_talked(office, MARIA, 1)
    await has_talked(office, PAUL, 2)
    await office.sends(message(3))
    assert (await routing(office)).last_agent_id == PAUL


async def test_the_last_agent_of_this_very_conversation_counts_first() -> None:  # routing 54
    office = await an_office_where_people_know_each_other()
    await has_talked(office, MARIA, 1)
    await office.sends(message(2))
    await talks(office, PAUL)
    talk_id = ConversationId(await newest(office, ConversationStarted))
    await office.sends(LeaveConversation(talk_id, PAUL), message(3))
    assert (await routing(office)).last_agent_id == PAUL


@pytest.mark.parametrize("reason", [TaskCloseReason.RESPONSE_TIMEOUT, TaskCloseReason.REROUTE])
async def test_whoever_lost_the_customer_is_not_asked_before_all_others(reason: TaskCloseReason) -> None:
    """routing 54, 56: they did not reply, or had to give the customer away."""
    office = await an_office_where_people_know_each_other()
    await office.sends(message(1))
    await talks(office, MARIA)
    talk_id = ConversationId(await newest(office, ConversationStarted))
    await office.sends(RemoveAllAgents(talk_id, reason))
    again = await routing(office)
    assert (again.priority, again.step, again.last_agent_id) == (REROUTE_PRIORITY, 0, None)


async def test_whoever_passes_a_customer_on_does_not_mean_themselves() -> None:  # routing 43, 54
    office = await an_office_where_people_know_each_other()
    await office.sends(message(1))
    its = await talks(office, MARIA)
    await office.sends(AskColleague(its, MARIA, TaskDirection.DIRECT_TRANSFER, QueueId("returns")))
    assert ((await routing(office)).queue_id, (await routing(office)).last_agent_id) == ("returns", None)


async def test_whoever_is_back_before_their_conversation_let_go_of_them_is_remembered_with_their_agent() -> None:
    """routing 54"""
    office = await an_office_where_people_know_each_other()
    await office.sends(message(1))
    its = await talks(office, MARIA)
    await hang_up(office)
    await office.send(FinishWrapUp(its, MARIA))
    while not await office.facts(ConversationClosed):
        (recorded, *_) = await office.log.read_all(office.reacted)
        await office.react(recorded)
        office.reacted = recorded.position
    await office.sends(message(2))
    assert len(await office.facts(ConversationClosed)) == 1
    assert (await routing(office)).last_agent_id == MARIA


async def test_a_conversation_without_an_agent_makes_nobody_forgotten() -> None:  # routing 54
    office = await an_office_where_people_know_each_other()
    await has_talked(office)
    await office.sends(message(2))
    await hang_up(office)
    assert [it.last_agent_id for it in await office.facts(ConversationReleased)] == [MARIA, None]
    customer = await office.load(Customer, await newest(office, CustomerCreated))
    assert customer.last_agent == MARIA


async def test_who_was_never_here_asks_for_nobody() -> None:  # routing 54
    office = await an_office_where_people_know_each_other()
    await office.sends(message(1))
    assert ((await routing(office)).last_agent_id, (await routing(office)).step) == (None, 0)


async def test_nobody_is_asked_for_where_the_channel_does_not_say_so() -> None:  # routing 54
    office = await staffed()
    await has_talked(office)
    await office.sends(message(2))
    assert (await routing(office)).last_agent_id is None


async def test_a_request_takes_along_what_the_queue_asks_about_and_nothing_else() -> None:  # routing 9
    office = await staffed()
    await office.sends(message(1))
    talk_id = ConversationId(await newest(office, ConversationStarted))
    done = await talks(office)
    await office.sends(
        LeaveConversation(talk_id, MARIA),
        FinishWrapUp(done, MARIA),
        SetConversationData(talk_id, {"order": "150", "diagnosis": "nobody's business"}),
        RequestAgent(talk_id, RequestReason.CUSTOMER_ASKED, QueueId("returns")),
    )
    assert (await routing(office)).data == {"order": "150"}


def asks_about(office: Office, *lines: str) -> None:
    steps = replace(office.catalog.queues[QueueId("sales")].steps[0], consider_if=tuple(map(read, lines))), Step()
    sales = replace(office.catalog.queues[QueueId("sales")], steps=steps, priority_labels=(URGENT,))
    office.catalog = replace(office.catalog, queues={**office.catalog.queues, QueueId("sales"): sales})


def tells(**data: str) -> ReceiveMessage:
    return ReceiveMessage(replace(message().inbound, channel_data=data))


@pytest.mark.parametrize(
    ("line", "is_for_it"),
    [
        ("language == es", True),  # what the connector told
        ("language == fr", False),
        ("channel.id == whatsapp-line", True),
        ("channel.type == whatsapp", True),
        ("channel.type == web", False),
        ("has channel.service", True),
        ("customer.name == John", True),
        ("customer.known == true", True),
        ("request.direction == INBOUND", True),
        ("request.priority >= 7", True),  # what its labels made of it
        ("has segment", False),
    ],
)
async def test_a_step_may_be_for_what_is_known_of_the_request(line: str, is_for_it: bool) -> None:  # routing 9
    office = await staffed()
    asks_about(office, line)
    await office.sends(tells(language="es", haste="7", **{"customer.known": "a lie", "channel.type": "a lie"}))
    wanted, field = await routing(office), read(line).field
    assert wanted.left_out == ({} if is_for_it else {"sales": (0,)})
    assert (field in wanted.data) is (field != "segment")


async def test_nobody_says_what_only_parley_knows() -> None:  # routing 9, 55
    office = await staffed()
    asks_about(office, "has request.mood")
    sales = office.catalog.queues[QueueId("sales")]
    lied = replace(sales, priority_labels=(PriorityLabel("request.priority", "1", 9),))
    office.catalog = replace(office.catalog, queues={**office.catalog.queues, QueueId("sales"): lied})
    await office.sends(tells(**{"request.priority": "1", "request.mood": "bad"}))
    wanted = await routing(office)
    assert (wanted.priority, wanted.data, wanted.left_out) == (1, {}, {"sales": (0,)})


async def test_what_somebody_said_later_goes_before_what_the_channel_told() -> None:  # routing 9
    office = await staffed()
    asks_about(office, "language == es")
    await office.sends(tells(language="fr"))
    talk_id = ConversationId(await newest(office, ConversationStarted))
    done = await talks(office)
    await office.sends(
        LeaveConversation(talk_id, MARIA),
        FinishWrapUp(done, MARIA),
        SetConversationData(talk_id, {"language": "es"}),
        RequestAgent(talk_id, RequestReason.CUSTOMER_ASKED),
    )
    assert [it.routing.left_out for it in await office.facts(TaskQueued)] == [{"sales": (0,)}, {}]


async def test_what_was_looked_at_once_holds_however_often_it_rings() -> None:  # routing 9, 24
    office = await staffed()
    asks_about(office, "language == es")
    await office.sends(tells(language="fr"))
    waiting = TaskId(await newest(office, TaskCreated))
    await office.sends(
        SetConversationData(ConversationId(await newest(office, ConversationStarted)), {"language": "es"})
    )
    await office.sends(ReserveSlot(MARIA, CHAT, waiting, OfferId("o1"), 1))
    await office.wait(20)
    first, again = (it.routing for it in await office.facts(TaskQueued))
    assert (again.attempt, again.data, again.left_out) == (2, first.data, first.left_out)
    assert first.data == {"language": "fr"}


async def test_a_step_that_is_left_says_why() -> None:  # routing 8
    office = await staffed()
    await office.sends(message(1))
    waiting = TaskId(await newest(office, TaskCreated))
    await office.sends(WidenTask(waiting, 1, StepReason.NONE_READY), WidenTask(waiting, 1, StepReason.WAITED))
    assert await office.facts(StepReached) == [StepReached(1, StepReason.NONE_READY)]


async def test_a_request_waits_in_all_queues_of_its_channel() -> None:  # routing 11
    office = await staffed()
    channel = office.catalog.channels[WHATSAPP]
    routing_policy = replace(channel.routing, also_in=(QueueId("returns"), QueueId("gone")))
    queues = {**office.catalog.queues, "returns": replace(office.catalog.queues["returns"], request_ttl_s=900)}
    channels = {**office.catalog.channels, WHATSAPP: replace(channel, routing=routing_policy)}
    office.catalog = replace(office.catalog, channels=channels, queues=queues)
    await office.sends(message(1))
    wanted = await routing(office)
    assert (wanted.queue_id, wanted.also_in) == ("sales", ("returns",))
    assert wanted.expires_at == office.now + timedelta(seconds=900)
    waiting = TaskId(await newest(office, TaskCreated))
    in_returns = WidenTask(waiting, 1, StepReason.WAITED, QueueId("returns"))
    await office.sends(in_returns, in_returns, WidenTask(waiting, 1, StepReason.WAITED, QueueId("letters")))
    assert await office.facts(StepReached) == [StepReached(1, StepReason.WAITED, QueueId("returns"))]
    await rings(office)
    await office.wait(20)
    again = await routing(office)
    assert (again.queue_id, again.also_in, again.steps) == ("sales", ("returns",), {"returns": 1})  # routing 24
    assert (again.first_enqueued_at, again.expires_at) == (wanted.first_enqueued_at, wanted.expires_at)


async def test_a_request_that_rang_in_vain_goes_on_where_it_was_in_each_of_its_queues() -> None:  # routing 10, 11, 24
    office = await staffed()
    channel = office.catalog.channels[WHATSAPP]
    also = replace(channel, routing=replace(channel.routing, also_in=(QueueId("returns"),)))
    office.catalog = replace(office.catalog, channels={**office.catalog.channels, WHATSAPP: also})
    await office.sends(message(1))
    waiting = TaskId(await newest(office, TaskCreated))
    await office.sends(WidenTask(waiting, 1, StepReason.WAITED, QueueId("returns")))
    await office.sends(ReserveSlot(MARIA, CHAT, waiting, OfferId("o1"), 0))
    await office.wait(20)
    first, again = (it.routing for it in await office.facts(TaskQueued))
    assert (again.step, again.steps, again.also_in) == (0, {"returns": 1}, ("returns",))
    assert (again.first_enqueued_at, again.expires_at) == (first.first_enqueued_at, first.expires_at)  # routing 27
    assert (again.root_request_id, again.attempt, again.excluded) == (waiting, 2, {MARIA})  # routing 4


async def test_the_queue_that_found_the_agent_says_how_long_it_rings() -> None:  # routing 11, 19
    office = await staffed()
    channel = office.catalog.channels[WHATSAPP]
    also = replace(channel, routing=replace(channel.routing, also_in=(QueueId("returns"),)))
    queues = {**office.catalog.queues, "returns": replace(office.catalog.queues["returns"], offer_timeout_s=3)}
    office.catalog = replace(office.catalog, channels={**office.catalog.channels, WHATSAPP: also}, queues=queues)
    await office.sends(message(1))
    waiting = TaskId(await newest(office, TaskCreated))
    grounds = Grounds(queue_id=QueueId("returns"))
    await office.sends(ReserveSlot(MARIA, CHAT, waiting, OfferId("o1"), 0, grounds))
    (reserved,) = await office.facts(TaskReserved)
    assert reserved.due == office.now + timedelta(seconds=3)
    assert (await office.load(Task, waiting)).queue_id == "returns"


async def somebody_left_alone(office: Office) -> ConversationId:
    """A customer whose agent has left, so that a human can be asked for."""
    await office.sends(message(1))
    talk_id = ConversationId(await newest(office, ConversationStarted))
    done = await talks(office)
    await office.sends(LeaveConversation(talk_id, MARIA), FinishWrapUp(done, MARIA))
    return talk_id


def another_queue(office: Office, **more: Any) -> None:
    spare = replace(office.catalog.queues[QueueId("returns")], **more)
    office.catalog = replace(office.catalog, queues={**office.catalog.queues, "spare": spare})


@pytest.mark.parametrize("first", [None, QueueId("sales")])
async def test_whoever_asks_for_a_human_may_name_several_queues(first: QueueId | None) -> None:  # routing 11
    office = await staffed()
    another_queue(office, request_ttl_s=900)
    talk_id = await somebody_left_alone(office)
    others = QueueId("spare"), QueueId("returns")
    await office.sends(RequestAgent(talk_id, RequestReason.CUSTOMER_ASKED, first, also_in=others))
    wanted = await routing(office)
    assert (wanted.queue_id, wanted.also_in) == ("sales", others)
    assert wanted.expires_at == office.now + timedelta(seconds=900)


async def test_queues_that_are_named_stand_in_place_of_the_channels() -> None:  # routing 11
    office = await staffed()
    another_queue(office)
    channel = office.catalog.channels[WHATSAPP]
    also = replace(channel, routing=replace(channel.routing, also_in=(QueueId("returns"),)))
    office.catalog = replace(office.catalog, channels={**office.catalog.channels, WHATSAPP: also})
    talk_id = await somebody_left_alone(office)
    await office.sends(RequestAgent(talk_id, RequestReason.CUSTOMER_ASKED, also_in=(QueueId("spare"),)))
    assert (await routing(office)).also_in == ("spare",)


@pytest.mark.parametrize(
    ("first", "others", "code", "field"),
    [
        ("sales", ["letters"], "INVALID", "also_in"),
        ("sales", ["nowhere"], "INVALID", "also_in"),
        ("sales", ["sales"], "INVALID", "also_in"),
        (None, ["sales"], "INVALID", "also_in"),
        ("sales", ["returns", "returns"], "INVALID", "also_in"),
        ("sales", ["a", "b", "c", "d", "e"], "INVALID", "also_in"),
        ("nowhere", ["returns"], "INVALID", "queue_id"),
        ("sales", ["returns", "spare"], "QUEUE_DRAINING", "also_in"),
    ],
)
async def test_several_queues_that_do_not_fit_are_refused(
    first: str | None, others: list[str], code: str, field: str
) -> None:  # routing 11, 63
    office = await staffed()
    another_queue(office, draining=True)
    talk_id = await somebody_left_alone(office)
    first_id, also_in = QueueId(first) if first else None, tuple(map(QueueId, others))
    with pytest.raises(Refused) as refused:
        await office.send(RequestAgent(talk_id, RequestReason.CUSTOMER_ASKED, first_id, also_in=also_in))
    assert (refused.value.code, refused.value.field) == (code, field)
    assert len(await office.facts(TaskQueued)) == 1
