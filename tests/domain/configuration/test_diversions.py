"""Which rules about who waits may be set up? Each refusal names the field."""

import pytest

from domain.configuration.catalog import InUse
from domain.configuration.diversions import Diversion, DiversionAction, Opening, Overflow, OverflowCondition
from domain.configuration.settings import Queue
from domain.ids import CalendarId, QueueId
from domain.kernel import Invalid, replace
from tests.domain.configuration.situations import BUSINESS, CHAT, EMAIL, SALES, catalog

LENGTH, WAIT, EXPECTED, NOBODY = OverflowCondition
SHOP = CalendarId("shop")
CLOSE = Diversion(DiversionAction.CLOSE)


def to(queue_id: str) -> Diversion:
    return Diversion(DiversionAction.OTHER_QUEUE, QueueId(queue_id))


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"overflow": (Overflow(LENGTH, CLOSE),)}, "overflow[0].threshold"),
        ({"overflow": (Overflow(WAIT, CLOSE, 0),)}, "overflow[0].threshold"),
        ({"overflow": (Overflow(EXPECTED, CLOSE),)}, "overflow[0].threshold"),
        ({"overflow": (Overflow(NOBODY, CLOSE, 1),)}, "overflow[0].threshold"),
        ({"overflow": (Overflow(LENGTH, CLOSE, 5), Overflow(LENGTH, to("returns"), 5))}, "overflow[1]"),
        ({"overflow": tuple(Overflow(LENGTH, CLOSE, it) for it in range(1, 12))}, "overflow"),
        ({"overflow": (Overflow(NOBODY, Diversion(DiversionAction.OTHER_QUEUE)),)}, "overflow[0].diversion.queue_id"),
        ({"overflow": (Overflow(NOBODY, replace(CLOSE, queue_id="returns")),)}, "overflow[0].diversion.queue_id"),
        ({"overflow": (Overflow(NOBODY, Diversion(DiversionAction.MESSAGE)),)}, "overflow[0].diversion.message"),
        ({"opening": Opening(SHOP, replace(CLOSE, message="x" * 2_001))}, "opening.closed.message"),
        ({"opening": Opening(SHOP, CLOSE, Diversion(DiversionAction.MESSAGE))}, "opening.at_closing.message"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(settings: dict, field: str) -> None:  # routing 57, 58
    with pytest.raises(Invalid) as no:
        replace(SALES, **settings).check()
    assert no.value.field == field


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"opening": Opening(CalendarId("nowhere"))}, "opening.calendar_id"),
        ({"opening": Opening(SHOP, to("nowhere"))}, "opening.closed.queue_id"),
        ({"opening": Opening(SHOP, CLOSE, to("letters"))}, "opening.at_closing.queue_id"),
        ({"overflow": (Overflow(NOBODY, to("nowhere")),)}, "overflow[0].diversion.queue_id"),
        ({"overflow": (Overflow(NOBODY, CLOSE), Overflow(WAIT, to("letters"), 9))}, "overflow[1].diversion.queue_id"),
    ],
)
def test_a_rule_points_at_what_is_there_and_fits(settings: dict, field: str) -> None:  # routing 57, 58, 63
    with pytest.raises(Invalid) as no:
        catalog().check_change("sales", replace(SALES, **settings))
    assert no.value.field == field


def test_a_queue_does_not_send_work_to_itself() -> None:  # routing 58
    with pytest.raises(Invalid) as no:
        catalog().check_change("sales", replace(SALES, overflow=(Overflow(LENGTH, to("sales"), 5),)))
    assert no.value.field == "overflow[0].diversion.queue_id"


def test_queues_do_not_send_work_round_in_circles() -> None:  # routing 58
    first = Queue("First", CHAT, opening=Opening(SHOP, to("second")))
    second = Queue("Second", CHAT, overflow=(Overflow(NOBODY, CLOSE), Overflow(WAIT, to("third"), 60)))
    business = {**BUSINESS, "third": Queue("Third", CHAT), "second": second, "first": first}
    with pytest.raises(Invalid) as no:
        catalog(business).check_change("third", Queue("Third", CHAT, opening=Opening(SHOP, CLOSE, to("first"))))
    assert no.value.field == "opening.at_closing.queue_id"
    catalog(business).check_change("third", Queue("Third", CHAT, opening=Opening(SHOP, CLOSE, to("sales"))))


@pytest.mark.parametrize(("category", "subject"), [("calendar", "shop"), ("queue", "returns")])
def test_what_a_rule_points_at_is_in_use(category: str, subject: str) -> None:  # routing 63
    business = {**BUSINESS, "day": Queue("Day", CHAT, opening=Opening(SHOP, to("returns")))}
    with pytest.raises(InUse):
        catalog(business).check_unused(category, subject)


def test_a_queue_that_others_send_work_to_does_not_change_its_domain() -> None:  # routing 63
    business = {**BUSINESS, "day": Queue("Day", CHAT, opening=Opening(SHOP, to("night"))), "night": Queue("N", CHAT)}
    with pytest.raises(InUse) as no:
        catalog(business).check_change("night", Queue("N", EMAIL))
    assert no.value.field == "mrd_id"
