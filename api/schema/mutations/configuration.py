"""An administrator sets Parley up. Each entity is set as a whole; its settings say what is wrong with them."""

from enum import StrEnum

import strawberry

from api.schema.context import Info
from api.schema.mutations import settings as given
from api.schema.mutations.calendars import ConfigureBusinessCalendarInput
from api.schema.mutations.inputs import Intention
from api.schema.sending import MutationPayload, send
from api.schema.words import doc, mutation
from commands.configuration import Configure, Retire
from domain.configuration import settings
from domain.configuration.calendar import BusinessCalendar
from domain.configuration.desk_policy import THE_POLICY
from domain.configuration.wrap_up import WrapUpForm


@strawberry.enum(description="The kinds of things that are configured.")
class ConfigurationKind(StrEnum):
    ATTRIBUTE = "ATTRIBUTE"
    MEDIA_ROUTING_DOMAIN = "MEDIA_ROUTING_DOMAIN"
    QUEUE = "QUEUE"
    CHANNEL_TYPE = "CHANNEL_TYPE"
    CHANNEL = "CHANNEL"
    BOT = "BOT"
    REASON_CODE = "REASON_CODE"
    WRAP_UP_FORM = "WRAP_UP_FORM"
    BUSINESS_CALENDAR = "BUSINESS_CALENDAR"
    ROUTING_LIST = "ROUTING_LIST"
    DESK_POLICY = "DESK_POLICY"

    @property
    def settings(self) -> type[settings.Settings]:
        return SETTINGS_OF[self]


SETTINGS_OF: dict[ConfigurationKind, type[settings.Settings]] = {
    ConfigurationKind.ATTRIBUTE: settings.RoutingAttribute,
    ConfigurationKind.MEDIA_ROUTING_DOMAIN: settings.MediaRoutingDomain,
    ConfigurationKind.QUEUE: settings.Queue,
    ConfigurationKind.CHANNEL_TYPE: settings.ChannelType,
    ConfigurationKind.CHANNEL: settings.Channel,
    ConfigurationKind.BOT: settings.Bot,
    ConfigurationKind.REASON_CODE: settings.ReasonCode,
    ConfigurationKind.WRAP_UP_FORM: WrapUpForm,
    ConfigurationKind.BUSINESS_CALENDAR: BusinessCalendar,
    ConfigurationKind.ROUTING_LIST: settings.RoutingList,
    ConfigurationKind.DESK_POLICY: settings.DeskPolicy,
}


@strawberry.input(description="Take something out of the configuration.")
class RetireInput(Intention):
    kind: ConfigurationKind = doc("What kind of thing.")
    id: strawberry.ID = doc("Its id. Refused with IN_USE while something else needs it.")


@strawberry.type
class ConfigurationMutation:
    @mutation("Set a routing attribute, new or not.")
    async def configure_attribute(self, info: Info, input: given.ConfigureAttributeInput) -> MutationPayload:
        return await send(info, Configure(input.id, input.settings()), input.client_mutation_id)

    @mutation("Set a media routing domain, new or not.")
    async def configure_media_routing_domain(
        self, info: Info, input: given.ConfigureMediaRoutingDomainInput
    ) -> MutationPayload:
        return await send(info, Configure(input.id, input.settings()), input.client_mutation_id)

    @mutation("Set a queue with its steps, new or not.")
    async def configure_queue(self, info: Info, input: given.ConfigureQueueInput) -> MutationPayload:
        return await send(info, Configure(input.id, input.settings()), input.client_mutation_id)

    @mutation("Set a channel type, new or not.")
    async def configure_channel_type(self, info: Info, input: given.ConfigureChannelTypeInput) -> MutationPayload:
        return await send(info, Configure(input.id, input.settings()), input.client_mutation_id)

    @mutation("Set a channel, new or not.")
    async def configure_channel(self, info: Info, input: given.ConfigureChannelInput) -> MutationPayload:
        return await send(info, Configure(input.id, input.settings()), input.client_mutation_id)

    @mutation("Set a bot, new or not.")
    async def configure_bot(self, info: Info, input: given.ConfigureBotInput) -> MutationPayload:
        return await send(info, Configure(input.id, input.settings()), input.client_mutation_id)

    @mutation("Set a reason code, new or not.")
    async def configure_reason_code(self, info: Info, input: given.ConfigureReasonCodeInput) -> MutationPayload:
        return await send(info, Configure(input.id, input.settings()), input.client_mutation_id)

    @mutation("Set a wrap-up form, new or not.")
    async def configure_wrap_up_form(self, info: Info, input: given.ConfigureWrapUpFormInput) -> MutationPayload:
        return await send(info, Configure(input.id, input.settings()), input.client_mutation_id)

    @mutation("Set a business calendar, new or not.")
    async def configure_business_calendar(self, info: Info, input: ConfigureBusinessCalendarInput) -> MutationPayload:
        return await send(info, Configure(input.id, input.settings()), input.client_mutation_id)

    @mutation("Set a list for pull routing, new or not.")
    async def configure_routing_list(self, info: Info, input: given.ConfigureRoutingListInput) -> MutationPayload:
        return await send(info, Configure(input.id, input.settings()), input.client_mutation_id)

    @mutation("Set what holds at every desk.")
    async def configure_desk_policy(self, info: Info, input: given.ConfigureDeskPolicyInput) -> MutationPayload:
        return await send(info, Configure(THE_POLICY, input.settings()), input.client_mutation_id)

    @mutation("Take something out of the configuration. Its history stays.")
    async def retire(self, info: Info, input: RetireInput) -> MutationPayload:
        return await send(info, Retire(input.kind.settings, input.id), input.client_mutation_id)
