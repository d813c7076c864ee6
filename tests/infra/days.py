"""A random day in a contact centre: customers write and leave, agents take what they are offered, or let it ring."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from random import Random

from commands.agents import LogIn, LogOut, MakeNotReady, MakeReady
from commands.attendance import LeaveConversation
from commands.conversations import EndConversation
from commands.inbound import EndSession
from commands.tasks import AcceptTask
from commands.wrap_up import FinishWrapUp
from domain.agents.agent import Agent
from domain.agents.facts import SlotState
from domain.ids import AgentId
from domain.kernel import Refused
from domain.sessions.facts import SessionEndReason
from domain.tasks.task import Task
from tests.e2e.world import World

CUSTOMERS = [f"customer {number}" for number in range(8)]
AGENTS = ["ada", "grace", "alan"]


async def a_busy_day(world: World, seed: int, events: int = 150) -> None:
    random = Random(seed)
    for agent in AGENTS:
        await world.staff(agent)
    for _ in range(events):
        with suppress(Refused):
            if random.random() < 0.4:
                await _customer_does_something(world, random)
            else:
                await _agent_does_something(world, random)
        for _ in range(random.randrange(8)):
            await asyncio.sleep(0)
        if random.random() < 0.1:
            await world.pass_time(timedelta(seconds=random.randrange(1, 20)))


async def _customer_does_something(world: World, random: Random) -> None:
    customer = random.choice(CUSTOMERS)
    if random.random() < 0.8:
        await world.write(customer, "Hello")
    elif session := await world.session_of(customer):
        await world.send(EndSession(session, SessionEndReason.CUSTOMER))


async def _agent_does_something(world: World, random: Random) -> None:
    agent = AgentId(random.choice(AGENTS))
    slots = (await world.centre.store.load(Agent, agent)).slots
    if not slots or random.random() < 0.15:
        await world.send(random.choice([LogIn(agent), LogOut(agent), MakeReady(agent), MakeNotReady(agent, "lunch")]))
        await world.send(LogIn(agent))
        return
    task_id, slot = random.choice(list(slots.items()))
    created = (await world.centre.store.load(Task, task_id)).created
    match slot.state:
        case SlotState.RESERVED:
            await world.send(AcceptTask(task_id, agent))
        case SlotState.ACTIVE:
            end = random.choice([LeaveConversation, EndConversation])
            await world.send(end(created.conversation_id, agent))
        case SlotState.WRAP_UP:
            await world.send(FinishWrapUp(task_id, agent))
