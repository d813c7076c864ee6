"""Every kind of deadline runs while the server is killed, and each does what it was set for, once (routing 41, 42).

Everybody gets into the middle of something; then comes `kill -9`. What was due meanwhile is done late, what was due later in
time; and another kill after that brings nothing back.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.e2e.server.client import PASSWORD, Centre, Json, Staff, Subscription, Visitor, history, until
from tests.e2e.server.people import CHAT
from tests.e2e.server.process import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]
SOON_S, GRACE_S, IDLE_S = 8, 20, 30
PATIENCE_S = 90.0
LINES: dict[str, Json] = {
    "rings": {"offerTimeoutS": SOON_S},
    "rests": {"offerTimeoutS": 1},
    "waits": {"offerTimeoutS": 2, "requestTtlS": SOON_S},
    "widens": {},
    "wraps": {"wrapUpS": SOON_S},
    "silent": {"channel": {"customerInactivityS": SOON_S}},
    "reminded": {
        "channel": {"customerInactivityS": 600, "inactivityReminders": [{"percent": 1, "text": "Still there?"}]}
    },
    "slow": {"channel": {"responseTimeoutS": SOON_S}},
    "held": {},
    "gone": {},
    "idle": {},
}
"""Somebody for each deadline, with the queue and the web chat that lead to them alone."""


class People:
    """`agents` with their desks, `visitors` with their conversations, all by the name of their line."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.agents: dict[str, Staff] = {}
        self.desks: dict[str, Subscription] = {}
        self.visitors: dict[str, Visitor] = {}

    async def prepare(self) -> None:
        """Everything that takes long, before any deadline begins."""
        admin = await self.centre.staff("admin")
        await admin.do(
            "configureMediaRoutingDomain", id=CHAT, name="Chat", maxRequests=5, ronaAction="COOL_DOWN", coolDownS=SOON_S
        )
        await admin.do("configureAttribute", id="nobody", name="Nobody", type="BOOLEAN", defaultValue=1)
        for name, settings in LINES.items():
            await _line(admin, name, **settings)
            agent = self.agents[name] = await self.centre.staff(name)
            if name != "gone":
                self.desks[name] = await agent.desk()
        await admin.do("configureDeskPolicy", disconnectGraceS=GRACE_S, idleLogoutS=IDLE_S)
        for name in LINES.keys() - {"waits"}:
            await self.agents[name].do("logIn")
            await self.agents[name].do("makeReady")

    async def arrives(self, name: str) -> None:
        self.visitors[name] = await self.centre.visitor(name).open(name)

    async def rings(self, name: str) -> str:
        await self.arrives(name)
        return (await self.desks[name].first("TaskOffered", PATIENCE_S))["taskId"]

    async def talks(self, name: str) -> str:
        """The conversation."""
        task = await self.rings(name)
        await self.agents[name].do("acceptTask", taskId=task)
        talk = self.visitors[name].conversation
        await self.desks[name].first("AgentJoined", PATIENCE_S, conversationId=talk)
        return talk

    async def says(self, name: str) -> None:
        await self.agents[name].do("postMessage", conversationId=await self.talks(name), messageId=name, text="Yes")

    async def leaves(self, name: str) -> None:
        await self.agents[name].do("leaveConversation", conversationId=await self.talks(name))
        await self.desks[name].first("WrapUpStarted", PATIENCE_S)

    async def is_too_slow(self, name: str) -> None:
        await self.talks(name)
        await self.visitors[name].say("Hello?")

    async def holds(self, name: str) -> None:
        talk = await self.talks(name)
        sam = await self.centre.staff("sam")
        async with Subscription(sam, "queues", "changed { id }", None, {}) as board:
            await until(lambda: board.cursor, PATIENCE_S, "the supervisor follows something")
            await sam.do("monitorConversation", conversationId=talk)
            await self.desks[name].first("AgentJoined", PATIENCE_S, role="SILENT_MONITOR")
            await until(lambda: _has(self.centre, "supervisor.connected"), PATIENCE_S, "the supervisor is watched")
        await until(lambda: _has(self.centre, "supervisor.disconnected"), PATIENCE_S, "the supervisor is cut off")
        await self.agents[name].do("holdConversation", conversationId=talk, forS=SOON_S)

    async def loses_the_desk(self, name: str) -> None:
        async with Subscription(self.agents[name], "desk", "at", None, {}) as desk:
            await until(lambda: desk.cursor, PATIENCE_S, f"{name} is there")
        await until(lambda: _has(self.centre, "agent.desk-disconnected"), PATIENCE_S, f"{name} is cut off")

    async def begins(self) -> None:
        async with asyncio.TaskGroup() as all_at_once:
            for doing in (
                self.holds("held"),
                self.loses_the_desk("gone"),
                self.rings("rings"),
                self._rests("rests"),
                self.arrives("waits"),
                self.arrives("widens"),
                self.leaves("wraps"),
                self.says("silent"),
                self.says("reminded"),
                self.is_too_slow("slow"),
            ):
                all_at_once.create_task(doing)

    async def _rests(self, name: str) -> None:
        await self.rings(name)
        await self.desks[name].first("OfferEnded", PATIENCE_S)


async def _line(admin: Staff, name: str, channel: Json | None = None, **queue: int) -> None:
    await admin.do("configureAttribute", id=name, name=name, type="BOOLEAN", defaultValue=1)
    own = {"expressions": [{"terms": [{"attributeId": name, "operator": "EQ", "value": 1}]}]}
    others = {"expressions": [{"terms": [{"attributeId": "nobody", "operator": "EQ", "value": 1}]}], "timeoutS": SOON_S}
    steps = [others, own] if name == "widens" else [own]
    await admin.do("configureQueue", id=name, name=name, mrdId=CHAT, steps=steps, **queue)
    door = {"id": name, "name": name, "channelTypeId": "webchat", "connector": "webchat", "mode": "AGENT"}
    await admin.do("configureChannel", **door, routing={"queueId": name}, **(channel or {}))
    person = {"username": name, "name": name.title()}
    await admin.do("createUser", id=name, password=PASSWORD, roles=["AGENT"], **person)
    await admin.do("registerAgent", agentId=name, **person)
    await admin.do("assignAttribute", agentId=name, attributeId=name, value=1)
    await admin.do("grantMrd", agentId=name, mrdId=CHAT)


async def _facts(centre: Centre) -> list[Json]:
    return await history(await centre.staff("audrey"))


async def _has(centre: Centre, kind: str) -> bool:
    return any(it["type"].partition("@")[0] == kind for it in await _facts(centre))


def _of(people: People, facts: list[Json]) -> Iterator[tuple[str, Json]]:
    """What came of which deadline."""
    talks = {visitor.conversation: name for name, visitor in people.visitors.items()}
    task_of = {it["stream"]: it["data"]["conversation_id"] for it in facts if it["type"] == "task.created"}
    for fact in facts:
        data, stream = fact["data"], fact["stream"]
        who = talks.get(stream.partition("-")[2], talks.get(task_of.get(stream, ""), stream.partition("-")[2]))
        match fact["type"].partition("@")[0]:
            case "task.closed":
                yield f"{who}: {data['reason']}", fact
            case "task.step-reached":
                yield f"{who}: wider", fact
            case "agent.mrd-made-ready" if who == "rests":
                yield f"{who}: ready", fact
            case "agent.logged-out" | "agent.idle-warned":
                yield f"{who}: {data.get('reason', 'warned')}", fact
            case "conversation.session-left" | "conversation.resumed":
                yield f"{who}: {data['reason']}", fact
            case "conversation.response-timed-out":
                yield f"{who}: timed out", fact
            case "conversation.response-warned":
                yield f"{who}: {data['percent']} %", fact
            case "conversation.message-posted" if data["body"]["text"] == "Still there?":
                yield f"{who}: reminded", fact
            case "conversation.agent-left" if data.get("ends") == "AGENT_LOGOUT":
                yield f"{who}: supervisor gone", fact


ONCE = {
    "rings: RONA": "offer",
    "rests: ready": "cool-down",
    "waits: NO_AGENT_AVAILABLE": "ttl",
    "widens: wider": "a step of the engine",
    "wraps: WRAP_UP_EXPIRED": "wrap-up",
    "silent: INACTIVITY": "inactivity",
    "reminded: reminded": "reminder",
    "slow: 50 %": "response",
    "slow: timed out": "response, its end",
    "held: TIME": "hold",
    "held: supervisor gone": "supervisor",
    "gone: DISCONNECTED": "desk",
    "idle: warned": "idle-warning",
    "idle: IDLE": "idle",
}


async def test_every_kind_of_deadline_outlives_the_server_and_is_met_once(server: Server) -> None:
    async with Centre(server.url) as centre:
        people = People(centre)
        await people.prepare()
        await people.begins()
        before = {what for what, _ in _of(people, await _facts(centre))}
        server.kill()
        await server.start()

        missing = set(ONCE)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while missing := set(ONCE) - {what for what, _ in _of(people, await _facts(centre))}:
                    await asyncio.sleep(1.0)
        assert not missing, sorted({what for what, _ in _of(people, await _facts(centre))})
        early = before & (set(ONCE) - {"rests: ready"})
        assert not early, f"met before the kill, so they prove nothing: {early}"

        server.kill()
        await server.start()
        await asyncio.sleep(2.0)
        met = Counter((what, fact["stream"]) for what, fact in _of(people, await _facts(centre)) if what in ONCE)
        assert {it: count for it, count in met.items() if count > 1 and it[0] != "rests: ready"} == {}
        kinds = Counter(what for what, _ in met)
        assert {what for what, count in kinds.items() if count > 1} <= {"rings: RONA"}  # rested, they are rung at again
        assert met["rests: ready", "agent-rests"] > 1  # by their own word, and by the end of a rest
        print(f"\n{len(kinds)} kinds of deadlines met, each once, after the server was killed")
