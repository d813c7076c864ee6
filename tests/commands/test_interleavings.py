"""Do policies converge in whatever order the streams are reacted to? A random day, and then everybody goes home.

The reactor keeps the order of one stream and promises none between streams; here chance chooses. A failing seed replays.
"""

from collections import Counter, defaultdict, deque
from datetime import timedelta
from random import Random

import pytest

from commands.agents import GrantMrd, LogIn, LogOut, MakeNotReady, MakeReady, RegisterAgent, ReserveSlot
from commands.attendance import LeaveConversation
from commands.bus import Command
from commands.colleagues import AskColleague, EndConsult, PromoteColleague, WithdrawRequest
from commands.conversations import EndConversation, PostAgentMessage
from commands.inbound import EndSession
from commands.supervision import BargeIn, MonitorConversation, Whisper
from commands.tasks import AcceptTask
from commands.wrap_up import FinishWrapUp
from domain.agents.agent import Agent
from domain.agents.facts import AgentState
from domain.channels.inbound import Contact, ContactKind
from domain.channels.messages import Body
from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    AgentJoined,
    AgentRequestEnded,
    ColleagueRequested,
    ConversationClosed,
    ConversationStarted,
    ConversationState,
    ParticipantRole,
    Release,
)
from domain.customers.customer import Customer
from domain.customers.facts import CustomerCreated, IdentityRegistered
from domain.customers.identity import Identity
from domain.ids import AgentId, ConversationId, MessageId, OfferId, QueueId, SessionId, TaskId
from domain.kernel import Refused, derived_id
from domain.sessions.facts import SessionEndReason, SessionStarted
from domain.sessions.session import Session
from domain.tasks.facts import MediaState, TaskClosed, TaskCreated, TaskDirection, TaskState
from domain.tasks.task import Task
from infra.eventlog.memory import MemoryLog
from tests.commands.office import Office
from tests.commands.office import message as message_from
from tests.domain.configuration.situations import CHAT, catalog

pytestmark = pytest.mark.anyio
AGENTS = [AgentId("maria"), AgentId("paul"), AgentId("zoe")]
SUE, SALES = AgentId("sue"), QueueId("sales")
CUSTOMERS = [Contact(ContactKind.PHONE, f"+4930{number}") for number in range(3)]


class Day(Office):
    """An office in which chance decides what happens next, and which stream is reacted to next. `sociable`: agents ask
    for each other all the time, and supervisors listen.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(MemoryLog(), catalog())
        self.sociable = seed % 2 == 1
        self.random = Random(seed)
        self.lanes = defaultdict(deque)
        self.number = 0
        self.requests: list[TaskId] = []

    async def settle(self) -> None:
        while await self.react_to_one():
            pass

    async def react_to_one(self) -> bool:
        for recorded in await self.log.read_all(self.reacted, 10_000):
            self.note_deadlines(recorded)
            if isinstance(recorded.fact, ColleagueRequested):
                self.requests.append(recorded.fact.task_id)
            self.lanes[recorded.stream].append(recorded)
            self.reacted = recorded.position
        waiting = sorted(stream for stream, lane in self.lanes.items() if lane)
        if not waiting:
            return False
        await self.carry_out_policies(self.lanes[self.random.choice(waiting)].popleft())
        return True

    async def attempt(self, command: Command | None) -> None:
        if command is not None:
            try:
                await self.send(command)
            except Refused:
                return

    async def something(self) -> None:
        """One thing that people, the engine or the clock do, and a few reactions."""
        self.number += 1
        agent, pick = self.random.choice(AGENTS), self.random.choice
        usual = ["writes", "writes", "routes", "routes", "accepts", "accepts", "does", "replies", "hangs up", "time"]
        if self.sociable:
            usual = ["writes", "routes", "routes", "accepts", "accepts", "does", *["together"] * 4]
            usual += pick([["hangs up"], ["time"], ["replies"], ["replies"]])
        match pick(usual):
            case "writes":
                number = pick([self.number, self.number, max(1, self.number - 9)])
                channel = pick(["whatsapp-line", "sms-line"])
                await self.attempt(message_from(number, channel, CUSTOMERS[number % len(CUSTOMERS)]))
            case "routes":
                await self.route()
            case "accepts":
                for task_id, task in (await self.tasks(MediaState.RESERVED))[:1]:
                    await self.attempt(AcceptTask(task_id, task.offer.agent_id))
            case "does":
                await self.attempt(await self.of_an_agent(agent))
            case "together":
                choices = [it for task in await self.tasks(MediaState.ACTIVE) for it in self.together(*task)]
                await self.attempt(pick(choices) if choices else MakeReady(agent))
            case "replies":
                for talk_id, talk in await self.talks():
                    for talking in talk.talking:
                        id_ = MessageId(f"a{self.number}")
                        await self.attempt(PostAgentMessage(talk_id, talking, id_, Body(text="Hello")))
            case "hangs up":
                if sessions := await self.subjects(SessionStarted):
                    await self.attempt(EndSession(SessionId(pick(sessions[-4:])), SessionEndReason.CUSTOMER))
            case "time":
                await self.fire_something(pick([1, 30, 300]))
        for _ in range(self.random.randrange(6)):
            await self.react_to_one()

    async def of_an_agent(self, agent: AgentId) -> Command | None:
        talks = [(talk_id, talk) for talk_id, talk in await self.talks() if agent in talk.agents]
        mine = [task_id for task_id, task in await self.tasks() if task.wrap_up and task.agent_id == agent]
        choices: list[Command | None] = [LogOut(agent), LogIn(agent), MakeReady(agent), MakeReady(agent), None]
        choices += [MakeNotReady(agent, "lunch")]
        choices += [FinishWrapUp(task_id, agent) for task_id in mine]
        choices += [LeaveConversation(talk_id, agent) for talk_id, _ in talks]
        choices += [EndConversation(talk_id, agent) for talk_id, _ in talks]
        return self.random.choice(choices)

    def together(self, task_id: TaskId, task: Task) -> list[Command]:
        """What whoever works on a task may do with others (routing 43 to 47)."""
        talk_id, me, pick = task.created.conversation_id, task.agent_id, self.random.choice
        whom = pick([{"queue_id": SALES}, {"queue_id": SALES}, {"colleague_id": pick(AGENTS)}])
        direction = pick([TaskDirection.DIRECT_TRANSFER, TaskDirection.CONSULT, TaskDirection.DIRECT_CONFERENCE])
        asks: Command = AskColleague(task_id, me, direction, release=pick(list(Release)), **whom)
        becomes = pick([TaskDirection.CONSULT_TRANSFER, TaskDirection.CONSULT_CONFERENCE])
        choices = [asks, asks, asks, PromoteColleague(task_id, me, becomes), EndConsult(task_id, me)]
        choices += [WithdrawRequest(task_id, me, request) for request in self.requests[-3:]]
        choices += [MonitorConversation(talk_id, SUE, "Sue"), pick([BargeIn, Whisper])(talk_id, SUE)]
        return [*choices, LeaveConversation(talk_id, me)]

    async def route(self) -> None:
        for task_id, task in await self.tasks(MediaState.QUEUED):
            talk = await self.load(Conversation, task.created.conversation_id)
            agents = [it for it in AGENTS if it not in task.routing.excluded and it not in talk.agents]
            if agents:
                agent = self.random.choice(agents)
                offer = OfferId(derived_id(task_id, agent, self.number))
                await self.attempt(ReserveSlot(agent, CHAT, task_id, offer, 0))

    async def fire_something(self, seconds: float) -> None:
        """Time passes, and what was due is done, but not everything that follows from it."""
        self.now += timedelta(seconds=seconds)
        for due in [it for it in self.timers.values() if it.due <= self.now]:
            self.timers.pop(due.key, None)
            await self.attempt(due.command)

    async def tasks(self, state: MediaState | None = None) -> list[tuple[TaskId, Task]]:
        loaded = [(TaskId(id_), await self.load(Task, id_)) for id_ in await self.subjects(TaskCreated)]
        return [it for it in loaded if it[1].closed is None and state in (None, it[1].media_state)]

    async def talks(self) -> list[tuple[ConversationId, Conversation]]:
        ids = await self.subjects(ConversationStarted)
        loaded = [(ConversationId(id_), await self.load(Conversation, id_)) for id_ in ids]
        return [it for it in loaded if it[1].closed is None]

    async def check(self) -> None:
        """routing 67, once everything that follows has happened."""
        talks, tasks = dict(await self.talks()), dict(await self.tasks())
        for agent_id in AGENTS:
            for task_id, slot in (await self.load(Agent, agent_id)).slots.items():
                assert task_id in tasks, f"{agent_id} holds a slot ({slot.state}) for a task that is over"
        for task_id, task in tasks.items():
            holder = task.agent_id or (task.offer.agent_id if task.offer else None)
            if holder is not None and task.monitoring is None:
                assert task_id in (await self.load(Agent, holder)).slots, "whoever has a task has a slot for it"
            talk = talks.get(task.created.conversation_id)
            assert talk is not None or task.wrap_up, f"a task is {task.media_state} in a conversation that is over"
            if task.media_state in (MediaState.QUEUED, MediaState.RESERVED):
                assert task.root_request_id in talk.awaited, "whoever is looked for was asked for"
        for talk_id, talk in talks.items():
            assert talk.state is not ConversationState.CLOSING, talk_id
            for agent_id, part in talk.agents.items():
                assert part.task_id in tasks, f"{agent_id} takes part ({part.role}) for a task that is over"
            assert talk.awaited <= {task.root_request_id for task in tasks.values()}, "a request that nobody works on"
            if talk.sessions and not talk.talking:
                here = [it for it, part in talk.agents.items() if part.role is not ParticipantRole.WRAP_UP]
                assert not here, f"{here} are here for nobody (routing 47, 49)"
            for session in talk.sessions:
                assert (await self.load(Session, session)).is_open, "a session that ended is in a conversation"
        await self.check_requests()
        ends = await self.subjects(TaskClosed)
        assert len(ends) == len(set(ends)), "a task ends once"
        for customer_id in await self.subjects(CustomerCreated):
            open_now = (await self.load(Customer, customer_id)).conversation
            assert open_now is None or open_now in talks

    async def check_requests(self) -> None:
        """Every request of a colleague ends with somebody, or with a report, or waits (routing 44, 67)."""
        ends = Counter(it.request_id for it in await self.facts(AgentJoined))
        ends.update(it.task_id for it in await self.facts(AgentRequestEnded))
        over = {ConversationId(it) for it in await self.subjects(ConversationClosed)}
        for recorded in await self.log.read_all(limit=100_000):
            if isinstance(recorded.fact, ColleagueRequested):
                request, talk_id = recorded.fact.task_id, ConversationId(recorded.subject)
                waits = request in (await self.load(Conversation, talk_id)).awaited
                assert ends[request] + waits == 1 or (talk_id in over and not ends[request]), recorded.fact

    async def everybody_goes_home(self) -> None:
        for session in await self.subjects(SessionStarted):
            await self.sends(EndSession(SessionId(session), SessionEndReason.CUSTOMER))
        await self.wait(10_000)
        for agent in AGENTS:
            await self.attempt(LogOut(agent))
            await self.settle()


async def a_day(seed: int, things: int) -> Day:
    day = Day(seed)
    for agent in AGENTS:
        await day.sends(RegisterAgent(agent, agent, agent), GrantMrd(agent, CHAT, 2), LogIn(agent), MakeReady(agent))
    for _ in range(things):
        await day.something()
    await day.settle()
    return day


@pytest.mark.parametrize("seed", range(60))
async def test_a_random_day_leaves_nothing_behind(seed: int) -> None:
    day = await a_day(seed, 60)
    await day.check()
    await day.everybody_goes_home()
    await day.check()
    assert await day.talks() == []
    assert await day.tasks() == []
    assert day.timers == {}
    assert len(await day.subjects(ConversationClosed)) == len(set(await day.subjects(ConversationStarted)))
    for agent in AGENTS:
        agent = await day.load(Agent, agent)
        assert (agent.state, agent.slots) == (AgentState.LOGOUT, {})
    for identity in await day.subjects(IdentityRegistered):
        assert (await day.load(Identity, identity)).session is None
    assert all(task.state is TaskState.CLOSED for _, task in await day.tasks())
