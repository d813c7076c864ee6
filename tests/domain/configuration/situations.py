"""A small business, set up: two media routing domains, two queues, two channels that share phone numbers, a bot."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from uuid import UUID

from domain.channels.inbound import ContactKind
from domain.configuration.calendar import BusinessCalendar, CalendarException, Hours, Weekday, WeeklyHours
from domain.configuration.catalog import Catalog
from domain.configuration.diversions import Diversion, DiversionAction, Opening, Overflow, OverflowCondition
from domain.configuration.entity import ENTITY_OF
from domain.configuration.request_data import Consideration
from domain.configuration.settings import (
    AttributeType,
    Bot,
    Channel,
    ChannelMode,
    ChannelType,
    DeskPolicy,
    Expression,
    MediaRoutingDomain,
    Queue,
    ReasonCode,
    ReasonKind,
    RelationalOperator,
    RoutingAttribute,
    RoutingList,
    RoutingMode,
    RoutingPolicy,
    Settings,
    SkipIf,
    Step,
    Term,
)
from domain.configuration.wrap_up import WrapUpCategory, WrapUpForm
from domain.ids import AttributeId, BotId, CalendarId, ChannelTypeId, ListId, MrdId, QueueId, ReasonId, WrapUpFormId
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
    "sale": ReasonCode("Sale", ReasonKind.WRAP_UP),
    "after-sales": WrapUpForm("After a sale", (WrapUpCategory("How it ended", (ReasonId("sale"),)),), 2),
    "returns": Queue(
        "Returns",
        CHAT,
        (Step(skip_if=SkipIf.NONE_READY, consider_if=(Consideration("order", RelationalOperator.GE, "100"),)), Step()),
        wrap_up_form_id=WrapUpFormId("after-sales"),
    ),
    "backlog": RoutingList("Backlog", EMAIL),
    "letter": ChannelType("Letters", EMAIL),
    "mailbox": Channel(
        "Mailbox",
        ChannelTypeId("letter"),
        "mail",
        mode=ChannelMode.AGENT,
        routing=RoutingPolicy(RoutingMode.PULL, list_id=ListId("backlog")),
    ),
    "break": ReasonCode("Callback", ReasonKind.NOT_READY, reroutes_work=True),
    "centre": DeskPolicy(disconnect_grace_s=60),
    "shop": BusinessCalendar(
        "Shop",
        "Europe/Berlin",
        (WeeklyHours((Weekday.MONDAY, Weekday.FRIDAY), (Hours(time(9), time(17, 30)),), first=date(2026, 1, 1)),),
        (CalendarException("New Year", date(2027, 1, 1)),),
    ),
    "evening": Queue(
        "Evening",
        CHAT,
        opening=Opening(
            CalendarId("shop"),
            Diversion(DiversionAction.OTHER_QUEUE, QueueId("sales")),
            Diversion(DiversionAction.MESSAGE, message="We close, and you are still served."),
        ),
        overflow=(
            Overflow(OverflowCondition.QUEUE_LENGTH, Diversion(DiversionAction.CALLBACK, message="We call you."), 20),
            Overflow(OverflowCondition.NONE_LOGGED_IN, Diversion(DiversionAction.BOT)),
        ),
    ),
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
