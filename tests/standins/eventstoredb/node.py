"""How does a test run an EventStoreDB? `async with Node() as node:` and connect to `node.uri`."""

from typing import Self

import grpc.aio
from esdbclient.protos.Grpc import gossip_pb2_grpc, streams_pb2_grpc

from tests.standins.eventstoredb.faults import Faults
from tests.standins.eventstoredb.gossip import LEADER, Gossip
from tests.standins.eventstoredb.log import Log
from tests.standins.eventstoredb.reading import Reading
from tests.standins.eventstoredb.writing import Writing

_OPTIONS = [
    ("grpc.max_receive_message_length", 17 * 1024 * 1024),
    ("grpc.so_reuseport", 0),
    ("grpc.http2.max_ping_strikes", 0),  # the real server is patient with keep-alive pings, gRPC's own is not
]


class Streams(Reading, Writing, streams_pb2_grpc.StreamsServicer):
    def __init__(self, log: Log, faults: Faults) -> None:
        self.log = log
        self.faults = faults


class Node:
    """A single insecure node. Stop and start it again: the log and the port stay, as after a restart.

    Two nodes that share a `log` and know each other in `members` are a small cluster.
    """

    def __init__(self, log: Log | None = None, port: int = 0) -> None:
        self.log = log or Log()
        self.port = port
        self.faults = Faults()
        self.members: dict[str, int] = {}
        self._server: grpc.aio.Server | None = None

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def uri(self) -> str:
        return f"esdb://{self.target}?Tls=false"

    async def start(self) -> Self:
        server = grpc.aio.server(options=_OPTIONS)
        streams_pb2_grpc.add_StreamsServicer_to_server(Streams(self.log, self.faults), server)
        gossip_pb2_grpc.add_GossipServicer_to_server(Gossip(self.faults, self.members), server)
        self.port = server.add_insecure_port(self.target)
        self.members.setdefault(self.target, LEADER)
        await server.start()
        self._server = server
        return self

    async def stop(self) -> None:
        """At once: calls in flight lose their connection."""
        if self._server is not None:
            server, self._server = self._server, None
            await server.stop(grace=None)

    async def cut_subscriptions(self) -> None:
        """Everybody who is subscribed loses the connection, now."""
        self.faults.cuts += 1
        await self.log.stir()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
