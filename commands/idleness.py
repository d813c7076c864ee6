"""Whoever does something, or has done with something, is idle from now on, if they have no work (routing 40)."""

from collections.abc import Callable

from commands.bus import Context
from domain.agents.agent import Agent
from domain.ids import AgentId
from domain.kernel import Decision, Position, replay


async def change_agent(ctx: Context, agent_id: AgentId, decide: Callable[[Agent], Decision]) -> Position:
    """A change after which the time of their idleness begins anew, where the centre signs out who is idle."""
    times = ctx.catalog.desks.idle_from(ctx.now)
    if times is None:
        return await ctx.change(Agent, agent_id, decide)
    warn_at, due = times

    def decide_and_idle(agent: Agent) -> Decision:
        facts = tuple(decide(agent))
        yield from facts
        if facts:
            yield from replay(agent, iter(facts)).begin_idling(warn_at, due)

    return await ctx.change(Agent, agent_id, decide_and_idle)
