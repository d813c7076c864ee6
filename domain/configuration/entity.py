"""One configured thing: a queue, a channel, a reason code … All live the same life."""

from dataclasses import dataclass
from typing import ClassVar, Self, assert_never

from domain.configuration.calendar import BusinessCalendar
from domain.configuration.facts import (
    AttributeConfigured,
    BotConfigured,
    CalendarConfigured,
    ChannelConfigured,
    ChannelTypeConfigured,
    ConfigurationFact,
    Configured,
    DeskPolicyConfigured,
    ListConfigured,
    MrdConfigured,
    QueueConfigured,
    ReasonConfigured,
    Retired,
    WrapUpFormConfigured,
)
from domain.configuration.settings import (
    Bot,
    Channel,
    ChannelType,
    DeskPolicy,
    MediaRoutingDomain,
    Queue,
    ReasonCode,
    RoutingAttribute,
    RoutingList,
    Settings,
)
from domain.configuration.wrap_up import WrapUpForm
from domain.kernel import Decision, NotFound, replace


@dataclass(frozen=True, slots=True)
class Entity:
    """The base of all kinds of configuration; `settings` is none before the first and after the last."""

    category: ClassVar[str] = ""
    called: ClassVar[str] = ""
    """What people call it."""

    settings: Settings | None = None

    def configure(self, fact: Configured) -> Decision:
        fact.settings.check()
        if fact.settings != self.settings:
            yield fact

    def retire(self) -> Decision:
        if self.settings is None:
            raise NotFound(f"There is no such {self.called}.", "id")
        yield Retired()

    def evolve(self, fact: ConfigurationFact) -> Self:
        match fact:
            case (
                AttributeConfigured(settings=settings)
                | MrdConfigured(settings=settings)
                | QueueConfigured(settings=settings)
                | ChannelTypeConfigured(settings=settings)
                | ChannelConfigured(settings=settings)
                | BotConfigured(settings=settings)
                | ReasonConfigured(settings=settings)
                | WrapUpFormConfigured(settings=settings)
                | CalendarConfigured(settings=settings)
                | ListConfigured(settings=settings)
                | DeskPolicyConfigured(settings=settings)
            ):
                return replace(self, settings=settings)
            case Retired():
                return replace(self, settings=None)
            case _:
                assert_never(fact)


class AttributeEntity(Entity):
    category: ClassVar[str] = "attribute"
    called: ClassVar[str] = "attribute"


class MrdEntity(Entity):
    category: ClassVar[str] = "mrd"
    called: ClassVar[str] = "media routing domain"


class QueueEntity(Entity):
    category: ClassVar[str] = "queue"
    called: ClassVar[str] = "queue"


class ChannelTypeEntity(Entity):
    category: ClassVar[str] = "channeltype"
    called: ClassVar[str] = "channel type"


class ChannelEntity(Entity):
    category: ClassVar[str] = "channel"
    called: ClassVar[str] = "channel"


class BotEntity(Entity):
    category: ClassVar[str] = "bot"
    called: ClassVar[str] = "bot"


class ReasonEntity(Entity):
    category: ClassVar[str] = "reason"
    called: ClassVar[str] = "reason code"


class WrapUpFormEntity(Entity):
    category: ClassVar[str] = "wrapupform"
    called: ClassVar[str] = "wrap-up form"


class CalendarEntity(Entity):
    category: ClassVar[str] = "calendar"
    called: ClassVar[str] = "business calendar"


class ListEntity(Entity):
    category: ClassVar[str] = "list"
    called: ClassVar[str] = "list"


class DeskPolicyEntity(Entity):
    category: ClassVar[str] = "deskpolicy"
    called: ClassVar[str] = "desk policy"


ENTITY_OF: dict[type[Settings], tuple[type[Entity], type[Configured]]] = {
    RoutingAttribute: (AttributeEntity, AttributeConfigured),
    MediaRoutingDomain: (MrdEntity, MrdConfigured),
    Queue: (QueueEntity, QueueConfigured),
    ChannelType: (ChannelTypeEntity, ChannelTypeConfigured),
    Channel: (ChannelEntity, ChannelConfigured),
    Bot: (BotEntity, BotConfigured),
    ReasonCode: (ReasonEntity, ReasonConfigured),
    WrapUpForm: (WrapUpFormEntity, WrapUpFormConfigured),
    BusinessCalendar: (CalendarEntity, CalendarConfigured),
    RoutingList: (ListEntity, ListConfigured),
    DeskPolicy: (DeskPolicyEntity, DeskPolicyConfigured),
}
"""Settings → the model that they belong to and the fact that sets them."""

CATEGORIES = frozenset(entity.category for entity, _ in ENTITY_OF.values())
