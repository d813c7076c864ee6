"""What is gone, nobody holds: whoever was given it in the moment in which it was taken out or changed gives it back."""

from collections.abc import Callable
from dataclasses import dataclass

from commands.bus import NOTHING, Command, Context, handles
from domain.agents.agent import Agent
from domain.agents.holders import holders, outlived
from domain.ids import AgentId, AttributeId, MrdId
from domain.kernel import Decision, Position


@dataclass(frozen=True, slots=True)
class GiveBackAttribute(Command):
    """If it is gone, or of a type that does not have the agent's value."""

    agent_id: AgentId
    attribute_id: AttributeId


@dataclass(frozen=True, slots=True)
class GiveBackMrd(Command):
    """If it is gone."""

    agent_id: AgentId
    mrd_id: MrdId


@dataclass(frozen=True, slots=True)
class GiveBackEverywhere(Command):
    """Something was taken out or changed; whoever holds it looks whether they still may."""

    category: str
    subject: str


@handles(GiveBackAttribute)
async def give_back_attribute(cmd: GiveBackAttribute, ctx: Context) -> Position:
    return await ctx.change(Agent, cmd.agent_id, _without_attribute(cmd.attribute_id, ctx))


@handles(GiveBackMrd)
async def give_back_mrd(cmd: GiveBackMrd, ctx: Context) -> Position:
    if cmd.mrd_id in ctx.catalog.mrds:
        return NOTHING
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.grant_mrd(cmd.mrd_id, 0))


@handles(GiveBackEverywhere)
async def give_back_everywhere(cmd: GiveBackEverywhere, ctx: Context) -> Position:
    position = NOTHING
    for agent_id in holders(cmd.category, cmd.subject, ctx.agents()):
        if cmd.category == "attribute":
            position = await ctx.then(GiveBackAttribute(agent_id, AttributeId(cmd.subject)))
        else:
            position = await ctx.then(GiveBackMrd(agent_id, MrdId(cmd.subject)))
    return position


def _without_attribute(attribute_id: AttributeId, ctx: Context) -> Callable[[Agent], Decision]:
    def decide(agent: Agent) -> Decision:
        if outlived(agent, attribute_id, ctx.catalog):
            yield from agent.withdraw_attribute(attribute_id)

    return decide
