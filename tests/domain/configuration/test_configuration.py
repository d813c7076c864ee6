"""Does everything that is configured fit together? routing 23, 63."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.configuration.catalog import Catalog, InUse, UnknownChannel
from domain.configuration.checks import missing
from domain.configuration.entity import CATEGORIES, ENTITY_OF, QueueEntity
from domain.configuration.facts import QueueConfigured, Retired
from domain.configuration.priorities import PriorityLabel
from domain.configuration.request_data import Consideration
from domain.configuration.settings import (
    AttributeType,
    Bot,
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
    SkipIf,
    Step,
    Term,
)
from domain.configuration.wrap_up import WrapUpCategory, WrapUpForm
from domain.kernel import Invalid, NotFound
from tests.domain.configuration.situations import (
    BUSINESS,
    CHAT,
    EMAIL,
    SALES,
    SPANISH,
    WEB_CHAT,
    WHATSAPP,
    catalog,
    recorded,
)
from tests.domain.scenario import given

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
SET_UP = QueueConfigured(SALES)
GE = RelationalOperator.GE
VIP = Consideration("segment", RelationalOperator.EQ, "vip")
FORM = BUSINESS["after-sales"]


# One entity


@pytest.mark.parametrize("settings", BUSINESS.values(), ids=BUSINESS)
def test_each_kind_is_configured_once_and_retired_once(settings) -> None:
    entity, configured = ENTITY_OF[type(settings)]
    fact = configured(settings)
    given(entity).when(lambda it: it.configure(fact)).then(fact).twice()
    given(entity, fact).when(lambda it: it.retire()).then(Retired())
    given(entity, fact, Retired()).when(lambda it: it.retire()).refused(NotFound)
    given(entity, fact, Retired()).when(lambda it: it.configure(fact)).then(fact)


def test_an_entity_is_set_as_a_whole() -> None:
    fewer = QueueConfigured(replace(SALES, steps=(Step(),)))
    given(QueueEntity, SET_UP).when(lambda it: it.configure(fewer)).then(fewer)


def test_settings_that_contradict_themselves_are_refused() -> None:
    given(QueueEntity).when(lambda it: it.configure(QueueConfigured(replace(SALES, name=" ")))).refused(Invalid)


def test_an_offer_times_out_before_its_request() -> None:  # routing 23
    replace(SALES, offer_timeout_s=19, request_ttl_s=20).check()
    with pytest.raises(Invalid) as refused:
        replace(SALES, offer_timeout_s=20, request_ttl_s=20).check()
    assert refused.value.field == "offer_timeout_s"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (replace(SALES, steps=()), "steps"),
        (replace(SALES, steps=(Step(),) * 11), "steps"),
        (replace(SALES, steps=(Step(), Step(timeout_s=-1))), "steps[1].timeout_s"),
        (replace(SALES, steps=(Step((Expression(()),)),)), "steps[0].expressions"),
        (replace(SALES, priority=0), "priority"),
        (replace(SALES, priority=11), "priority"),  # routing 55
        (replace(SALES, service_level_type=4), "service_level_type"),
        (replace(SALES, service_level_threshold_s=0), "service_level_threshold_s"),
        (replace(SALES, offer_timeout_s=0), "offer_timeout_s"),
        (replace(SALES, request_ttl_s=10**12), "request_ttl_s"),
        (replace(SALES, wrap_up_s=-1), "wrap_up_s"),
        (
            replace(SALES, priority_labels=(PriorityLabel("vip", priority=11),)),
            "priority_labels[0].priority",
        ),  # routing 55
        (replace(SALES, wrap_up_mandatory=True, wrap_up_s=901), "wrap_up_s"),  # routing 51
        (replace(SALES, wrap_up_mandatory=True, wrap_up_enabled=False), "wrap_up_mandatory"),
        (MediaRoutingDomain("Chat", max_requests=101), "max_requests"),
        (RoutingAttribute("Spanish", AttributeType.PROFICIENCY_LEVEL, 0), "default_value"),
        (RoutingAttribute("VIP", AttributeType.BOOLEAN, 2), "default_value"),
        (replace(WEB_CHAT, bot_id=None), "bot_id"),
        (replace(WEB_CHAT, mode=ChannelMode.BOT, bot_id=None), "bot_id"),
        (replace(WEB_CHAT, routing=RoutingPolicy()), "routing.queue_id"),
        (replace(WHATSAPP, routing=RoutingPolicy()), "routing.queue_id"),
        (replace(WEB_CHAT, customer_inactivity_s=-1), "customer_inactivity_s"),
        (replace(WEB_CHAT, delivery_url="ftp://example"), "delivery_url"),
        (Bot("Greeter", timeout_s=0), "timeout_s"),
        (replace(SALES, steps=(Step(skip_if=SkipIf.NONE_READY),)), "steps[0].skip_if"),
        (replace(SALES, steps=(Step(consider_if=(VIP,)),)), "steps[0].consider_if"),
        (replace(SALES, steps=(Step(consider_if=(VIP,) * 11), Step())), "steps[0].consider_if"),
        (replace(SALES, steps=(Step(consider_if=(replace(VIP, field=" "),)), Step())), "steps[0].consider_if[0].field"),
        (
            replace(SALES, steps=(Step(consider_if=(replace(VIP, operator=GE),)), Step())),
            "steps[0].consider_if[0].value",
        ),
        (replace(WEB_CHAT, routing=RoutingPolicy(RoutingMode.PULL, "sales")), "routing.list_id"),
        (replace(BUSINESS["chat"], rona_after=0), "rona_after"),
        (replace(BUSINESS["chat"], cool_down_s=0), "cool_down_s"),
        (replace(BUSINESS["sale"], reroutes_work=True), "reroutes_work"),  # routing 30
        (DeskPolicy(disconnect_grace_s=1), "disconnect_grace_s"),
        (DeskPolicy(idle_logout_s=29), "idle_logout_s"),  # routing 40
        (DeskPolicy(idle_logout_s=3_601), "idle_logout_s"),
        (replace(FORM, categories=()), "categories"),
        (replace(FORM, max_codes=6), "max_codes"),  # routing 51
        (replace(FORM, categories=(WrapUpCategory("", ("a",)),)), "categories[0].name"),
        (replace(FORM, categories=(WrapUpCategory("Empty", ()),)), "categories[0].codes"),
        (replace(FORM, categories=(WrapUpCategory("Twice", ("a", "a")),)), "categories"),
    ],
)
def test_a_refusal_names_the_field(settings, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        settings.check()
    assert refused.value.field == field


@pytest.mark.parametrize("settings", BUSINESS.values(), ids=BUSINESS)
def test_everything_has_a_name(settings) -> None:
    settings.check()
    with pytest.raises(Invalid) as refused:
        replace(settings, name="  ").check()
    assert refused.value.field == "name"


def test_a_bot_alone_needs_no_queue_and_an_agent_alone_no_bot() -> None:
    replace(WEB_CHAT, mode=ChannelMode.BOT, routing=RoutingPolicy()).check()
    replace(WEB_CHAT, mode=ChannelMode.AGENT, bot_id=None).check()


# All together


def test_the_catalog_is_what_was_configured() -> None:
    whole = catalog()
    assert whole.queue("sales") == SALES
    assert whole.channel("web-chat") == WEB_CHAT
    assert whole.mrd("chat") == BUSINESS["chat"]
    assert whole.version == len(BUSINESS)


def test_every_desk_has_the_one_policy_or_the_usual_one() -> None:  # routing 37, 39, 40
    assert catalog().desks == BUSINESS["centre"]
    assert Catalog().desks == DeskPolicy()
    assert DeskPolicy(idle_logout_s=0).idle_from(NOON) is None
    assert DeskPolicy(idle_logout_s=100).idle_from(NOON) == (
        NOON + timedelta(seconds=80),
        NOON + timedelta(seconds=100),
    )


def test_what_is_no_configuration_changes_nothing() -> None:
    other = catalog().evolve(recorded(99, "agent", "maria", SET_UP))
    assert other == catalog()


def test_the_last_word_counts_and_what_is_retired_is_gone() -> None:
    busier = replace(SALES, priority=9)
    later = catalog().evolve(recorded(98, "queue", "sales", QueueConfigured(busier)))
    assert (later.queue("sales"), later.version) == (busier, 98)
    gone = later.evolve(recorded(99, "queue", "sales", Retired()))
    assert "sales" not in gone.queues
    assert gone.evolve(recorded(100, "queue", "sales", Retired())).queues == gone.queues


@pytest.mark.parametrize(
    ("ask", "refusal"),
    [
        (lambda it: it.channel("nowhere"), UnknownChannel),
        (lambda it: it.queue("nowhere"), NotFound),
        (lambda it: it.mrd("nowhere"), NotFound),
    ],
)
def test_what_was_never_configured_is_not_found(ask, refusal) -> None:
    with pytest.raises(refusal) as refused:
        ask(catalog())
    assert type(refused.value) is refusal


@pytest.mark.parametrize("id_", BUSINESS)
def test_each_fits_once_all_that_it_points_at_is_there(id_: str) -> None:
    catalog().check(BUSINESS[id_])


NEEDS = {
    "sales": {"chat": "mrd_id", "spanish": "steps[0].expressions[0]"},
    "web": {"chat": "mrd_id"},
    "backlog": {"email": "mrd_id"},
    "returns": {"after-sales": "wrap_up_form_id"},
    "after-sales": {"sale": "categories[0].codes"},
    "mailbox": {"backlog": "routing.list_id"},
    "web-chat": {"web": "channel_type_id", "greeter": "bot_id", "sales": "routing.queue_id"},
}


@pytest.mark.parametrize(
    ("id_", "missing", "field"), [(a, b, f) for a, needs in NEEDS.items() for b, f in needs.items()]
)
def test_nothing_points_at_what_is_not_there(id_: str, missing: str, field: str) -> None:
    without = catalog({other: settings for other, settings in BUSINESS.items() if other != missing})
    with pytest.raises(Invalid) as refused:
        without.check(BUSINESS[id_])
    assert refused.value.field == field


def test_a_channel_does_not_use_a_queue_of_another_domain() -> None:  # routing 63
    with pytest.raises(Invalid):
        catalog().check(replace(WEB_CHAT, routing=RoutingPolicy(queue_id="letters")))
    with pytest.raises(Invalid):
        catalog().check(replace(WEB_CHAT, routing=RoutingPolicy(RoutingMode.PULL, list_id="backlog")))


def test_there_is_no_queue_where_another_system_routes() -> None:  # routing 34
    elsewhere = catalog({**BUSINESS, "chat": MediaRoutingDomain("Chat", managed=False)})
    with pytest.raises(Invalid) as refused:
        elsewhere.check(SALES)
    assert refused.value.field == "mrd_id"


def test_a_form_offers_wrap_up_codes_alone() -> None:
    with pytest.raises(Invalid) as refused:
        catalog().check(WrapUpForm("Form", (WrapUpCategory("Breaks", ("lunch",)),)))
    assert refused.value.field == "categories[0].codes"


@pytest.mark.parametrize(
    ("id_", "changed", "field"),
    [
        ("sales", replace(SALES, mrd_id=EMAIL), "mrd_id"),
        ("web", ChannelType("Web", EMAIL), "mrd_id"),
        ("spanish", RoutingAttribute("Spanish", AttributeType.BOOLEAN, 1), "type"),
        ("backlog", RoutingList("Backlog", CHAT), "mrd_id"),
        ("sale", ReasonCode("Sale", ReasonKind.LOGOUT), "kind"),
        ("chat", MediaRoutingDomain("Chat", managed=False), "managed"),  # routing 34
    ],
)
def test_what_others_rely_on_is_not_changed_under_them(id_: str, changed, field: str) -> None:  # routing 63
    with pytest.raises(InUse) as refused:
        catalog().check_change(id_, changed)
    assert refused.value.field == field


def test_what_nobody_relies_on_may_change() -> None:
    catalog().check_change("letters", Queue("Letters", CHAT))
    catalog().check_change("new", Queue("New", EMAIL))
    catalog().check_change("sales", replace(SALES, priority=9))


def test_what_did_not_fit_before_stops_nothing() -> None:
    without = catalog({id_: it for id_, it in BUSINESS.items() if id_ != "greeter"})
    without.check_change("sales", replace(SALES, priority=9))


@pytest.mark.parametrize(
    ("category", "id_"),
    [
        ("attribute", SPANISH),
        ("mrd", CHAT),
        ("mrd", EMAIL),
        ("queue", "sales"),
        ("channeltype", "web"),
        ("bot", "greeter"),
        ("wrapupform", "after-sales"),
        ("reason", "sale"),
        ("list", "backlog"),
    ],
)
def test_what_is_in_use_stays(category: str, id_: str) -> None:
    with pytest.raises(InUse) as refused:
        catalog().check_unused(category, id_)
    assert refused.value.field == "id"


def test_whoever_may_not_retire_something_is_told_all_that_needs_it() -> None:
    with pytest.raises(InUse) as refused:
        catalog({**BUSINESS, "second": WEB_CHAT}).check_unused("bot", "greeter")
    assert refused.value.detail == (
        "It is in use by channel 'second', channel 'web-chat': set these up without it first."
    )
    many = {f"channel-{number}": WEB_CHAT for number in range(7)}
    with pytest.raises(InUse, match=r"channel 'channel-4' and 3 more:"):
        catalog({**BUSINESS, **many}).check_unused("bot", "greeter")


def test_an_id_that_nothing_has_is_answered_with_those_that_there_are() -> None:
    def told(known: set[str]) -> str:
        return missing("queue", "slaes", known)

    assert told(set()) == "There is no queue 'slaes', and no other: set it up first."
    assert told({"sales"}) == "There is no queue 'slaes'; the only one is sales."
    assert told({"sales", "late"}) == "There is no queue 'slaes'; there are late, sales."
    assert told({str(number) for number in range(10, 23)}).endswith(
        "there are 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 and 3 more."
    )


def test_whoever_came_by_a_channel_waits_longer_than_an_offer_rings() -> None:  # routing 23
    hasty = replace(WEB_CHAT, request_ttl_s=SALES.offer_timeout_s)
    with pytest.raises(Invalid) as refused:
        catalog().check(hasty)
    assert refused.value.field == "request_ttl_s"
    catalog().check(replace(hasty, request_ttl_s=SALES.offer_timeout_s + 1))
    with pytest.raises(InUse) as refused:
        catalog({**BUSINESS, "web-chat": replace(WEB_CHAT, request_ttl_s=60)}).check_change(
            "sales", replace(SALES, offer_timeout_s=60)
        )
    assert refused.value.field == "offer_timeout_s"
    assert "channel 'web-chat'" in refused.value.detail
    assert "request_ttl_s: In its queue an offer rings 60 s" in refused.value.detail


@pytest.mark.parametrize(
    ("category", "id_"), [("queue", "letters"), ("channel", "web-chat"), ("reason", "lunch"), ("bot", "other")]
)
def test_what_is_not_in_use_may_go(category: str, id_: str) -> None:
    catalog().check_unused(category, id_)


def test_the_catalog_knows_every_kind() -> None:
    assert {entity.category for entity, _ in ENTITY_OF.values()} == CATEGORIES
    assert len(CATEGORIES) == len(ENTITY_OF)


def test_an_expression_in_a_later_step_is_checked_too() -> None:
    late = Queue("Late", CHAT, steps=(Step(), Step((Expression((Term("latin", "has"),)),))))
    with pytest.raises(Invalid) as refused:
        catalog().check(late)
    assert refused.value.field == "steps[1].expressions[0]"
