"""Orders that do not end in the log: they have no handler among the commands, and `send` carries them out itself."""

from dataclasses import dataclass

from api.auth import Role
from commands.bus import Command
from domain.ids import AgentId, ConversationId


@dataclass(frozen=True, slots=True)
class CreateUser(Command):
    """Let somebody sign in at the embedded issuer. The log knows nothing of passwords."""

    subject: str
    username: str
    name: str
    password: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class ShowTyping(Command):
    """Tell the customer that an agent types: it goes over the bus and is forgotten."""

    conversation_id: ConversationId
    agent_id: AgentId
    is_typing: bool
