"""Who is asking? A bearer token becomes a viewer, or is refused. Tokens have Keycloak's shape, whoever issued them.

    iss, aud, exp     must be there and fit          nbf           is respected
    typ               must be "Bearer"               sub           is the agent's id where the viewer is an agent
    realm_access      {"roles": [...]}: what Parley does not know is left out

The algorithm comes from an allow-list and the key from the issuer alone; headers like `jwk`, `jku` and `x5u` are refused.
"""

import json
import warnings
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Protocol

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.util import urlsafe_b64decode

from api.graphql.errors import Unauthenticated

ALGORITHMS = ("ES256", "RS256", "EdDSA", "Ed25519")
warnings.filterwarnings(
    "ignore", "EdDSA is deprecated"
)  # by its new name, Ed25519; identity providers still use the old

TOKEN_LENGTH_MAX = 8_192
LEEWAY_S = 30.0
"""How far the clocks of issuer and server may differ; an expiry is not stretched."""
REMEMBERED_MAX = 4_096
KEY_FROM_HEADER = frozenset({"jku", "jwk", "x5u", "x5c"})


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    QUALITY = "quality"
    ADMIN = "admin"
    AUDITOR = "auditor"
    CONNECTOR = "connector"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody with rights. `expires_at` is in seconds since 1970; no roles means no rights but to see oneself."""

    subject: str
    username: str
    name: str
    roles: frozenset[Role]
    expires_at: float | None = None

    @property
    def agent_id(self) -> str:
        """The agent that this viewer is, if they are one: the subject of the token."""
        return self.subject

    def is_any(self, roles: Collection[Role]) -> bool:
        return not self.roles.isdisjoint(roles)


class Keys(Protocol):
    """An issuer's public keys."""

    async def of(self, kid: str | None) -> KeySet:
        """The keys among which the one named `kid` may be. Raises `Unauthenticated` where there is none such."""
        ...


class Authentication:
    """`await authentication(token)` is the viewer of a token. The same token is verified once and remembered."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        keys: Keys,
        clock: Callable[[], datetime],
        algorithms: Collection[str] = ALGORITHMS,
    ) -> None:
        self._issuer, self._audience, self._keys, self._clock = issuer, audience, keys, clock
        self._algorithms = tuple(algorithms)
        self._remembered: OrderedDict[bytes, Viewer] = OrderedDict()

    async def __call__(self, token: str | None, /) -> Viewer:
        """Raises `Unauthenticated`."""
        if token is None:
            raise Unauthenticated("A bearer token is needed.")
        if len(token) > TOKEN_LENGTH_MAX:
            raise Unauthenticated("The token is too long.")
        digest = sha256(token.encode("utf-8", "replace")).digest()
        viewer = self._remembered.get(digest)
        if viewer is None:
            viewer = viewer_of(await self.claims(token, "Bearer"))
            self._remembered[digest] = viewer
            if len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        if viewer.expires_at is not None and viewer.expires_at <= self._clock().timestamp():
            del self._remembered[digest]
            raise Unauthenticated("The token has expired.")
        return viewer

    async def claims(self, token: str, kind: str) -> dict[str, Any]:
        """The claims of a genuine token of this kind (`typ`). Raises `Unauthenticated`."""
        keys = await self._keys.of(_key_id(token))
        try:
            claims = jwt.decode(token, keys, algorithms=self._algorithms).claims
        except (JoseError, ValueError, TypeError, KeyError):
            raise Unauthenticated("The token is not one of ours.") from None
        self._check(claims, kind)
        return claims

    def _check(self, claims: dict[str, Any], kind: str) -> None:
        now, audience = self._clock().timestamp(), claims.get("aud")
        if claims.get("iss") != self._issuer:
            raise Unauthenticated("The token is of another issuer.")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise Unauthenticated("The token is meant for somebody else.")
        if claims.get("typ") != kind or not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise Unauthenticated(f"This is not a {kind.lower()} token.")
        if not _is_time(claims.get("exp")) or claims["exp"] <= now:
            raise Unauthenticated("The token has expired.")
        for name in ("nbf", "iat"):
            if name in claims and (not _is_time(claims[name]) or claims[name] > now + LEEWAY_S):
                raise Unauthenticated("The token is not valid yet.")


def viewer_of(claims: dict[str, Any]) -> Viewer:
    """The viewer whom verified claims speak of."""
    access = claims.get("realm_access")
    named = access.get("roles") if isinstance(access, dict) else None
    known = {role.value for role in Role}
    roles = frozenset(Role(name) for name in named if isinstance(name, str) and name in known) if named else frozenset()
    username = _text(claims.get("preferred_username")) or claims["sub"]
    return Viewer(claims["sub"], username, _text(claims.get("name")) or username, roles, float(claims["exp"]))


def _key_id(token: str) -> str | None:
    """Which key the token says it was signed with. Raises `Unauthenticated` for what is no token."""
    try:
        header = json.loads(urlsafe_b64decode(token.split(".", maxsplit=1)[0].encode("ascii")))
    except ValueError:
        raise Unauthenticated("That is not a token.") from None
    if not isinstance(header, dict) or KEY_FROM_HEADER & header.keys():
        raise Unauthenticated("That is not a token that we take.")
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
