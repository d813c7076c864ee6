"""How does web chat become Parley's words, and Parley's words web chat? Our own vendor, so both ends are ours."""

from collections.abc import Mapping
from typing import Any

from connectors.errors import Unreadable
from connectors.webchat import payloads as wire
from connectors.wire import body_of, read
from domain.channels.inbound import Contact, ContactKind, Inbound
from domain.channels.messages import Body
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRequested,
    AgentRequestEnded,
    AgentRoleChanged,
    BotJoined,
    BotLeft,
    ColleagueRequested,
    ConversationClosed,
    DeliveryReported,
    MessagePosted,
    ParticipantRole,
    Release,
    SessionJoined,
    SessionLeft,
)
from domain.ids import AgentId, BotId, ChannelId, SessionId, TaskId
from domain.kernel import Recorded

NAME = "webchat"
"""What `Channel.connector` says of a web chat."""


def contact_of(visitor: str) -> Contact:
    return Contact(ContactKind.OPAQUE, visitor)


def provider_id(visitor: str, client_id: str) -> str:
    """A browser's own message id is unique among this visitor's only."""
    return f"{visitor}/{client_id}"


def read_open(raw: bytes) -> wire.OpenChat:
    """Raises `Malformed`, `Unreadable`. An empty body is an opening without anything to say."""
    return read(wire.OPEN_CHAT, raw or b"{}")


def read_message(raw: bytes) -> wire.PostMessage:
    """Raises `Malformed`, `Unreadable`."""
    return read(wire.POST_MESSAGE, raw)


def read_frame(raw: str | bytes) -> wire.Frame:
    """Raises `Malformed`, `Unreadable`."""
    return read(wire.FRAME, raw)


def opening(channel: ChannelId, visitor: str, asked: wire.OpenChat, *, is_newcomer: bool) -> Inbound:
    return Inbound(channel, contact_of(visitor), "open", Body(), None, asked.name, asked.data, is_newcomer)


def inbound(channel: ChannelId, visitor: str, message: wire.PostMessage) -> Inbound:
    """Raises `Unreadable` for a message that says nothing."""
    body = body_of(message.body_type, message.text, message.attachment, message.data)
    return Inbound(channel, contact_of(visitor), provider_id(visitor, message.id), body, message.sent_at)


class Screen:
    """What a visitor may see of a conversation: feed it every fact from the beginning, it answers with frames.

    Whispers, silent monitors and what goes through the customer's other channels stay unseen.
    """

    def __init__(self, channel: ChannelId, visitor: str, bot_names: Mapping[BotId, str]) -> None:
        self._channel, self._mine, self._bot_names = channel, f"{visitor}/", bot_names
        self._sessions: set[SessionId] = set()
        self._agents: dict[AgentId, str] = {}
        self._names: dict[AgentId, str] = {}
        self._beside: set[TaskId] = set()
        self._shown: set[str] = set()
        self.to_confirm: set[str] = set()
        """Messages to the visitor, of which the browser may say that they arrived."""

    def see(self, recorded: Recorded[Any]) -> list[wire.Push]:
        cursor, fact = str(recorded.position), recorded.fact
        match fact:
            case MessagePosted():
                return self._message(recorded)
            case DeliveryReported(message_id=message_id, status=status) if message_id in self._shown:
                return [wire.DeliveryNews(cursor, message_id, status)]
            case SessionJoined(session_id=session, channel_id=self._channel):
                self._sessions.add(session)
                return [wire.SessionBegun(cursor, session, recorded.subject)]
            case SessionLeft(session_id=session, reason=reason) if session in self._sessions:
                self._sessions.remove(session)
                return [wire.SessionOver(cursor, session, reason)]
            case AgentJoined(agent_id=agent, role=role, name=name):
                self._names[agent] = name
                return self._role(cursor, agent, role)
            case AgentRoleChanged(agent_id=agent, role=role):
                return self._role(cursor, agent, role)
            case AgentLeft(agent_id=agent):
                return self._role(cursor, agent, None)
            case BotJoined(bot_id=bot):
                return [wire.BotArrived(cursor, self._bot_names.get(bot, ""))]
            case BotLeft():
                return [wire.BotGone(cursor)]
            case AgentRequested():
                return [wire.AgentAwaited(cursor)]
            case ColleagueRequested():
                return self._colleague(cursor, fact)
            case AgentRequestEnded(task_id=task):
                return [] if self._agents or task in self._beside else [wire.AgentNotFound(cursor)]
            case ConversationClosed(reason=reason):
                ended, self._sessions = self._sessions, set()
                return [wire.SessionOver(cursor, session, reason) for session in sorted(ended)]
            case _:
                return []

    def _message(self, recorded: Recorded[MessagePosted]) -> list[wire.Push]:
        said = recorded.fact
        if said.session_id is None or said.channel_id != self._channel:
            return []
        self._shown.add(said.message_id)
        client_id = said.provider_message_id.removeprefix(self._mine) if said.provider_message_id else None
        if client_id is None:
            self.to_confirm.add(said.message_id)
        body = wire.BodyOut(said.body.type, said.body.text, said.body.attachment, dict(said.body.data))
        sender = wire.From(said.sender.type, said.sender.name)
        at = recorded.at.isoformat()
        return [wire.Message(str(recorded.position), said.message_id, sender, body, at, client_id)]

    def _colleague(self, cursor: str, asked: ColleagueRequested) -> list[wire.Push]:
        """The visitor waits for whoever is to come in place of their only agent; of all others they know nothing (routing 46)."""
        if not asked.is_transfer:
            self._beside.add(asked.task_id)
        leaves = asked.is_transfer and asked.release is Release.AT_ONCE
        return [wire.AgentAwaited(cursor)] if leaves and set(self._agents) == {asked.by} else []

    def _role(self, cursor: str, agent: AgentId, role: ParticipantRole | None) -> list[wire.Push]:
        """The visitor talks with whoever is PRIMARY; all other roles are nobody to them."""
        if role is ParticipantRole.PRIMARY and agent not in self._agents:
            self._agents[agent] = self._names.get(agent, "")
            return [wire.SomebodyJoined(cursor, self._agents[agent])]
        if role is not ParticipantRole.PRIMARY and agent in self._agents:
            return [wire.SomebodyLeft(cursor, self._agents.pop(agent))]
        return []


def refusal(error: Unreadable, client_id: str | None = None) -> wire.NotTaken:
    return wire.NotTaken(error.code, error.detail, client_id, error.field)
