"""Somebody sits down at their desk, loses the connection, comes back; or sits there and does nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from commands.agents import LogOut
from commands.bus import NOTHING, Command, Context, handles
from domain.agents.agent import Agent, NotLoggedIn
from domain.ids import AgentId
from domain.kernel import Decision, Position

DISCONNECTED, IDLE = "DISCONNECTED", "IDLE"
"""Reasons of a logout that nobody asked for."""


@dataclass(frozen=True, slots=True)
class ConnectDesk(Command):
    """`connection_id`: drawn by whoever holds the connection, and never used again."""

    agent_id: AgentId
    connection_id: str


@dataclass(frozen=True, slots=True)
class DisconnectDesk(Command):
    """`watched`: not where whoever watched the connection is gone (routing 29)."""

    agent_id: AgentId
    connection_id: str
    watched: bool = True


@dataclass(frozen=True, slots=True)
class ExpireDesk(Command):
    """They did not come back since this connection was lost, and had until `due` (routing 39)."""

    agent_id: AgentId
    connection_id: str
    due: datetime


@dataclass(frozen=True, slots=True)
class StayLoggedIn(Command):
    """They are here, though they have nothing to do."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class WarnOfIdling(Command):
    agent_id: AgentId
    due: datetime


@dataclass(frozen=True, slots=True)
class ExpireIdling(Command):
    agent_id: AgentId
    due: datetime


@handles(ConnectDesk)
async def connect_desk(cmd: ConnectDesk, ctx: Context) -> Position:
    several = ctx.catalog.desks.several_desks
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.connect(cmd.connection_id, several=several))


@handles(DisconnectDesk)
async def disconnect_desk(cmd: DisconnectDesk, ctx: Context) -> Position:
    due = ctx.now + timedelta(seconds=ctx.catalog.desks.disconnect_grace_s)
    return await ctx.change(
        Agent, cmd.agent_id, lambda agent: agent.disconnect(cmd.connection_id, due, watched=cmd.watched)
    )


@handles(ExpireDesk)
async def expire_desk(cmd: ExpireDesk, ctx: Context) -> Position:
    agent = await ctx.load(Agent, cmd.agent_id)
    if (agent.lost_desk, agent.lost_until) != (cmd.connection_id, cmd.due):  # they are back, or were (routing 42)
        return NOTHING
    return await ctx.then(LogOut(cmd.agent_id, DISCONNECTED, forced=True))


@handles(StayLoggedIn)
async def stay_logged_in(cmd: StayLoggedIn, ctx: Context) -> Position:
    times = ctx.catalog.desks.idle_from(ctx.now)

    def stay(agent: Agent) -> Decision:
        if not agent.logged_in:
            raise NotLoggedIn("Sign in first: call logIn.")
        return agent.begin_idling(*times) if times else iter(())

    return await ctx.change(Agent, cmd.agent_id, stay)


@handles(WarnOfIdling)
async def warn_of_idling(cmd: WarnOfIdling, ctx: Context) -> Position:
    if not ctx.catalog.desks.idle_logout_s:  # switched off meanwhile
        return NOTHING
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.warn_of_idling(cmd.due))


@handles(ExpireIdling)
async def expire_idling(cmd: ExpireIdling, ctx: Context) -> Position:
    agent = await ctx.load(Agent, cmd.agent_id)
    if agent.idle_due != cmd.due or not ctx.catalog.desks.idle_logout_s:
        return NOTHING
    return await ctx.then(LogOut(cmd.agent_id, IDLE, forced=True))
