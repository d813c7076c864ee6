"""What holds for customers, their identities and sessions, whatever is decided? One open thing at a time."""

from hypothesis import given
from hypothesis import strategies as st

from domain.channels.inbound import Contact, ContactKind
from domain.customers.customer import Customer
from domain.customers.facts import (
    ConversationOpened,
    ConversationReleased,
    CustomerCreated,
    IdentityRegistered,
    SessionOpened,
    SessionReleased,
)
from domain.customers.identity import Identity
from domain.ids import ChannelId
from domain.sessions.facts import SessionEndReason
from domain.sessions.session import Session
from tests.domain.lives import history

PHONE = Contact(ContactKind.PHONE, "+49301234")
few = st.integers(1, 3).map(str)


def alternate(facts, opened: type, released: type, id_of) -> bool:
    """Opened, released, opened, released …, each time the same one."""
    open_now = None
    for fact in facts:
        if isinstance(fact, opened):
            assert open_now is None
            open_now = id_of(fact)
        elif isinstance(fact, released):
            assert open_now == id_of(fact)
            open_now = None
    return True


meet = st.builds(
    lambda i, name, c: lambda it: it.meet(i, ChannelId("sms"), PHONE, name, c), few, st.text(max_size=1), few
)
release = st.builds(lambda c: lambda it: it.release(c), few)
rename = st.builds(lambda name: lambda it: it.rename(name), st.text(max_size=1))


@given(st.lists(meet | release | rename))
def test_a_customer_has_one_conversation_at_a_time(decisions) -> None:
    facts, customer = history(Customer(), decisions)
    assert alternate(facts, ConversationOpened, ConversationReleased, lambda fact: fact.conversation_id)
    assert sum(isinstance(fact, CustomerCreated) for fact in facts) == customer.exists


open_session = st.builds(lambda s: lambda it: it.open_session(ChannelId("sms"), PHONE, s), few)


@given(st.lists(open_session | release))
def test_an_identity_has_one_session_at_a_time_and_one_customer_for_ever(decisions) -> None:
    facts, identity = history(Identity(), decisions)
    assert alternate(facts, SessionOpened, SessionReleased, lambda fact: fact.session_id)
    assert sum(isinstance(fact, IdentityRegistered) for fact in facts) == (identity.customer_id is not None)


start = st.builds(lambda c: lambda it: it.start("sms", "sms-1", "john", c, "+49", {}), few)
end = st.builds(lambda reason: lambda it: it.end(reason), st.sampled_from(SessionEndReason))


@given(st.lists(start | end))
def test_a_session_starts_and_ends_at_most_once(decisions) -> None:
    facts, session = history(Session(), decisions)
    assert [fact.stored_as for fact in facts] == ["session.started", "session.ended"][: len(facts)]
    assert session.is_open is (len(facts) == 1)
