"""What customers and agents do in stories of the whole write side. The test plays the part of the engine."""

from commands.agents import GrantMrd, LogIn, MakeReady, RegisterAgent, ReserveSlot
from commands.conversations import PostAgentMessage
from commands.inbound import EndSession
from commands.tasks import AcceptTask
from domain.agents.agent import Agent
from domain.agents.facts import MrdState
from domain.channels.bots import BotAnswer
from domain.channels.inbound import Contact, ContactKind
from domain.channels.messages import Body
from domain.conversations.conversation import Conversation
from domain.conversations.facts import ConversationStarted
from domain.ids import AgentId, ConversationId, MessageId, OfferId, SessionId, TaskId
from domain.kernel import derived_id
from domain.sessions.facts import SessionEndReason, SessionStarted
from domain.tasks.facts import TaskClosed, TaskCloseReason, TaskCreated
from domain.tasks.task import Task
from tests.commands.office import Office, an_office
from tests.domain.configuration.situations import CHAT

MARIA, PAUL = AgentId("maria"), AgentId("paul")
JOHN = Contact(ContactKind.OPAQUE, "visitor-7")
HANDS_OVER = BotAnswer((Body(text="One moment."),), hands_over=True)


async def staffed(*agents: AgentId) -> Office:
    office = an_office()
    for agent in agents or (MARIA,):
        await office.sends(
            RegisterAgent(agent, agent, agent.title()), GrantMrd(agent, CHAT, 2), LogIn(agent), MakeReady(agent)
        )
    return office


async def newest(office: Office, kind: type) -> str:
    return (await office.subjects(kind))[-1]


async def talk(office: Office) -> Conversation:
    return await office.load(Conversation, await newest(office, ConversationStarted))


async def task(office: Office) -> Task:
    return await office.load(Task, await newest(office, TaskCreated))


async def chat(office: Office, agent: AgentId = MARIA) -> MrdState:
    return (await office.load(Agent, agent)).mrd_state(CHAT)


async def rings(office: Office, agent: AgentId = MARIA) -> TaskId:
    """The engine chose this agent for the newest request."""
    waiting = TaskId(await newest(office, TaskCreated))
    await office.sends(ReserveSlot(agent, CHAT, waiting, OfferId(derived_id(waiting, agent)), 0))
    return waiting


async def talks(office: Office, agent: AgentId = MARIA) -> TaskId:
    ringing = await rings(office, agent)
    await office.sends(AcceptTask(ringing, agent))
    return ringing


async def hang_up(office: Office, reason: SessionEndReason = SessionEndReason.CUSTOMER) -> None:
    await office.sends(EndSession(SessionId(await newest(office, SessionStarted)), reason))


async def reply(office: Office, id_: str = "a1", agent: AgentId = MARIA) -> None:
    talk_id = ConversationId(await newest(office, ConversationStarted))
    await office.sends(PostAgentMessage(talk_id, agent, MessageId(id_), Body(text="Hello John")))


async def reasons(office: Office) -> list[TaskCloseReason]:
    return [it.reason for it in await office.facts(TaskClosed)]
