"""Talks that give way to other work of their agent wait, and go on when the agent is free."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from commands.bus import NOTHING, Command, Context, handles
from commands.last_channel import response_time
from domain.agents.agent import Agent
from domain.agents.facts import SlotState
from domain.configuration.settings import InterruptionAction
from domain.conversations.conversation import Conversation
from domain.ids import AgentId, ConversationId, MrdId, TaskId
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
    async for mrd_id, task_id, conversation_id in _talks_of(agent, ctx):
        if mrd_id == cmd.mrd_id:
            give_way = partial(Conversation.give_way, agent=cmd.agent_id, task=task_id, now=ctx.now)
            position = await ctx.step(task_id).change(Conversation, conversation_id, give_way)
    return position


@handles(TakeUpTalks)
async def take_up_talks(cmd: TakeUpTalks, ctx: Context) -> Position:
    position, agent = NOTHING, await ctx.load(Agent, cmd.agent_id)
    gives_way = agent.giving_way_to_work()
    async for mrd_id, task_id, conversation_id in _talks_of(agent, ctx):
        if mrd_id not in gives_way:
            response = response_time(await ctx.load(Conversation, conversation_id), ctx)
            go_on = partial(Conversation.go_on, agent=cmd.agent_id, response=response)
            position = await ctx.step(task_id).change(Conversation, conversation_id, go_on)
    return position


async def _talks_of(agent: Agent, ctx: Context) -> AsyncIterator[tuple[MrdId, TaskId, ConversationId]]:
    for task_id, slot in agent.slots.items():
        created = (await ctx.load(Task, task_id)).created
        if slot.state is SlotState.ACTIVE and created is not None:
            yield slot.mrd_id, task_id, created.conversation_id
