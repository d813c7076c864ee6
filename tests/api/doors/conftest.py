"""A contact centre in memory behind a real server, with browsers that hide nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
import pytest
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from api.channels import ChannelDoor
from api.graphql.errors import Unauthenticated
from api.webchat.bounds import Bounds
from api.webchat.doors import WebChat
from commands.configuration import Configure
from connectors.errors import TryLater
from connectors.webhook.channel import WebhookCourier
from domain.channels.inbound import ContactKind
from domain.configuration.settings import Channel, ChannelMode, ChannelType, RoutingPolicy
from domain.ids import ChannelTypeId
from domain.kernel import Position
from infra.bus import InProcessBus
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import Conflict, Unavailable
from infra.outbox import Deliveries, Whereabouts
from tests.api.transport.conftest import serving
from tests.e2e.world import CHAT, SUPPORT, World

MASTER = b"m" * 32


class Viewer:
    def __init__(self, role: str) -> None:
        self.subject, self.roles, self.expires_at = role, frozenset({role}), None


async def authenticate(token: str | None) -> Viewer:
    if token not in {"connector", "agent"}:
        raise Unauthenticated("This token is not one of ours.")
    return Viewer(token)


class LogThatGoesAway(MemoryLog):
    """Takes no writes while it is `down`."""

    down = False

    async def append(self, *args: Any, **kwargs: Any) -> Position:
        if self.down:
            raise Unavailable("away")
        return await super().append(*args, **kwargs)


class Centre(World):
    """The world with its doors. `address` is where they are."""

    address: str = ""

    def __init__(self) -> None:
        super().__init__(LogThatGoesAway())
        self.bus = InProcessBus()
        self.whereabouts = Whereabouts(self.log)

    def open_doors(self, bounds: Bounds = Bounds()) -> Starlette:
        centre = self.centre
        unavailable = (Unavailable, Conflict)
        self.chat = WebChat(
            centre.commands, centre.store, centre.live, self.log, lambda: centre.catalog, self.bus,
            [b"k" * 32], self.clock, uuid4, unavailable, bounds, lambda: centre.announcer.waits,
        )  # fmt: skip
        door = ChannelDoor(
            centre.commands, lambda: centre.catalog, authenticate, self.whereabouts, [MASTER], unavailable
        )
        return Starlette(routes=[*self.chat.routes(), *door.routes()])

    def post_things(self, client: httpx2.AsyncClient, retry_for_s: float = 5.0) -> None:
        centre = self.centre
        courier = WebhookCourier(client, [MASTER, b"old" * 10], self.clock)
        deliveries = Deliveries(
            centre.commands.send, centre.store, lambda: centre.catalog, {"webhook": courier}, TryLater, retry_for_s
        )
        centre.react("deliveries", deliveries.reactions())

    async def partner(self, delivery_url: str = "", mode: ChannelMode = ChannelMode.AGENT) -> None:
        """A channel of a foreign connector."""
        await self.send(Configure("messaging", ChannelType("Messaging", CHAT)))
        channel = Channel(
            "Partner", ChannelTypeId("messaging"), "webhook", "+4930999", mode,
            bot_id="greeter", routing=RoutingPolicy(queue_id=SUPPORT), contact_kind=ContactKind.PHONE,
            delivery_url=delivery_url,
        )  # fmt: skip
        await self.send(Configure("partner", channel))

    @contextlib.asynccontextmanager
    async def browser(self, token: str, after: str | None = None, **options: Any) -> AsyncIterator["Browser"]:
        async with connect(f"ws://{self.address}/webchat/web/socket", compression=None, **options) as socket:
            browser = Browser(socket)
            await browser.send(type="hello", token=token, after=after)
            assert (await browser.next())["type"] == "ready"
            yield browser


class Browser:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []

    async def send(self, **frame: Any) -> None:
        await self.socket.send(msgspec.json.encode(frame).decode())

    async def next(self, kind: str | None = None) -> dict[str, Any]:
        """The next frame, or the next of a kind."""
        async with asyncio.timeout(5):
            while True:
                frame = msgspec.json.decode(await self.socket.recv())
                self.seen.append(frame)
                if kind is None or frame["type"] == kind:
                    return frame

    async def closed(self) -> int | None:
        await asyncio.wait_for(self.socket.wait_closed(), 5)
        return self.socket.close_code


@pytest.fixture
async def centre() -> AsyncIterator[Centre]:
    """Web chat `web` with a bot, and the bot speaks."""
    centre = Centre()
    async with centre, serving(centre.open_doors()) as address:
        await centre.configure()
        centre.address = address
        yield centre


@pytest.fixture
async def http(centre: Centre) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=f"http://{centre.address}") as client:
        yield client


@pytest.fixture
async def token(http: httpx2.AsyncClient) -> str:
    """A visitor who has opened the chat."""
    opened: str = (await http.post("/webchat/web/sessions", json={})).json()["token"]
    return opened
