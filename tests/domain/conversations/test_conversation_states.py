"""What state is a conversation in? Derived from who is there; total, and CLOSED for ever once it is closed."""

import pytest

from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    AgentLeft,
    AgentRequestEnded,
    AgentRoleChanged,
    BotLeft,
    CloseReason,
    ConversationClosed,
    ConversationState,
    ParticipantRole,
    SessionLeft,
)
from domain.sessions.facts import SessionEndReason
from tests.domain.conversations.situations import (
    ARRIVED,
    BOT,
    GONE,
    JOHN,
    MARIA,
    ON_TWO_CHANNELS,
    PAUL,
    TALKING,
    TASK,
    WAITING,
    WHATSAPP,
    WITH_BOT,
    joined,
    said,
)
from tests.domain.scenario import given

MARIA_LEFT = AgentLeft(MARIA, TASK)
WRAPS_UP = AgentRoleChanged(MARIA, ParticipantRole.WRAP_UP)

STATES = {
    "nobody ever came": ((), ConversationState.CREATED),
    "nobody hears the customer yet": (ARRIVED, ConversationState.INACTIVE),
    "the bot answers": (WITH_BOT, ConversationState.ACTIVE),
    "the bot left and nobody came": ((*WITH_BOT, BotLeft(BOT)), ConversationState.INACTIVE),
    "a human is on the way": (WAITING, ConversationState.ACTIVE),
    "a human talks": (TALKING, ConversationState.ACTIVE),
    "the agent left, the customer stays": ((*TALKING, MARIA_LEFT), ConversationState.INACTIVE),  # routing 48
    "only a monitor is with the customer": (
        (*ARRIVED, joined(PAUL, ParticipantRole.SILENT_MONITOR)),
        ConversationState.INACTIVE,
    ),
    "the customer came back in wrap-up": ((*TALKING, WRAPS_UP), ConversationState.INACTIVE),
    "one of two sessions left": (
        (*ON_TWO_CHANNELS, SessionLeft(WHATSAPP, SessionEndReason.CUSTOMER)),
        ConversationState.INACTIVE,
    ),
    "the customer left, the agent is here": ((*TALKING, GONE), ConversationState.CUSTOMER_LEFT),  # routing 48
    "the customer left, the agent wraps up": ((*TALKING, GONE, WRAPS_UP), ConversationState.WRAP_UP),
    "one wraps up, one is still here": (
        (*TALKING, joined(PAUL, ParticipantRole.ASSISTANT), GONE, WRAPS_UP),
        ConversationState.CUSTOMER_LEFT,
    ),
    "everybody left": ((*TALKING, GONE, MARIA_LEFT), ConversationState.CLOSING),
    "the customer left the bot": ((*WITH_BOT, GONE), ConversationState.CLOSING),
    "the customer left while waiting": ((*WAITING, GONE), ConversationState.CLOSING),
    "the request came to nothing": (
        (*WAITING, AgentRequestEnded(TASK, "CANCELLED"), BotLeft(BOT)),
        ConversationState.INACTIVE,
    ),
    "it is over": ((*TALKING, ConversationClosed(CloseReason.FORCE_CLOSED, JOHN)), ConversationState.CLOSED),
}


@pytest.mark.parametrize(("history", "state"), STATES.values(), ids=STATES)
def test_the_state_follows_from_who_is_there(history, state) -> None:
    assert given(Conversation, *history).leaves(lambda it: it.state) is state


def test_what_remains_of_two_sessions_is_where_replies_go() -> None:
    left = given(Conversation, *ON_TWO_CHANNELS, said("m1"), SessionLeft("web", SessionEndReason.CUSTOMER)).model
    assert left.last_session == WHATSAPP
