"""Where does this customer stay, and do they still?"""

import pytest

from domain.ids import ChannelId, ConversationId, CustomerId, IdentityId
from domain.kernel import NotFound
from domain.sessions.facts import SessionEnded, SessionEndReason, SessionStarted
from domain.sessions.session import Session
from tests.domain.scenario import given

STARTED = SessionStarted(
    ChannelId("web"), IdentityId("web-1"), CustomerId("john"), ConversationId("talk"), "visitor-7", {"page": "/prices"}
)


def start(conversation: str = "talk"):
    return lambda session: session.start(
        STARTED.channel_id,
        STARTED.identity_id,
        STARTED.customer_id,
        ConversationId(conversation),
        STARTED.contact,
        STARTED.channel_data,
    )


def test_a_session_starts_once() -> None:
    started = given(Session).when(start())
    started.then(STARTED).twice()
    assert started.leaves(lambda session: session.is_open)


def test_a_session_stays_in_the_conversation_that_it_began_in() -> None:
    given(Session, STARTED).when(start("another")).then()


@pytest.mark.parametrize("reason", SessionEndReason)
def test_a_session_ends_once(reason: SessionEndReason) -> None:
    ended = given(Session, STARTED).when(lambda session: session.end(reason))
    ended.then(SessionEnded(reason, STARTED.conversation_id, STARTED.identity_id)).twice()
    assert not ended.leaves(lambda session: session.is_open)


def test_the_first_reason_stays() -> None:
    ended = (STARTED, SessionEnded(SessionEndReason.CUSTOMER, STARTED.conversation_id, STARTED.identity_id))
    given(Session, *ended).when(lambda session: session.end(SessionEndReason.INACTIVITY)).then()
    given(Session, *ended).when(start()).then()


def test_what_never_started_does_not_end() -> None:
    given(Session).when(lambda session: session.end(SessionEndReason.CUSTOMER)).refused(NotFound)
    assert not Session().is_open
