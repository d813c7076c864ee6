"""What does a list show?"""

import pytest

from domain.kernel import Position
from domain.lists.facts import (
    ListItemArrived,
    ListItemClosed,
    ListItemCloseReason,
    ListItemDismissed,
    ListItemJoined,
    ListItemLeft,
    ListItemState,
    ListItemWritten,
)
from infra.projector import Projector
from projections.lists.reads import changed, counts, item, items
from projections.paging import Window
from tests.projections.telling import ALL, after, dump, log_of, play, shown, told

pytestmark = pytest.mark.anyio


def arrival(item_id: str, at: float, list_id: str = "comments"):
    return at, f"listitem-{item_id}", ListItemArrived(list_id, "chat", f"c-{item_id}", "john", after(at), 1)


STORY = (
    arrival("i1", 0),
    (5, "listitem-i1", ListItemDismissed("comments", "zoe")),
    (10, "listitem-i1", ListItemJoined("comments", "ada", "t1")),
    (12, "listitem-i1", ListItemJoined("comments", "bob", "t2")),
    arrival("i2", 15),
    (20, "listitem-i1", ListItemLeft("comments", "ada", "t1")),
    (25, "listitem-i1", ListItemLeft("comments", "bob", "t2")),
    arrival("i3", 30, "letters"),
    (40, "listitem-i1", ListItemWritten("comments", "m1", after(40))),
    (45, "listitem-i1", ListItemWritten("comments", "m2", after(45))),
)


async def test_an_item_shows_who_works_on_it_and_who_waits(postgres_url):
    async with shown(postgres_url, told(*STORY[:4])) as connection:
        it = await item(connection, "i1")
        assert (it.state, it.unread, it.waiting_since, it.arrived_at) == (ListItemState.ACTIVE, 0, None, after(0))
        assert [(part.agent_id, part.task_id, part.joined_at) for part in it.participants] == [
            ("ada", "t1", after(10)),
            ("bob", "t2", after(12)),
        ]
        assert it.dismissed_by == {"zoe"}
        assert await item(connection, "another") is None


async def test_what_nobody_has_read_is_counted(postgres_url):
    async with shown(postgres_url, told(*STORY)) as connection:
        it = await item(connection, "i1")
        assert (it.state, it.unread, it.waiting_since, it.participants) == (ListItemState.INACTIVE, 2, after(40), ())


async def test_a_closed_item_says_who_closed_it_and_when(postgres_url):
    reason = ListItemCloseReason.AGENT
    end = (60, "listitem-i1", ListItemClosed("comments", "c-i1", reason, "ada"))
    async with shown(postgres_url, told(*STORY, end)) as connection:
        it = await item(connection, "i1")
        assert (it.state, it.close_reason, it.closed_by, it.closed_at) == (
            ListItemState.CLOSED, reason, "ada", after(60),
        )  # fmt: skip


async def test_items_come_by_list_and_state_newest_first(postgres_url):
    end = (60, "listitem-i2", ListItemClosed("comments", "c-i2", ListItemCloseReason.CUSTOMER_LEFT))
    async with shown(postgres_url, told(*STORY, end)) as connection:

        async def found(*arguments):
            return [it.id for it in (await items(connection, *arguments)).items]

        assert await found("comments") == ["i2", "i1"]
        assert await found("comments", [ListItemState.INACTIVE]) == ["i1"]
        assert await found("comments", [ListItemState.CLOSED]) == ["i2"]
        assert await found("letters") == ["i3"]
        assert await found("comments", (), Window(1)) == ["i2"]
        assert await counts(connection, ["comments", "letters"]) == {
            ("comments", ListItemState.INACTIVE): 1,
            ("letters", ListItemState.UNREAD): 1,
        }
        assert [it.id for it in await changed(connection, Position(8))] == ["i2", "i1"]


async def test_rebuilt_items_equal_live_ones_byte_for_byte(postgres_url):
    facts = told(*STORY)
    log = await log_of(facts[:6])
    async with Projector(log, postgres_url, ALL) as projector:
        await projector.wait_for(await log.head())
    async with Projector(log, postgres_url, ALL) as projector:  # and after a restart
        await projector.wait_for(await play(log, facts[6:]))
        as_lived = dump(postgres_url, "lists")
        await projector.rebuild("lists")
    assert dump(postgres_url, "lists") == as_lived
    assert len(as_lived["lists.item"]) == 3
