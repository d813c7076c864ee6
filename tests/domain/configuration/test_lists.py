"""What must fit before agents can pull from a channel? routing 60, 63."""

from dataclasses import replace

import pytest

from domain.configuration.catalog import InUse
from domain.configuration.settings import ChannelMode, RoutingList, RoutingMode, RoutingPolicy
from domain.kernel import Invalid
from tests.domain.configuration.situations import BUSINESS, CHAT, EMAIL, WEB_CHAT, WHATSAPP, catalog

COMMENTS = RoutingList("Comments", CHAT)
PULL = RoutingPolicy(RoutingMode.PULL, list_id="comments")
PULLED = replace(WHATSAPP, routing=PULL)
WITH_LIST = catalog({**BUSINESS, "comments": COMMENTS, "whatsapp-line": PULLED})


def test_a_channel_that_is_pulled_from_needs_a_list_and_no_queue() -> None:
    PULLED.check()
    WITH_LIST.check(PULLED)
    for mode in (ChannelMode.AGENT, ChannelMode.HYBRID):
        with pytest.raises(Invalid) as refused:
            replace(WEB_CHAT, mode=mode, routing=RoutingPolicy(RoutingMode.PULL, "sales")).check()
        assert refused.value.field == "routing.list_id"


def test_a_bot_alone_needs_no_list() -> None:
    replace(WEB_CHAT, mode=ChannelMode.BOT, routing=RoutingPolicy(RoutingMode.PULL)).check()


def test_a_list_belongs_to_a_domain_that_is_there() -> None:
    with pytest.raises(Invalid) as refused:
        catalog().check(RoutingList("Calls", "voice"))
    assert refused.value.field == "mrd_id"


def test_a_channel_does_not_use_a_list_that_is_not_there() -> None:
    with pytest.raises(Invalid) as refused:
        catalog().check(PULLED)
    assert refused.value.field == "routing.list_id"


def test_a_channel_does_not_use_a_list_of_another_domain() -> None:  # routing 63
    with pytest.raises(Invalid):
        catalog({**BUSINESS, "comments": RoutingList("Letters", EMAIL)}).check(PULLED)


@pytest.mark.parametrize(("category", "id_"), [("list", "comments"), ("mrd", CHAT)])
def test_what_is_pulled_from_stays(category: str, id_: str) -> None:
    with pytest.raises(InUse):
        WITH_LIST.check_unused(category, id_)


@pytest.mark.parametrize("settings", [RoutingList("", CHAT), RoutingList("Comments", CHAT, wrap_up_s=-1)])
def test_a_list_has_a_name_and_a_wrap_up_that_ends(settings: RoutingList) -> None:
    with pytest.raises(Invalid):
        settings.check()
