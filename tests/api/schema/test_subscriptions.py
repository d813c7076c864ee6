"""Does a desk that follows see everything, once, in order, and can it come back after having been away?"""

from contextlib import asynccontextmanager

import pytest

from api.cursors import sealed
from api.graphql.engine import Engine
from api.graphql.limits import Profile
from api.schema.build import build_schema, core_of
from api.schema.items import Marker, Resync
from domain.kernel import Position
from tests.api.schema.office import Office
from tests.api.schema.test_mutations import ADA
from tests.api.transport.conftest import client, serving

pytestmark = pytest.mark.anyio

DESK = """subscription($after: Cursor) { desk(after: $after) { cursor at event { __typename
  ... on TaskOffered { taskId offerId due task { queueId customer { name } } conversation { messages(last: 5) { nodes { body { markdownText } } } } }
  ... on OfferEnded { taskId offerId taskCloseReason }
  ... on TaskAccepted { taskId conversation { id } }
  ... on AgentJoined { name role }
  ... on MessagePosted { message { id sender { type } body { markdownText } } }
  ... on DeliveryReported { messageId delivery { status } }
  ... on SessionLeft { endReason }
  ... on AgentLeft { reason }
  ... on WrapUpStarted { taskId wrapUpDue }
  ... on WrapUpApplied { codes note }
  ... on TaskClosed { disposition }
  ... on ConversationClosed { closeReason }
  ... on PresenceChanged { agent { state mrds { state load } } } } } }"""


@asynccontextmanager
async def following(office: Office, who: str, query: str = DESK, **variables):
    async with serving(office.app) as address, client(address, office.token(who)) as socket:
        payload = {"query": query, "variables": variables}
        await socket.send({"id": "1", "type": "subscribe", "payload": payload})
        yield socket


async def items(socket, until: str):
    """The items up to an event of this type."""
    found = []
    while not found or (found[-1]["event"] or {}).get("__typename") != until:
        message = await socket.receive()
        if message["type"] != "next":
            assert message["type"] == "ping", message
            continue
        (item,) = message["payload"]["data"].values()
        found.append(item)
    return found


async def shift(office: Office) -> str:
    """From the sign-in to the closed conversation, as Ada does it."""
    await office.done("ada", "logIn")
    await office.done("ada", "makeReady")
    conversation = await office.world.write("john", "hello")
    task = await office.world.offer_to(ADA)
    await office.done("ada", "acceptTask", taskId=task)

    async def joined():
        return ADA in (await office.world.conversation(conversation)).agents

    await office.until(joined)
    await office.done("ada", "postMessage", conversationId=conversation, messageId="m1", text="hi")
    await office.done("ada", "applyWrapUp", taskId=task, codes=["sale"])
    await office.done("ada", "endConversation", conversationId=conversation)

    async def wrapping_up():
        return (await office.world.conversation(conversation)).state == "WRAP_UP"

    await office.until(wrapping_up)
    await office.done("ada", "finishWrapUp", taskId=task)
    return conversation


async def test_a_desk_is_told_its_whole_shift(office):
    async with following(office, "ada") as socket:
        first = (await socket.receive())["payload"]["data"]["desk"]
        assert first["event"] is None
        await shift(office)
        told = await items(socket, "TaskClosed")
    events = [item["event"] for item in told if item["event"]]
    kinds = {event["__typename"] for event in events}
    assert kinds >= {"PresenceChanged", "TaskOffered", "TaskAccepted", "AgentJoined", "MessagePosted", "WrapUpApplied"}
    assert kinds >= {"SessionLeft", "WrapUpStarted", "AgentRoleChanged", "TaskClosed"}
    offered = next(event for event in events if event["__typename"] == "TaskOffered")
    assert offered["conversation"]["messages"]["nodes"][0]["body"]["markdownText"] == "hello"
    assert events[-1]["disposition"] == "DONE"
    cursors = [int(item["cursor"][:-4], 16) for item in told]
    assert cursors == sorted(set(cursors))


async def test_who_comes_back_is_told_what_was_missed(office):
    async with following(office, "ada") as socket:
        start = (await socket.receive())["payload"]["data"]["desk"]["cursor"]
        await shift(office)
        live = await items(socket, "TaskClosed")
    async with following(office, "ada", after=start) as socket:
        again = await items(socket, "TaskClosed")
    assert [item["cursor"] for item in again] == [item["cursor"] for item in live]
    async with following(office, "ada", after=live[4]["cursor"]) as socket:
        rest = await items(socket, "TaskClosed")
    assert [item["cursor"] for item in rest] == [item["cursor"] for item in live[5:]]


async def test_a_query_and_then_a_subscription_leave_no_hole(office):
    as_of = (await office.ask("ada", "{ desk { asOf } }"))["desk"]["asOf"]
    await shift(office)
    async with following(office, "ada", after=as_of) as socket:
        told = await items(socket, "TaskClosed")
    assert "TaskOffered" in [item["event"]["__typename"] for item in told if item["event"]]


async def test_a_supervisor_follows_a_conversation_and_a_stranger_does_not(office):
    query = """subscription($id: ID!, $after: Cursor) { conversation(id: $id, after: $after) { cursor at event { __typename
      ... on MessagePosted { message { body { markdownText } } } ... on ConversationClosed { closeReason } } } }"""
    conversation = await shift(office)
    async with following(office, "sam", query, id=conversation, after=sealed(0)) as socket:
        told = await items(socket, "ConversationClosed")
    assert [item["event"]["__typename"] for item in told][:3] == [
        "ConversationStarted",
        "SessionJoined",
        "MessagePosted",
    ]
    async with following(office, "grace", query, id=conversation) as socket:
        refused = await socket.receive()
    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("field", ["agents", "queues", "tasks", "conversations"])
async def test_a_supervisor_follows_a_board_and_an_agent_does_not(office, field):
    query = (
        f"subscription($after: Cursor) {{ {field}(after: $after) {{ cursor changed {{ id }} resync {{ cursor }} }} }}"
    )
    async with following(office, "sam", query) as socket:
        first = (await socket.receive())["payload"]["data"][field]
        assert first["changed"] == []
        await shift(office)
        second = (await socket.receive())["payload"]["data"][field]
        assert second["changed"]
    async with following(office, "ada", query) as socket:
        assert (await socket.receive())["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_desk_is_an_agents(office):
    async with following(office, "sam") as socket:
        assert (await socket.receive())["payload"][0]["extensions"]["code"] == "FORBIDDEN"


ITEM = """subscription { desk { cursor at event { __typename ... on MessagePosted { message {
  id conversationId cursor at sender { type id name } body { type markdownText attachment { mediaUrl } } } } } } }"""


def executing():
    engine = Engine(core_of(build_schema()), Profile.production())
    return engine, engine.prepare(ITEM)


async def test_markers_and_resyncs_are_items_too():
    engine, operation = executing()
    marker = await engine.execute(operation, {}, None, Marker(Position(7)))
    assert marker == {"data": {"desk": {"cursor": sealed(7), "at": None, "event": None}}}
    lost = await engine.execute(operation, {}, None, Resync(Position(7)))
    assert lost["data"]["desk"]["event"] == {"__typename": "ResyncRequired"}
