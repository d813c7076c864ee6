"""Talks that give way to other work of their agent wait, and go on when the agent is free."""

from dataclasses import dataclass

from commands.bus import NOTHING, Command, Context, handles
from commands.last_channel import response_time
from domain.agents.agent import Agent
from domain.agents.facts import SlotState
from domain.configuration.settings import InterruptionAction
from domain.conversations.conversation import Conversation
from domain.ids import AgentId, MrdId
from domain.kernel import Position
from domain.tasks.task import Task


@dataclass(frozen=True, slots=True)
class HoldTalks(Command):
    """Those of one domain, which gives way to what the agent has accepted elsewhere (routing 36)."""

    agent_id: AgentId
    mrd_id: MrdId


@dataclass(frozen=True, slots=True)
class TakeUpTalks(Command):
    """All that were held for other work, and need wait for it no more (routing 36)."""

    agent_id: AgentId


@handles(HoldTalks)
async def hold_talks(cmd: HoldTalks, ctx: Context) -> Position:
    position, agent = NOTHING, await ctx.load(Agent, cmd.agent_id)
    if agent.giving_way_to_work().get(cmd.mrd_id) is not InterruptionAction.HOLD:  # it is over, or gives way itself
        return NOTHING
    for task_id, slot in agent.slots.items():
        created = (await ctx.load(Task, task_id)).created
        if slot.mrd_id == cmd.mrd_id and slot.state is SlotState.ACTIVE and created is not None:
            position = await ctx.step(task_id).change(
                Conversation,
                created.conversation_id,
                lambda it, task=task_id: it.give_way(cmd.agent_id, task, ctx.now),  # type: ignore[misc]
            )
    return position


@handles(TakeUpTalks)
async def take_up_talks(cmd: TakeUpTalks, ctx: Context) -> Position:
    position, agent = NOTHING, await ctx.load(Agent, cmd.agent_id)
    gives_way = agent.giving_way_to_work()
    for task_id, slot in agent.slots.items():
        created = (await ctx.load(Task, task_id)).created
        if slot.mrd_id not in gives_way and slot.state is SlotState.ACTIVE and created is not None:
            response = response_time(await ctx.load(Conversation, created.conversation_id), ctx)
            position = await ctx.step(task_id).change(
                Conversation,
                created.conversation_id,
                lambda it, response=response: it.go_on(cmd.agent_id, response),  # type: ignore[misc]
            )
    return position
