"""An agent stops, or must: what becomes of the work that they have?"""

from dataclasses import dataclass

from commands.agents import HandOverWork, LogOut
from commands.attendance import LoseSession
from commands.bus import NOTHING, Command, Context, handles
from commands.inbound import EndSession
from commands.tasks import GiveBackSlot, TakeTaskAway, WithdrawOffer, WithdrawOffers
from domain.agents.agent import Agent
from domain.agents.facts import SlotState
from domain.configuration.settings import LogoutPolicy
from domain.conversations.conversation import Conversation
from domain.ids import AgentId, MessageId, MrdId, TaskId
from domain.kernel import Position, derived_id
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import MediaState, TaskCloseReason
from domain.tasks.task import Task

LEAVES = "LOGOUT"
"""Why they are not ready in the moment before they are signed out."""


@dataclass(frozen=True, slots=True)
class GiveWorkAway(Command):
    """Offers are withdrawn, talks go on with others; what is being wrapped up stays (routing 30)."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class GiveWay(Command):
    """The same for one domain, while it gives way to what the agent has accepted elsewhere (routing 35, 36)."""

    agent_id: AgentId
    mrd_id: MrdId


@dataclass(frozen=True, slots=True)
class CheckOffer(Command):
    """It rings: does its agent still hold a slot for it?"""

    task_id: TaskId
    agent_id: AgentId


@handles(LogOut)
async def log_out(cmd: LogOut, ctx: Context) -> Position:
    """routing 37: no new work, offers withdrawn, live tasks to others (or ended), then LOGOUT."""
    agent = await ctx.load(Agent, cmd.agent_id)
    policy = ctx.catalog.desks.logout
    refuses = policy is LogoutPolicy.REFUSE and not cmd.forced
    if refuses:
        agent.check_may_leave()
    if agent.logged_in and (agent.slots or agent.wrap_ups):
        await ctx.step("stop").change(Agent, cmd.agent_id, lambda it: it.stop(LEAVES))
        await ctx.then(WithdrawOffers(cmd.agent_id))
        if policy is LogoutPolicy.CLOSE:
            await _close_talks(cmd.agent_id, agent, ctx)
        if not refuses:
            await ctx.then(HandOverWork(cmd.agent_id))
    return await ctx.change(Agent, cmd.agent_id, lambda it: it.log_out(cmd.reason, refuses=refuses))


@handles(GiveWorkAway)
async def give_work_away(cmd: GiveWorkAway, ctx: Context) -> Position:
    return await _give_away(cmd.agent_id, None, "", ctx)


@handles(GiveWay)
async def give_way(cmd: GiveWay, ctx: Context) -> Position:
    agent = await ctx.load(Agent, cmd.agent_id)
    if cmd.mrd_id not in agent.giving_way(agent.slots.values()):  # it has ended, or gives way itself
        return NOTHING
    mrd = ctx.catalog.mrds.get(cmd.mrd_id)
    return await _give_away(cmd.agent_id, cmd.mrd_id, mrd.interruption_message if mrd else "", ctx)


@handles(CheckOffer)
async def check_offer(cmd: CheckOffer, ctx: Context) -> Position:
    if cmd.task_id in (await ctx.load(Agent, cmd.agent_id)).slots:
        return NOTHING
    return await ctx.then(WithdrawOffer(cmd.task_id))


async def _give_away(agent_id: AgentId, mrd_id: MrdId | None, words: str, ctx: Context) -> Position:
    position, agent = NOTHING, await ctx.load(Agent, agent_id)
    for task_id, slot in agent.slots.items():
        if mrd_id is None or slot.mrd_id == mrd_id:
            await ctx.then(WithdrawOffer(task_id))
            if slot.state is SlotState.RESERVED:
                await ctx.then(GiveBackSlot(agent_id, task_id))
            position = await _take_from_talk(task_id, words, ctx) or position
    return position


async def _take_from_talk(task_id: TaskId, words: str, ctx: Context) -> Position:
    task = await ctx.load(Task, task_id)
    if task.media_state is not MediaState.ACTIVE or task.created is None:
        return NOTHING
    notice = MessageId(derived_id("interrupted", task_id))
    await ctx.step(notice).change(Conversation, task.created.conversation_id, lambda it: it.notify(notice, words))
    return await ctx.then(TakeTaskAway(task_id, TaskCloseReason.REROUTE))


async def _close_talks(agent_id: AgentId, agent: Agent, ctx: Context) -> None:
    """Those that nobody else is in: the customer's sessions end, so nobody comes instead."""
    for task_id, slot in agent.slots.items():
        created = (await ctx.load(Task, task_id)).created
        if slot.state is SlotState.WRAP_UP or created is None:
            continue
        conversation_id = created.conversation_id
        conversation = await ctx.load(Conversation, conversation_id)
        if conversation.talking == [agent_id]:
            for session_id in conversation.sessions:
                await ctx.then(EndSession(session_id, SessionEndReason.AGENT))
                await ctx.then(LoseSession(conversation_id, session_id, SessionEndReason.AGENT))
