"""What do machines ask that speak no GraphQL? Is it up, how is it doing, and the live numbers for a dashboard on a wall.

GET /health, /ready    200 when it can take work, 503 otherwise
GET /metrics           for Prometheus
GET /stats/queues      the live board of queues (bearer; ?id= once or more narrows it)
GET /stats/agents      who is there, by media routing domain, and every agent's state (bearer)
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs

import msgspec
import psycopg
from graphql import GraphQLError
from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request as PlainRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.auth import Viewer
from api.cursors import sealed
from api.graphql.doors import Authenticate
from api.lean import Answer, Door, HttpRefusal, Request
from api.policy import ADMIN, WATCHING
from api.schema.context import Behind
from domain.agents.facts import AgentState, MrdState
from domain.ids import AgentId, MrdId, QueueId
from domain.kernel import NotAllowed
from projections.agents import reads as agent_reads
from projections.paging import Connection, Window
from projections.queues import reads as queue_reads

CHECK_S = 2.0
AGENTS_PAGE, AGENTS_MAX = 500, 5_000
IDS_MAX = 100


class QueueStats(msgspec.Struct, frozen=True, rename="camel"):
    """A queue now, and what happened in it since `since`. Times are seconds, shares from 0 to 1, null where nothing counts."""

    id: QueueId
    name: str
    queued: int
    ringing: int
    active: int
    wrapping_up: int
    oldest_waiting_since: datetime | None
    since: datetime
    offered: int
    answered: int
    handled: int
    abandoned: int
    missed_offers: int
    service_level: float | None
    average_speed_of_answer_s: float | None
    average_handle_s: float | None
    longest_wait_s: float


class AllQueueStats(msgspec.Struct, frozen=True, rename="camel"):
    """`as_of` is a cursor: everything up to it is in the answer."""

    as_of: str
    queues: list[QueueStats]


class CrewStats(msgspec.Struct, frozen=True, rename="camel"):
    """Who can work in a media routing domain now. `ready` take a task at once."""

    id: MrdId
    logged_in: int
    ready: int
    load: int
    capacity: int
    by_state: dict[MrdState, int]


class AgentStats(msgspec.Struct, frozen=True, rename="camel"):
    id: AgentId
    name: str
    state: AgentState
    reason: str
    since: datetime
    tasks: int


class AllAgentStats(msgspec.Struct, frozen=True, rename="camel"):
    """`as_of` is a cursor: everything up to it is in the answer. `agents`: those who are signed in."""

    as_of: str
    media_routing_domains: list[CrewStats]
    agents: list[AgentStats]


class Health(msgspec.Struct, frozen=True, rename="camel"):
    status: str


class Stats:
    """The doors of this page. `subscribers` tells how many subscriptions this process serves."""

    def __init__(
        self, behind: Behind, authenticate: Authenticate[Viewer], subscribers: Callable[[], int] = lambda: 0
    ) -> None:
        self._behind, self._authenticate = behind, authenticate
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._gauge("parley_log_position", "The newest place in the log that this process knows.", behind.position)
        self._gauge("parley_subscription_groups", "Different subscriptions that are served.", subscribers)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/health", Door("GET", self.health)),
            Route("/ready", Door("GET", self.health)),
            Route("/metrics", self.metrics, methods=["GET"]),
            Route("/stats/queues", Door("GET", self.queues)),
            Route("/stats/agents", Door("GET", self.agents)),
        ]

    async def health(self, _request: Request) -> Answer:
        """Is the log heard, and do the read models follow it?"""
        try:
            async with asyncio.timeout(CHECK_S):
                await self._behind.wait_for(self._behind.position())
                async with self._behind.pool.connection() as connection:
                    await connection.execute("select 1")
        except (TimeoutError, psycopg.Error):
            raise HttpRefusal(503, "UNAVAILABLE", "The read models cannot be reached or lag behind.") from None
        return Answer(Health("ok"))

    async def metrics(self, _request: PlainRequest) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    async def queues(self, request: Request) -> Answer:
        await self._check(request)
        ids = parse_qs(request.scope["query_string"].decode("latin-1")).get("id")
        if ids is not None and (len(ids) > IDS_MAX or any("\0" in id for id in ids)):
            raise HttpRefusal(422, "INVALID", f"At most {IDS_MAX} ids, of printable characters.")
        wanted = [QueueId(id) for id in ids] if ids is not None else None
        as_of = await self._now()
        async with self._behind.pool.connection() as connection:
            boards = await queue_reads.boards(connection, self._behind.day_began(), wanted)
        return Answer(AllQueueStats(as_of, [_queue(board) for board in boards]))

    async def agents(self, request: Request) -> Answer:
        await self._check(request)
        as_of = await self._now()
        async with self._behind.pool.connection() as connection:
            crews = await agent_reads.crews(connection)
            present = await _present(connection)
        return Answer(AllAgentStats(as_of, [_crew(crew) for crew in crews.values()], present))

    async def _now(self) -> str:
        try:
            return sealed(await self._behind.caught_up())
        except GraphQLError as late:
            raise HttpRefusal(503, "NOT_YET", late.message) from None

    async def _check(self, request: Request) -> None:
        viewer = await self._authenticate(request.bearer)
        if not viewer.is_any(WATCHING | ADMIN):
            raise NotAllowed("Your roles do not permit this.")

    def _gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        Gauge(name, text, registry=self._registry).set_function(value)


async def _present(connection: Connection) -> list[AgentStats]:
    """Everybody who is signed in, page by page."""
    found: list[AgentStats] = []
    after: str | None = None
    while len(found) < AGENTS_MAX:
        page = await agent_reads.agents(
            connection, (AgentState.READY, AgentState.NOT_READY), Window(AGENTS_PAGE, after)
        )
        found += [AgentStats(it.id, it.name, it.state, it.reason, it.since, len(it.tasks)) for it in page.items]
        if not page.has_next:
            break
        after = page.cursors[-1]
    return found


def _queue(board: queue_reads.QueueBoard) -> QueueStats:
    counted = board.counters
    return QueueStats(
        id=board.id,
        name=board.name,
        queued=board.queued,
        ringing=board.reserved,
        active=board.active,
        wrapping_up=board.wrapping_up,
        oldest_waiting_since=board.oldest_waiting_since,
        since=board.since,
        offered=counted.offered,
        answered=counted.answered,
        handled=counted.handled,
        abandoned=counted.abandoned,
        missed_offers=counted.rona,
        service_level=board.service_level,
        average_speed_of_answer_s=counted.average_speed_of_answer_s,
        average_handle_s=counted.average_handle_s,
        longest_wait_s=counted.longest_wait_ms / 1000,
    )


def _crew(crew: agent_reads.MrdCrew) -> CrewStats:
    return CrewStats(crew.mrd_id, crew.logged_in, crew.ready, crew.load, crew.tasks_max, dict(crew.by_state))
