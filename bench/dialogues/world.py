"""What does a run need to be there? A kind of work, a queue and a channel of its own, and agents who know nothing else.

Everything has this run's mark in its id, so that nothing an earlier run has left behind takes part.
"""

import asyncio
import secrets
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
from joserfc import jwt

from api.issuer import signing_key
from bench.dialogues.desks import mutation
from bench.dialogues.server import Server
from bench.dialogues.wire import Http

PASSWORD = "parley-demo"
SLOTS_MAX = 100
HIRED_AT_ONCE = 4


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

    def __init__(self, server: Server, desks: int, customers: int, channel: str | None = None) -> None:
        self.address = server.address
        self._key = signing_key(server.keys / "issuer.pem") if server.keys else None
        self._mark = f"bench-{secrets.token_hex(3)}"
        self.channel = channel or self._mark
        self._own = channel is None
        self._slots = min(SLOTS_MAX, -(-customers * 3 // (2 * desks)) + 2)
        self._admin = ""
        self.agents = [(str(uuid.uuid4()), f"{self._mark}-{n}") for n in range(desks)]

    async def set_up(self) -> list[tuple[str, str]]:
        """Each agent's id and token. Raises `SetUpFailed`."""
        http = Http(self.address)
        self._admin = await token_of(http, "admin")
        if self._own:
            await self._open_line(http)
        todo = iter(self.agents)
        signed_in: list[tuple[str, str]] = []
        await asyncio.gather(*(self._hire(todo, signed_in) for _ in range(min(HIRED_AT_ONCE, len(self.agents)))))
        http.close()
        await asyncio.sleep(0.2)
        return signed_in

    async def _open_line(self, http: Http) -> None:
        mark = self._mark
        await self._do(http, "configureMediaRoutingDomain", id=mark, name=mark, maxRequests=5)
        await self._do(http, "configureChannelType", id=mark, name=mark, mrdId=mark)
        await self._do(http, "configureQueue", id=mark, name=mark, mrdId=mark, offerTimeoutS=60, wrapUpS=300)
        routing = {"mode": "PUSH", "queueId": mark}
        await self._do(
            http, "configureChannel", id=mark, name=mark, channelTypeId=mark, connector="webchat", mode="AGENT",
            routing=routing, customerInactivityS=3_600,
        )  # fmt: skip

    async def _hire(self, todo: Iterator[tuple[str, str]], signed_in: list[tuple[str, str]]) -> None:
        """Passwords cost time on purpose: several at once keep all cores at it."""
        http, mrd = Http(self.address), self._mark if self._own else "chat"
        for id, username in todo:
            given = {"username": username, "name": username}
            if self._key is None:
                await self._do(http, "createUser", id=id, **given, password=PASSWORD, roles=["AGENT"])
            await self._do(http, "registerAgent", agentId=id, username=username, name=f"Agent {username}")
            await self._do(http, "grantMrd", agentId=id, mrdId=mrd, tasksMax=self._slots)
            if not self._own:
                await self._do(http, "assignAttribute", agentId=id, attributeId="english", value=1)
            signed_in.append((id, self._signed(id, username) or await token_of(http, username)))
        http.close()

    def _signed(self, id: str, username: str) -> str:
        """A token as the server would sign it, were it our own: a thousand passwords take minutes."""
        if self._key is None:
            return ""
        issuer, made = f"http://{self.address}", int(time.time())
        claims = {
            "iss": issuer, "aud": ["parley"], "sub": id, "typ": "Bearer", "azp": "parley", "iat": made, "exp": made + 3_600,
            "jti": str(uuid.uuid4()), "preferred_username": username, "name": username, "realm_access": {"roles": ["agent"]},
        }  # fmt: skip
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key, algorithms=["ES256"])

    async def _do(self, http: Http, name: str, /, **given: Any) -> None:
        question = orjson.dumps({"query": mutation(name), "variables": {"input": given}})
        status, body = await http.ask("POST", "/graphql", question, bearer=self._admin)
        answer = orjson.loads(body)
        if status != 200 or "errors" in answer or answer["data"]["done"]["errors"]:
            raise SetUpFailed(f"{name} {given}: {status} {body.decode()}")
