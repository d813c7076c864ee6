"""How do people sign in where there is no identity provider? An issuer inside, of the same tokens as Keycloak's.

POST /auth/token                       grant_type=password | refresh_token, as a form (RFC 6749)
GET  /auth/jwks                        the public key
GET  /.well-known/openid-configuration where all of that is
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from api.auth import Authentication, Role
from api.graphql.errors import Unauthenticated

ACCESS_S, REFRESH_S = 900, 12 * 3_600
FAILURES_MAX, FAILURES_WINDOW_S = 5, 60
THROTTLED_MAX = 10_000
HASHING_MAX = 4
"""Passwords that are compared at once: each takes 16 MiB."""
FORM_FIELDS_MAX, FORM_BYTES_MAX = 10, 16_384
NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


class Account(Protocol):
    """A person who may sign in. `subject` is their id everywhere; `roles` are names of `api.auth.Role`."""

    @property
    def subject(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def roles(self) -> frozenset[str]: ...


class Users(Protocol):
    """Who may sign in to the embedded issuer (`infra.users`)."""

    async def authenticate(self, username: str, password: str) -> Account | None:
        """The account, none for a wrong name or password; as slow either way."""
        ...

    async def by_subject(self, subject: str) -> Account | None: ...

    async def create(self, subject: str, username: str, name: str, password: str, roles: frozenset[str]) -> None:
        """Raises `domain.kernel.Invalid` for a taken username or a password that is too short."""
        ...


def signing_key(path: Path) -> ECKey:
    """The issuer's key, drawn once and kept in a file that only its owner may read."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        key = ECKey.generate_key("P-256", auto_kid=True)
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600, exist_ok=True)
        draft.chmod(0o600)
        draft.write_bytes(key.as_pem(private=True))
        draft.replace(path)
    key = ECKey.import_key(path.read_bytes())
    key.ensure_kid()
    return key


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """The keys of the embedded issuer: the one that it signs with."""

    key: ECKey

    async def of(self, kid: str | None) -> KeySet:
        if kid != self.key.kid:
            raise Unauthenticated("The token is signed with a key that we do not know.")
        return KeySet([self.key])


class Throttle:
    """Refuses a username after too many failures, until its window has passed."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._failures: dict[str, list[datetime]] = {}

    def wait_s(self, username: str) -> int:
        """How long this username has to wait; 0 when it may try."""
        since = self._clock() - timedelta(seconds=FAILURES_WINDOW_S)
        recent = [at for at in self._failures.get(username, ()) if at > since]
        return 0 if len(recent) < FAILURES_MAX else max(1, round((recent[0] - since).total_seconds()))

    def failed(self, username: str) -> None:
        if len(self._failures) >= THROTTLED_MAX:
            del self._failures[next(iter(self._failures))]
        self._failures[username] = [*self._failures.get(username, ())[-FAILURES_MAX + 1 :], self._clock()]

    def succeeded(self, username: str) -> None:
        self._failures.pop(username, None)


class Refusal(Exception):
    """An error of RFC 6749, 5.2."""

    def __init__(self, error: str, description: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(description)
        self.status, self.headers = status, {**NO_STORE, **(headers or {})}
        self.payload = {"error": error, "error_description": description}


class Issuer:
    """`url` is what tokens name as `iss` and where discovery is found. `authentication` verifies refresh tokens."""

    def __init__(
        self,
        url: str,
        audience: str,
        key: ECKey,
        users: Users,
        authentication: Authentication,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self.url, self.audience = url.rstrip("/"), audience
        self._key, self._users, self._authentication = key, users, authentication
        self._clock, self._new_id = clock, new_id
        self._throttle = Throttle(clock)
        self._hashing = asyncio.Semaphore(HASHING_MAX)

    def routes(self) -> list[Route]:
        return [
            Route("/auth/token", self.token, methods=["POST"]),
            Route("/auth/jwks", self.jwks, methods=["GET"]),
            Route("/.well-known/openid-configuration", self.discovery, methods=["GET"]),
        ]

    def issued(self, account: Account) -> dict[str, Any]:
        """A successful answer: new tokens for this account."""
        return {
            "access_token": self.signed(account, "Bearer", ACCESS_S),
            "expires_in": ACCESS_S,
            "refresh_token": self.signed(account, "Refresh", REFRESH_S),
            "refresh_expires_in": REFRESH_S,
            "token_type": "Bearer",
            "scope": "openid profile",
        }

    def signed(self, account: Account, kind: str, lasts_s: int) -> str:
        now = int(self._clock().timestamp())
        claims = {
            "iss": self.url,
            "sub": account.subject,
            "aud": [self.audience],
            "azp": self.audience,
            "typ": kind,
            "iat": now,
            "exp": now + lasts_s,
            "jti": str(self._new_id()),
            "preferred_username": account.username,
            "name": account.name,
            "realm_access": {"roles": sorted(account.roles & {role.value for role in Role})},
        }
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key, algorithms=["ES256"])

    async def token(self, request: Request) -> JSONResponse:
        try:
            form = await _form(request)
            match _one(form, "grant_type"):
                case "password":
                    account = await self._by_password(_one(form, "username"), _one(form, "password"))
                case "refresh_token":
                    account = await self._by_refresh(_one(form, "refresh_token"))
                case _:
                    raise Refusal("unsupported_grant_type", "Grant types are password and refresh_token.")
        except Refusal as no:
            return JSONResponse(no.payload, no.status, no.headers)
        return JSONResponse(self.issued(account), headers=NO_STORE)

    async def jwks(self, _request: Request) -> JSONResponse:
        public = self._key.as_dict(private=False, use="sig", alg="ES256")
        return JSONResponse({"keys": [public]}, headers={"cache-control": "public, max-age=300"})

    async def discovery(self, _request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": self.url,
                "token_endpoint": f"{self.url}/auth/token",
                "jwks_uri": f"{self.url}/auth/jwks",
                "grant_types_supported": ["password", "refresh_token"],
                "response_types_supported": ["token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": ["none"],
            }
        )

    async def _by_password(self, username: str, password: str) -> Account:
        async with self._hashing:
            if wait_s := self._throttle.wait_s(username):  # asked in here, for guesses may come all at once
                why = "Too many failed attempts; try later."
                raise Refusal("temporarily_unavailable", why, 429, {"retry-after": str(wait_s)})
            account = await self._users.authenticate(username, password)
        if account is None:
            self._throttle.failed(username)
            raise Refusal("invalid_grant", "Wrong username or password.")
        self._throttle.succeeded(username)
        return account

    async def _by_refresh(self, token: str) -> Account:
        try:
            claims = await self._authentication.claims(token, "Refresh")
        except Unauthenticated as no:
            raise Refusal("invalid_grant", str(no)) from None
        account = await self._users.by_subject(claims["sub"])
        if account is None:
            raise Refusal("invalid_grant", "This account exists no more.")
        return account


async def _form(request: Request) -> FormData:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refusal("invalid_request", "The body is expected as application/x-www-form-urlencoded.")
    body = b""
    try:
        async for chunk in request.stream():  # what is declared proves nothing, and need not be
            body += chunk
            if len(body) > FORM_BYTES_MAX:
                raise Refusal("invalid_request", "The form is too large.", 413, {"connection": "close"})
        fields = parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX)
    except ClientDisconnect:
        raise Refusal("invalid_request", "The form is not complete.") from None
    except ValueError:
        raise Refusal("invalid_request", f"A form has at most {FORM_FIELDS_MAX} fields.") from None
    return FormData([*fields])


def _one(form: FormData, name: str) -> str:
    """A parameter that must be there exactly once."""
    values = form.getlist(name)
    if len(values) != 1 or isinstance(values[0], UploadFile) or not values[0] or "\0" in values[0]:
        raise Refusal("invalid_request", f"`{name}` is expected once.")
    return values[0]
