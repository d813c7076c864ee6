"""Is a forged token worth nothing? A table of forgeries, each one thing wrong with a genuine token."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from api.auth import Authentication, Role
from api.graphql.errors import Unauthenticated
from api.issuer import OwnKeys, signing_key
from api.outside_issuer import FRESH_S, REFETCH_S, OutsideKeys

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
KEY, FOREIGN = ECKey.generate_key("P-256", auto_kid=True), ECKey.generate_key("P-256", auto_kid=True)
RSA = RSAKey.generate_key(2048, auto_kid=True)
ISSUER, AUDIENCE = "https://sso.example.org/realms/parley", "parley"
T = NOW.timestamp()
Claims = dict[str, Any]


def claims(**changes: Any) -> Claims:
    genuine = {
        "iss": ISSUER,
        "sub": "agent-7",
        "aud": ["account", AUDIENCE],
        "azp": "desk",
        "typ": "Bearer",
        "iat": int(T) - 10,
        "exp": int(T) + 300,
        "preferred_username": "ada",
        "name": "Ada Lovelace",
        "realm_access": {"roles": ["agent", "offline_access", "supervisor"]},
    }
    return {name: value for name, value in {**genuine, **changes}.items() if value is not ...}


def token(key: Any = KEY, alg: str = "ES256", header: Claims | None = None, **changes: Any) -> str:
    head = {"alg": alg, "kid": KEY.kid, **(header or {})}
    registry = JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jws.serialize_compact({"typ": "JWT", **head}, json.dumps(claims(**changes)).encode(), key, registry=registry)


def authentication(now: datetime = NOW) -> Authentication:
    return Authentication(ISSUER, AUDIENCE, OwnKeys(KEY), lambda: now)


def spliced(header: Claims, signature: str | None = None) -> str:
    """A genuine token under another header."""
    _, body, signed = token().split(".")
    return f"{encoded(header)}.{body}.{signed if signature is None else signature}"


def encoded(value: Claims) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def with_the_public_key_as_a_secret() -> str:
    signed = f"{encoded({'alg': 'HS256', 'kid': KEY.kid})}.{encoded(claims())}"
    signature = hmac.digest(KEY.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def with_another_body() -> str:
    head, _, signature = token().split(".")
    return f"{head}.{encoded(claims(sub='admin'))}.{signature}"


FORGED: dict[str, Callable[[], str]] = {
    "nobody's key": lambda: token(FOREIGN),
    "nobody's key under its own name": lambda: token(FOREIGN, header={"kid": FOREIGN.kid}),
    "no key id": lambda: spliced({"alg": "ES256"}),
    "alg none": lambda: spliced({"alg": "none", "kid": KEY.kid}, ""),
    "alg None, in other letters": lambda: spliced({"alg": "nOnE", "kid": KEY.kid}, ""),
    "no alg": lambda: spliced({"kid": KEY.kid}),
    "the public key as a shared secret": with_the_public_key_as_a_secret,
    "an algorithm that we do not take": lambda: token(RSA, "PS256"),
    "RS256 with a key of another type": lambda: token(RSA, "RS256"),
    "a key in the header": lambda: token(FOREIGN, header={"jwk": FOREIGN.as_dict(private=False)}),
    "a key by address": lambda: token(FOREIGN, header={"jku": "https://evil.example.org/jwks"}),
    "a certificate by address": lambda: token(FOREIGN, header={"x5u": "https://evil.example.org/cert"}),
    "a certificate in the header": lambda: token(FOREIGN, header={"x5c": ["MIIB"]}),
    "a critical extension": lambda: spliced({"alg": "ES256", "kid": KEY.kid, "crit": ["exp"], "exp": 1}),
    "an unencoded payload": lambda: spliced({"alg": "ES256", "kid": KEY.kid, "crit": ["b64"], "b64": False}),
    "another body": with_another_body,
    "no signature": lambda: token().rpartition(".")[0] + ".",
    "half a signature": lambda: token()[:-20],
    "two parts": lambda: token().rpartition(".")[0],
    "five parts, as if encrypted": lambda: f"{token()}.a.b",
    "another issuer": lambda: token(iss="https://sso.example.org/realms/other"),
    "no issuer": lambda: token(iss=...),
    "another audience": lambda: token(aud="account"),
    "an audience that begins like ours": lambda: token(aud=["parley-staging"]),
    "no audience": lambda: token(aud=...),
    "expired": lambda: token(exp=int(T)),
    "no expiry": lambda: token(exp=...),
    "an expiry in words": lambda: token(exp="2099-01-01"),
    "an expiry that is true": lambda: token(exp=True),
    "an expiry without end": lambda: token(exp=1e300),
    "not yet valid": lambda: token(nbf=int(T) + 60),
    "issued in the future": lambda: token(iat=int(T) + 600),
    "a refresh token": lambda: token(typ="Refresh"),
    "an ID token": lambda: token(typ="ID"),
    "no type": lambda: token(typ=...),
    "no subject": lambda: token(sub=...),
    "an empty subject": lambda: token(sub=""),
    "a subject that is a number": lambda: token(sub=7),
    "not a token": lambda: "hello",
    "nothing": lambda: "",
    "dots": lambda: "...",
    "not ASCII": lambda: "té.té.té",
    "a header that is a list": lambda: f"{base64.urlsafe_b64encode(b'[]').decode()}.e30.AA",
    "a header that is no JSON": lambda: "AAAA.e30.AA",
    "a body that is a list": lambda: jws.serialize_compact({"alg": "ES256", "kid": KEY.kid}, b"[]", KEY),
    "a book": lambda: "a" * 10_000,
}


@pytest.mark.parametrize("forgery", FORGED)
async def test_a_forged_token_is_refused(forgery):
    with pytest.raises(Unauthenticated):
        await authentication()(FORGED[forgery]())


async def test_nobody_is_refused():
    with pytest.raises(Unauthenticated):
        await authentication()(None)


async def test_a_genuine_token_names_its_viewer():
    viewer = await authentication()(token())
    assert (viewer.subject, viewer.agent_id, viewer.username, viewer.name) == (
        "agent-7",
        "agent-7",
        "ada",
        "Ada Lovelace",
    )
    assert viewer.roles == {Role.AGENT, Role.SUPERVISOR}
    assert viewer.expires_at == T + 300


@pytest.mark.parametrize(
    "access", [..., None, [], "admin", {"roles": "admin"}, {"roles": [7, None, {}]}, {"roles": None}]
)
async def test_strange_roles_are_no_roles(access):
    assert (await authentication()(token(realm_access=access))).roles == frozenset()


async def test_a_remembered_token_expires_like_any_other():
    now = [NOW]
    ours = Authentication(ISSUER, AUDIENCE, OwnKeys(KEY), lambda: now[0])
    genuine = token()
    await ours(genuine)
    now[0] += timedelta(seconds=300)
    with pytest.raises(Unauthenticated):
        await ours(genuine)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (OKPKey.generate_key("Ed25519", auto_kid=True), "EdDSA")])
async def test_other_issuers_sign_with_other_algorithms(key, alg):
    ours = Authentication(ISSUER, AUDIENCE, OwnKeys(key), lambda: NOW)
    assert (await ours(token(key, alg, header={"kid": key.kid}))).subject == "agent-7"


def test_the_key_is_drawn_once_and_kept_to_oneself(tmp_path):
    path = tmp_path / "keys" / "issuer.pem"
    first, again = signing_key(path), signing_key(path)
    assert first.kid == again.kid
    assert path.stat().st_mode & 0o777 == 0o600
    assert jwt.decode(jwt.encode({"alg": "ES256"}, {"sub": "x"}, first), again).claims == {"sub": "x"}


class Provider:
    """An identity provider that counts how often it is asked."""

    def __init__(self, *keys: Any) -> None:
        self.keys, self.asked, self.down, self.now = list(keys), 0, False, 0.0
        transport = httpx2.MockTransport(self.answer)
        self.outside = OutsideKeys(ISSUER, httpx2.AsyncClient(transport=transport), lambda: self.now)
        self.authentication = Authentication(ISSUER, AUDIENCE, self.outside, lambda: NOW)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.down:
            return httpx2.Response(503)
        if request.url.path.endswith("/.well-known/openid-configuration"):
            return httpx2.Response(200, json={"jwks_uri": f"{ISSUER}/certs"})
        self.asked += 1
        odd = [{"kty": "AKP", "kid": "tomorrow"}, {"kty": "oct", "kid": "secret", "k": "AAAA"}]
        return httpx2.Response(200, json={"keys": [*odd, *(key.as_dict(private=False) for key in self.keys)]})


async def test_an_outside_issuers_keys_are_fetched_once():
    provider = Provider(KEY)
    for _ in range(20):
        await provider.authentication(token(jti=str(_)))
    assert provider.asked == 1


async def test_a_new_key_is_found_and_a_withdrawn_one_forgotten():
    provider = Provider(KEY)
    await provider.authentication(token())
    provider.keys = [FOREIGN]
    provider.now += REFETCH_S
    await provider.authentication(token(FOREIGN, header={"kid": FOREIGN.kid}))
    provider.now += FRESH_S
    with pytest.raises(Unauthenticated):
        await provider.authentication(token(jti="another"))


async def test_a_flood_of_unknown_keys_does_not_reach_the_issuer():
    provider = Provider(KEY)
    await provider.authentication(token())
    for n in range(100):
        with pytest.raises(Unauthenticated):
            await provider.authentication(token(FOREIGN, header={"kid": f"made up {n}"}))
    assert provider.asked == 1


async def test_known_keys_outlive_an_issuer_that_is_down():
    provider = Provider(KEY)
    await provider.authentication(token())
    provider.down, provider.now = True, FRESH_S + 1
    assert (await provider.authentication(token(jti="later"))).subject == "agent-7"


async def test_without_any_keys_the_viewer_is_told_to_come_back():
    provider = Provider(KEY)
    provider.down = True
    with pytest.raises(Unauthenticated, match="try again"):
        await provider.authentication(token())
