"""What do people do? Agents take work, or let it ring; customers write, repeat themselves and leave; a bot has its moods."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random

from commands import agents as a
from commands import lists as l
from commands.answering import HoldConversation, ResumeConversation
from commands.attendance import LeaveConversation
from commands.bus import Command
from commands.conversations import EndConversation, PostAgentMessage, SetConversationData
from commands.desks import ConnectDesk, DisconnectDesk, StayLoggedIn
from commands.domains import LoseAgentState, MirrorMrd
from commands.inbound import EndSession, OpenSession, ReceiveMessage, ReportReceipt
from commands.tasks import AcceptTask, DeclineTask
from commands.wrap_up import ApplyWrapUp, FinishWrapUp
from domain.agents.facts import AgentState, MrdState, SlotState
from domain.agents.states import Slot
from domain.channels.bots import BotAnswer, BotTurn
from domain.channels.inbound import Contact, ContactKind, Inbound, Receipt
from domain.channels.messages import Body, DeliveryStatus
from domain.customers.identity import identity_id
from domain.ids import AgentId, ChannelId, ListItemId, MessageId, OfferId, SessionId, TaskId
from domain.sessions.facts import SessionEndReason
from tests.simulation.company import together
from tests.simulation.plans import ATTRIBUTES, CHANNELS, ELSEWHERE, LISTS, MRDS
from tests.simulation.watch import Watch

PROVIDER = "connector"
Do = Callable[[Command, str], Awaitable[bool]]
"""Carry out a command as somebody; tells whether it was accepted."""


class AgentPerson:
    """`punctual`: how likely they do what is to be done next, each time they look at their desk; `talks`: how often
    they say something before they end it; `sociable`: how likely they turn to colleagues instead.
    """

    def __init__(self, name: str, watch: Watch, do: Do, random: Random) -> None:
        self.id = AgentId(name)
        self._watch, self._do, self._random = watch, do, random
        self.punctual = random.choice([0.5, 0.9, 0.98])
        self.talks = random.choice([1, 8, 30])
        self.sociable = random.choice([0.0, 0.1, 0.5])
        self._seen: list[tuple[TaskId, OfferId]] = []
        self._said = 0
        self._windows = 0

    async def hired(self) -> None:
        await self._do(a.RegisterAgent(self.id, self.id, self.id.title()), "admin")
        for mrd in MRDS:
            if mrd == "chat" or self._random.random() < 0.6:
                await self._do(a.GrantMrd(self.id, mrd), "admin")
        if self._random.random() < 0.4:
            await self._do(a.GrantMrd(self.id, ELSEWHERE), "admin")
        for attribute in ATTRIBUTES:
            if self._random.random() < 0.9:
                await self._do(a.AssignAttribute(self.id, attribute, self._value(attribute)), "admin")

    async def acts(self) -> None:
        me, random = self._watch.agents.get(self.id), self._random
        if me is None:
            await self.hired()
        elif random.random() < 0.04:
            await self._wants_something_else()
        elif me.lost_desk or random.random() < 0.02:
            await self._comes_back() if random.random() < 0.7 else await self._loses_the_connection()
        elif me.state is not AgentState.READY or not all(me.mrds[mrd].willing for mrd in MRDS if mrd in me.mrds):
            if random.random() < 0.7:
                await self._do(a.LogIn(self.id) if not me.logged_in else a.MakeReady(self.id), self.id)
        elif self._watch.items and random.random() < 0.08:
            item_id = ListItemId(random.choice(list(self._watch.items)))
            choices: list[Command] = [l.JoinListItem(item_id, self.id)] * 6 + [l.DismissListItem(item_id, self.id)]
            await self._do(random.choice([*choices, l.CloseListItem(item_id, self.id)]), self.id)
        elif self._seen and random.random() < 0.03:
            task_id, offer_id = random.choice(self._seen)  # perhaps it is gone
            await self._do(AcceptTask(task_id, self.id, offer_id), self.id)
        elif me.slots and random.random() < 0.03:  # a call of another system begins, or ends
            state = random.choice([MrdState.BUSY, MrdState.READY])
            await self._do(MirrorMrd(self.id, ELSEWHERE, state), PROVIDER)
        elif me.slots and random.random() < self.punctual:
            rings = [task_id for task_id, slot in me.slots.items() if slot.state is SlotState.RESERVED]
            task_id = random.choice(rings or list(me.slots))
            await self._goes_on(task_id, me.slots[task_id])

    async def _comes_back(self) -> None:
        """Or opens another window."""
        self._windows += 1
        await self._do(ConnectDesk(self.id, f"{self.id}/{self._windows}"), self.id)

    async def _loses_the_connection(self) -> None:
        """Perhaps one that was lost before."""
        if self._windows:
            number = self._random.randint(max(1, self._windows - 2), self._windows)
            await self._do(DisconnectDesk(self.id, f"{self.id}/{number}"), self.id)

    async def works_off(self) -> None:
        """Before going home: nothing is left on the desk."""
        for task_id, task in list(self._watch.tasks.items()):
            if task.agent_id == self.id and task.wrap_up is not None:
                await self._do(ApplyWrapUp(TaskId(task_id), self.id, ("sold",)), PROVIDER)
                while not await self._do(FinishWrapUp(TaskId(task_id), self.id), PROVIDER):
                    await asyncio.sleep(1.0)  # that process has not heard of the code yet

    async def _goes_on(self, task_id: TaskId, slot: Slot) -> None:
        random, task = self._random, self._watch.tasks.get(task_id)
        if task is None or task.created is None:
            return
        conversation_id = task.created.conversation_id
        match slot.state:
            case SlotState.RESERVED:
                self._seen = [*self._seen[-5:], (task_id, slot.offer_id)]
                accept: Command = AcceptTask(task_id, self.id, random.choice([slot.offer_id, None]))
                if random.random() < 0.05:
                    accept = DeclineTask(task_id, self.id, "not now", random.choice([slot.offer_id, None]))
                await asyncio.gather(*(self._do(accept, self.id) for _ in range(random.choice([1, 1, 1, 2]))))
            case SlotState.ACTIVE:
                self._said += 1
                message = MessageId(f"{self.id}-{self._said}")
                say = PostAgentMessage(conversation_id, self.id, message, Body(text="How can I help?"))
                choices: list[Command] = [say] * self.talks + [LeaveConversation(conversation_id, self.id)]
                choices += [EndConversation(conversation_id, self.id), ApplyWrapUp(task_id, self.id, ("sold",))]
                if task.pulled is not None:
                    choices += [l.CloseListItem(task.pulled.item_id, self.id)]
                choices += [HoldConversation(conversation_id, self.id, random.choice([5, 60]))]
                choices += [ResumeConversation(conversation_id, self.id)]
                choices += [SetConversationData(conversation_id, {"mood": str(random.randrange(3))})]
                talk = self._watch.talks.get(conversation_id)
                if talk is not None and random.random() < self.sociable:
                    choices = [together(random, self._watch, self.id, task_id, talk)]
                await self._do(random.choice(choices), self.id)
            case SlotState.WRAP_UP:
                choices = [ApplyWrapUp(task_id, self.id, (), "a note"), FinishWrapUp(task_id, self.id)]
                await self._do(random.choice(choices), self.id)

    async def _wants_something_else(self) -> None:
        random, me, mrd = self._random, self.id, self._random.choice(MRDS)
        attribute = random.choice(ATTRIBUTES)
        choices: list[tuple[Command, str]] = [
            (a.LogOut(me, "home"), me),
            (a.LogIn(me), me),
            (a.MakeReady(me), me),
            (a.MakeReady(me, frozenset({mrd})), me),
            (a.MakeNotReady(me, random.choice(["lunch", "training", "callback"])), me),
            (a.LogOut(me, "forced", forced=True), "supervisor"),
            (StayLoggedIn(me), me),
            (LoseAgentState(me, "crash"), "supervisor"),
            (MirrorMrd(me, ELSEWHERE, random.choice([MrdState.READY, MrdState.BUSY, MrdState.NOT_READY])), PROVIDER),
            (MirrorMrd(me, ELSEWHERE, MrdState.ACTIVE), PROVIDER),
            (a.MakeMrdReady(me, mrd), me),
            (a.MakeMrdNotReady(me, mrd, "enough"), me),
            (a.GrantMrd(me, mrd, random.randrange(4)), "admin"),
            (a.GrantMrd(me, mrd), "admin"),
            (a.AssignAttribute(me, attribute, self._value(attribute)), "admin"),
            (a.WithdrawAttribute(me, attribute), "admin"),
            (a.SwitchAutoAnswer(me, random.random() < 0.3), me),
            (l.SubscribeList(me, random.choice(list(LISTS))), me),
            (l.UnsubscribeList(me, random.choice(list(LISTS))), me),
        ]
        await self._do(*random.choice(choices))

    def _value(self, attribute: str) -> int:
        return self._random.randint(0, 1) if attribute == "english" else self._random.randint(1, 10)


class CustomerPerson:
    """Someone with a phone number, on all channels that take numbers, and a browser."""

    def __init__(self, number: int, watch: Watch, do: Do, random: Random) -> None:
        self.name = f"customer {number}"
        self._watch, self._do, self._random = watch, do, random
        self._phone = Contact(ContactKind.PHONE, f"+4930{1000 + number}")
        self._visit = 0
        self._written: list[Inbound] = []
        self._count = 0

    async def acts(self) -> None:
        random = self._random
        match random.choices(["writes", "repeats", "opens", "leaves", "reads", "clears"], [10, 2, 1, 2, 3, 1])[0]:
            case "writes":
                burst = [self._message() for _ in range(random.choice([1, 1, 1, 2, 3]))]
                random.shuffle(burst)
                await asyncio.gather(*(self._do(ReceiveMessage(inbound), PROVIDER) for inbound in burst))
            case "repeats" if self._written:
                await self._do(ReceiveMessage(replace(random.choice(self._written), is_newcomer=False)), PROVIDER)
            case "opens":
                await self._do(OpenSession(self._message()), PROVIDER)
            case "leaves":
                await self.leaves()
            case "reads":
                await self._reads()
            case "clears":
                self._visit += 1  # another browser: the site draws a new contact
            case _:
                return

    async def leaves(self) -> None:
        reason = self._random.choice([SessionEndReason.CUSTOMER, SessionEndReason.NETWORK])
        for session_id in self.sessions()[: self._random.choice([1, 1, 9])]:
            await self._do(EndSession(session_id, reason), PROVIDER)

    def sessions(self) -> list[SessionId]:
        mine = {identity_id(inbound.channel_id, inbound.contact) for inbound in self._written}
        return [SessionId(id_) for id_, started in self._watch.sessions.items() if started.identity_id in mine]

    def _message(self) -> Inbound:
        random = self._random
        self._count += 1
        channel = random.choice(list(CHANNELS))
        contact = self._phone if CHANNELS[channel][1] is ContactKind.PHONE else self._browser()
        text = random.choice(["Hello", "Where is my order?", "I want to talk to a human", "ähm …"])
        first = not any(inbound.channel_id == channel and inbound.contact == contact for inbound in self._written)
        newcomer = first and contact.kind is ContactKind.OPAQUE and random.random() < 0.7
        name = random.choice(["", self.name])
        id_ = f"{self.name}-{self._count}"
        inbound = Inbound(channel, contact, id_, Body(text=text), customer_name=name, is_newcomer=newcomer)
        self._written = [*self._written[-20:], inbound]
        return inbound

    def _browser(self) -> Contact:
        return Contact(ContactKind.OPAQUE, f"{self.name} visit {self._visit}")

    async def _reads(self) -> None:
        """Receipts come in any order, sometimes twice."""
        if not self._watch.sent:
            return
        talk_id, message = self._random.choice(self._watch.sent)
        for _ in range(self._random.randint(1, 3)):
            status = self._random.choice(list(DeliveryStatus))
            channel = message.channel_id or ChannelId("web")
            await self._do(ReportReceipt(talk_id, Receipt(channel, message.message_id, status)), PROVIDER)


class MoodyBot:
    """It answers, hands over, does not understand, speaks nonsense, fails, or never comes back."""

    def __init__(self, random: Random) -> None:
        self._random = random

    async def answer(self, turn: BotTurn) -> BotAnswer:
        await asyncio.sleep(self._random.random())
        match self._random.choices(["says", "hands over", "lost", "nonsense", "fails", "hangs"], [8, 4, 3, 1, 1, 1])[0]:
            case "says":
                return BotAnswer((Body(text="I see."),) * self._random.randint(0, 2))
            case "hands over":
                return BotAnswer((Body(text="One moment."),), hands_over=True)
            case "lost":
                return BotAnswer((Body(text="Pardon?"),), misunderstood=True)
            case "nonsense":
                return BotAnswer((Body(),))
            case "fails":
                raise ConnectionResetError("the bot fell over")
            case _:
                await asyncio.sleep(10_000)
                return BotAnswer()
