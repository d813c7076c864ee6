"""Who is in the cluster? What `Gossip/Read` answers when a client looks for the leader."""

# ruff: noqa: N802 (the methods are named by the protocol)

import time
from typing import Any
from uuid import uuid4

from esdbclient.protos.Grpc import gossip_pb2, gossip_pb2_grpc, shared_pb2

from tests.standins.eventstoredb.faults import Faults

LEADER = gossip_pb2.MemberInfo.VNodeState.Leader
FOLLOWER = gossip_pb2.MemberInfo.VNodeState.Follower


class Gossip(gossip_pb2_grpc.GossipServicer):
    def __init__(self, faults: Faults, members: dict[str, int]) -> None:
        self.faults = faults
        self.members = members
        """`host:port` → `LEADER` or `FOLLOWER`; shared with the node, so a test may change it."""

    async def Read(self, request: Any, context: Any) -> Any:
        if self.faults.unavailable:
            await self.faults.meet(context)
        return gossip_pb2.ClusterInfo(
            members=[_member(*target.split(":"), state) for target, state in self.members.items()]
        )


def _member(host: str, port: str, state: int) -> Any:
    return gossip_pb2.MemberInfo(
        instance_id=shared_pb2.UUID(string=str(uuid4())),
        time_stamp=time.time_ns() // 100,
        state=state,
        is_alive=True,
        http_end_point=gossip_pb2.EndPoint(address=host, port=int(port)),
    )
