"""The demo world, told as commands: a small business with two queues, three agents, a bot and two channels.

Told again, it changes nothing that is there already.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid5

from commands.agents import AssignAttribute, GrantMrd, RegisterAgent
from commands.bus import Command
from commands.configuration import Configure
from domain.channels.inbound import ContactKind
from domain.configuration.settings import (
    AttributeType,
    Bot,
    Channel,
    ChannelMode,
    ChannelType,
    Expression,
    Junction,
    MediaRoutingDomain,
    Queue,
    ReasonCode,
    ReasonKind,
    RelationalOperator,
    RoutingAttribute,
    RoutingPolicy,
    Step,
    Term,
)
from domain.ids import AgentId, AttributeId, BotId, ChannelTypeId, MrdId, QueueId
from domain.kernel import NAMESPACE
from infra.centre import Centre
from infra.users import PostgresUsers

CHAT, ENGLISH, BILLING = MrdId("chat"), AttributeId("english"), AttributeId("billing")
DEMO_PASSWORD = "parley-demo"  # noqa: S105 - the demo world's, printed at start
SUPPORT, ACCOUNTS, GREETER = QueueId("support"), QueueId("accounts"), BotId("greeter")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in. Agents have attributes."""

    username: str
    name: str
    roles: tuple[str, ...]
    attributes: tuple[tuple[AttributeId, int], ...] = ()


PEOPLE = (
    Person("ada", "Ada Lovelace", ("agent",), ((ENGLISH, 1), (BILLING, 8))),
    Person("grace", "Grace Hopper", ("agent",), ((ENGLISH, 1), (BILLING, 3))),
    Person("alan", "Alan Turing", ("agent",), ((ENGLISH, 1),)),
    Person("sam", "Sam Supervisor", ("supervisor",)),
    Person("quinn", "Quinn Quality", ("quality",)),
    Person("audrey", "Audrey Auditor", ("auditor",)),
    Person("admin", "Admin", ("admin",)),
    Person("connector", "A foreign connector", ("connector",)),
)


def configuration() -> Iterator[tuple[str, Command]]:
    """Each with the sentence that progress shows."""
    speaks = Term(ENGLISH, RelationalOperator.EQ, 1)
    expert = Term(BILLING, RelationalOperator.GE, 5, Junction.AND)
    yield "attribute English", Configure("english", RoutingAttribute("English", AttributeType.BOOLEAN, 1))
    billing = RoutingAttribute("Billing", AttributeType.PROFICIENCY_LEVEL, 5, "How well they know invoices")
    yield "attribute Billing", Configure("billing", billing)
    yield "media routing domain Chat", Configure("chat", MediaRoutingDomain("Chat", "Everything typed", max_requests=5))
    yield "reason Lunch", Configure("lunch", ReasonCode("Lunch", ReasonKind.NOT_READY))
    yield "reason Training", Configure("training", ReasonCode("Training", ReasonKind.NOT_READY))
    yield "wrap-up Resolved", Configure("resolved", ReasonCode("Resolved", ReasonKind.WRAP_UP))
    yield "wrap-up Callback promised", Configure("callback", ReasonCode("Callback promised", ReasonKind.WRAP_UP))
    support = Queue("Support", CHAT, (Step((Expression((speaks,)),)),))
    yield "queue Support", Configure("support", support)
    accounts = Queue("Accounts", CHAT, (Step((Expression((speaks, expert)),), 15), Step((Expression((speaks,)),))))
    yield "queue Accounts", Configure("accounts", accounts)
    yield "bot Robin", Configure("greeter", Bot("Robin"))
    yield "channel type Web chat", Configure("webchat", ChannelType("Web chat", CHAT))
    yield "channel type Messaging", Configure("messaging", ChannelType("Messaging", CHAT))
    web = Channel(
        "Web site",
        ChannelTypeId("webchat"),
        "webchat",
        mode=ChannelMode.HYBRID,
        bot_id=GREETER,
        routing=RoutingPolicy(queue_id=SUPPORT),
    )
    yield "channel web", Configure("web", web)
    direct = Channel(
        "Accounts desk",
        ChannelTypeId("webchat"),
        "webchat",
        mode=ChannelMode.AGENT,
        routing=RoutingPolicy(queue_id=ACCOUNTS),
    )
    yield "channel accounts-web", Configure("accounts-web", direct)
    partner = Channel(
        "Partner messages",
        ChannelTypeId("messaging"),
        "generic",
        mode=ChannelMode.AGENT,
        routing=RoutingPolicy(queue_id=SUPPORT),
        contact_kind=ContactKind.PHONE,
    )
    yield "channel partner", Configure("partner", partner)


async def tell(centre: Centre, users: PostgresUsers, say: Callable[[str], None]) -> None:
    """Unless it was told before: the world belongs to whoever changed it since."""
    if centre.catalog.queues:
        return

    async def send(command: Command, name: str) -> None:
        await centre.commands.send(command, uuid5(NAMESPACE, f"demo/{name}"), "seed")

    for sentence, command in configuration():
        say(f"demo world: {sentence}")
        await send(command, sentence)
    for person in PEOPLE:
        say(f"demo world: {person.roles[0]} {person.name}")
        subject = str(uuid5(NAMESPACE, f"demo person {person.username}"))
        if await users.by_subject(subject) is None:
            await users.create(subject, person.username, person.name, DEMO_PASSWORD, frozenset(person.roles))
        if "agent" in person.roles:
            agent = AgentId(subject)
            await send(RegisterAgent(agent, person.username, person.name), f"register {person.username}")
            await send(GrantMrd(agent, CHAT), f"grant {person.username}")
            for attribute, value in person.attributes:
                await send(AssignAttribute(agent, attribute, value), f"assign {person.username} {attribute}")
