"""By which ways do customers come, and who answers there?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.channels.inbound import ContactKind
from domain.configuration.checks import named, within, written
from domain.ids import BotId, ChannelTypeId, ListId, MrdId, QueueId
from domain.kernel import Invalid

LAST_AGENT_TIMEOUT_S_MAX = 30
ALSO_IN_MAX = 4

REQUEST_TTL_S_MAX = 30 * 86_400
REMINDERS_MAX, REMINDER_MAX = 5, 2_000


class ChannelMode(StrEnum):
    BOT = "BOT"
    AGENT = "AGENT"
    HYBRID = "HYBRID"


class RoutingMode(StrEnum):
    PUSH = "PUSH"
    PULL = "PULL"
    EXTERNAL = "EXTERNAL"


@dataclass(frozen=True, slots=True)
class ChannelType:
    name: str
    mrd_id: MrdId
    is_interactive: bool = True

    def check(self) -> None:
        named(self.name)


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """`queue_id`: where requests are pushed from; `list_id`: where they are pulled from, in mode PULL.
    `last_agent_timeout_s`: how long to wait for the customer's last agent who is busy (routing 54). `also_in`: further queues
    in which requests wait at the same time (routing 11).
    """

    mode: RoutingMode = RoutingMode.PUSH
    queue_id: QueueId | None = None
    route_to_last_agent: bool = False
    list_id: ListId | None = None
    last_agent_timeout_s: int = 10
    also_in: tuple[QueueId, ...] = ()

    def check(self, field_name: str) -> None:
        within(self.last_agent_timeout_s, 0, LAST_AGENT_TIMEOUT_S_MAX, f"{field_name}.last_agent_timeout_s")
        check_several(self.queue_id, self.also_in, f"{field_name}.queue_id", f"{field_name}.also_in")


def check_several(first: QueueId | None, also_in: tuple[QueueId, ...], first_name: str, also_name: str) -> None:
    """Further queues beside a first one, each of them once (routing 11)."""
    if len(also_in) > ALSO_IN_MAX:
        raise Invalid(f"At most {ALSO_IN_MAX} further queues.", also_name)
    if also_in and first is None:
        raise Invalid("Further queues need a first one.", first_name)
    if len({first, *also_in}) <= len(also_in):
        raise Invalid("A queue is there twice.", also_name)


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a silent customer is told when so much of the time is over after which their session ends (routing 56)."""

    percent: int
    text: str


@dataclass(frozen=True, slots=True)
class Channel:
    """`delivery_url`: where messages to the customer are posted; none for a connector that lives in Parley.

    `request_ttl_s`: how long a request that comes here may wait, instead of what its queue says; 0 for as long as that
    (routing 27). `response_timeout_s`: within which an agent replies; 0 for whenever they like (routing 56).
    """

    name: str
    channel_type_id: ChannelTypeId
    connector: str
    service_identifier: str = ""
    mode: ChannelMode = ChannelMode.HYBRID
    bot_id: BotId | None = None
    routing: RoutingPolicy = field(default_factory=RoutingPolicy)
    customer_inactivity_s: int = 600
    contact_kind: ContactKind = ContactKind.OPAQUE
    delivery_url: str = ""
    response_timeout_s: int = 0
    inactivity_reminders: tuple[Reminder, ...] = ()
    request_ttl_s: int = 0

    def check(self) -> None:
        named(self.name)
        self.routing.check("routing")
        within(self.customer_inactivity_s, 0, 7 * 86_400, "customer_inactivity_s")
        within(self.response_timeout_s, 0, 7 * 86_400, "response_timeout_s")
        within(self.request_ttl_s, 0, REQUEST_TTL_S_MAX, "request_ttl_s")
        self._check_reminders()
        if self.mode is not ChannelMode.AGENT and self.bot_id is None:
            raise Invalid(f"A channel in mode {self.mode} needs a bot.", "bot_id")
        if self.routing.mode is RoutingMode.PULL:
            if self.mode is not ChannelMode.BOT and self.routing.list_id is None:
                raise Invalid("A channel that is pulled from needs a list.", "routing.list_id")
        elif self.mode is not ChannelMode.BOT and self.routing.queue_id is None:
            raise Invalid(f"A channel in mode {self.mode} needs a queue.", "routing.queue_id")
        if self.delivery_url and not self.delivery_url.startswith(("https://", "http://")):
            raise Invalid("A delivery URL begins with https:// (or http:// inside your network).", "delivery_url")

    def _check_reminders(self) -> None:
        within(len(self.inactivity_reminders), 0, REMINDERS_MAX, "inactivity_reminders")
        before = 0
        for number, reminder in enumerate(self.inactivity_reminders):
            at = f"inactivity_reminders[{number}]"
            within(reminder.percent, before + 1, 99, f"{at}.percent")
            written(reminder.text, 1, REMINDER_MAX, f"{at}.text")
            before = reminder.percent


@dataclass(frozen=True, slots=True)
class Bot:
    """`connector` names a folder under `connectors/bots/`; `settings` are its own."""

    name: str
    connector: str = "scripted"
    settings: Mapping[str, str] = field(default_factory=dict)
    timeout_s: int = 10

    def check(self) -> None:
        named(self.name)
        within(self.timeout_s, 1, 60, "timeout_s")
