"""What does the list of agents show?"""

import pytest

from domain.agents.facts import (
    AgentRegistered,
    AgentState,
    AttributeAssigned,
    AttributeWithdrawn,
    DeskConnected,
    DeskDisconnected,
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MadeReady,
    MrdGranted,
    MrdMadeReady,
    MrdState,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotState,
    StateLost,
)
from domain.configuration.domains import InterruptionAction
from domain.routing.decisions import UNTOLD
from projections.agents.reads import agent, agents, crews
from tests.projections.telling import after, query, shown, told

pytestmark = pytest.mark.anyio
BOB = "agent-bob"


def ready(name: str = "bob", at: float = 0):
    stream = f"agent-{name}"
    facts = (
        AgentRegistered(name, name.title()),
        AttributeAssigned("english", 7),
        AttributeAssigned("night", 1),
        AttributeWithdrawn("night"),
        MrdGranted("chat", 2),
        MrdGranted("email", 5),
        LoggedIn(),
        MadeReady(),
        MrdMadeReady("chat"),
    )
    return [(at, stream, fact) for fact in facts]


async def test_an_agent_shows_who_they_are_and_what_they_can(postgres_url):
    async with shown(postgres_url, told(*ready())) as connection:
        it = await agent(connection, "bob")
    assert (it.username, it.name, it.state, it.attributes) == ("bob", "Bob", AgentState.READY, {"english": 7})
    assert [(m.mrd_id, m.state, m.tasks_max, m.load) for m in it.mrds] == [
        ("chat", MrdState.READY, 2, 0),
        ("email", MrdState.NOT_READY, 5, 0),
    ]


async def test_the_states_of_a_shift_add_up_to_it(postgres_url):  # routing 67
    gives_way = {"email": InterruptionAction.HOLD}
    facts = told(
        *ready(at=100),
        (110, BOB, MrdMadeReady("email")),
        (120, BOB, SlotReserved("chat", "t1", "o1", 0, UNTOLD, False, gives_way)),
        (125, BOB, SlotFilled("chat", "t1", "c1")),
        (150, BOB, SlotReleased("chat", "t1", "DONE")),
        (160, BOB, StateLost("crash")),
        (190, BOB, MadeReady()),
        (190, BOB, MrdMadeReady("chat")),
        (200, BOB, MadeNotReady("lunch")),
        (230, BOB, MadeNotReady("training")),
        (300, BOB, LoggedOut("home")),
        (900, BOB, AttributeAssigned("latin", 1)),
    )
    async with shown(postgres_url, facts) as connection:
        it = await agent(connection, "bob")
    assert it.durations == {"NOT_READY": 100, "READY": 70, "UNKNOWN": 30}
    chat, email = it.mrds
    assert chat.durations == {"NOT_READY": 100, "READY": 40, "ACTIVE": 30, "UNKNOWN": 30}
    assert email.durations == {"NOT_READY": 120, "READY": 20, "INTERRUPTED": 30, "UNKNOWN": 30}
    for durations in (it.durations, chat.durations, email.durations):
        assert sum(durations.values()) == (it.since - it.login_at).total_seconds() == 200


async def test_a_new_shift_begins_with_nothing(postgres_url):
    facts = told(*ready(), (50, BOB, LoggedOut("")), (60, BOB, LoggedIn()), (70, BOB, MadeReady()))
    async with shown(postgres_url, facts) as connection:
        it = await agent(connection, "bob")
    assert (it.durations, it.mrds[0].durations) == ({"NOT_READY": 10}, {})


async def test_whoever_is_cut_off_is_ready_and_takes_nothing(postgres_url):  # routing 39
    facts = told(*ready(), (1, BOB, DeskConnected("d")), (2, BOB, DeskDisconnected("d", after(60))))
    async with shown(postgres_url, facts) as connection:
        it, crew = await agent(connection, "bob"), (await crews(connection))["chat"]
    assert (it.state, it.is_connected, it.mrds[0].state) == ("READY", False, "READY")
    assert (crew.logged_in, crew.ready, crew.by_state) == (1, 0, {"READY": 1})


async def test_what_gives_way_is_shown_as_long_as_it_does(postgres_url):  # routing 35
    call = SlotReserved("chat", "t1", "o1", 0, UNTOLD, False, {"email": InterruptionAction.HOLD})
    facts = told(*ready(), (1, BOB, MrdMadeReady("email")), (5, BOB, call))
    async with shown(postgres_url, facts) as connection:
        assert [it.state for it in (await agent(connection, "bob")).mrds] == ["ACTIVE", "INTERRUPTED"]
    facts = told(
        *ready(), (1, BOB, MrdMadeReady("email")), (5, BOB, call), (9, BOB, SlotReleased("chat", "t1", "DONE"))
    )
    async with shown(postgres_url, facts) as connection:
        assert [it.state for it in (await agent(connection, "bob")).mrds] == ["READY", "READY"]


async def test_every_state_says_since_when(postgres_url):
    facts = told(
        *ready(),
        (5, BOB, SlotReserved("chat", "t1", "o1", 0)),
        (8, BOB, SlotFilled("chat", "t1", "c1")),
        (20, BOB, MadeNotReady("lunch")),
    )
    async with shown(postgres_url, facts) as connection:
        it = await agent(connection, "bob")
    chat = it.mrds[0]
    assert (it.state, it.reason, it.since, it.login_at) == (AgentState.NOT_READY, "lunch", after(20), after(0))
    assert (chat.state, chat.previous_state, chat.since) == (MrdState.PENDING_NOT_READY, MrdState.ACTIVE, after(20))
    assert (chat.load, chat.last_ready_at) == (1, after(0))
    assert [(t.task_id, t.state, t.conversation_id, t.since) for t in it.tasks] == [
        ("t1", SlotState.ACTIVE, "c1", after(8))
    ]


async def test_another_reason_is_another_since(postgres_url):
    facts = told(*ready(), (5, BOB, MadeNotReady("lunch")), (9, BOB, MadeNotReady("training")))
    async with shown(postgres_url, facts) as connection:
        assert (await agent(connection, "bob")).since == after(9)


async def test_a_released_slot_is_gone(postgres_url):
    facts = told(*ready(), (5, BOB, SlotReserved("chat", "t1", "o1", 0)), (9, BOB, SlotReleased("chat", "t1", "RONA")))
    async with shown(postgres_url, facts) as connection:
        it = await agent(connection, "bob")
    assert (it.tasks, it.mrds[0].load, it.mrds[0].state, it.mrds[0].last_ready_at) == ((), 0, MrdState.READY, after(9))


async def test_agents_are_listed_by_name_and_state_and_counted_by_domain(postgres_url):
    facts = told(
        *ready("bob"),
        *ready("amy"),
        *ready("eve"),
        (5, BOB, SlotReserved("chat", "t1", "o1", 0)),
        (9, "agent-eve", LoggedOut("home")),
    )
    async with shown(postgres_url, facts) as connection:
        assert [it.id for it in (await agents(connection)).items] == ["amy", "bob", "eve"]
        assert [it.id for it in (await agents(connection, [AgentState.LOGOUT])).items] == ["eve"]
        crew = (await crews(connection))["chat"]
        assert await agent(connection, "nobody") is None
    assert (crew.logged_in, crew.ready, crew.load, crew.tasks_max) == (2, 2, 1, 4)
    assert crew.by_state == {MrdState.READY: 1, MrdState.ACTIVE: 1, MrdState.LOGOUT: 1}


async def test_sql_sees_an_agents_domains_and_tasks_as_tables(postgres_url):
    facts = told(*ready(), (5, BOB, SlotReserved("chat", "t1", "o1", 0)))
    async with shown(postgres_url, facts):
        assert query(postgres_url, "SELECT mrd_id, state, load FROM agents.agent_mrd ORDER BY 1") == [
            ("chat", "ACTIVE", 1),
            ("email", "NOT_READY", 0),
        ]
        assert query(postgres_url, "SELECT agent_id, task_id, state FROM agents.agent_task") == [
            ("bob", "t1", "RESERVED")
        ]
