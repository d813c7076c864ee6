"""Talks that give way to other work of their agents wait, and go on when one of them is free."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

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
    position = NOTHING
    async for mrd_id, task_id, conversation_id in _talks_of(cmd.agent_id, ctx):
        if mrd_id == cmd.mrd_id:
            position = await _hold(conversation_id, ctx.step(task_id))
    return position


@handles(TakeUpTalks)
async def take_up_talks(cmd: TakeUpTalks, ctx: Context) -> Position:
    position = NOTHING
    async for _, task_id, conversation_id in _talks_of(cmd.agent_id, ctx):
        position = await _take_up(conversation_id, ctx.step(task_id))
    return position


@handles(SettleHold)
async def settle_hold(cmd: SettleHold, ctx: Context) -> Position:
    conversation = await ctx.load(Conversation, cmd.conversation_id)
    if not (conversation.talking and conversation.sessions):
        return NOTHING
    return await (_hold if conversation.held is None else _take_up)(cmd.conversation_id, ctx)


async def _talks_of(agent_id: AgentId, ctx: Context) -> AsyncIterator[tuple[MrdId, TaskId, ConversationId]]:
    for task_id, slot in (await ctx.load(Agent, agent_id)).slots.items():
        created = (await ctx.load(Task, task_id)).created
        if slot.state is SlotState.ACTIVE and created is not None:
            yield slot.mrd_id, task_id, created.conversation_id


async def _hold(conversation_id: ConversationId, ctx: Context) -> Position:
    away = await _away(await ctx.load(Conversation, conversation_id), ctx)
    return await ctx.change(Conversation, conversation_id, lambda it: it.give_way(away, ctx.now))


async def _take_up(conversation_id: ConversationId, ctx: Context) -> Position:
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
