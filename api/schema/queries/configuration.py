"""How is Parley set up, now or at any moment of the past?"""

import strawberry

from api.schema.context import Info
from api.schema.queries.arguments import AtMoment
from api.schema.transcript import AsOf
from api.schema.types import calendars
from api.schema.types import configuration as types
from api.schema.types.queue_settings import QueueSettings, queues
from api.schema.words import answer
from domain.configuration.catalog import Catalog
from domain.kernel import BEGINNING

PAGE = 2_000


async def catalog_at(info: Info, as_of: AsOf | None) -> Catalog:
    """The configuration now, or folded from the log up to a moment."""
    behind = info.context.behind
    if as_of is None:
        return behind.catalog()
    catalog, position = Catalog(), BEGINNING
    while batch := await behind.log.read_all(position, PAGE):
        for recorded in batch:
            if not as_of.includes(recorded):
                return catalog
            catalog = catalog.evolve(recorded)
        position = batch[-1].position
    return catalog


@strawberry.type
class ConfigurationQuery:
    @answer("The routing attributes, by id.")
    async def attributes(self, info: Info, as_of: AtMoment = None) -> list[types.RoutingAttribute]:
        return types.attributes((await catalog_at(info, as_of)).attributes)

    @answer("The media routing domains, by id.")
    async def media_routing_domains(self, info: Info, as_of: AtMoment = None) -> list[types.MediaRoutingDomain]:
        return types.mrds((await catalog_at(info, as_of)).mrds)

    @answer("The queues as they are configured, by id.")
    async def queue_settings(self, info: Info, as_of: AtMoment = None) -> list[QueueSettings]:
        return queues((await catalog_at(info, as_of)).queues)

    @answer("The channel types, by id.")
    async def channel_types(self, info: Info, as_of: AtMoment = None) -> list[types.ChannelType]:
        return types.channel_types((await catalog_at(info, as_of)).channel_types)

    @answer("The channels, by id.")
    async def channels(self, info: Info, as_of: AtMoment = None) -> list[types.Channel]:
        return types.channels((await catalog_at(info, as_of)).channels)

    @answer("The bots, by id.")
    async def bots(self, info: Info, as_of: AtMoment = None) -> list[types.Bot]:
        return types.bots((await catalog_at(info, as_of)).bots)

    @answer("The reason codes, by id.")
    async def reason_codes(self, info: Info, as_of: AtMoment = None) -> list[types.ReasonCode]:
        return types.reasons((await catalog_at(info, as_of)).reasons)

    @answer("The wrap-up forms, by id.")
    async def wrap_up_forms(self, info: Info, as_of: AtMoment = None) -> list[types.WrapUpForm]:
        return types.wrap_up_forms((await catalog_at(info, as_of)).wrap_up_forms)

    @answer("The business calendars, by id.")
    async def business_calendars(self, info: Info, as_of: AtMoment = None) -> list[calendars.BusinessCalendar]:
        return calendars.calendars((await catalog_at(info, as_of)).calendars)

    @answer("What holds at every desk.")
    async def desk_policy(self, info: Info, as_of: AtMoment = None) -> types.DeskPolicy:
        return types.desk_policy((await catalog_at(info, as_of)).desks)

    @answer("The lists for pull routing, by id.")
    async def routing_lists(self, info: Info, as_of: AtMoment = None) -> list[types.RoutingList]:
        return types.lists((await catalog_at(info, as_of)).lists)
