"""A whole contact centre behind its HTTP doors: the log in memory, the read models in PostgreSQL, real tokens."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx2
from joserfc.jwk import ECKey

from api.app import build_app
from api.auth import Authentication, Role
from api.desks import Desks
from api.feeds import AllFeeds
from api.graphql.limits import Profile
from api.issuer import Issuer, OwnKeys
from api.schema.context import Behind
from domain.kernel import NAMESPACE, Position
from infra.bus import InProcessBus
from infra.database import reading
from infra.projector import Projector
from infra.users import MemoryUsers
from projections.agents.projection import Agents
from projections.conversations.projection import Conversations
from projections.customers.projection import Customers
from projections.desk.audience import Audience
from projections.lists.projection import Lists
from projections.queues.projection import Queues
from projections.tasks.projection import Tasks
from tests.e2e.world import World

ISSUER, AUDIENCE, PASSWORD = "http://parley.test", "parley", "correct horse"
PROJECTIONS = (Conversations, Tasks, Agents, Queues, Customers, Lists)
KEY = ECKey.generate_key("P-256", auto_kid=True)


class Office:
    def __init__(self, world: World, behind: Behind, issuer: Issuer, app: Any, bus: InProcessBus) -> None:
        self.world, self.behind, self.issuer, self.app, self.bus = world, behind, issuer, app, bus
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ISSUER)
        self._tokens: dict[str, str] = {}

    @property
    def users(self) -> MemoryUsers:
        return self.behind.users

    async def hire(self, name: str, *roles: Role) -> str:
        """Somebody with a token; returns their subject."""
        subject = subject_of(name)
        await self.users.create(subject, name, name.title(), PASSWORD, frozenset(map(str, roles)))
        answer = await self.http.post(
            "/auth/token", data={"grant_type": "password", "username": name, "password": PASSWORD}
        )
        self._tokens[name] = answer.json()["access_token"]
        return subject

    def token(self, name: str) -> str:
        return self._tokens[name]

    async def post(self, who: str | None, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._tokens[who]}"} if who else {}
        answer = await self.http.post("/graphql", json={"query": query, "variables": variables or {}}, headers=headers)
        return answer.json()

    async def ask(self, who: str, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.post(who, query, variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def refused(self, who: str, query: str, **variables: Any) -> str:
        """The code of the only error."""
        answer = await self.post(who, query, variables)
        assert len(answer["errors"]) == 1, answer
        return answer["errors"][0]["extensions"]["code"]

    async def do(self, who: str, mutation: str, **input: Any) -> dict[str, Any]:
        """The payload of a mutation."""
        kind = mutation[0].upper() + mutation[1:] + "Input"
        query = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {PAYLOAD} }} }}"
        return (await self.ask(who, query, input=input))[mutation]

    async def done(self, who: str, mutation: str, **input: Any) -> str:
        """The position that a mutation without errors wrote. It is sent twice: the same id gets the same answer, and does
        nothing more (routing 66).
        """
        input = {"clientMutationId": str(uuid4()), **input}
        payload = await self.do(who, mutation, **input)
        assert payload["errors"] == [], payload
        written = await self._written_by(who, input["clientMutationId"], mutation)
        assert await self.do(who, mutation, **input) == payload
        assert await self._written_by(who, input["clientMutationId"], mutation) == written
        return payload["position"]

    async def _written_by(self, who: str, client_mutation_id: str, mutation: str) -> int:
        command_id = uuid5(NAMESPACE, f"{subject_of(who)}\x1f{mutation}\x1f{client_mutation_id}")
        history = await self.world.log.read_all(limit=1_000_000)
        return sum(recorded.cause.command_id == command_id for recorded in history)

    async def until(self, what, within_s: float = 5.0) -> Any:
        async with asyncio.timeout(within_s):
            while not (result := await what()):
                await asyncio.sleep(0.005)
            return result


PAYLOAD = "clientMutationId position errors { field code message }"


def subject_of(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


@asynccontextmanager
async def opened(postgres_url: str, profile: Profile | None = None) -> AsyncIterator[Office]:
    world, bus, users, audience = World(), InProcessBus(), MemoryUsers(), Audience()
    world.centre.live.topics = lambda recorded: [f"desk of {agent}" for agent in audience.of(recorded)]

    def hear(batch) -> None:
        for recorded in batch:
            audience.feed(recorded)

    def now_and_then():
        return world.clock().replace(hour=0, minute=0, second=0, microsecond=0)

    async with world, Projector(world.log, postgres_url, PROJECTIONS) as projector, reading(postgres_url) as pool:
        before = world.centre.live.observers
        desks = Desks(world.centre.commands, uuid4)
        world.centre.live.observers = (hear, *before, desks.observe)
        authentication = Authentication(ISSUER, AUDIENCE, OwnKeys(KEY), world.clock)
        issuer = Issuer(ISSUER, AUDIENCE, KEY, users, authentication, world.clock, uuid4)
        behind = Behind(
            store=world.centre.store,
            commands=world.centre.commands,
            catalog=lambda: world.centre.catalog,
            log=world.log,
            pool=pool,
            position=lambda: world.centre.live.position,
            wait_for=projector.wait_for,
            clock=world.clock,
            new_id=uuid4,
            day_began=now_and_then,
            bus=bus,
            users=users,
            shown=lambda: min(projector.positions.values()),
            why_waiting=world.centre.router.why_waiting,
            waits=lambda: world.centre.announcer.waits,
        )
        app = build_app(
            behind=behind,
            authenticate=authentication,
            feeds=AllFeeds(behind, world.centre.live, audience, projector),
            profile=profile or Profile.production(),
            issuer=issuer,
            clock=time.time,
            attendance=desks,
        )
        office = Office(world, behind, issuer, app, bus)
        async with office.http:
            yield office


async def staffed(office: Office) -> Position:
    """Ada and Grace can answer in the queue Support, sam supervises, and the channel asks for a human at once."""
    from commands.agents import AssignAttribute, GrantMrd, RegisterAgent
    from domain.configuration.settings import ChannelMode
    from tests.e2e.world import CHAT, ENGLISH

    await office.world.configure(mode=ChannelMode.AGENT)
    position = Position(0)
    for name in ("ada", "grace"):
        agent = await office.hire(name, Role.AGENT)
        await office.world.send(RegisterAgent(agent, name, name.title()))
        await office.world.send(AssignAttribute(agent, ENGLISH))
        position = await office.world.send(GrantMrd(agent, CHAT))
    for name, role in (
        ("sam", Role.SUPERVISOR),
        ("quinn", Role.QUALITY),
        ("root", Role.ADMIN),
        ("audrey", Role.AUDITOR),
    ):
        await office.hire(name, role)
    return position
