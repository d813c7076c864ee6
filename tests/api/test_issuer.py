"""Does signing in follow RFC 6749, and does guessing passwords get anybody anywhere?"""

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest
from joserfc.jwk import ECKey
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette

from api.auth import Authentication
from api.graphql.errors import Unauthenticated
from api.issuer import FAILURES_MAX, FAILURES_WINDOW_S, HASHING_MAX, Issuer, OwnKeys
from api.outside_issuer import OutsideKeys
from domain.kernel import Invalid
from infra.users import MemoryUsers, PostgresUsers, UsernameTaken, fits, hashed
from tests.e2e.world import Clock

pytestmark = pytest.mark.anyio
URL, PASSWORD = "http://parley.test", "correct horse"
KEY = ECKey.generate_key("P-256", auto_kid=True)


class Counter:
    def __init__(self, users=None) -> None:
        self.clock, self.users = Clock(), users or MemoryUsers()
        self.authentication = Authentication(URL, "parley", OwnKeys(KEY), self.clock)
        issuer = Issuer(URL, "parley", KEY, self.users, self.authentication, self.clock, uuid4)
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(Starlette(routes=issuer.routes())), base_url=URL)

    async def ask(self, **form: str) -> httpx2.Response:
        return await self.http.post("/auth/token", data=form)

    async def sign_in(self, username: str = "ada", password: str = PASSWORD) -> httpx2.Response:
        return await self.ask(grant_type="password", username=username, password=password)


@pytest.fixture
async def counter():
    counter = Counter()
    await counter.users.create("7", "ada", "Ada", PASSWORD, frozenset({"agent", "made-up"}))
    async with counter.http:
        yield counter


async def test_a_password_is_worth_a_token(counter):
    answer = await counter.sign_in()
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    viewer = await counter.authentication(tokens["access_token"])
    assert (viewer.subject, viewer.username, viewer.roles) == ("7", "ada", {"agent"})


async def test_a_refresh_token_is_worth_new_tokens_and_nothing_else(counter):
    tokens = (await counter.sign_in()).json()
    with pytest.raises(Unauthenticated):
        await counter.authentication(tokens["refresh_token"])
    counter.clock.offset = timedelta(hours=1)
    again = await counter.ask(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert (await counter.authentication(again.json()["access_token"])).subject == "7"


async def test_an_access_token_refreshes_nothing(counter):
    access = (await counter.sign_in()).json()["access_token"]
    answer = await counter.ask(grant_type="refresh_token", refresh_token=access)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_an_old_refresh_token_is_refused(counter):
    refresh = (await counter.sign_in()).json()["refresh_token"]
    counter.clock.offset = timedelta(hours=12)
    assert (await counter.ask(grant_type="refresh_token", refresh_token=refresh)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "ada"}, "invalid_request"),
        ({"grant_type": "password", "username": "ada", "password": "wrong"}, "invalid_grant"),
        ({"grant_type": "password", "username": "nobody", "password": PASSWORD}, "invalid_grant"),
        ({"grant_type": "password", "username": "a\0a", "password": PASSWORD}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x.y.z"}, "invalid_grant"),
        ({"grant_type": "password", "username": ["ada", "eve"], "password": PASSWORD}, "invalid_request"),
    ],
)
async def test_a_bad_form_is_told_what_is_wrong(counter, form, error):
    answer = await counter.ask(**form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_only_forms_are_taken(counter):
    answer = await counter.http.post("/auth/token", json={"grant_type": "password"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    answer = await counter.ask(grant_type="x" * 20_000)
    assert answer.status_code == 413


async def test_guessing_is_slowed_down_and_then_forgiven(counter):
    for _ in range(FAILURES_MAX):
        assert (await counter.sign_in(password="guess")).status_code == 400
    answer = await counter.sign_in()
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= FAILURES_WINDOW_S
    counter.clock.offset = timedelta(seconds=FAILURES_WINDOW_S)
    assert (await counter.sign_in()).status_code == 200


async def test_guesses_that_come_all_at_once_are_slowed_down_too(counter):
    answers = await asyncio.gather(*(counter.sign_in(password=f"guess {n}") for n in range(30)))
    assert sum(answer.status_code == 400 for answer in answers) < FAILURES_MAX + HASHING_MAX


async def test_others_are_not_slowed_down(counter):
    await counter.users.create("8", "eve", "Eve", PASSWORD, frozenset())
    for _ in range(FAILURES_MAX):
        await counter.sign_in("ada", "guess")
    assert (await counter.sign_in("eve")).status_code == 200


async def test_our_own_discovery_is_enough_for_whoever_verifies_our_tokens(counter):
    outside = OutsideKeys(URL, counter.http, lambda: 0.0)
    verifier = Authentication(URL, "parley", outside, counter.clock)
    assert (await verifier((await counter.sign_in()).json()["access_token"])).subject == "7"
    assert "d" not in (await counter.http.get("/auth/jwks")).json()["keys"][0]


def test_a_hash_fits_its_password_alone():
    assert fits(PASSWORD, hashed(PASSWORD))
    assert not fits(PASSWORD + " ", hashed(PASSWORD))
    assert hashed(PASSWORD) != hashed(PASSWORD)


async def test_users_live_in_postgresql(postgres_url):
    async with AsyncConnectionPool(postgres_url, open=False, kwargs={"autocommit": True}) as pool:
        users = PostgresUsers(pool)
        await users.prepare()
        await users.prepare()
        await users.create("7", "ada", "Ada", PASSWORD, frozenset({"agent"}))
        found = await users.authenticate("ada", PASSWORD)
        assert (found.subject, found.roles) == ("7", {"agent"})
        assert await users.authenticate("ada", "wrong horse") is None
        assert await users.authenticate("eve", PASSWORD) is None
        await users.create("7", "ada", "Ada L.", PASSWORD, frozenset({"supervisor"}))
        assert (await users.by_subject("7")).name == "Ada L."
        with pytest.raises(UsernameTaken):
            await users.create("8", "ada", "Other", PASSWORD, frozenset())
        assert await users.by_subject("8") is None


@pytest.mark.parametrize(
    ("username", "password"),
    [("", PASSWORD), (" ", PASSWORD), ("a" * 101, PASSWORD), ("ada", "short"), ("ada", "x" * 257), ("a\0", PASSWORD)],
)
async def test_senseless_accounts_are_refused(username, password):
    with pytest.raises(Invalid):
        await MemoryUsers().create("7", username, "Ada", password, frozenset())
