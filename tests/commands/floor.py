"""A floor of agents and one customer, for stories about who comes into a talk and who goes. The test is the engine."""

from uuid import uuid4

from commands.agents import GrantMrd, LogIn, MakeReady, RegisterAgent, ReserveSlot
from commands.colleagues import AskColleague
from commands.inbound import EndSession
from commands.tasks import AcceptTask
from domain.agents.agent import Agent
from domain.agents.facts import MrdState
from domain.channels.messages import SenderType
from domain.conversations.conversation import Conversation
from domain.conversations.facts import ColleagueRequested, ConversationStarted, MessagePosted
from domain.ids import AgentId, ConversationId, OfferId, QueueId, SessionId, TaskId
from domain.kernel import derived_id
from domain.sessions.facts import SessionEndReason, SessionStarted
from domain.tasks.facts import MediaState, TaskClosed, TaskCloseReason, TaskCreated, TaskDirection
from domain.tasks.task import Task
from infra.eventlog.memory import MemoryLog
from tests.commands.office import Office, an_office, message
from tests.domain.configuration.situations import CHAT

MARIA, PAUL, ZOE, OMAR = AgentId("maria"), AgentId("paul"), AgentId("zoe"), AgentId("omar")
SALES, RETURNS = QueueId("sales"), QueueId("returns")


class Floor:
    """`talk_id`: the conversation of the one customer. `first`: the task of Maria, who talks with them."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.talk_id = ConversationId("")
        self.first = TaskId("")

    async def talk(self) -> Conversation:
        return await self.office.load(Conversation, self.talk_id)

    async def task(self, task_id: TaskId) -> Task:
        return await self.office.load(Task, task_id)

    async def newest(self) -> TaskId:
        return TaskId((await self.office.subjects(TaskCreated))[-1])

    async def mrd(self, agent: AgentId) -> MrdState:
        return (await self.office.load(Agent, agent)).mrd_state(CHAT)

    async def slots(self, agent: AgentId) -> int:
        return len((await self.office.load(Agent, agent)).slots)

    async def asks(
        self, direction: TaskDirection, *, by: AgentId = MARIA, task: TaskId | None = None, **whom: object
    ) -> TaskId:
        """The request's first task."""
        await self.office.sends(AskColleague(task or self.first, by, direction, **whom))
        return (await self.office.facts(ColleagueRequested))[-1].task_id

    async def rings(self, agent: AgentId) -> TaskId:
        """The engine chose this agent for the newest task that waits."""
        waiting = await self.newest()
        assert (await self.task(waiting)).media_state is MediaState.QUEUED
        await self.office.sends(ReserveSlot(agent, CHAT, waiting, OfferId(derived_id(waiting, agent)), 0))
        return waiting

    async def comes(self, agent: AgentId) -> TaskId:
        ringing = await self.rings(agent)
        await self.office.sends(AcceptTask(ringing, agent))
        return ringing

    async def customer_leaves(self) -> None:
        session = SessionId((await self.office.subjects(SessionStarted))[-1])
        await self.office.sends(EndSession(session, SessionEndReason.CUSTOMER))

    async def reasons(self) -> list[TaskCloseReason]:
        return [it.reason for it in await self.office.facts(TaskClosed)]

    async def told(self) -> list[str]:
        """What the system told the customer."""
        return [it.body.text for it in await self.office.facts(MessagePosted) if it.sender.type is SenderType.SYSTEM]


async def a_floor(*agents: AgentId, mrd_max: int = 2, log: MemoryLog | None = None) -> Floor:
    """Everybody is ready, and nobody talks yet."""
    office = an_office(log)
    for agent in agents or (MARIA, PAUL, ZOE, OMAR):
        await office.sends(
            RegisterAgent(agent, agent, agent.title()), GrantMrd(agent, CHAT, mrd_max), LogIn(agent), MakeReady(agent)
        )
    return Floor(office)


async def talking(*agents: AgentId, log: MemoryLog | None = None) -> Floor:
    """Maria talks with the customer."""
    floor = await a_floor(*agents, log=log)
    await floor.office.sends(message(uuid4().hex))
    floor.talk_id = ConversationId((await floor.office.subjects(ConversationStarted))[-1])
    floor.first = await floor.comes(MARIA)
    return floor
