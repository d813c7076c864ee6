"""Who is the customer, and which conversation is open with them?"""

from datetime import UTC, datetime, timedelta

import pytest

from domain.channels.inbound import Contact, ContactKind
from domain.customers.customer import Customer
from domain.customers.facts import (
    ConversationOpened,
    ConversationReleased,
    CustomerCreated,
    CustomerRenamed,
    IdentityAttached,
    QueueVisited,
)
from domain.ids import ChannelId, ConversationId, IdentityId, QueueId, TaskId
from domain.kernel import NotFound
from tests.domain.scenario import given

PHONE = Contact(ContactKind.PHONE, "+49301234")
WHATSAPP, SMS = ChannelId("whatsapp"), ChannelId("sms")
BY_WHATSAPP, BY_SMS = IdentityId("whatsapp-1"), IdentityId("sms-1")
FIRST, SECOND = ConversationId("first"), ConversationId("second")
KNOWN = (
    CustomerCreated("John", anonymous=False),
    IdentityAttached(BY_WHATSAPP, WHATSAPP, PHONE.kind, PHONE.value),
    ConversationOpened(FIRST),
)


def meet(identity=BY_WHATSAPP, channel=WHATSAPP, name="John", candidate=FIRST):
    return lambda customer: customer.meet(identity, channel, PHONE, name, candidate)


def test_a_stranger_becomes_a_customer_with_a_conversation() -> None:
    given(Customer).when(meet()).then(*KNOWN).twice()


def test_a_stranger_without_a_name_is_anonymous() -> None:
    met = given(Customer).when(meet(name=""))
    assert met.leaves(lambda customer: (customer.anonymous, customer.name)) == (True, "")


def test_a_customer_on_a_second_channel_joins_the_open_conversation() -> None:  # routing 50
    met = given(Customer, *KNOWN).when(meet(BY_SMS, SMS, candidate=SECOND))
    met.then(IdentityAttached(BY_SMS, SMS, PHONE.kind, PHONE.value)).twice()
    assert met.leaves(lambda customer: customer.conversation) == FIRST


def test_a_customer_who_comes_back_has_a_new_conversation() -> None:
    given(Customer, *KNOWN, ConversationReleased(FIRST)).when(meet(candidate=SECOND)).then(ConversationOpened(SECOND))


def test_a_conversation_is_released_once() -> None:
    given(Customer, *KNOWN).when(lambda customer: customer.release(FIRST)).then(ConversationReleased(FIRST)).twice()


def test_a_late_release_does_not_touch_the_next_conversation() -> None:
    history = (*KNOWN, ConversationReleased(FIRST), ConversationOpened(SECOND))
    given(Customer, *history).when(lambda customer: customer.release(FIRST)).then()


def test_a_customer_is_named_once_and_is_anonymous_no_more() -> None:
    named = given(Customer, CustomerCreated("", anonymous=True)).when(lambda customer: customer.rename("John"))
    named.then(CustomerRenamed("John")).twice()
    assert named.leaves(lambda customer: customer.anonymous) is False


def test_what_a_channel_calls_a_customer_does_not_undo_their_name() -> None:
    met = given(Customer, *KNOWN, CustomerRenamed("John Smith")).when(meet(name="Johnny"))
    assert met.leaves(lambda customer: customer.name) == "John Smith"


def test_nobody_is_not_named() -> None:
    given(Customer).when(lambda customer: customer.rename("John")).refused(NotFound)


NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SALES, RETURNS, TASK = QueueId("sales"), QueueId("returns"), TaskId("task-1")


@pytest.mark.parametrize(("queue", "hours", "came_back"), [(SALES, 24, True), (SALES, 25, False), (RETURNS, 1, False)])
def test_who_is_back_is_back_in_the_same_queue_within_a_day(queue: QueueId, hours: int, came_back: bool) -> None:
    """routing 55"""
    later, again = NOON + timedelta(hours=hours), TaskId("task-2")
    before = given(Customer, *KNOWN, QueueVisited(SALES, TASK, NOON, came_back=False))
    before.when(lambda it: it.come_to(queue, again, later)).then(QueueVisited(queue, again, later, came_back)).twice()
