"""What does a run need to be there? A kind of work, a queue and a channel of its own, and agents who know nothing else.

Everything has this run's mark in its id, so that nothing an earlier run has left behind takes part.
"""

import asyncio
import secrets
import uuid
from typing import Any
from urllib.parse import urlencode

import orjson

from bench.dialogues.desks import mutation
from bench.dialogues.wire import Address, Http

PASSWORD = "parley-demo"
SLOTS_MAX = 100


class SetUpFailed(Exception):
    """What the server said to it."""


async def token_of(http: Http, username: str) -> str:
    form = urlencode({"grant_type": "password", "username": username, "password": PASSWORD}).encode()
    status, body = await http.ask("POST", "/auth/token", form, "application/x-www-form-urlencoded")
    if status != 200:
        raise SetUpFailed(f"{username} cannot sign in: {status} {body.decode()}")
    return str(orjson.loads(body)["access_token"])


class World:
    """`channel`: the one to use; none for a new one without a bot."""

    def __init__(self, address: Address, desks: int, customers: int, channel: str | None = None) -> None:
        self.address = address
        self._mark = f"bench-{secrets.token_hex(3)}"
        self.channel = channel or self._mark
        self._own = channel is None
        self._slots = min(SLOTS_MAX, -(-customers * 3 // (2 * desks)) + 2)
        self.agents = [(str(uuid.uuid4()), f"{self._mark}-{n}") for n in range(desks)]

    async def set_up(self) -> list[tuple[str, str]]:
        """Each agent's id and token. Raises `SetUpFailed`."""
        http = Http(self.address)
        admin = await token_of(http, "admin")

        async def do(name: str, /, **given: Any) -> None:
            question = orjson.dumps({"query": mutation(name), "variables": {"input": given}})
            status, body = await http.ask("POST", "/graphql", question, bearer=admin)
            answer = orjson.loads(body)
            if status != 200 or "errors" in answer or answer["data"]["done"]["errors"]:
                raise SetUpFailed(f"{name} {given}: {status} {body.decode()}")

        mark, mrd = self._mark, self._mark if self._own else "chat"
        if self._own:
            await do("configureMediaRoutingDomain", id=mark, name=mark, maxRequests=5)
            await do("configureChannelType", id=mark, name=mark, mrdId=mark)
            await do("configureQueue", id=mark, name=mark, mrdId=mark, offerTimeoutS=60, wrapUpS=300)
            routing = {"mode": "PUSH", "queueId": mark}
            await do(
                "configureChannel", id=mark, name=mark, channelTypeId=mark, connector="webchat", mode="AGENT",
                routing=routing, customerInactivityS=3_600,
            )  # fmt: skip
        signed_in = []
        for id, username in self.agents:
            await do("createUser", id=id, username=username, name=username, password=PASSWORD, roles=["AGENT"])
            await do("registerAgent", agentId=id, username=username, name=f"Agent {username}")
            await do("grantMrd", agentId=id, mrdId=mrd, tasksMax=self._slots)
            if not self._own:
                await do("assignAttribute", agentId=id, attributeId="english", value=1)
            signed_in.append((id, await token_of(http, username)))
        http.close()
        await asyncio.sleep(0.2)
        return signed_in
