"""Agents come, go, want work or a break; the engine holds their slots."""

from dataclasses import dataclass
from datetime import timedelta

from commands.bus import Command, Context, handles
from commands.domains import check_managed, interruption
from commands.idleness import change_agent
from domain.agents.agent import Agent
from domain.configuration.checks import missing
from domain.configuration.settings import MediaRoutingDomain, ReasonKind
from domain.ids import AgentId, AttributeId, ConversationId, MrdId, OfferId, ReasonId, TaskId
from domain.kernel import Invalid, NotFound, Position
from domain.routing.decisions import UNTOLD, Grounds


@dataclass(frozen=True, slots=True)
class RegisterAgent(Command):
    agent_id: AgentId
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class AssignAttribute(Command):
    """`value`: none means the attribute's default."""

    agent_id: AgentId
    attribute_id: AttributeId
    value: int | None = None


@dataclass(frozen=True, slots=True)
class WithdrawAttribute(Command):
    agent_id: AgentId
    attribute_id: AttributeId


@dataclass(frozen=True, slots=True)
class GrantMrd(Command):
    """`tasks_max`: none means the domain's own maximum."""

    agent_id: AgentId
    mrd_id: MrdId
    tasks_max: int | None = None


@dataclass(frozen=True, slots=True)
class SwitchAutoAnswer(Command):
    """Is what rings at this agent accepted in the same moment, whatever the queue says (routing 22)?"""

    agent_id: AgentId
    on: bool


@dataclass(frozen=True, slots=True)
class LogIn(Command):
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class LogOut(Command):
    """`forced`: not by themselves, so nothing is in the way of it (routing 37)."""

    agent_id: AgentId
    reason: str = ""
    forced: bool = False


@dataclass(frozen=True, slots=True)
class MakeReady(Command):
    agent_id: AgentId
    mrds: frozenset[MrdId] | None = None


@dataclass(frozen=True, slots=True)
class MakeNotReady(Command):
    agent_id: AgentId
    reason: str


@dataclass(frozen=True, slots=True)
class MakeMrdReady(Command):
    agent_id: AgentId
    mrd_id: MrdId


@dataclass(frozen=True, slots=True)
class MakeMrdNotReady(Command):
    agent_id: AgentId
    mrd_id: MrdId
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReserveSlot(Command):
    """The engine's choice. The agent's own stream has the last word on capacity (routing 18)."""

    agent_id: AgentId
    mrd_id: MrdId
    task_id: TaskId
    offer_id: OfferId
    step: int
    decision: Grounds = UNTOLD


@dataclass(frozen=True, slots=True)
class FillSlot(Command):
    agent_id: AgentId
    task_id: TaskId
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class WrapUpSlot(Command):
    agent_id: AgentId
    task_id: TaskId


@dataclass(frozen=True, slots=True)
class ReleaseSlot(Command):
    agent_id: AgentId
    task_id: TaskId
    reason: str


@dataclass(frozen=True, slots=True)
class MissOffer(Command):
    agent_id: AgentId
    task_id: TaskId


@dataclass(frozen=True, slots=True)
class HandOverWork(Command):
    """The agent signed out: their offers are withdrawn, their talks go on with others, their wrap-ups end."""

    agent_id: AgentId


@handles(RegisterAgent)
async def register_agent(cmd: RegisterAgent, ctx: Context) -> Position:
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.register(cmd.username, cmd.name))


@handles(AssignAttribute)
async def assign_attribute(cmd: AssignAttribute, ctx: Context) -> Position:
    attribute = ctx.catalog.attributes.get(cmd.attribute_id)
    if attribute is None:
        raise NotFound(missing("attribute", cmd.attribute_id, ctx.catalog.attributes), "attribute_id")
    value = attribute.default_value if cmd.value is None else cmd.value
    if not attribute.type.accepts(value):
        raise Invalid(attribute.type.refusal(value), "value")
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.assign_attribute(cmd.attribute_id, value))


@handles(WithdrawAttribute)
async def withdraw_attribute(cmd: WithdrawAttribute, ctx: Context) -> Position:
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.withdraw_attribute(cmd.attribute_id))


@handles(GrantMrd)
async def grant_mrd(cmd: GrantMrd, ctx: Context) -> Position:
    tasks_max = ctx.catalog.mrd(cmd.mrd_id).max_requests if cmd.tasks_max is None else cmd.tasks_max
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.grant_mrd(cmd.mrd_id, tasks_max))


@handles(SwitchAutoAnswer)
async def switch_auto_answer(cmd: SwitchAutoAnswer, ctx: Context) -> Position:
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.switch_auto_answer(on=cmd.on))


@handles(LogIn)
async def log_in(cmd: LogIn, ctx: Context) -> Position:
    return await change_agent(ctx, cmd.agent_id, lambda agent: agent.log_in())


@handles(MakeReady)
async def make_ready(cmd: MakeReady, ctx: Context) -> Position:
    """routing 31: without a choice, in all domains that are ready with the agent."""
    for mrd_id in cmd.mrds or ():
        check_managed(ctx, mrd_id)
    mrds = _synced(await ctx.load(Agent, cmd.agent_id), ctx) if cmd.mrds is None else cmd.mrds
    return await change_agent(ctx, cmd.agent_id, lambda agent: agent.make_ready(mrds))


@handles(MakeNotReady)
async def make_not_ready(cmd: MakeNotReady, ctx: Context) -> Position:
    ctx.catalog.check_reason(ReasonKind.NOT_READY, cmd.reason, "reason")
    code = ctx.catalog.reasons.get(ReasonId(cmd.reason))
    reroutes = code is not None and code.reroutes_work
    return await change_agent(ctx, cmd.agent_id, lambda agent: agent.make_not_ready(cmd.reason, reroutes_work=reroutes))


@handles(MakeMrdReady)
async def make_mrd_ready(cmd: MakeMrdReady, ctx: Context) -> Position:
    check_managed(ctx, cmd.mrd_id)
    return await change_agent(ctx, cmd.agent_id, lambda agent: agent.make_mrd_ready(cmd.mrd_id))


@handles(MakeMrdNotReady)
async def make_mrd_not_ready(cmd: MakeMrdNotReady, ctx: Context) -> Position:
    check_managed(ctx, cmd.mrd_id)
    last = ctx.catalog.desks.last_mrd_off
    return await change_agent(
        ctx, cmd.agent_id, lambda agent: agent.make_mrd_not_ready(cmd.mrd_id, cmd.reason, last_one_off=last)
    )


@handles(ReserveSlot)
async def reserve_slot(cmd: ReserveSlot, ctx: Context) -> Position:
    interruptible, interrupts = interruption(ctx, await ctx.load(Agent, cmd.agent_id), cmd.mrd_id)
    return await ctx.change(
        Agent,
        cmd.agent_id,
        lambda agent: agent.reserve(
            cmd.mrd_id,
            cmd.task_id,
            cmd.offer_id,
            cmd.step,
            cmd.decision,
            interruptible=interruptible,
            interrupts=interrupts,
        ),
    )


@handles(FillSlot)
async def fill_slot(cmd: FillSlot, ctx: Context) -> Position:
    return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.fill(cmd.task_id, cmd.conversation_id))


@handles(WrapUpSlot)
async def wrap_up_slot(cmd: WrapUpSlot, ctx: Context) -> Position:
    slot = (await ctx.load(Agent, cmd.agent_id)).slots.get(cmd.task_id)
    mrd = ctx.catalog.mrds.get(slot.mrd_id) if slot else None
    holds_slot = mrd.wrap_up_holds_slot if mrd else True
    return await change_agent(ctx, cmd.agent_id, lambda agent: agent.wrap_up(cmd.task_id, holds_slot=holds_slot))


@handles(ReleaseSlot)
async def release_slot(cmd: ReleaseSlot, ctx: Context) -> Position:
    return await change_agent(ctx, cmd.agent_id, lambda agent: agent.release(cmd.task_id, cmd.reason))


@handles(MissOffer)
async def miss_offer(cmd: MissOffer, ctx: Context) -> Position:
    """routing 25"""
    slot = (await ctx.load(Agent, cmd.agent_id)).slots.get(cmd.task_id)
    mrd = (ctx.catalog.mrds.get(slot.mrd_id) if slot else None) or MediaRoutingDomain("retired")
    rest_until = ctx.now + timedelta(seconds=mrd.cool_down_s)
    last = ctx.catalog.desks.last_mrd_off
    return await change_agent(
        ctx,
        cmd.agent_id,
        lambda agent: agent.miss(cmd.task_id, mrd.rona_action, mrd.rona_after, rest_until, last_one_off=last),
    )


def _synced(agent: Agent, ctx: Context) -> frozenset[MrdId] | None:
    """The domains that are ready as soon as the agent is; none for all."""
    configured = ctx.catalog.mrds
    apart = {id_ for id_ in agent.mrds if (mrd := configured.get(id_)) and not (mrd.managed and mrd.auto_sync)}
    return frozenset(agent.mrds) - apart if apart else None
