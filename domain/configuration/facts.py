"""What happens to the configuration: each entity is set as a whole, or retired."""

from dataclasses import dataclass

from domain.configuration.calendar import BusinessCalendar
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
)
from domain.configuration.wrap_up import WrapUpForm
from domain.kernel import Fact


@dataclass(frozen=True, slots=True)
class AttributeConfigured(Fact, stored_as="attribute.configured"):
    settings: RoutingAttribute


@dataclass(frozen=True, slots=True)
class MrdConfigured(Fact, stored_as="mrd.configured"):
    settings: MediaRoutingDomain


@dataclass(frozen=True, slots=True)
class QueueConfigured(Fact, stored_as="queue.configured"):
    settings: Queue


@dataclass(frozen=True, slots=True)
class ChannelTypeConfigured(Fact, stored_as="channeltype.configured"):
    settings: ChannelType


@dataclass(frozen=True, slots=True)
class ChannelConfigured(Fact, stored_as="channel.configured"):
    settings: Channel


@dataclass(frozen=True, slots=True)
class BotConfigured(Fact, stored_as="bot.configured"):
    settings: Bot


@dataclass(frozen=True, slots=True)
class ReasonConfigured(Fact, stored_as="reason.configured"):
    settings: ReasonCode


@dataclass(frozen=True, slots=True)
class WrapUpFormConfigured(Fact, stored_as="wrapupform.configured"):
    settings: WrapUpForm


@dataclass(frozen=True, slots=True)
class CalendarConfigured(Fact, stored_as="calendar.configured"):
    settings: BusinessCalendar


@dataclass(frozen=True, slots=True)
class ListConfigured(Fact, stored_as="list.configured"):
    settings: RoutingList


@dataclass(frozen=True, slots=True)
class DeskPolicyConfigured(Fact, stored_as="deskpolicy.configured"):
    settings: DeskPolicy


@dataclass(frozen=True, slots=True)
class Retired(Fact, stored_as="configuration.retired"):
    pass


Configured = (
    AttributeConfigured
    | MrdConfigured
    | QueueConfigured
    | ListConfigured
    | ChannelTypeConfigured
    | ChannelConfigured
    | BotConfigured
    | ReasonConfigured
    | WrapUpFormConfigured
    | CalendarConfigured
    | DeskPolicyConfigured
)
ConfigurationFact = Configured | Retired
