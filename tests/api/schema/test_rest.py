"""Do the plain HTTP doors answer as their description says, and with nothing that a browser could misuse?"""

import asyncio

import pytest

from api.app import SECURITY
from api.cursors import opened, sealed
from api.graphql.limits import Profile
from tests.api.schema import office as offices
from tests.api.schema.test_mutations import talking

pytestmark = pytest.mark.anyio


async def get(office, path, who=None):
    headers = {"authorization": f"Bearer {office.token(who)}"} if who else {}
    return await office.http.get(path, headers=headers)


async def test_health_says_whether_work_can_be_taken(office):
    for path in ("/health", "/ready"):
        answer = await get(office, path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_health_says_no_while_the_read_models_lag(postgres_url, monkeypatch):
    async def never(_position):
        await asyncio.sleep(60)

    monkeypatch.setattr("api.rest.CHECK_S", 0.02)
    monkeypatch.setattr("infra.projector.Projector.wait_for", lambda self, position: never(position))
    async with offices.opened(postgres_url) as office:
        answer = await get(office, "/health")
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")


async def test_a_dashboard_reads_live_numbers(office):
    await talking(office)
    head = await office.world.log.head()
    await office.ask("sam", "query($w: Cursor) { queues(waitFor: $w) { asOf } }", w=sealed(head))
    queues = (await get(office, "/stats/queues", "sam")).json()
    assert opened(queues["asOf"]) >= head
    assert [(q["id"], q["active"], q["answered"], q["serviceLevel"]) for q in queues["queues"]] == [
        ("support", 1, 1, 1.0)
    ]
    assert (await get(office, "/stats/queues?id=other", "sam")).json()["queues"] == []
    agents = (await get(office, "/stats/agents", "quinn")).json()
    assert [(a["name"], a["state"], a["tasks"]) for a in agents["agents"]] == [("Ada", "READY", 1)]
    assert [(c["id"], c["loggedIn"], c["ready"], c["load"]) for c in agents["mediaRoutingDomains"]] == [
        ("chat", 1, 1, 1)
    ]


@pytest.mark.parametrize("path", ["/stats/queues", "/stats/agents"])
async def test_numbers_are_not_for_everybody(office, path):
    assert (await get(office, path)).status_code == 401
    answer = await get(office, path, "ada")
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")
    answer = await office.http.get(path, headers={"authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")


async def test_senseless_ids_are_refused(office):
    assert (await get(office, "/stats/queues?id=%00", "sam")).status_code == 422
    assert (await get(office, "/stats/queues?" + "id=x&" * 101, "sam")).status_code == 422
    assert (await get(office, "/stats/queues?id=%ff%fe", "sam")).status_code == 200


async def test_prometheus_reads_metrics(office):
    answer = await get(office, "/metrics")
    assert "parley_log_position" in answer.text


async def test_every_described_path_is_there(office):
    document = (await get(office, "/openapi.json")).json()
    for path, methods in document["paths"].items():
        for method in methods:
            assert (await office.http.request(method, path)).status_code not in (404, 405), path
    assert "/stats/queues" in (await get(office, "/docs")).text


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/nothing", "NOT_FOUND"),
        ("POST", "/docs", "METHOD"),
        ("POST", "/health", "METHOD"),
        ("GET", "/auth/token", "METHOD"),
    ],
)
async def test_every_error_has_one_shape(office, method, path, code):
    answer = await office.http.request(method, path)
    assert answer.json()["code"] == code
    assert set(answer.json()) <= {"code", "detail", "field"}


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json", "/nothing", "/auth/jwks"])
async def test_browsers_are_told_to_be_careful(office, path):
    answer = await get(office, path)
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY


async def test_only_a_development_server_shows_its_schema(office, postgres_url):
    assert await office.refused("sam", "{ __schema { __typename } }") == "VALIDATION_FAILED"
    page = await office.http.get("/graphql", headers={"accept": "text/html"})
    assert page.status_code == 405


async def test_a_development_server_can_be_explored(postgres_url):
    async with offices.opened(postgres_url, Profile.development()) as office:
        page = await office.http.get("/graphql", headers={"accept": "text/html"})
        assert (page.status_code, "graphiql" in page.text.lower()) == (200, True)
        await office.hire("sam")
        assert (await office.ask("sam", "{ __schema { queryType { name } } }"))["__schema"]
