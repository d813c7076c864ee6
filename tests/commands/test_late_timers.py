"""Whatever was set and is no longer: fired late, fired again or cancelled, it does nothing (routing 42).

Random shifts of two agents and three customers. Every timer that was ever set is kept, and after every step some of those
that do not stand any more are fired all the same, as a process does that was asleep meanwhile.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random

import pytest

from commands.agents import GrantMrd as Grant
from commands.agents import LogIn, LogOut, MakeNotReady, MakeReady, RegisterAgent, ReserveSlot
from commands.answering import HoldConversation, ResumeConversation
from commands.attendance import LeaveConversation
from commands.bus import Command
from commands.conversations import PostAgentMessage
from commands.desks import ConnectDesk, DisconnectDesk, StayLoggedIn
from commands.inbound import EndSession
from commands.policies.deadlines import Set, deadlines
from commands.tasks import AcceptTask
from commands.wrap_up import FinishWrapUp
from domain.agents.agent import Agent
from domain.channels.inbound import Contact, ContactKind
from domain.channels.messages import Body
from domain.configuration.channels import Reminder
from domain.configuration.settings import DeskPolicy, MediaRoutingDomain, RonaAction
from domain.conversations.conversation import Conversation
from domain.conversations.facts import ConversationStarted
from domain.ids import ConversationId, MessageId, OfferId, SessionId, TaskId
from domain.kernel import Recorded, Refused
from domain.sessions.facts import SessionEndReason, SessionStarted
from domain.tasks.facts import MediaState, TaskCreated, TaskState
from domain.tasks.task import Task
from tests.commands.floor import MARIA, PAUL
from tests.commands.office import an_office, message
from tests.domain.configuration.situations import CHAT, SALES, WHATSAPP

pytestmark = pytest.mark.anyio
AGENTS = (MARIA, PAUL)
CUSTOMERS = [Contact(ContactKind.PHONE, f"+4989{number}") for number in range(3)]
EVERY_KIND = {
    *("inactivity", "reminder", "response", "hold", "ttl", "offer", "wrap-up"),
    *("cool-down", "desk", "idle", "idle-warning"),
}


class Shift:
    """`ever`: each timer that was set, once."""

    def __init__(self, seed: int) -> None:
        self.random, self.office = Random(seed), an_office()
        self.ever: dict[tuple[str, str], Set] = {}
        catalog = self.office.catalog
        line = replace(
            WHATSAPP,
            response_timeout_s=60,
            customer_inactivity_s=100,
            inactivity_reminders=(Reminder(50, "Still there?"),),
        )
        self.office.catalog = replace(
            catalog,
            mrds={**catalog.mrds, CHAT: MediaRoutingDomain("Chat", rona_action=RonaAction.COOL_DOWN, cool_down_s=30)},
            channels={**catalog.channels, "whatsapp-line": line},
            queues={**catalog.queues, "sales": replace(SALES, request_ttl_s=90, wrap_up_s=30)},
            desk_policies={"centre": DeskPolicy(disconnect_grace_s=30, idle_logout_s=80)},
        )
        react = self.office.note_deadlines

        def note(recorded: Recorded) -> None:
            for change in deadlines(recorded):
                if isinstance(change, Set):
                    self.ever[change.key, repr(change.command)] = change
            react(recorded)

        self.office.note_deadlines = note  # type: ignore[method-assign]

    async def try_(self, *commands: Command) -> None:
        for command in commands:
            try:
                await self.office.sends(command)
            except Refused:
                await self.office.settle()

    async def any_task(self, *states: MediaState | TaskState) -> tuple[TaskId, Task] | None:
        subjects = [TaskId(it) for it in await self.office.subjects(TaskCreated)]
        tasks = [(it, await self.office.load(Task, it)) for it in subjects]
        found = [(it, task) for it, task in tasks if task.media_state in states or task.state in states]
        return self.random.choice(found) if found else None

    # What may happen

    async def somebody_writes(self) -> None:
        await self.try_(message(self.random.random(), contact=self.random.choice(CUSTOMERS)))

    async def somebody_leaves(self) -> None:
        if sessions := await self.office.subjects(SessionStarted):
            await self.try_(EndSession(SessionId(self.random.choice(sessions)), SessionEndReason.CUSTOMER))

    async def it_rings(self) -> None:
        agent, waiting = self.random.choice(AGENTS), await self.any_task(MediaState.QUEUED)
        if waiting is not None:
            await self.try_(ReserveSlot(agent, CHAT, waiting[0], OfferId(f"{agent} {waiting[0]}"), 0))

    async def it_is_answered(self) -> None:
        ringing = await self.any_task(MediaState.RESERVED)
        if ringing is not None:
            await self.try_(AcceptTask(ringing[0], ringing[1].offer.agent_id))

    async def in_the_talk(self) -> None:
        talks = await self.office.subjects(ConversationStarted)
        if not talks:
            return
        talk_id = ConversationId(self.random.choice(talks))
        for agent in (await self.office.load(Conversation, talk_id)).talking:
            said = PostAgentMessage(talk_id, agent, MessageId(str(self.random.random())), Body(text="Hello"))
            held = HoldConversation(talk_id, agent, self.random.choice([5, 40, 400]))
            ends = LeaveConversation(talk_id, agent)
            await self.try_(self.random.choice([said, said, held, held, ResumeConversation(talk_id, agent), ends]))

    async def a_wrap_up_ends(self) -> None:
        done = await self.any_task(TaskState.WRAP_UP)
        if done is not None:
            await self.try_(FinishWrapUp(done[0], done[1].agent_id))

    async def an_agent_does_something(self) -> None:
        agent, desk = self.random.choice(AGENTS), self.random.choice("ab")
        comes = (LogIn(agent), MakeReady(agent))
        there, gone = (ConnectDesk(agent, desk),), (DisconnectDesk(agent, desk),)
        others = [(StayLoggedIn(agent),), (MakeNotReady(agent, "lunch"), MakeReady(agent)), (LogOut(agent),)]
        await self.try_(*self.random.choice([comes, comes, comes, there, there, gone, *others]))

    async def time_passes(self) -> None:
        await self.office.wait(self.random.choice([1, 5, 19, 21, 35, 95]))

    async def old_timers_fire(self) -> None:
        standing = {repr(it.command) for it in self.office.timers.values()}
        for old in [it for (_, command), it in self.ever.items() if command not in standing]:
            head = await self.office.log.head()
            await self.try_(old.command)
            assert await self.office.log.head() == head, f"{old.key} did something, and does not stand any more"


async def test_what_does_not_stand_any_more_does_nothing() -> None:
    fired: set[str] = set()
    for seed in range(8):
        shift = Shift(seed)
        for agent in AGENTS:
            await shift.try_(RegisterAgent(agent, agent, agent), Grant(agent, CHAT, 2), LogIn(agent), MakeReady(agent))
        happens: list[Callable[[], Awaitable[None]]] = [
            *(shift.somebody_writes, shift.somebody_writes, shift.it_rings, shift.it_rings, shift.it_is_answered),
            *(shift.it_is_answered, shift.in_the_talk, shift.in_the_talk, shift.in_the_talk, shift.a_wrap_up_ends),
            *(shift.an_agent_does_something, shift.an_agent_does_something),
            *(shift.somebody_leaves, shift.time_passes, shift.time_passes),
        ]
        for _ in range(100):
            await shift.random.choice(happens)()
            await shift.old_timers_fire()
        fired |= {key.partition("/")[0] for key, _ in shift.ever}
        assert (await shift.office.load(Agent, MARIA)).username
    assert fired == EVERY_KIND
