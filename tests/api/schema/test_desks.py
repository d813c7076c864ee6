"""Who sits at their desk? Real sockets come and go, and what they leave behind: routing 39."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from api.auth import Role, Viewer
from api.desks import Desks
from commands.desks import DisconnectDesk
from commands.supervisors import ConnectSupervisor, DisconnectSupervisor
from domain.agents.facts import DeskConnected, DeskDisconnected, LoggedOut
from domain.kernel import Cause, Position, Recorded
from domain.supervisors.supervisor import Supervisor
from infra.desks import EmptyDesks
from projections.desk.supervisors import Supervisors
from tests.api.schema.office import subject_of
from tests.api.schema.test_mutations import ADA, agent, talking
from tests.api.schema.test_subscriptions import following
from tests.api.transport.conftest import client, serving

pytestmark = pytest.mark.anyio
SAM = subject_of("sam")
BOARD = "subscription { queues { cursor } }"
DESK = "subscription { desk { cursor event { __typename } } }"


@asynccontextmanager
async def at_the_desk(office, address, id="1"):
    async with client(address, office.token("ada")) as socket:
        await socket.subscribe(id, DESK)
        assert (await socket.receive())["type"] == "next"
        yield socket


async def facts(office, *kinds):
    return [it.fact for it in await office.world.log.read(f"agent-{ADA}") if isinstance(it.fact, kinds)]


async def connected(office, many=1):
    async def are_there():
        return len((await agent(office)).desks) == many

    await office.until(are_there)


async def cut_off(office):
    async def is_cut_off():
        return (await agent(office)).lost_desk

    await office.until(is_cut_off)


async def ready(office):
    await office.done("ada", "logIn")
    await office.done("ada", "makeReady")


async def test_a_closed_socket_cuts_off_and_another_brings_back(office):
    await ready(office)
    async with following(office, "ada", DESK):
        await connected(office)
        assert (await agent(office)).takes_offers
    await cut_off(office)
    assert ((await agent(office)).state, (await agent(office)).takes_offers) == ("READY", False)
    (lost,) = await facts(office, DeskDisconnected)
    assert lost.due is not None
    async with following(office, "ada", DESK):
        await connected(office)
        assert (await agent(office)).takes_offers


async def test_a_second_socket_takes_over_and_the_first_is_told(office):
    await ready(office)
    async with serving(office.app) as address, at_the_desk(office, address) as first:
        await connected(office)
        async with at_the_desk(office, address):
            while (message := await first.receive())["type"] == "next":
                pass
            assert (message["id"], message["type"]) == ("1", "error")
            assert message["payload"][0]["extensions"]["code"] == "DESK_TAKEN_OVER"
            await connected(office)
            assert (await agent(office)).takes_offers
            assert [len(it.evicted) for it in await facts(office, DeskConnected)] == [0, 1]
            await first.send({"id": "2", "type": "subscribe", "payload": {"query": "{ me { name } }"}})
            assert (await first.receive())["type"] == "next"  # only the desk is taken
    await cut_off(office)


async def test_two_subscriptions_of_one_socket_are_one_desk(office):
    await ready(office)
    async with serving(office.app) as address, at_the_desk(office, address) as socket:
        await socket.subscribe("2", DESK)
        while (await socket.receive())["id"] != "2":
            pass
        await connected(office)
        await socket.send({"id": "1", "type": "complete"})
        await socket.send({"id": "3", "type": "subscribe", "payload": {"query": "{ me { name } }"}})
        while (await socket.receive())["id"] != "3":
            pass
        assert len(await facts(office, DeskConnected, DeskDisconnected)) == 1


async def test_several_desks_are_kept_where_that_is_permitted(office):
    await office.done("root", "configureDeskPolicy", severalDesks=True)
    await ready(office)
    async with serving(office.app) as address, at_the_desk(office, address):
        async with at_the_desk(office, address):
            await connected(office, 2)
        await connected(office, 1)
        assert (await agent(office)).takes_offers


async def test_a_server_that_stops_cuts_nobody_off(office):
    await ready(office)
    async with client_of_a_server_that_stops(office):
        pass
    assert await facts(office, DeskDisconnected, LoggedOut) == []


@asynccontextmanager
async def client_of_a_server_that_stops(office):
    async with serving(office.app) as address:
        context = at_the_desk(office, address)
        socket = await context.__aenter__()
        await connected(office)
        yield
    await socket.closed()  # 1012, by the server


async def test_who_is_taken_for_gone_and_is_there_comes_back(office):
    await ready(office)
    async with following(office, "ada", DESK):
        await connected(office)
        (connection,) = (await agent(office)).desks
        await office.world.send(DisconnectDesk(ADA, connection))
        await connected(office)
        assert (await agent(office)).takes_offers


async def test_the_desks_of_a_server_that_is_gone_are_found_empty(office):
    await ready(office)
    async with client_of_a_server_that_stops(office):
        pass
    (connection,) = (await agent(office)).desks
    house = connection.partition("/")[0]

    async def lives(it):
        return it != house or alive

    async def send(command, command_id, actor):
        return await office.world.centre.commands.send(command, command_id, actor)

    alive, desks = True, EmptyDesks(send, lambda: office.world.centre.router.agents, dict, lives)
    await desks.look()
    assert (await agent(office)).takes_offers
    alive = False
    await desks.look()
    await cut_off(office)
    assert (await facts(office, DeskDisconnected))[0].due is not None
    assert (await agent(office)).state == "UNKNOWN"  # routing 29
    await desks.look()
    assert len(await facts(office, DeskDisconnected)) == 1


async def test_a_look_at_the_desks_asks_for_those_alone_that_moved(office):
    await ready(office)
    asked, agents = [], office.world.centre.router.agents
    standing = {id_: agents[id_] for id_ in agents}

    class Asked(dict):
        def __getitem__(self, id_):
            asked.append(id_)
            return super().__getitem__(id_)

    def told(fact, n):
        return Recorded(Position(n), f"agent-{ADA}", n, office.world.clock(), Cause(office.behind.new_id()), fact)

    async def lives(house):
        return house != "gone"

    async def send(command, command_id, actor):
        sent.append(command)

    sent = []
    desks = EmptyDesks(send, lambda: Asked(standing), dict, lives)
    await desks.look()
    asked.clear()
    await desks.look()
    assert asked == []
    standing[ADA] = replace(standing[ADA], desks=frozenset({"here/1", "gone/2"}))
    desks.observe([told(DeskConnected("gone/2"), 1)])
    await desks.look()
    assert sent == [DisconnectDesk(ADA, "gone/2", watched=False)]
    assert set(asked) == {ADA}
    standing[ADA] = replace(standing[ADA], desks=frozenset({"here/1"}))
    desks.observe([told(DeskDisconnected("gone/2"), 2)])
    await desks.look()
    await desks.look()
    assert len(sent) == 1


async def test_whoever_is_neither_agent_nor_supervisor_has_no_desk(office):
    desks = Desks(office.world.centre.commands, office.behind.new_id)
    nobody = Viewer("quinn", "quinn", "Quinn", frozenset({Role.QUALITY}))
    leave = desks.came("agents", nobody, "a place", lambda _: None)
    leave(restarts=False)
    await desks.settled()
    assert await facts(office, DeskConnected) == []


async def supervisor(office):
    return await office.world.centre.store.load(Supervisor, SAM)


async def is_watched(office, many):
    async def it_is():
        return len((await supervisor(office)).connections) == many

    await office.until(it_is)


async def test_a_supervisor_who_takes_part_is_watched_wherever_they_follow_anything(office):  # routing 38, 39
    talk, _ = await talking(office)
    async with following(office, "sam", BOARD), following(office, "sam", BOARD):
        await office.done("sam", "monitorConversation", conversationId=talk)
        await is_watched(office, 2)
    await is_watched(office, 0)
    assert (await supervisor(office)).lost_until is not None
    async with following(office, "sam", BOARD):
        await is_watched(office, 1)
        assert (await supervisor(office)).lost_until is None
        (connection,) = (await supervisor(office)).connections
        await office.world.send(DisconnectSupervisor(SAM, connection))  # taken for gone, and there
        await is_watched(office, 1)
        await office.done("sam", "stopMonitoring", conversationId=talk)
        await is_watched(office, 0)
    assert (await supervisor(office)).talks == {}


async def test_supervisors_of_a_server_that_is_gone_are_found_missing(office):  # routing 38, 39
    talk, _ = await talking(office)
    await office.done("sam", "monitorConversation", conversationId=talk)

    async def takes_part():
        return (await supervisor(office)).talks

    await office.until(takes_part)
    await office.world.send(ConnectSupervisor(SAM, "house/1"))
    known = Supervisors()
    for recorded in await office.world.log.read_all(limit=10_000):
        known.feed(recorded)
    restored = Supervisors()
    restored.restore(known.dump())

    async def gone(_):
        return False

    async def send(command, command_id, actor):
        return await office.world.centre.commands.send(command, command_id, actor)

    await EmptyDesks(send, dict, lambda: restored.people, gone).look()
    assert (await supervisor(office)).lost_until is not None
