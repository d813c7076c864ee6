"""The door for connectors in any language: who may post, what fits, and what never makes a conversation."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from standardwebhooks import Webhook

from api.channels import PATH, openapi
from commands.conversations import PostAgentMessage
from commands.requests import RequestAgent
from commands.tasks import AcceptTask
from connectors.webhook.channel import secret_of
from domain.channels.messages import Body, DeliveryStatus
from domain.conversations.facts import ConversationStarted, MessagePosted, RequestReason
from domain.customers.facts import CustomerCreated
from domain.ids import ChannelId, ConversationId, MessageId
from tests.api.doors.conftest import MASTER, Centre

pytestmark = pytest.mark.anyio
DOOR = "/channels/partner/messages"
CONNECTOR = {"authorization": "Bearer connector"}


def message(id: str = "1", text: str = "Hello", **more: Any) -> dict[str, Any]:
    contact = {"kind": "PHONE", "value": "+49301234567"}
    return {"providerMessageId": id, "contact": contact, "body": {"text": text}, **more}


def signed(body: bytes, channel: str = "partner") -> dict[str, str]:
    now = datetime.now(UTC)
    signature = Webhook(secret_of(MASTER, ChannelId(channel))).sign("1", now, body.decode())
    return {"webhook-id": "1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}


async def facts(centre: Centre, kind: type) -> list[Any]:
    return [it.fact for it in await centre.log.read_all(limit=10_000) if isinstance(it.fact, kind)]


@pytest.fixture(autouse=True)
async def partner(centre: Centre) -> None:
    await centre.partner()


async def test_a_message_is_taken_by_role(http: httpx2.AsyncClient, centre: Centre) -> None:
    answer = await http.post(DOOR, json=message(customerName="Zoë"), headers=CONNECTOR)
    assert answer.status_code == 200
    (posted,) = await facts(centre, MessagePosted)
    assert (posted.message_id, posted.sender.name) == (answer.json()["messageId"], "Zoë")


async def test_a_message_is_taken_by_signature(http: httpx2.AsyncClient, centre: Centre) -> None:
    body = msgspec.json.encode(message())
    assert (await http.post(DOOR, content=body, headers=signed(body))).status_code == 200
    assert len(await facts(centre, MessagePosted)) == 1


async def test_a_stranger_makes_nothing(http: httpx2.AsyncClient, centre: Centre) -> None:
    body = msgspec.json.encode(message())
    before = await centre.log.head()
    for headers, status in (
        ({}, 401),
        ({"authorization": "Bearer nonsense"}, 401),
        ({"authorization": "Basic connector"}, 401),
        ({"authorization": "Bearer agent"}, 403),
        (signed(body, "web"), 401),
        (signed(body + b" "), 401),
    ):
        assert (await http.post(DOOR, content=body, headers=headers)).status_code == status
    assert await centre.log.head() == before


async def test_a_repeated_message_is_one_message(http: httpx2.AsyncClient, centre: Centre) -> None:
    answers = await asyncio.gather(*(http.post(DOOR, json=message(), headers=CONNECTOR) for _ in range(8)))
    assert {answer.json()["messageId"] for answer in answers} == {answers[0].json()["messageId"]}
    for kind in (MessagePosted, CustomerCreated, ConversationStarted):
        assert len(await facts(centre, kind)) == 1


async def test_a_receipt_for_what_we_never_sent_makes_nothing(http: httpx2.AsyncClient, centre: Centre) -> None:
    before = await centre.log.head()
    for more in ({}, {"conversationId": "nowhere"}):
        receipt = {"messageId": "m1", "status": "DELIVERED", **more}
        answer = await http.post(DOOR, json=receipt, headers=CONNECTOR)
        assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_MESSAGE")
    assert await centre.log.head() == before


async def an_answered_customer(http: httpx2.AsyncClient, centre: Centre) -> tuple[ConversationId, str]:
    await http.post(DOOR, json=message(), headers=CONNECTOR)
    (stream,) = {
        it.stream for it in await centre.log.read_all(limit=10_000) if isinstance(it.fact, ConversationStarted)
    }
    conversation, ada = ConversationId(stream.partition("-")[2]), await centre.staff("ada")
    await centre.send(RequestAgent(conversation, RequestReason.CUSTOMER_ASKED))
    await centre.send(AcceptTask(await centre.offer_to(ada), ada))

    async def talking() -> bool:
        return bool((await centre.conversation(conversation)).talking)

    await centre.until(talking)
    await centre.send(PostAgentMessage(conversation, ada, MessageId("m1"), Body(text="Hello")))
    return conversation, "m1"


async def test_receipts_tell_how_far_a_message_came(http: httpx2.AsyncClient, centre: Centre) -> None:
    conversation, id = await an_answered_customer(http, centre)
    for status in ("READ", "SENT", "READ", "DELIVERED"):  # late and repeated ones never go back
        receipt = {"messageId": id, "status": status, "conversationId": conversation, "providerMessageId": "wamid.7"}
        assert (await http.post(DOOR, json=receipt, headers=CONNECTOR)).status_code == 200
    assert (await centre.conversation(conversation)).deliveries == {id: DeliveryStatus.READ}


async def test_a_channel_has_no_news_of_anothers_messages(http: httpx2.AsyncClient, centre: Centre) -> None:
    conversation, id = await an_answered_customer(http, centre)
    receipt = {"messageId": id, "status": "READ", "conversationId": conversation}
    answer = await http.post("/channels/web/messages", json=receipt, headers=CONNECTOR)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (b"{", 400, "MALFORMED", None),
        (b"[]", 422, "INVALID", None),
        (b"{}", 422, "INVALID", "providerMessageId"),
        (b'{"messageId":"1","status":"EATEN"}', 422, "INVALID", "status"),
        (b'{"providerMessageId":"1","contact":{"kind":"PHONE","value":"1"},"body":{"text":"a"}}', 422, "INVALID",
         "contact.value"),
        (b'{"a":"' + b"x" * 300_000 + b'"}', 413, "TOO_LARGE", None),
    ],
)  # fmt: skip
async def test_a_body_that_does_not_fit_says_why(
    http: httpx2.AsyncClient, body: bytes, status: int, code: str, field: str | None
) -> None:
    answer = await http.post(DOOR, content=body, headers=CONNECTOR)
    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (status, code, field)


async def test_an_unknown_channel_is_not_there(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/channels/nowhere/messages", json=message(), headers=CONNECTOR)
    assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_CHANNEL")


def document() -> dict[str, Any]:
    paths, schemas = openapi()
    security = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "webhookSignature": {"type": "apiKey", "in": "header", "name": "webhook-signature"},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parley", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": security},
    }


async def test_whatever_the_document_allows_is_answered_as_it_says(centre: Centre) -> None:
    operation = schemathesis.openapi.from_dict(document())[PATH]["POST"]
    url = f"http://{centre.address}"
    seen = Counter[int]()

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def answers(case: Any) -> None:
        case.path_parameters = {"channel_id": "partner"}
        response = case.call(base_url=url, headers=CONNECTOR)
        seen[response.status_code] += 1
        case.validate_response(
            response, checks=[not_a_server_error, status_code_conformance, response_schema_conformance]
        )

    await asyncio.to_thread(answers)
    assert {404, 422} <= seen.keys()  # receipts of nothing, and what only prose says of messages
