"""The server is restarted while agents are at their desks: who comes back is where they were, who stays away is signed out."""

import asyncio
import signal
from math import ceil

import pytest

from tests.e2e.server.client import Centre, Json, Staff, Subscription, history, until
from tests.e2e.server.people import private_line
from tests.e2e.server.process import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(180)]
SHORT_S = 5
"""The shortest grace that can be configured. After a kill it runs from when the next server finds the desks empty."""


async def test_a_restart_signs_out_only_who_does_not_come_back(server: Server) -> None:  # routing 39, 41
    async with Centre(server.url) as centre:
        admin, sam = await centre.staff("admin"), await centre.staff("sam")
        (hana, desk), (olga, of_olga), (_, of_ivan) = [await _at_work(centre, who) for who in ("hana", "olga", "ivan")]
        await admin.do("configureDeskPolicy", disconnectGraceS=SHORT_S)

        server.kill()
        _stays_away(of_ivan)
        start_s = await server.start()
        await _gets_the_next_customer(centre, hana, desk)
        await _gets_the_next_customer(centre, olga, of_olga)
        assert await _state(sam, "hana") == ("READY", "ACTIVE")

        grace_s = max(
            SHORT_S, ceil(3 * start_s)
        )  # from the goodbye on, and a start takes as long as the machine is busy
        await admin.do("configureDeskPolicy", disconnectGraceS=grace_s)
        assert await asyncio.to_thread(server.stop, signal.SIGTERM) == 0
        _stays_away(of_olga)
        await server.start()
        await _gets_the_next_customer(centre, hana, desk)

        for who in ("ivan", "olga"):
            await until(lambda who=who: _is(sam, who, "LOGOUT"), grace_s + 20.0, f"{who} is signed out")
        assert await _state(sam, "hana") == ("READY", "ACTIVE")
        reasons = [it["data"]["reason"] for it in await _signed_out(await centre.staff("audrey"))]
        assert reasons == ["DISCONNECTED", "DISCONNECTED"]
        print(f"\na start took {start_s:.1f} s, so whoever was asked to go had {grace_s} s to come back")


async def _at_work(centre: Centre, name: str) -> tuple[Staff, Subscription]:
    """Ready for what comes on a channel of their own."""
    agent = await private_line(centre, name)
    desk = await agent.desk()
    await agent.do("logIn")
    await agent.do("makeReady")
    return agent, desk


def _stays_away(desk: Subscription) -> None:
    """The connection is lost, and nobody makes another."""

    async def nothing() -> None:
        await asyncio.Event().wait()

    desk._listen = nothing  # type: ignore[method-assign]


async def _gets_the_next_customer(centre: Centre, agent: Staff, desk: Subscription) -> None:
    customer = await centre.visitor(agent.username).open("Next")
    await customer.say("Is somebody there?")
    offered = await desk.first("TaskOffered", conversation={"id": customer.conversation})
    await agent.do("acceptTask", taskId=offered["taskId"])
    await desk.first("AgentJoined", conversationId=customer.conversation)


async def _state(supervisor: Staff, agent: str) -> tuple[str, str]:
    """The agent's own, and that in their domain."""
    found = await supervisor.ask("query ($id: ID!) { agent(id: $id) { state mrds { state } } }", id=agent)
    return found["agent"]["state"], found["agent"]["mrds"][0]["state"]


async def _is(supervisor: Staff, agent: str, state: str) -> bool:
    return (await _state(supervisor, agent))[0] == state


async def _signed_out(auditor: Staff) -> list[Json]:
    return [it for it in await history(auditor) if it["type"] == "agent.logged-out"]
