"""How the business has set Parley up."""

from collections.abc import Mapping

import strawberry

from api.schema.words import doc
from domain.channels.inbound import ContactKind
from domain.configuration import settings as s
from domain.configuration import wrap_up as w
from domain.configuration.desk_policy import THE_POLICY
from domain.ids import (
    AttributeId,
    BotId,
    ChannelId,
    ChannelTypeId,
    ListId,
    MrdId,
    QueueId,
    ReasonId,
    WrapUpFormId,
)

ID, NAME = "Its id.", "Its name for people."


@strawberry.type(description="A routing attribute: something that agents are good at.")
class RoutingAttribute:
    id: AttributeId = doc(ID)
    name: str = doc(NAME)
    type: s.AttributeType = doc("What values it has.")
    default_value: int = doc("The value of an agent for whom none is named.")
    description: str = doc("What it means.")


@strawberry.type(description="A media routing domain: a kind of work with its own capacity.")
class MediaRoutingDomain:
    id: MrdId = doc(ID)
    name: str = doc(NAME)
    description: str = doc("What it is for.")
    interruptible: bool = doc("May work of another domain interrupt it?", name="isInterruptible")
    max_requests: int = doc("Tasks at once for agents without a maximum of their own.")
    rona_action: s.RonaAction = doc("What a missed offer does.")
    wrap_up_holds_slot: bool = doc("Does wrap-up fill a slot?")
    rona_after: int = doc("After how many missed offers in a row that is done.")
    cool_down_s: int = doc("Seconds of rest, where that is what missed offers do.")
    interruption_action: s.InterruptionAction = doc("What becomes of the live work here when it is interrupted.")
    interruption_message: str = doc("What customers are told whose talks go to others then; empty for nothing.")
    auto_sync: bool = doc("Is whoever becomes ready ready here too?", name="isSynced")
    managed: bool = doc("Does Parley route it? Otherwise states here mirror another system.", name="isManaged")
    type: s.MrdType = doc("What kind of work it is; during a call nobody is to reply in writing.")
    auto_join: bool = doc(
        "Does whoever comes here, too, while an agent talks with them belong to the media that the task has already? "
        "Otherwise to another media of the same task.",
        name="joinsByItself",
    )


@strawberry.type(description="A channel type: a medium, and the media routing domain that its work belongs to.")
class ChannelType:
    id: ChannelTypeId = doc(ID)
    name: str = doc(NAME)
    mrd_id: MrdId = doc("The media routing domain.")
    is_interactive: bool = doc("Does the customer wait for answers?")


@strawberry.type(description="How agents come to what arrives on a channel.")
class RoutingPolicy:
    mode: s.RoutingMode = doc("Pushed to agents, pulled by them, or routed elsewhere.")
    queue_id: QueueId | None = doc("The queue.")
    route_to_last_agent: bool = doc("Is the customer's last agent tried first?")
    list_id: ListId | None = doc("The list from which agents pull.")
    last_agent_timeout_s: int = doc("Seconds to wait for the last agent while they are busy.")
    also_in: list[QueueId] = doc("Further queues in which requests wait at the same time.")


@strawberry.type(description="What a silent customer is told.")
class Reminder:
    percent: int = doc("How much of the time is over then after which their session ends.")
    text: str = doc("What they are told.")


@strawberry.type(description="A channel: one number, page or widget by which customers write or call.")
class Channel:
    id: ChannelId = doc(ID)
    name: str = doc(NAME)
    channel_type_id: ChannelTypeId = doc("Its type.")
    connector: str = doc("Which connector speaks with the vendor.")
    service_identifier: str = doc("How the vendor names it.")
    mode: s.ChannelMode = doc("Who answers.")
    bot_id: BotId | None = doc("The bot.")
    routing: RoutingPolicy = doc("How agents come to it.")
    customer_inactivity_s: int = doc("Seconds of a customer's silence that end their session; 0 for never.")
    inactivity_reminders: list[Reminder] = doc("What silent customers are told.")
    response_timeout_s: int = doc("Seconds within which an agent replies; 0 for whenever they like.")
    request_ttl_s: int = doc("Seconds after which nobody who came here waits any more; 0 for what the queue says.")
    contact_kind: ContactKind = doc("What identifies its customers.")
    delivery_url: str = doc("Where messages to customers are posted; empty for connectors inside Parley.")


@strawberry.type(description="A setting of a bot's connector.")
class BotSetting:
    key: str = doc("Which.")
    value: str = doc("Its value.")


@strawberry.type(description="A bot.")
class Bot:
    id: BotId = doc(ID)
    name: str = doc("Its name, as customers see it.")
    connector: str = doc("Which connector speaks with it.")
    settings: list[BotSetting] = doc("The connector's own settings.")
    timeout_s: int = doc("Seconds to answer within.")


@strawberry.type(description="A reason code.")
class ReasonCode:
    id: ReasonId = doc(ID)
    name: str = doc(NAME)
    kind: s.ReasonKind = doc("What it is a reason for.")
    reroutes_work: bool = doc("Does whoever gives it also give away their live work, at once?")


@strawberry.type(description="What holds at every desk.")
class DeskPolicy:
    id: strawberry.ID = doc("There is one: `centre`.")
    name: str = doc(NAME)
    logout: s.LogoutPolicy = doc("What signing out does while there is live work.")
    disconnect_grace_s: int = doc("Seconds within which whoever lost the connection may come back.")
    idle_logout_s: int = doc("Seconds without work after which agents are signed out; 0 for never.")
    last_mrd_off: bool = doc("Is whoever switches their last domain off not ready at all?")
    several_desks: bool = doc("May one person follow their desk from several places at once?")


@strawberry.type(description="Codes that belong together.")
class WrapUpCategory:
    name: str = doc(NAME)
    codes: list[ReasonId] = doc("Its reason codes.")


@strawberry.type(description="A wrap-up form: what agents choose from after a talk.")
class WrapUpForm:
    id: WrapUpFormId = doc(ID)
    name: str = doc(NAME)
    categories: list[WrapUpCategory] = doc("What there is to choose from.")
    max_codes: int = doc("How many codes at most.")


@strawberry.type(description="A list: where work waits that agents take by themselves.")
class RoutingList:
    id: ListId = doc(ID)
    name: str = doc(NAME)
    mrd_id: MrdId = doc("Its media routing domain.")
    wrap_up_enabled: bool = doc("Do agents wrap up what they took from it?", name="isWrapUpEnabled")
    wrap_up_s: int = doc("How long a wrap-up may take, in seconds; 0 for without end.")
    wrap_up_mandatory: bool = doc("Must an agent give a code before they are done?", name="isWrapUpMandatory")
    wrap_up_mode: s.WrapUpMode = doc("What an agent owes after a talk: it follows from the settings.")


def attributes(those: Mapping[AttributeId, s.RoutingAttribute]) -> list[RoutingAttribute]:
    return [
        RoutingAttribute(id=id, name=it.name, type=it.type, default_value=it.default_value, description=it.description)
        for id, it in sorted(those.items())
    ]


def mrds(those: Mapping[MrdId, s.MediaRoutingDomain]) -> list[MediaRoutingDomain]:
    return [
        MediaRoutingDomain(
            id=id,
            name=it.name,
            description=it.description,
            interruptible=it.interruptible,
            max_requests=it.max_requests,
            rona_action=it.rona_action,
            wrap_up_holds_slot=it.wrap_up_holds_slot,
            rona_after=it.rona_after,
            cool_down_s=it.cool_down_s,
            interruption_action=it.interruption_action,
            interruption_message=it.interruption_message,
            auto_sync=it.auto_sync,
            managed=it.managed,
            type=it.type,
            auto_join=it.auto_join,
        )
        for id, it in sorted(those.items())
    ]


def channel_types(those: Mapping[ChannelTypeId, s.ChannelType]) -> list[ChannelType]:
    return [
        ChannelType(id=id, name=it.name, mrd_id=it.mrd_id, is_interactive=it.is_interactive)
        for id, it in sorted(those.items())
    ]


def channels(those: Mapping[ChannelId, s.Channel]) -> list[Channel]:
    return [
        Channel(
            id=id,
            name=it.name,
            channel_type_id=it.channel_type_id,
            connector=it.connector,
            service_identifier=it.service_identifier,
            mode=it.mode,
            bot_id=it.bot_id,
            routing=RoutingPolicy(
                mode=it.routing.mode,
                queue_id=it.routing.queue_id,
                route_to_last_agent=it.routing.route_to_last_agent,
                list_id=it.routing.list_id,
                last_agent_timeout_s=it.routing.last_agent_timeout_s,
                also_in=list(it.routing.also_in),
            ),
            customer_inactivity_s=it.customer_inactivity_s,
            inactivity_reminders=[Reminder(percent=one.percent, text=one.text) for one in it.inactivity_reminders],
            response_timeout_s=it.response_timeout_s,
            request_ttl_s=it.request_ttl_s,
            contact_kind=it.contact_kind,
            delivery_url=it.delivery_url,
        )
        for id, it in sorted(those.items())
    ]


def bots(those: Mapping[BotId, s.Bot]) -> list[Bot]:
    return [
        Bot(
            id=id,
            name=it.name,
            connector=it.connector,
            settings=[BotSetting(key=key, value=value) for key, value in it.settings.items()],
            timeout_s=it.timeout_s,
        )
        for id, it in sorted(those.items())
    ]


def reasons(those: Mapping[ReasonId, s.ReasonCode]) -> list[ReasonCode]:
    return [
        ReasonCode(id=id, name=it.name, kind=it.kind, reroutes_work=it.reroutes_work)
        for id, it in sorted(those.items())
    ]


def desk_policy(it: s.DeskPolicy) -> DeskPolicy:
    return DeskPolicy(
        id=strawberry.ID(THE_POLICY),
        name=it.name,
        logout=it.logout,
        disconnect_grace_s=it.disconnect_grace_s,
        idle_logout_s=it.idle_logout_s,
        last_mrd_off=it.last_mrd_off,
        several_desks=it.several_desks,
    )


def wrap_up_forms(those: Mapping[WrapUpFormId, w.WrapUpForm]) -> list[WrapUpForm]:
    return [
        WrapUpForm(
            id=id,
            name=it.name,
            categories=[WrapUpCategory(name=category.name, codes=list(category.codes)) for category in it.categories],
            max_codes=it.max_codes,
        )
        for id, it in sorted(those.items())
    ]


def lists(those: Mapping[ListId, s.RoutingList]) -> list[RoutingList]:
    return [
        RoutingList(
            id=id,
            name=it.name,
            mrd_id=it.mrd_id,
            wrap_up_enabled=it.wrap_up_enabled,
            wrap_up_s=it.wrap_up_s,
            wrap_up_mandatory=it.wrap_up_mandatory,
            wrap_up_mode=it.wrap_up_mode,
        )
        for id, it in sorted(those.items())
    ]
