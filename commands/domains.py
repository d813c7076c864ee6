"""In one media routing domain: what gives way to what, rests that end, and domains that somebody else routes."""

from dataclasses import dataclass
from datetime import datetime

from commands.bus import Command, Context, handles
from commands.idleness import change_agent
from domain.agents.agent import Agent, NotManaged
from domain.agents.facts import MrdState
from domain.agents.states import Interrupts, Mirrored
from domain.configuration.settings import InterruptionAction
from domain.ids import AgentId, MrdId
from domain.kernel import Invalid, Position


@dataclass(frozen=True, slots=True)
class EndCoolDown(Command):
    """The rest after a missed offer is over (routing 25)."""

    agent_id: AgentId
    mrd_id: MrdId
    until: datetime


@dataclass(frozen=True, slots=True)
class MirrorMrd(Command):
    """The system that routes this domain says how the agent stands there (routing 34)."""

    agent_id: AgentId
    mrd_id: MrdId
    state: MrdState


@dataclass(frozen=True, slots=True)
class LoseAgentState(Command):
    """After a failure nobody knows whether this agent wants work (routing 29)."""

    agent_id: AgentId
    reason: str = ""


@handles(EndCoolDown)
async def end_cool_down(cmd: EndCoolDown, ctx: Context) -> Position:
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.end_cool_down(cmd.mrd_id, cmd.until))


@handles(MirrorMrd)
async def mirror_mrd(cmd: MirrorMrd, ctx: Context) -> Position:
    if ctx.catalog.mrd(cmd.mrd_id).managed:
        raise Invalid("Parley routes this media routing domain itself.", "mrd_id")
    if cmd.state is MrdState.LOGOUT:
        raise Invalid("Who is signed out here, says their shift: say NOT_READY.", "state")
    interruptible, interrupts = interruption(ctx, await ctx.load(Agent, cmd.agent_id), cmd.mrd_id)
    mirrored = Mirrored(cmd.state, interruptible, interrupts)
    return await change_agent(ctx, cmd.agent_id, lambda agent: agent.mirror(cmd.mrd_id, mirrored))


@handles(LoseAgentState)
async def lose_agent_state(cmd: LoseAgentState, ctx: Context) -> Position:
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.lose_state(cmd.reason))


def interruption(ctx: Context, agent: Agent, mrd_id: MrdId) -> tuple[bool, Interrupts]:
    """Can this domain be interrupted, and which of the agent's others give way to what goes on in it (routing 35, 36)?"""
    mrds = ctx.catalog.mrds
    mine = mrds.get(mrd_id)
    gives_way = {
        other: it.interruption_action
        for other in agent.mrds
        if other != mrd_id
        and (it := mrds.get(other)) is not None
        and it.interruptible
        and it.interruption_action is not InterruptionAction.IGNORE
    }
    return mine is not None and mine.interruptible, gives_way


def check_managed(ctx: Context, mrd_id: MrdId) -> None:
    """Raises `NotManaged` for a domain in which nobody says here what they want (routing 34)."""
    mrd = ctx.catalog.mrds.get(mrd_id)
    if mrd is not None and not mrd.managed:
        raise NotManaged("Another system routes this media routing domain: your state there is the one that it tells.")
