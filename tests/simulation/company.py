"""What do people do together? Agents pass customers on and ask each other; supervisors listen, whisper and take part."""

from random import Random

from commands.attendance import LeaveConversation
from commands.bus import Command
from commands.colleagues import AskColleague, EndConsult, PromoteColleague, WithdrawRequest
from commands.conversations import PostAgentMessage
from commands.queues import FlushQueue
from commands.supervision import BargeIn, MonitorConversation, Whisper
from commands.supervisors import ConnectSupervisor, DisconnectSupervisor
from domain.channels.messages import Body
from domain.conversations.conversation import Conversation
from domain.conversations.facts import ParticipantRole, Release
from domain.ids import AgentId, ConversationId, MessageId, TaskId
from domain.tasks.facts import MediaState, TaskDirection
from tests.simulation.plans import QUEUES
from tests.simulation.watch import Watch

ASK = [TaskDirection.DIRECT_TRANSFER, TaskDirection.CONSULT, TaskDirection.DIRECT_CONFERENCE]
BECOME = [TaskDirection.CONSULT_TRANSFER, TaskDirection.CONSULT_CONFERENCE]


def together(random: Random, watch: Watch, me: AgentId, task: TaskId, talk: Conversation) -> Command:
    """Something that whoever talks may do with others (routing 43 to 47)."""
    roles = {part.role for part in talk.agents.values()}
    if ParticipantRole.ASSISTANT in roles and random.random() < 0.8:
        return random.choice([PromoteColleague(task, me, random.choice(BECOME)), EndConsult(task, me)])
    if talk.colleagues and random.random() < 0.3:
        return WithdrawRequest(task, me, random.choice(list(talk.colleagues)))
    how = {"priority": random.randint(1, 10), "release": random.choice(list(Release))}
    if random.random() < 0.5:
        return AskColleague(
            task, me, random.choice(ASK), colleague_id=AgentId(random.choice(list(watch.agents))), **how
        )
    return AskColleague(task, me, random.choice(ASK), random.choice(list(QUEUES)), **how)


class SupervisorPerson:
    """No agent. Listens to some talk for a while, and does not always stay silent. Seldom they empty a queue at once."""

    def __init__(self, name: str, watch: Watch, do, random: Random) -> None:
        self.id = AgentId(name)
        self._watch, self._do, self._random = watch, do, random
        self._said = 0

    async def acts(self) -> None:
        random = self._random
        if random.random() < 0.3:
            comes_or_goes = random.choice([ConnectSupervisor, ConnectSupervisor, DisconnectSupervisor])
            await self._do(comes_or_goes(self.id, random.choice("ab")), self.id)
        mine = [id_ for id_, talk in self._watch.talks.items() if self.id in talk.agents]
        others = [id_ for id_, talk in self._watch.talks.items() if talk.talking and id_ not in mine]
        waited_in = [task.queue_id for task in self._watch.tasks.values() if task.media_state is MediaState.QUEUED]
        if waited_in and random.random() < 0.3:
            await self._do(FlushQueue(random.choice(waited_in), random.choice(["", "We close."])), self.id)
        elif mine and random.random() < 0.8:
            await self._do(self._goes_on(ConversationId(random.choice(mine))), self.id)
        elif others:
            await self._do(MonitorConversation(ConversationId(random.choice(others)), self.id, "Sue"), self.id)

    def _goes_on(self, talk_id: ConversationId) -> Command:
        random, me = self._random, self.id
        talk = self._watch.talks[talk_id]
        part = talk.agents[me]
        self._said += 1
        say = PostAgentMessage(talk_id, me, MessageId(f"{me}-{self._said}"), Body(text="Offer a refund."))
        choices: list[Command] = [say, Whisper(talk_id, me), BargeIn(talk_id, me), LeaveConversation(talk_id, me)]
        if part.role is ParticipantRole.PRIMARY:
            choices.append(together(random, self._watch, me, part.task_id, talk))
        return random.choice(choices)
