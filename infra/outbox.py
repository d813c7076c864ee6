"""What leaves Parley for customers and bots? A fact comes first, the call follows, and its outcome returns as a fact.

The reactor calls these reactions at least once each, per conversation in order: a call that already had its outcome is
not made again, and ids derive from the message. Each conversation waits for its own calls and for nobody else's.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol
from uuid import UUID

import stamina
import structlog

from commands.bots import TakeBotAnswer
from commands.bus import Command
from commands.inbound import ReportReceipt
from commands.ports import Store
from commands.requests import RequestAgent
from domain.channels.bots import BotAnswer, BotTurn
from domain.channels.inbound import Receipt
from domain.channels.messages import DeliveryStatus, SenderType
from domain.configuration.catalog import Catalog
from domain.configuration.settings import Channel
from domain.conversations.conversation import Conversation
from domain.conversations.facts import BotJoined, MessagePosted, RequestReason
from domain.customers.customer import Customer
from domain.ids import BotId, ChannelId, ConversationId, MessageId
from domain.kernel import NOT_WRITTEN, Fact, Recorded, Refused, derived_id, stream_of
from domain.sessions.facts import SessionStarted
from domain.sessions.session import Session

RETRY_FOR_S = 60.0
RETRY_FIRST_S, RETRY_MAX_S = 0.2, 10.0
REMEMBERED_MAX = 100_000
BY_URL = "webhook"
"""The courier of every channel with a `delivery_url`."""

log = structlog.get_logger(__name__)
Reaction = Callable[[Recorded[Any]], Awaitable[None]]
Send = Callable[[Command, UUID], Awaitable[object]]


class Courier(Protocol):
    """A connector's way out."""

    async def deliver(self, channel: Channel, to: SessionStarted, message: Recorded[MessagePosted]) -> Receipt:
        """SENT, or FAILED with a reason for people when it will never arrive. Raises the outbox's `try_later`."""
        ...


class Bot(Protocol):
    async def answer(self, turn: BotTurn) -> BotAnswer: ...


Peek = Callable[[type[Conversation], str, int], Conversation | None]
MakeBot = Callable[[Mapping[str, str]], Bot]
"""A bot from its settings; called for each turn, so it keeps what is dear (clients, models) outside."""


class Log(Protocol):
    async def read(self, stream: str, after: int = NOT_WRITTEN) -> Sequence[Recorded[Any]]: ...


class Deliveries:
    """Messages of agents and bots go out by the courier of their channel; those without one are fetched (web chat)."""

    def __init__(
        self,
        send: Send,
        store: Store,
        catalog: Callable[[], Catalog],
        couriers: Mapping[str, Courier],
        try_later: type[Exception],
        retry_for_s: float = RETRY_FOR_S,
    ) -> None:
        self._send, self._store, self._catalog = send, store, catalog
        self._couriers, self._try_later, self._retry_for_s = couriers, try_later, retry_for_s

    def reactions(self) -> Mapping[type[Fact], list[Reaction]]:
        return {MessagePosted: [self.deliver]}

    def wants(self, recorded: Recorded[MessagePosted]) -> bool:
        fact = recorded.fact
        if fact.sender.type is SenderType.CUSTOMER or fact.session_id is None or fact.channel_id is None:
            return False
        return self._courier_of(self._catalog().channels.get(fact.channel_id)) is not None

    async def deliver(self, recorded: Recorded[MessagePosted]) -> None:
        fact = recorded.fact
        if not self.wants(recorded) or fact.channel_id is None or fact.session_id is None:
            return
        channel = self._catalog().channels.get(fact.channel_id)
        courier = self._courier_of(channel)
        if channel is None or courier is None:
            return
        conversation = ConversationId(recorded.subject)
        if fact.message_id in (await self._store.load(Conversation, conversation)).deliveries:
            return
        to = (await self._store.load(Session, fact.session_id)).started
        if to is None:
            raise AssertionError(f"message {fact.message_id} goes to a session that never started")
        receipt = await self._try(courier, channel, to, recorded)
        with suppress(Refused):
            await self._send(
                ReportReceipt(conversation, receipt), UUID(derived_id("receipt", fact.message_id, receipt.status))
            )

    def _courier_of(self, channel: Channel | None) -> Courier | None:
        if channel is None:
            return None
        return self._couriers.get(BY_URL if channel.delivery_url else channel.connector)

    async def _try(
        self, courier: Courier, channel: Channel, to: SessionStarted, message: Recorded[MessagePosted]
    ) -> Receipt:
        attempts = stamina.retry_context(
            on=self._try_later,
            attempts=None,
            timeout=self._retry_for_s,
            wait_initial=RETRY_FIRST_S,
            wait_max=RETRY_MAX_S,
            wait_jitter=RETRY_FIRST_S,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    return await courier.deliver(channel, to, message)
        except self._try_later as error:
            reason = f"Given up after {self._retry_for_s:g} s: {error}"
            return Receipt(to.channel_id, message.fact.message_id, DeliveryStatus.FAILED, reason)
        raise AssertionError("retries end with an answer or an error")


class BotTurns:
    """A customer whose turn it is to be heard by a bot is; a bot that fails, or does not answer in time, hands over.

    A customer may have written before the bot joined (their first message opens the conversation): such messages are
    answered when it has joined and greeted, and only then.
    """

    def __init__(
        self,
        send: Send,
        store: Store,
        log_: Log,
        catalog: Callable[[], Catalog],
        bots: Mapping[str, MakeBot],
        peek: Peek = lambda _model, _subject, _version: None,
    ) -> None:
        """`peek`: a conversation as it is in memory, if it is there and not older than a version."""
        self._peek = peek
        self._send, self._store, self._log = send, store, log_
        self._catalog, self._bots = catalog, bots
        self._welcomed: OrderedDict[ConversationId, None] = OrderedDict()

    def reactions(self) -> Mapping[type[Fact], list[Reaction]]:
        return {BotJoined: [self.welcome], MessagePosted: [self.reply]}

    def wants(self, recorded: Recorded[Any]) -> bool:
        """Most customers talk with people: where the conversation is at hand and has no bot, there is nothing to do."""
        if not isinstance(recorded.fact, MessagePosted):
            return True
        if recorded.fact.sender.type is not SenderType.CUSTOMER:
            return False
        conversation = self._peek(Conversation, recorded.subject, recorded.version)
        return conversation is None or conversation.bot is not None

    async def welcome(self, recorded: Recorded[BotJoined]) -> None:
        conversation = ConversationId(recorded.subject)
        if recorded.fact.greets:
            await self._turn(conversation, derived_id("greeting", conversation, recorded.version), None, "")
        waiting: list[MessagePosted] = []
        for earlier in await self._log.read(recorded.stream):
            if earlier.version < recorded.version and isinstance(earlier.fact, MessagePosted):
                waiting = _waiting(waiting, earlier.fact)
        for message in waiting:
            await self._turn(conversation, message.message_id, message.body.text, message.sender.name)
        self._welcomed[conversation] = None
        if len(self._welcomed) > REMEMBERED_MAX:
            self._welcomed.popitem(last=False)

    async def reply(self, recorded: Recorded[MessagePosted]) -> None:
        fact = recorded.fact
        if fact.sender.type is not SenderType.CUSTOMER:
            return
        conversation = ConversationId(recorded.subject)
        if (await self._store.load(Conversation, conversation)).bot_on_turn is None:
            return
        if conversation not in self._welcomed and await self._is_joining(recorded):
            return
        await self._turn(conversation, fact.message_id, fact.body.text, fact.sender.name)

    async def _is_joining(self, message: Recorded[MessagePosted]) -> bool:
        """Did the bot join after this message? Then it greets first, and answers this next."""
        later = await self._log.read(message.stream, message.version)
        return any(isinstance(other.fact, BotJoined) for other in later)

    async def _turn(self, conversation_id: ConversationId, turn: str, text: str | None, name: str) -> None:
        conversation = await self._store.load(Conversation, conversation_id)
        bot_id = conversation.bot_on_turn
        if bot_id is None or MessageId(f"{turn}:answered") in conversation.posted:
            return
        if not name and conversation.customer_id is not None:
            name = (await self._store.load(Customer, conversation.customer_id)).name
        asked = BotTurn(conversation_id, bot_id, turn, text, name, conversation.data)
        answer = await self._ask(bot_id, asked)
        with suppress(Refused):  # the conversation moved on while the bot was thinking
            if answer is None:
                failed = RequestAgent(conversation_id, RequestReason.BOT_FAILED)
                await self._send(failed, UUID(derived_id("bot failed", turn)))
            else:
                taken = TakeBotAnswer(conversation_id, bot_id, turn, answer)
                await self._send(taken, UUID(derived_id("bot answer", turn)))

    async def _ask(self, bot_id: BotId, turn: BotTurn) -> BotAnswer | None:
        """What the bot says; nothing when it failed, for whatever reason."""
        configured = self._catalog().bots.get(bot_id)
        make = self._bots.get(configured.connector) if configured else None
        if configured is None or make is None:
            log.warning("there is no such bot", bot=bot_id)
            return None
        try:
            async with asyncio.timeout(configured.timeout_s):
                return await make(configured.settings).answer(turn)
        except Exception as error:  # noqa: BLE001 - a bot is somebody else's code: whatever it raises, it has failed
            log.warning("a bot failed", bot=bot_id, conversation=turn.conversation_id, error=repr(error))
            return None


class Whereabouts:
    """In which conversation does a message to a customer stand? The latest are remembered; the others must be told."""

    def __init__(self, log_: Log, remembered_max: int = REMEMBERED_MAX) -> None:
        self._log, self._max = log_, remembered_max
        self._known: OrderedDict[str, tuple[ConversationId, ChannelId]] = OrderedDict()

    def observe(self, batch: Sequence[Recorded[Any]]) -> None:
        for recorded in batch:
            if isinstance(recorded.fact, MessagePosted):
                self._remember(recorded)

    async def __call__(
        self, channel: ChannelId, message_id: MessageId, told: ConversationId | None
    ) -> ConversationId | None:
        """`told` is looked into when the message is not among the latest."""
        if message_id not in self._known and told is not None:
            for recorded in await self._log.read(stream_of(Conversation, told)):
                if isinstance(recorded.fact, MessagePosted) and recorded.fact.message_id == message_id:
                    self._remember(recorded)
        conversation, of_channel = self._known.get(message_id, (None, None))
        return conversation if of_channel == channel else None

    def _remember(self, recorded: Recorded[MessagePosted]) -> None:
        fact = recorded.fact
        if fact.sender.type is SenderType.CUSTOMER or fact.session_id is None or fact.channel_id is None:
            return
        self._known[fact.message_id] = (ConversationId(recorded.subject), fact.channel_id)
        if len(self._known) > self._max:
            self._known.popitem(last=False)


def _waiting(so_far: list[MessagePosted], said: MessagePosted) -> list[MessagePosted]:
    """The customer's messages that nobody has answered."""
    if said.sender.type is SenderType.CUSTOMER:
        return [*so_far, said]
    return so_far if said.session_id is None else []
