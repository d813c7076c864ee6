"""The composition root: the one file that knows everything. Read it from top to bottom to see what runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import psycopg
import structlog
import uuid_utils.compat as uuid_utils
from nats.errors import Error as NatsError
from starlette.types import ASGIApp

from api.app import build_app
from api.auth import Authentication
from api.channels import ChannelDoor
from api.channels import openapi as describe_channels
from api.desks import Desks
from api.feeds import AllFeeds, desk_topic
from api.graphql.limits import Profile as GraphQLProfile
from api.graphql.limits import Sockets
from api.issuer import Issuer, OwnKeys, signing_key
from api.outside_issuer import OutsideKeys
from api.schema.context import Behind, Pool
from api.webchat.bounds import Bounds
from api.webchat.doors import WebChat
from api.webchat.openapi import openapi as describe_webchat
from commands.ports import Conflict, Unavailable
from connectors.bots.scripted.bot import scripted
from connectors.errors import TryLater
from connectors.webhook.channel import WebhookCourier, secret_of
from domain.ids import ChannelId
from infra.bus import Bus, InProcessBus, NatsBus
from infra.centre import Centre
from infra.database import reading
from infra.desks import EmptyDesks, lease_of
from infra.eventlog.postgres import PostgresLog
from infra.lease import is_held, lease
from infra.outbox import BotTurns, Deliveries, Whereabouts
from infra.projector import Projector
from infra.seed import DEMO_PASSWORD, tell
from infra.serving import CannotStart, calm_the_collector, ended, listening, set_up_logs, sweeping
from infra.serving import server as make_server
from infra.settings import Profile, Role, Settings, master_keys
from infra.storage import Storage, opened
from infra.users import PostgresUsers
from infra.views import Views
from infra.wake import Waker
from projections.agents.projection import Agents
from projections.conversations.projection import Conversations
from projections.customers.projection import Customers
from projections.desk.audience import Audience
from projections.desk.supervisors import Supervisors
from projections.lists.projection import Lists
from projections.queues.projection import Queues
from projections.tasks.projection import Tasks

PROJECTIONS = (Conversations, Tasks, Agents, Queues, Customers, Lists)
NATS_PATIENCE_S = 5.0
log = structlog.get_logger(__name__)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Parley:
    """A running deployment, as far as this process is part of it."""

    settings: Settings
    storage: Storage
    readers: Pool
    centre: Centre
    projector: Projector
    views: Views
    users: PostgresUsers
    bus: Bus
    audience: Audience
    supervisors: Supervisors
    whereabouts: Whereabouts
    waker: Waker
    http: httpx2.AsyncClient
    desks: Desks
    empty_desks: EmptyDesks


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> UUID:
    return uuid_utils.uuid7()


@asynccontextmanager
async def running(settings: Settings, say: Say) -> AsyncIterator[Parley]:
    """Everything behind the doors, from the database upwards; what was opened is closed in turn."""
    async with AsyncExitStack() as stack:
        say("database …" if settings.database_url else "embedded database …")
        storage = await stack.enter_async_context(opened(settings))
        users = PostgresUsers(storage.pool)
        await users.prepare()
        bus: Bus = InProcessBus()
        if settings.nats_url is not None:
            say("nats …")
            bus = await _nats(settings.nats_url.get_secret_value())
        stack.push_async_callback(bus.close)
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=10.0))
        audience, supervisors, whereabouts = Audience(), Supervisors(), Whereabouts(storage.log)
        centre = Centre(storage.log, storage.checkpoints, now, (audience, supervisors))
        centre.live.topics = lambda recorded: [desk_topic(agent) for agent in audience.of(recorded)]
        for name, part in _outbox(centre, storage, http, settings).items():
            centre.react(name, part.reactions(), part.wants)
        say("reading the log …")
        waker = Waker(bus, storage.log.wake if isinstance(storage.log, PostgresLog) else lambda: None)
        desks = Desks(centre.commands, new_id)
        empty_desks = _empty_desks(centre, storage, supervisors, desks)
        await centre.start((whereabouts.observe, waker.observe, desks.observe, empty_desks.observe))
        stack.push_async_callback(centre.stop)
        projector = Projector(storage.log, storage.database_url, PROJECTIONS, settings.lease_s)
        stack.push_async_callback(projector.stop)
        readers = await stack.enter_async_context(reading(storage.database_url))
        views = Views(projector, readers)
        yield Parley(
            settings,
            storage,
            readers,
            centre,
            projector,
            views,
            users,
            bus,
            audience,
            supervisors,
            whereabouts,
            waker,
            http,
            desks,
            empty_desks,
        )


async def _nats(url: str) -> Bus:
    try:
        async with asyncio.timeout(NATS_PATIENCE_S):
            return await NatsBus.connect(url)
    except (OSError, TimeoutError, NatsError) as error:
        where = url.rpartition("@")[2]
        raise CannotStart(f"No NATS answers at {where} ({error!r}); start it, or unset PARLEY_NATS_URL.") from None


def _outbox(
    centre: Centre, storage: Storage, http: httpx2.AsyncClient, settings: Settings
) -> dict[str, Deliveries | BotTurns]:
    send, store, catalog = centre.commands.send, centre.store, lambda: centre.catalog
    couriers = {"webhook": WebhookCourier(http, master_keys(settings), now)}
    bots = {"scripted": scripted}
    return {
        "deliveries": Deliveries(send, store, catalog, couriers, TryLater),
        "bots": BotTurns(send, store, storage.log, catalog, bots, store.peek),
    }


def app_of(parley: Parley) -> ASGIApp:
    """The doors: GraphQL, sign-in, web chat, foreign channels, health."""
    settings, centre = parley.settings, parley.centre
    issuer_url = settings.oidc_issuer or f"{settings.url}"
    if settings.oidc_issuer is None:
        key = signing_key(settings.data_dir / "keys" / "issuer.pem")
        authentication = Authentication(issuer_url, settings.oidc_audience, OwnKeys(key), now)
        issuer = Issuer(issuer_url, settings.oidc_audience, key, parley.users, authentication, now, new_id)
    else:
        authentication = Authentication(issuer_url, settings.oidc_audience, OutsideKeys(issuer_url, parley.http), now)
        issuer = None
    behind = Behind(
        store=centre.store,
        commands=centre.commands,
        catalog=lambda: centre.catalog,
        log=parley.storage.log,
        pool=parley.readers,
        position=lambda: centre.live.position,
        shown=lambda: min(parley.views.positions.values()),
        why_waiting=centre.router.why_waiting,
        waits=lambda: centre.announcer.waits,
        wait_for=parley.views.wait_for,
        clock=now,
        new_id=new_id,
        day_began=lambda: now().replace(hour=0, minute=0, second=0, microsecond=0),
        bus=parley.bus,
        users=parley.users if issuer else None,
    )
    channels = ChannelDoor(
        centre.commands,
        lambda: centre.catalog,
        authentication,
        parley.whereabouts,
        master_keys(settings),
        (Unavailable, Conflict),
    )
    sockets = Sockets(origins=frozenset(settings.allowed_origins))
    development = settings.profile is Profile.DEVELOPMENT
    return build_app(
        behind=behind,
        authenticate=authentication,
        attendance=parley.desks,
        feeds=AllFeeds(behind, centre.live, parley.audience, parley.views),
        profile=GraphQLProfile.development(sockets=sockets)
        if development
        else GraphQLProfile.production(sockets=sockets),
        issuer=issuer,
        routes=[*_web_chat(parley).routes(), *channels.routes()],
        clock=time.time,
        descriptions=[describe_channels(), describe_webchat()],
    )


def _web_chat(parley: Parley) -> WebChat:
    settings, centre = parley.settings, parley.centre
    return WebChat(
        centre.commands,
        centre.store,
        centre.live,
        parley.storage.log,
        lambda: centre.catalog,
        parley.bus,
        master_keys(settings),
        now,
        new_id,
        (Unavailable, Conflict),
        Bounds() if settings.rate_limits else Bounds.without_rates(),
        lambda: centre.announcer.waits,
    )


async def serve(settings: Settings, *, demo: bool, say: Say) -> None:
    """Run until told to stop. Raises `CannotStart`."""
    set_up_logs(settings.log_level)
    began = time.monotonic()
    async with running(settings, say) as parley:
        server = make_server(settings, app_of(parley))
        parts = [asyncio.create_task(parley.centre.until_it_fails(), name="following the log")]
        parts += [asyncio.create_task(duty, name=name) for name, duty in _duties(parley)]
        try:
            if demo:
                await tell(parley.centre, parley.users, say)
            say("read models …")
            await _unless_ended(parley.views.exist(), parts)
            calm_the_collector()
            parts.append(await listening(server, settings))
            say(_welcome(settings, time.monotonic() - began, demo=demo))
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.stop()
            await ended(parts)


async def _unless_ended(something: Coroutine[Any, Any, None], parts: Sequence[asyncio.Task[None]]) -> None:
    """Wait for it, but not when a part that must run has ended: then nothing is to be waited for."""
    waiting = asyncio.ensure_future(something)
    try:
        await asyncio.wait({waiting, *parts}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


def _duties(parley: Parley) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
    """What this process does besides answering, by its roles."""
    centre, roles = parley.centre, parley.settings.roles
    if Role.ENGINE in roles:
        yield "engine", _alone(parley, "engine", centre.route)
        yield "empty desks", _alone(parley, "empty desks", parley.empty_desks.run)
    yield "desks", _alone(parley, lease_of(parley.desks.house), parley.desks.run)
    if Role.CONNECTORS in roles:
        yield "connectors", _alone(parley, "connectors", centre.deliver)
    if Role.PROJECTOR in roles:
        yield "projector", _alone(parley, "projector", parley.projector.run)
    yield "views", parley.views.run()
    yield "sweeping", sweeping()
    if isinstance(parley.storage.log, PostgresLog) and parley.settings.nats_url is not None:
        yield "waker", parley.waker.run()


def _empty_desks(centre: Centre, storage: Storage, supervisors: Supervisors, ours: Desks) -> EmptyDesks:
    async def lives(house: str) -> bool:
        if house == ours.house:
            return True
        try:
            return await is_held(storage.database_url, lease_of(house))
        except psycopg.Error:  # nobody is taken for gone while nobody can be asked
            return True

    return EmptyDesks(centre.commands.send, lambda: centre.router.agents, lambda: supervisors.people, lives)


async def _alone(parley: Parley, name: str, duty: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do a duty whenever the lease for it is ours: one that was lost is sought again."""
    while True:
        async with lease(parley.storage.database_url, name, parley.settings.lease_s) as lost:
            doing = asyncio.ensure_future(duty())
            try:
                await asyncio.wait({doing, lost}, return_when=asyncio.FIRST_COMPLETED)
                if doing.done() and not _passes(doing.exception()):
                    doing.result()
            finally:
                doing.cancel()
                await asyncio.gather(doing, return_exceptions=True)
        log.warning("the lease or the log was lost; standing by", duty=name)


def _passes(error: BaseException | None) -> bool:
    """Is it only that the log is away? Then the duty is taken up again."""
    if isinstance(error, BaseExceptionGroup):
        return all(_passes(part) for part in error.exceptions)
    return isinstance(error, Unavailable)


def channel_secret(settings: Settings, channel: str) -> str:
    """What a foreign connector of this channel signs with, and verifies deliveries with."""
    return secret_of(master_keys(settings)[0], ChannelId(channel))


def _welcome(settings: Settings, seconds: float, *, demo: bool) -> str:
    url = settings.url
    lines = [
        f"Parley is ready after {seconds:.1f} s. Ctrl-C stops it; data stays in {settings.data_dir}.",
        "",
        f"  GraphQL            {url}/graphql   (sockets too: graphql-transport-ws)",
        f"  Web chat           {url}/webchat/web",
        f"  Sign in            POST {url}/auth/token",
        f"  REST, documented   {url}/docs",
    ]
    if demo:
        lines += [
            "",
            f"  Everybody's password is {DEMO_PASSWORD}:",
            "  agents ada, grace, alan · supervisor sam · quality quinn · auditor audrey · admin · connector",
        ]
    return "\n".join(lines)
