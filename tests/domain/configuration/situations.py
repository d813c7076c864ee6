"""A small business, set up: two media routing domains, two queues, two channels that share phone numbers, a bot."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from domain.channels.inbound import ContactKind
from domain.configuration.catalog import Catalog
from domain.configuration.entity import ENTITY_OF
from domain.configuration.settings import (
    AttributeType,
    Bot,
    Channel,
    ChannelMode,
    ChannelType,
    Expression,
    MediaRoutingDomain,
    Queue,
    ReasonCode,
    ReasonKind,
    RelationalOperator,
    RoutingAttribute,
    RoutingPolicy,
    Settings,
    Step,
    Term,
)
from domain.ids import AttributeId, BotId, ChannelTypeId, MrdId, QueueId
from domain.kernel import Cause, Fact, Position, Recorded, replay

SPANISH = AttributeId("spanish")
CHAT, EMAIL = MrdId("chat"), MrdId("email")
SPEAKS_SPANISH = Step((Expression((Term(SPANISH, RelationalOperator.GE, 5),)),))
SALES = Queue("Sales", CHAT, steps=(SPEAKS_SPANISH, Step()))
WEB_CHAT = Channel(
    "Web chat",
    ChannelTypeId("web"),
    "webchat",
    bot_id=BotId("greeter"),
    routing=RoutingPolicy(queue_id=QueueId("sales")),
)
WHATSAPP = Channel(
    "WhatsApp",
    ChannelTypeId("whatsapp"),
    "whatsapp",
    mode=ChannelMode.AGENT,
    routing=RoutingPolicy(queue_id=QueueId("sales")),
    contact_kind=ContactKind.PHONE,
)

BUSINESS: dict[str, Settings] = {
    "spanish": RoutingAttribute("Spanish", AttributeType.PROFICIENCY_LEVEL, 5),
    "chat": MediaRoutingDomain("Chat"),
    "email": MediaRoutingDomain("E-mail", interruptible=True, max_requests=1),
    "sales": SALES,
    "letters": Queue("Letters", EMAIL),
    "web": ChannelType("Web", CHAT),
    "whatsapp": ChannelType("WhatsApp", CHAT),
    "greeter": Bot("Greeter"),
    "sms": ChannelType("SMS", CHAT),
    "web-chat": WEB_CHAT,
    "sms-line": replace(WHATSAPP, name="SMS", channel_type_id=ChannelTypeId("sms"), connector="sms"),
    "whatsapp-line": WHATSAPP,
    "lunch": ReasonCode("Lunch", ReasonKind.NOT_READY),
}
"""By id, each after what it points at."""


def recorded(position: int, category: str, subject: str, fact: Fact) -> Recorded:
    at = datetime(2026, 1, 31, tzinfo=UTC)
    return Recorded(Position(position), f"{category}-{subject}", 0, at, Cause(UUID(int=1)), fact)


def catalog(business: dict[str, Settings] = BUSINESS) -> Catalog:
    kinds = ((id_, *ENTITY_OF[type(settings)], settings) for id_, settings in business.items())
    history = (
        recorded(position, entity.category, id_, configured(settings))
        for position, (id_, entity, configured, settings) in enumerate(kinds, 1)
    )
    return replay(Catalog(), history)
