"""Who is in this conversation, what may be said in it, and when is it over?

One model, in the files of its questions: `standing.py` folds the facts, the others decide.
"""

from dataclasses import dataclass

from domain.conversations.bot_turns import BotTurns
from domain.conversations.colleagues import Colleagues
from domain.conversations.requests import Requests
from domain.conversations.standing import (
    BODY_TEXT_MAX,
    AgentPart,
    AlreadyInConversation,
    ConversationOver,
    CustomerGone,
    NotInConversation,
)
from domain.conversations.talk import Talk

__all__ = [
    "BODY_TEXT_MAX",
    "AgentPart",
    "AlreadyInConversation",
    "Conversation",
    "ConversationOver",
    "CustomerGone",
    "NotInConversation",
]


@dataclass(frozen=True, slots=True)
class Conversation(Colleagues, Talk, BotTurns, Requests):
    """A conversation, as decisions see it."""
