"""Does every message to a customer leave once, in order, with its outcome; and does every customer hear a bot or a human?"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import msgspec
import pytest
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from commands.configuration import Configure
from commands.conversations import PostAgentMessage
from commands.requests import RequestAgent
from commands.tasks import AcceptTask
from connectors.bots.scripted.bot import scripted
from connectors.errors import TryLater
from connectors.webhook.channel import WebhookCourier, secret_of
from domain.channels.bots import BotAnswer, BotTurn
from domain.channels.messages import Body, SenderType
from domain.configuration.settings import Bot as BotSettings
from domain.configuration.settings import Channel, ChannelMode, RoutingPolicy
from domain.conversations.facts import AgentRequested, DeliveryReported, MessagePosted, RequestReason
from domain.ids import AgentId, ChannelId, ChannelTypeId, ConversationId, MessageId
from infra.outbox import BotTurns, Deliveries, Whereabouts
from tests.api.transport.conftest import serving
from tests.e2e.world import BOT, SUPPORT, World

pytestmark = pytest.mark.anyio
PARTNER = ChannelId("web")
NEW, OLD = b"new" * 11, b"old" * 11


class ForeignConnector:
    """Answers as the script says, then 204; checks every signature."""

    def __init__(self) -> None:
        self.script: list[int | float | str] = []
        self.got: list[dict[str, Any]] = []
        self.tried = 0

    async def take(self, request: Request) -> PlainTextResponse:
        body = await request.body()
        Webhook(secret_of(OLD, PARTNER)).verify(body, dict(request.headers), json_parse=False)
        Webhook(secret_of(NEW, PARTNER)).verify(body, dict(request.headers), json_parse=False)
        self.tried += 1
        answer = self.script.pop(0) if self.script else 204
        said, answer = (answer, 200) if isinstance(answer, str) else ("", answer)
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = 204
        if answer < 300:
            self.got.append({**msgspec.json.decode(body), "webhook-id": request.headers["webhook-id"]})
        return PlainTextResponse("no such number" if answer == 422 else said, answer)

    def texts(self) -> list[str]:
        return [it["body"]["text"] for it in self.got]


class Centre(World):
    """Agents' messages go to a foreign connector; bots are whoever a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign = ForeignConnector()

    async def partner(self, address: str) -> None:
        await self.configure(ChannelMode.AGENT)
        channel = Channel(
            "Partner", ChannelTypeId("webtype"), "webhook", "+4930999", ChannelMode.AGENT, BOT,
            RoutingPolicy(queue_id=SUPPORT), delivery_url=f"http://{address}/take",
        )  # fmt: skip
        await self.send(Configure("web", channel))

    async def talk(self, who: str, agent: str) -> tuple[ConversationId, AgentId]:
        conversation, ada = await self.write(who, "Hello"), await self.staff(agent)
        await self.send(RequestAgent(conversation, RequestReason.CUSTOMER_ASKED))
        await self.send(AcceptTask(await self.offer_to(ada), ada))

        async def talking() -> bool:
            return ada in (await self.conversation(conversation)).talking

        await self.until(talking)
        return conversation, ada

    async def say(self, conversation: ConversationId, agent: AgentId, text: str) -> None:
        await self.send(PostAgentMessage(conversation, agent, MessageId(f"{conversation}:{text}"), Body(text=text)))

    async def outcomes(self, conversation: ConversationId, count: int) -> list[tuple[str, str]]:
        """What became of the first messages, when it is known of so many."""

        async def known() -> list[Any]:
            news = [it for it in await self.facts(f"conversation-{conversation}") if isinstance(it, DeliveryReported)]
            return news if len(news) >= count else []

        return [(str(it.status), it.reason) for it in await self.until(known, 10)]


@pytest.fixture
async def centre() -> AsyncIterator[Centre]:
    centre = Centre()
    app = Starlette(routes=[Route("/take", centre.foreign.take, methods=["POST"])])
    async with serving(app) as address, httpx2.AsyncClient() as client:
        courier = WebhookCourier(client, [NEW, OLD], centre.clock, timeout_s=0.5)
        kernel = centre.centre
        centre.deliveries = Deliveries(
            kernel.commands.send, kernel.store, lambda: kernel.catalog, {"webhook": courier}, TryLater, 1.5
        )
        kernel.react("deliveries", centre.deliveries.reactions())
        async with centre:
            await centre.partner(address)
            yield centre


async def test_what_an_agent_says_is_taken_to_the_customer(centre: Centre) -> None:
    conversation, ada = await centre.talk("zoe", "ada")
    await centre.say(conversation, ada, "Good morning")
    assert await centre.outcomes(conversation, 1) == [("SENT", "")]
    (got,) = centre.foreign.got
    assert got["webhook-id"] == got["messageId"] == f"{conversation}:Good morning"
    assert (got["contact"]["value"], got["sender"], got["serviceIdentifier"]) == (
        "zoe", {"type": "AGENT", "name": "Ada"}, "+4930999",
    )  # fmt: skip
    assert got["conversationId"] == conversation


@pytest.mark.parametrize(
    ("said", "kept"), [('{"providerMessageId": "wamid.7"}', "wamid.7"), ("Thanks!", ""), ("[]", "")]
)
async def test_how_the_provider_names_it_is_kept_where_the_connector_says_so(
    centre: Centre, said: str, kept: str
) -> None:  # routing 66
    centre.foreign.script = [said]
    conversation, ada = await centre.talk("zoe", "ada")
    await centre.say(conversation, ada, "Good morning")
    assert await centre.outcomes(conversation, 1) == [("SENT", "")]
    news = [it for it in await centre.facts(f"conversation-{conversation}") if isinstance(it, DeliveryReported)]
    assert news[0].provider_message_id == kept


async def test_a_connector_that_is_busy_is_tried_again(centre: Centre) -> None:
    centre.foreign.script = [503, 429]
    conversation, ada = await centre.talk("zoe", "ada")
    await centre.say(conversation, ada, "Good morning")
    assert await centre.outcomes(conversation, 1) == [("SENT", "")]
    assert (centre.foreign.tried, len(centre.foreign.got)) == (3, 1)


async def test_a_refusal_is_told_with_its_reason(centre: Centre) -> None:
    centre.foreign.script = [422]
    conversation, ada = await centre.talk("zoe", "ada")
    await centre.say(conversation, ada, "Good morning")
    assert await centre.outcomes(conversation, 1) == [("FAILED", "The connector answered 422: no such number")]
    assert centre.foreign.tried == 1


async def test_trying_ends(centre: Centre) -> None:
    centre.foreign.script = [500] * 100
    conversation, ada = await centre.talk("zoe", "ada")
    await centre.say(conversation, ada, "Good morning")
    ((status, reason),) = await centre.outcomes(conversation, 1)
    assert status == "FAILED"
    assert "500" in reason


async def test_a_connector_that_hangs_is_tried_again_under_the_same_id(centre: Centre) -> None:
    centre.foreign.script = [0.8]
    conversation, ada = await centre.talk("zoe", "ada")
    await centre.say(conversation, ada, "Good morning")
    assert await centre.outcomes(conversation, 1) == [("SENT", "")]
    assert centre.foreign.tried == 2
    assert {it["webhook-id"] for it in centre.foreign.got} == {f"{conversation}:Good morning"}


async def test_a_conversation_keeps_its_order_and_others_do_not_wait(centre: Centre) -> None:
    first, ada = await centre.talk("zoe", "ada")
    second, grace = await centre.talk("yan", "grace")
    centre.foreign.script = [503]
    await centre.say(first, ada, "one")
    await centre.say(first, ada, "two")
    await centre.say(second, grace, "elsewhere")
    await centre.outcomes(first, 2)
    texts = centre.foreign.texts()
    assert texts[0] == "elsewhere"
    assert texts[1:] == ["one", "two"]


async def test_a_message_whose_outcome_is_known_does_not_leave_again(centre: Centre) -> None:
    conversation, ada = await centre.talk("zoe", "ada")
    await centre.say(conversation, ada, "Good morning")
    await centre.outcomes(conversation, 1)
    for recorded in await centre.log.read_all(limit=10_000):
        if isinstance(recorded.fact, MessagePosted):
            await centre.deliveries.deliver(recorded)
    assert centre.foreign.tried == 1


async def test_a_message_is_found_in_its_channel_alone(centre: Centre) -> None:
    conversation, ada = await centre.talk("zoe", "ada")
    await centre.say(conversation, ada, "Good morning")
    message, fresh = MessageId(f"{conversation}:Good morning"), Whereabouts(centre.log)
    assert await fresh(PARTNER, message, None) is None
    assert await fresh(ChannelId("other"), message, conversation) is None
    assert await fresh(PARTNER, message, conversation) == conversation
    following = Whereabouts(centre.log)
    following.observe(await centre.log.read_all(limit=10_000))
    assert await following(PARTNER, message, None) == conversation
    own = next(it for it in await centre.facts(f"conversation-{conversation}") if isinstance(it, MessagePosted))
    assert await following(PARTNER, own.message_id, conversation) is None


# Bots.


class Saying:
    """A bot that does what a test says."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.mood = settings.get("mood", "")

    async def answer(self, turn: BotTurn) -> BotAnswer:
        match self.mood:
            case "hangs":
                await asyncio.sleep(60)
            case "breaks":
                raise RuntimeError("out of order")
            case "talks too much":
                return BotAnswer(says=(Body(text="x" * 100_000),))
        return BotAnswer(says=(Body(text=f"you said {turn.text}"),))


class Saloon(World):
    """Bots of all moods."""

    def _bots(self) -> BotTurns:
        kernel, bots = self.centre, {"scripted": scripted, "saying": Saying}
        self.turns = BotTurns(kernel.commands.send, kernel.store, self.log, lambda: kernel.catalog, bots)
        return self.turns


@contextlib.asynccontextmanager
async def a_bot(connector: str, **settings: str) -> AsyncIterator[Saloon]:
    async with Saloon() as world:
        await world.configure()
        await world.send(Configure("greeter", BotSettings("Robin", connector, settings, timeout_s=1)))
        yield world


async def said(world: World, conversation: ConversationId) -> list[tuple[SenderType, str]]:
    facts = await world.facts(f"conversation-{conversation}")
    return [(it.sender.type, it.body.text) for it in facts if isinstance(it, MessagePosted)]


async def after(world: World, conversation: ConversationId, count: int) -> list[tuple[SenderType, str]]:
    async def enough() -> list[Any]:
        words = await said(world, conversation)
        return words if len(words) >= count else []

    return await world.until(enough, 5)


async def test_who_writes_first_is_greeted_then_answered() -> None:
    async with a_bot("scripted", greeting="Ahoy!") as world:
        conversation = await world.write("zoe", "When do you open?")
        words = await after(world, conversation, 3)
        assert [by for by, _ in words] == ["CUSTOMER", "BOT", "BOT"]
        assert words[1][1] == "Ahoy!"
        assert "Monday" in words[2][1]
        await asyncio.sleep(0.05)
        assert len(await said(world, conversation)) == 3


async def test_everything_said_is_answered_once_and_in_order() -> None:
    async with a_bot("saying") as world:
        conversation = await world.write("zoe", "1")
        for n in range(2, 8):
            await world.write("zoe", str(n))
        words = await after(world, conversation, 15)
        await asyncio.sleep(0.05)
        assert await said(world, conversation) == words
        answers = [text for by, text in words if by is SenderType.BOT]
        assert answers == [f"you said {n}" for n in (None, *range(1, 8))]


async def test_reactions_that_run_again_say_nothing_again() -> None:
    async with a_bot("saying") as world:
        conversation = await world.write("zoe", "hello")
        words = await after(world, conversation, 3)
        for _ in range(2):
            for recorded in await world.log.read(f"conversation-{conversation}"):
                for reaction in world.turns.reactions().get(type(recorded.fact), ()):
                    await reaction(recorded)
        assert await said(world, conversation) == words


@pytest.mark.parametrize("mood", ["hangs", "breaks", "talks too much"])
async def test_a_bot_that_fails_hands_over(mood: str) -> None:
    async with a_bot("saying", mood=mood) as world:
        conversation = await world.write("zoe", "hello")

        async def requested() -> list[AgentRequested]:
            facts = await world.facts(f"conversation-{conversation}")
            return [it for it in facts if isinstance(it, AgentRequested)]

        (request,) = await world.until(requested, 5)
        assert request.reason is RequestReason.BOT_FAILED
        assert len(await said(world, conversation)) == 1


async def test_a_bot_that_is_nowhere_has_failed() -> None:
    async with a_bot("nobody") as world:
        conversation = await world.write("zoe", "hello")

        async def requested() -> bool:
            return (await world.conversation(conversation)).request is not None

        await world.until(requested)


async def test_no_bot_speaks_when_a_human_was_asked_for() -> None:
    async with a_bot("scripted") as world:
        conversation = await world.write("zoe", "I want a human")
        await after(world, conversation, 3)
        await world.write("zoe", "hello?")
        await asyncio.sleep(0.1)
        assert [by for by, _ in await said(world, conversation)] == ["CUSTOMER", "BOT", "BOT", "CUSTOMER"]


async def test_two_misunderstandings_fetch_a_human() -> None:
    async with a_bot("scripted") as world:
        conversation = await world.write("zoe", "qwertz")
        await after(world, conversation, 3)
        await world.write("zoe", "uiopü")

        async def requested() -> Any:
            return (await world.conversation(conversation)).request

        assert (await world.until(requested)).reason is RequestReason.BOT_MISUNDERSTOOD
