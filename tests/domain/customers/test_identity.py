"""Which customer writes under this identity on this channel?"""

from hypothesis import given as given_any
from hypothesis import strategies as st

from domain.channels.inbound import Contact, ContactKind
from domain.customers.facts import IdentityRegistered, SessionOpened, SessionReleased
from domain.customers.identity import REMEMBERED_MAX, Identity, customer_for, identity_id
from domain.ids import ChannelId, SessionId
from tests.domain.scenario import given

WHATSAPP, SMS = ChannelId("whatsapp"), ChannelId("sms")
PHONE = Contact(ContactKind.PHONE, "+49301234")
FIRST, SECOND = SessionId("first"), SessionId("second")
KNOWN = (IdentityRegistered(WHATSAPP, PHONE.kind, PHONE.value, customer_for(WHATSAPP, PHONE)), SessionOpened(FIRST))


def open_session(candidate: SessionId):
    return lambda identity: identity.open_session(WHATSAPP, PHONE, candidate)


def test_a_new_contact_has_a_customer_and_a_session() -> None:
    given(Identity).when(open_session(FIRST)).then(*KNOWN).twice()


def test_an_open_session_stays_the_one() -> None:
    given(Identity, *KNOWN).when(open_session(SECOND)).then()


def test_a_released_session_is_followed_by_a_new_one() -> None:
    given(Identity, *KNOWN, SessionReleased(FIRST)).when(open_session(SECOND)).then(SessionOpened(SECOND)).twice()


def test_a_session_is_released_once_and_remembered() -> None:
    released = given(Identity, *KNOWN).when(lambda identity: identity.release(FIRST))
    released.then(SessionReleased(FIRST)).twice()
    assert released.leaves(lambda identity: (identity.session, identity.previous_session)) == (None, FIRST)


def test_messages_of_sessions_that_are_over_are_remembered_but_not_all_for_ever() -> None:  # routing 66
    history = [*KNOWN, SessionReleased(FIRST, ("m1", "m2")), SessionOpened(SECOND)]
    given(Identity, *history).when(lambda identity: identity.release(SECOND, ("m3",))).then(
        SessionReleased(SECOND, ("m3",))
    ).twice()
    assert given(Identity, *history, SessionReleased(SECOND, ("m3",))).model.heard == ("m1", "m2", "m3")
    many = tuple(f"n{number}" for number in range(REMEMBERED_MAX))
    assert given(Identity, *history, SessionReleased(SECOND, many)).model.heard == many


def test_a_late_release_does_not_touch_the_next_session() -> None:
    given(Identity, *KNOWN, SessionReleased(FIRST), SessionOpened(SECOND)).when(
        lambda identity: identity.release(FIRST)
    ).then()


def test_a_phone_number_is_the_same_person_on_every_channel() -> None:
    assert customer_for(WHATSAPP, PHONE) == customer_for(SMS, PHONE)
    assert identity_id(WHATSAPP, PHONE) != identity_id(SMS, PHONE)


def test_a_name_of_one_channel_means_nothing_on_another() -> None:
    visitor = Contact(ContactKind.OPAQUE, "visitor-7")
    assert customer_for(WHATSAPP, visitor) != customer_for(SMS, visitor)


def test_a_number_is_no_address() -> None:
    assert customer_for(SMS, PHONE) != customer_for(SMS, Contact(ContactKind.EMAIL, PHONE.value))


@given_any(st.sampled_from(ContactKind), st.text(min_size=1))
def test_a_contact_does_not_show_in_its_ids(kind: ContactKind, value: str) -> None:
    contact = Contact(kind, f"secret {value}")
    assert contact.value not in identity_id(WHATSAPP, contact)
    assert contact.value not in customer_for(WHATSAPP, contact)
    assert identity_id(WHATSAPP, contact) == identity_id(WHATSAPP, Contact(kind, contact.value))
