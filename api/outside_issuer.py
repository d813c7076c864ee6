"""Which keys does the organisation's own identity provider sign with? Fetched, remembered, and fetched again on rotation."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.graphql.errors import Unauthenticated

FRESH_S = 3_600
"""Keys are fetched again after this long, so that a withdrawn key is withdrawn here too."""
REFETCH_S = 30
"""An unknown key id fetches the keys at most this often: a flood of made-up ids costs the issuer nothing."""
SIGNING = frozenset({"EC", "RSA", "OKP"})


class OutsideKeys:
    """`url` is the issuer's (`https://sso.example.org/realms/parley`); its discovery document names the rest.

    `clock` counts seconds from anywhere; the event loop's own where none is given.
    """

    def __init__(self, url: str, client: httpx2.AsyncClient, clock: Callable[[], float] | None = None) -> None:
        self._url, self._client = url.rstrip("/"), client
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._keys: KeySet | None = None
        self._fetched_at = self._tried_at = -math.inf
        self._fetching = asyncio.Lock()

    async def of(self, kid: str | None) -> KeySet:
        """Raises `Unauthenticated` for a key that the issuer does not have, or while it cannot be reached."""
        if not self._knows(kid):
            async with self._fetching:
                if not self._knows(kid) and self._may_fetch():
                    await self._fetch()
        if self._keys is None:
            raise Unauthenticated("The identity provider cannot be reached; try again later.")
        if not any(key.kid == kid for key in self._keys):
            raise Unauthenticated("The token is signed with a key that we do not know.")
        return self._keys

    def _knows(self, kid: str | None) -> bool:
        fresh = self._clock() - self._fetched_at < FRESH_S
        return fresh and self._keys is not None and any(key.kid == kid for key in self._keys)

    def _may_fetch(self) -> bool:
        return self._clock() - self._tried_at >= REFETCH_S

    async def _fetch(self) -> None:
        self._tried_at = self._clock()
        try:
            discovery = await self._json(f"{self._url}/.well-known/openid-configuration")
            published = await self._json(discovery["jwks_uri"])
            keys = [key for key in published["keys"] if key.get("kty") in SIGNING and key.get("use", "sig") == "sig"]
            self._keys = KeySet.import_key_set({"keys": keys})
            self._fetched_at = self._tried_at
        except (httpx2.HTTPError, JoseError, ValueError, TypeError, KeyError, AttributeError):
            return  # the keys that we have go on; without any, whoever asks is told so

    async def _json(self, url: str) -> Any:
        answer = await self._client.get(url)
        answer.raise_for_status()
        return answer.json()
