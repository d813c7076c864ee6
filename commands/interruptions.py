"""Talks that give way to other work of their agents wait, and go on when one of them is free."""

<<<<<<< HEAD
from collections.abc import Mapping
=======
from collections.abc import AsyncIterator
>>>>>>> main
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


@dataclass(frozen=True, slots=True)
class SettleHold(Command):
    """Somebody came to talk, or left: has everybody who talks there other work now, or is one of them free (routing 36)?"""

    conversation_id: ConversationId


@handles(HoldTalks)
async def hold_talks(cmd: HoldTalks, ctx: Context) -> Position:
    position, agent = NOTHING, await ctx.load(Agent, cmd.agent_id)
<<<<<<< HEAD
    for task_id, slot in agent.slots.items():
        if slot.mrd_id == cmd.mrd_id and slot.state is SlotState.ACTIVE:
            position = await _hold(await _talk_of(task_id, ctx), ctx.step(task_id)) or position
=======
    if agent.giving_way_to_work().get(cmd.mrd_id) is not InterruptionAction.HOLD:  # it is over, or gives way itself
        return NOTHING
    async for mrd_id, task_id, conversation_id in _talks_of(agent, ctx):
        if mrd_id == cmd.mrd_id:
            give_way = partial(Conversation.give_way, agent=cmd.agent_id, task=task_id, now=ctx.now)
            position = await ctx.step(task_id).change(Conversation, conversation_id, give_way)
>>>>>>> main
    return position


@handles(TakeUpTalks)
async def take_up_talks(cmd: TakeUpTalks, ctx: Context) -> Position:
    position, agent = NOTHING, await ctx.load(Agent, cmd.agent_id)
<<<<<<< HEAD
    for task_id, slot in agent.slots.items():
        if slot.state is SlotState.ACTIVE:
            position = await _take_up(await _talk_of(task_id, ctx), ctx.step(task_id)) or position
    return position


@handles(SettleHold)
async def settle_hold(cmd: SettleHold, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    if not (conversation.talking and conversation.sessions):
        return NOTHING
    return await (_hold if conversation.held is None else _take_up)(cmd.conversation_id, ctx)


async def _talk_of(task_id: TaskId, ctx: Context) -> ConversationId | None:
    created = (await ctx.load(Task, task_id)).created
    return created.conversation_id if created is not None else None


async def _hold(conversation_id: ConversationId | None, ctx: Context) -> Position:
    if conversation_id is None:
        return NOTHING
    away = await _away(await ctx.load(Conversation, conversation_id), ctx)
    return await ctx.change(Conversation, conversation_id, lambda it: it.give_way(away, ctx.now))


async def _take_up(conversation_id: ConversationId | None, ctx: Context) -> Position:
    if conversation_id is None:
        return NOTHING
    conversation = await ctx.load(Conversation, conversation_id)
    away, response = await _away(conversation, ctx), response_time(conversation, ctx)
    return await ctx.change(Conversation, conversation_id, lambda it: it.go_on(away, response))


async def _away(conversation: Conversation, ctx: Context) -> Mapping[AgentId, TaskId]:
    """Who talks there and has accepted other work, for which this is to be on hold."""
    away: dict[AgentId, TaskId] = {}
    for agent_id in conversation.talking:
        agent, task_id = await ctx.load(Agent, agent_id), conversation.agents[agent_id].task_id
        slot = agent.slots.get(task_id)
        if slot is not None and agent.giving_way_to_work().get(slot.mrd_id) is InterruptionAction.HOLD:
            away[agent_id] = task_id
    return away
=======
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
>>>>>>> main
