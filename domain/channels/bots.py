"""What is a bot asked, and what may it answer? The same for a script, Rasa, Lex or a language model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.channels.messages import Body
from domain.ids import BotId, ConversationId


@dataclass(frozen=True, slots=True)
class BotTurn:
    """`text` is what the customer said, or none at the beginning, when the bot greets."""

    conversation_id: ConversationId
    bot_id: BotId
    turn: str
    text: str | None
    customer_name: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BotAnswer:
    """`data`: what it found out, for whoever helps the customer next, and for the choice of them (routing 9, 55)."""

    says: tuple[Body, ...] = ()
    hands_over: bool = False
    misunderstood: bool = False
    data: Mapping[str, str] = field(default_factory=dict)
