"""Do agents see, follow, join and close what stands on a list, and nobody else?"""

import pytest

from api.auth import Role
from commands.agents import RegisterAgent
from domain.ids import AgentId
from domain.lists.item import ListItem
from tests.api.schema.office import Office
from tests.api.schema.test_mutations import ADA, GRACE, code
from tests.api.schema.test_subscriptions import following, items

pytestmark = pytest.mark.anyio

ITEM = """id listId conversationId customerId state unreadCount arrivedAt waitingSince isDismissed closeReason
  participants { agentId taskId joinedAt } customer { isAnonymous }"""
LISTS = f"""query($waitFor: Cursor) {{ lists(waitFor: $waitFor) {{ id name mrdId isSubscribed unreadCount activeCount
  inactiveCount items {{ {ITEM} }} }} }}"""
ITEMS = f"""query($list: ID!, $states: [ListItemState!], $waitFor: Cursor) {{
  listItems(listId: $list, states: $states, first: 10, waitFor: $waitFor) {{ asOf nodes {{ {ITEM} }} }} }}"""
DESK = f"""subscription($after: Cursor) {{ desk(after: $after) {{ cursor at event {{ __typename
  ... on ListItemArrived {{ listId itemId item {{ {ITEM} }} }}
  ... on ListItemChanged {{ listId itemId item {{ {ITEM} }} }}
  ... on RequestUnlisted {{ itemId }}
  ... on TaskAccepted {{ taskId conversation {{ id }} }}
  ... on TaskClosed {{ taskId }} }} }} }}"""
BOARD = "subscription($after: Cursor) { lists(after: $after) { cursor changed { id state unreadCount } } }"


async def arrived(office: Office, who: str = "john") -> tuple[str, str]:
    conversation = await office.world.write(who, "hello")
    return conversation, await office.world.item_of(conversation)


async def state(office: Office, item: str) -> str:
    return (await office.world.centre.store.load(ListItem, item)).state


async def talks(office: Office, conversation: str, agent: str) -> None:
    async def so() -> bool:
        return agent in (await office.world.conversation(conversation)).talking

    await office.until(so)


async def test_a_request_on_a_list_from_arrival_to_end(office: Office) -> None:
    await office.world.configure_list(wrap_up_enabled=False)
    for who in ("ada", "grace"):
        await office.done(who, "logIn")
        await office.done(who, "subscribeList", listId="comments")
    async with following(office, "ada", DESK) as ada, following(office, "grace", DESK) as grace:
        conversation, item = await arrived(office)
        for socket in (ada, grace):
            notice = (await items(socket, "ListItemArrived"))[-1]["event"]
            assert (notice["listId"], notice["itemId"]) == ("comments", item)
            assert (notice["item"]["state"], notice["item"]["unreadCount"]) == ("UNREAD", 1)

        await office.done("grace", "dismissListItem", itemId=item)
        dismissed = (await items(grace, "ListItemChanged"))[-1]["event"]["item"]
        assert (dismissed["state"], dismissed["isDismissed"]) == ("UNREAD", True)

        await office.done("ada", "joinListItem", itemId=item)
        joined = (await items(ada, "ListItemChanged"))[-1]["event"]["item"]  # the first that ada is told of
        assert (joined["state"], joined["isDismissed"]) == ("ACTIVE", False)
        assert [part["agentId"] for part in joined["participants"]] == [ADA]
        assert (await items(ada, "TaskAccepted"))[-1]["event"]["conversation"] == {"id": conversation}
        await talks(office, conversation, ADA)

        board = (await office.ask("ada", LISTS))["lists"]
        assert [(it["id"], it["name"], it["isSubscribed"], it["activeCount"]) for it in board] == [
            ("comments", "Comments", True, 1)
        ]
        (shown,) = board[0]["items"]
        assert (shown["id"], shown["customer"]) == (item, {"isAnonymous": True})
        assert shown["participants"][0]["joinedAt"] is not None

        await office.done("ada", "leaveConversation", conversationId=conversation)

        async def left() -> bool:
            return await state(office, item) == "INACTIVE"

        await office.until(left)
        position = await office.done("grace", "closeListItem", itemId=item)
        assert await code(office, "grace", "joinListItem", itemId=item) == "LIST_ITEM_CLOSED"
        told = [it["event"]["item"]["state"] for it in await items(ada, "TaskClosed") if "item" in (it["event"] or {})]
        assert set(told) <= {"ACTIVE", "INACTIVE", "CLOSED"}
        page = (await office.ask("sam", ITEMS, list="comments", states=["CLOSED"], waitFor=position))["listItems"]
        assert [(it["id"], it["closeReason"]) for it in page["nodes"]] == [(item, "AGENT")]
        assert (await office.ask("ada", ITEMS, list="comments", states=["UNREAD"]))["listItems"]["nodes"] == []


async def test_a_subscription_survives_a_reload_and_ends_when_it_is_ended(office: Office) -> None:
    await office.world.configure_list()
    await office.done("ada", "logIn")
    await office.done("ada", "subscribeList", listId="comments")
    await office.done("ada", "logOut")
    await office.done("ada", "logIn")
    as_of = (await office.ask("ada", "{ desk { asOf } }"))["desk"]["asOf"]
    _, item = await arrived(office)
    async with following(office, "ada", DESK, after=as_of) as socket:
        assert (await items(socket, "ListItemArrived"))[-1]["event"]["itemId"] == item
    await office.done("ada", "unsubscribeList", listId="comments")
    assert (await office.ask("ada", LISTS))["lists"][0]["isSubscribed"] is False
    async with following(office, "ada", DESK) as socket:
        await socket.receive()
        await arrived(office, "jane")
        await office.done("ada", "makeReady")
        told = await items(socket, "PresenceChanged")
    assert "ListItemArrived" not in [it["event"]["__typename"] for it in told if it["event"]]


async def test_the_board_of_lists_tells_what_changes(office: Office) -> None:
    await office.world.configure_list()
    await office.done("ada", "logIn")
    async with following(office, "sam", BOARD) as socket:
        await socket.receive()
        _, item = await arrived(office)
        await office.done("ada", "joinListItem", itemId=item)
        seen: list[str] = []
        while "ACTIVE" not in seen:
            message = await socket.receive()
            if message["type"] == "next":
                seen += [row["state"] for row in message["payload"]["data"]["lists"]["changed"] if row["id"] == item]


async def test_who_may_not_pull_sees_no_list_and_touches_nothing_on_it(office: Office) -> None:
    await office.world.configure_list()
    eve = await office.hire("eve", Role.AGENT)
    await office.world.send(RegisterAgent(AgentId(eve), "eve", "Eve"))  # without the media routing domain
    _, item = await arrived(office)
    await office.done("eve", "logIn")
    assert (await office.ask("eve", LISTS))["lists"] == []
    assert await office.refused("eve", ITEMS, list="comments") == "NOT_FOUND"
    assert await code(office, "eve", "subscribeList", listId="comments") == "NOT_FOUND"
    for mutation in ("joinListItem", "dismissListItem", "closeListItem"):
        assert await code(office, "eve", mutation, itemId=item) == "NOT_FOUND"
        assert await code(office, "ada", mutation, itemId="another") == "NOT_FOUND"
    assert await code(office, "ada", "joinListItem", itemId=item) == "NOT_LOGGED_IN"
    assert await code(office, "ada", "subscribeList", listId="another") == "NOT_FOUND"
    assert await state(office, item) == "UNREAD"
    await office.done("sam", "closeListItem", itemId=item)  # a supervisor may, without an agent's domains
    assert await state(office, item) == "CLOSED"


async def test_the_conversation_becomes_theirs_with_the_item(office: Office) -> None:
    await office.world.configure_list()
    conversation, item = await arrived(office)
    query = "query($id: ID!) { conversation(id: $id) { state } }"
    assert await office.refused("grace", query, id=conversation) == "NOT_FOUND"
    await office.done("grace", "logIn")
    await office.done("grace", "joinListItem", itemId=item)
    await talks(office, conversation, GRACE)
    assert (await office.ask("grace", query, id=conversation))["conversation"] == {"state": "ACTIVE"}
    desk = await office.ask("grace", "{ desk { tasks { state mode queueId offer { id } } } }")
    assert desk["desk"]["tasks"] == [{"state": "ACTIVE", "mode": "AGENT", "queueId": None, "offer": None}]
    assert await office.refused("ada", query, id=conversation) == "NOT_FOUND"
