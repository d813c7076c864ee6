"""Did everything in this log happen as it may? An auditor who reads facts alone, and trusts no model (routing 67).

checker = Checker()
for recorded in history:
    checker.feed(recorded)
assert checker.faults == []
assert checker.unfinished() == []      # when everybody has gone home
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from domain.agents.facts import (
    DeskConnected,
    DeskDisconnected,
    LoggedOut,
    MrdGranted,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotState,
    SlotWrappingUp,
)
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRequested,
    AgentRequestEnded,
    ColleagueRequested,
    ConversationClosed,
    ConversationStarted,
    MessagePosted,
    SessionJoined,
)
from domain.customers.facts import (
    ConversationOpened,
    ConversationReleased,
    CustomerCreated,
    SessionOpened,
    SessionReleased,
)
from domain.kernel import BEGINNING, NOT_WRITTEN, Recorded
from domain.routing.waits import Waits
from domain.tasks.facts import (
    MonitoringStarted,
    StepReached,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskNamed,
    TaskPulled,
    TaskQueued,
    TaskReserved,
    WrapUpStarted,
)

GOES_ON = (TaskCloseReason.RONA, TaskCloseReason.DECLINED, TaskCloseReason.REROUTE)


class Checker:
    """`faults` grows with each fact that must not have happened."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.position = BEGINNING
        self.versions: dict[str, int] = defaultdict(lambda: NOT_WRITTEN)
        self.tasks_max: dict[tuple[str, str], int] = {}
        self.slots: dict[str, dict[str, tuple[str, SlotState, str]]] = defaultdict(dict)
        self.life: dict[str, str] = {}
        self.offers: dict[str, TaskReserved] = {}
        self.holder: dict[str, str] = {}
        self.root: dict[str, str] = {}
        self.given_back: set[str] = set()
        """Offers whose slot was released before they were answered: one may still ring for a moment."""
        self.pulled: set[str] = set()
        """Work that agents chose themselves, which may be more than their maximum (routing 61)."""
        self.named: set[str] = set()
        """Tasks for one agent alone, which are no part of what stands in line (routing 44)."""
        self.joined: set[str] = set()
        self.ends_open: set[str] = set()
        """Answered, and taken away before their agent was in the talk: if they get there, that was the end."""
        self.awaited: dict[str, set[str]] = defaultdict(set)
        """Colleagues who were asked for, by conversation (routing 43 to 47)."""
        self.cut_off: set[str] = set()
        self.interrupts: dict[str, dict[str, Any]] = defaultdict(dict)
        self.answered: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.requested: Counter[str] = Counter()
        self.open_conversation: dict[str, str] = {}
        self.open_session: dict[str, str] = {}
        self.customer_of: dict[str, str] = {}
        self.inside: dict[str, set[str]] = defaultdict(set)
        self.closed_conversations: set[str] = set()
        self.created: set[str] = set()
        self.messages: Counter[str] = Counter()
        self.waits = Waits()
        """Who stands where in line: nobody, at the end (routing 65)."""

    def feed_all(self, history: Iterable[Recorded[Any]]) -> "Checker":
        for recorded in history:
            self.feed(recorded)
        return self

    def feed(self, recorded: Recorded[Any]) -> None:
        self._order(recorded)
        self.waits.feed(recorded)
        read = {
            "agent": self._agent,
            "task": self._task,
            "conversation": self._conversation,
            "customer": self._customer,
            "identity": self._identity,
        }.get(recorded.category)
        if read is not None:
            read(recorded.subject, recorded.fact)

    def unfinished(self) -> list[str]:
        """What has no end, though everybody has gone home."""
        found = [f"task {task} ended as {life}" for task, life in self.life.items() if life != "closed"]
        found += [f"agent {agent} still holds {list(slots)}" for agent, slots in self.slots.items() if slots]
        found += [f"request {task} was never enqueued" for task in self.requested if task not in self.life]
        roots = set(self.root.values())
        found += [f"request {r} has {self.ended[r]} final reasons" for r in roots if self.ended[r] != 1]
        found += [f"in {talk} somebody still waits for {list(asked)}" for talk, asked in self.awaited.items() if asked]
        waits = self.waits
        found += [f"{task} still stands in line" for task in (*waits.requests, *waits.moved)]
        found += [f"{queue} is still at work: {it}" for queue, it in waits.paces.items() if it.waiting or it.active]
        return found

    def _must(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.faults.append(f"{self.position}: {otherwise}")

    def _order(self, recorded: Recorded[Any]) -> None:
        self._must(recorded.position > self.position, f"the position does not rise: {recorded.position}")
        self.position = recorded.position
        expected = self.versions[recorded.stream] + 1
        self._must(recorded.version == expected, f"{recorded.stream} has version {recorded.version}, not {expected}")
        self.versions[recorded.stream] = recorded.version

    # Nobody has more than they can take (routing 12, 20, 52)

    def _agent(self, agent: str, fact: Any) -> None:
        slots = self.slots[agent]
        match fact:
            case MrdGranted(mrd_id=mrd, tasks_max=tasks_max):
                self.tasks_max[agent, mrd] = tasks_max
            case DeskDisconnected(due=due) if due is not None:
                self.cut_off.add(agent)
            case DeskConnected() | LoggedOut():
                self.cut_off.discard(agent)
            case SlotReserved(mrd_id=mrd, task_id=task, offer_id=offer):
                self._must(agent not in self.cut_off, f"agent {agent} is offered {task}, and cut off")  # routing 39
                calls = [it for it in self.interrupts[agent].values() if not it.interruptible]
                blocked = any(mrd in it.interrupts for it in calls)
                self._must(not blocked, f"agent {agent} is offered {task} in {mrd}, which is interrupted")  # routing 35
                self.interrupts[agent][task] = fact
                self._must(task not in slots, f"agent {agent} already holds a slot for {task}")
                slots[task] = (mrd, SlotState.RESERVED, offer)
                mine = [state for other, state, _ in slots.values() if other == mrd]
                self._must(len(mine) <= self.tasks_max.get((agent, mrd), 0), f"agent {agent} has {len(mine)} in {mrd}")
                self._must(mine.count(SlotState.RESERVED) == 1, f"agent {agent} has two offers in {mrd}")
            case SlotFilled(task_id=task) | SlotWrappingUp(task_id=task):
                self._must(task in slots or task in self.pulled, f"agent {agent} has no slot for {task}")
                mrd, _, offer = slots.get(task, (fact.mrd_id, None, ""))
                state = SlotState.ACTIVE if isinstance(fact, SlotFilled) else SlotState.WRAP_UP
                slots[task] = (mrd, state, offer)
            case SlotReleased(task_id=task):
                self.interrupts[agent].pop(task, None)
                slot = slots.pop(task, None)
                self._must(slot is not None, f"agent {agent} has no slot for {task} to release")
                if slot is not None and slot[1] is SlotState.RESERVED:
                    self.given_back.add(slot[2])

    # One live offer, one answer, one end (routing 1, 19, 67)

    def _task(self, task: str, fact: Any) -> None:
        life = self.life.get(task, "")
        self._must(life != "closed", f"task {task} is closed, and {type(fact).__name__} came")
        match fact:
            case TaskCreated():
                self._must(life == "", f"task {task} was created twice")
                self.life[task] = "created"
            case TaskQueued(routing=routing):
                self._must(life == "created", f"task {task} was queued when {life}")
                self.life[task], self.root[task] = "queued", routing.root_request_id
            case TaskPulled(agent_id=agent):
                self._must(life == "created", f"task {task} was pulled when {life}")
                self.life[task], self.root[task] = "pulled", task
                self.pulled.add(task)
            case TaskNamed():
                self._must(life == "created", f"task {task} was for somebody alone when {life}")
                self.life[task] = "named"
                self.named.add(task)
            case MonitoringStarted(agent_id=agent):
                self._must(life == "created", f"task {task} listened when {life}")
                self.life[task], self.holder[task] = "active", agent
                self.named.add(task)
            case StepReached():
                self._must(life == "queued", f"task {task} widened when {life}")
            case TaskReserved(agent_id=agent, offer_id=offer):
                self._must(life in ("queued", "named"), f"task {task} was offered when {life}")
                slot = self.slots[agent].get(task)
                held = (slot is not None and slot[2] == offer) or offer in self.given_back
                self._must(held, f"task {task} rings at {agent}, who never held a slot for it")
                self.life[task], self.offers[task] = "reserved", fact
            case TaskAccepted(agent_id=agent):
                self._must(life in ("reserved", "pulled"), f"task {task} was accepted when {life}")
                asked = task in self.pulled or self.offers[task].agent_id == agent
                self._must(asked, f"task {task} was accepted by {agent}, who was not asked")
                self._must(task not in self.holder, f"task {task} was accepted twice")
                self.life[task], self.holder[task] = "active", agent
                self.answered[self.root.get(task, task)] += 1
            case WrapUpStarted():
                self._must(life == "active", f"task {task} was wrapped up when {life}")
                self.life[task] = "wrap-up"
            case TaskClosed(reason=reason):
                self.life[task] = "closed"
                if task not in self.named:
                    self.ended[self.root[task]] += reason not in GOES_ON or task in self.joined
                if task in self.holder and reason in GOES_ON and task not in self.joined | self.named:
                    self.ends_open.add(task)

    # One conversation for a customer, one session for an identity, one message for a message

    def _customer(self, customer: str, fact: Any) -> None:
        match fact:
            case CustomerCreated():
                self._must(customer not in self.created, f"customer {customer} was created twice")
                self.created.add(customer)
            case ConversationOpened(conversation_id=conversation):
                self._must(customer not in self.open_conversation, f"customer {customer} has two conversations")
                self.open_conversation[customer] = conversation
            case ConversationReleased(conversation_id=conversation):
                was = self.open_conversation.pop(customer, None)
                self._must(was == conversation, f"customer {customer} had {was}, not {conversation}")

    def _identity(self, identity: str, fact: Any) -> None:
        match fact:
            case SessionOpened(session_id=session):
                self._must(identity not in self.open_session, f"identity {identity} has two sessions")
                self.open_session[identity] = session
            case SessionReleased():
                self.open_session.pop(identity, None)

    def _conversation(self, conversation: str, fact: Any) -> None:
        over = conversation in self.closed_conversations
        match fact:
            case ConversationStarted(customer_id=customer):
                self._must(conversation not in self.customer_of, f"conversation {conversation} started twice")
                self.customer_of[conversation] = customer
            case MessagePosted(message_id=message):
                self.messages[message] += 1
                self._must(self.messages[message] == 1, f"message {message} was posted twice")
                self._must(not over, f"something was said in {conversation}, which is closed")
            case SessionJoined():
                self._must(not over, f"a session joined {conversation}, which is closed")
            case AgentRequested(task_id=task):
                self.requested[task] += 1
                self._must(self.requested[task] == 1, f"request {task} was made twice")
            case ColleagueRequested(task_id=task):
                self.requested[task] += 1
                self._must(self.requested[task] == 1, f"request {task} was made twice")
                self.awaited[conversation].add(task)
            case AgentRequestEnded(task_id=task):
                self.awaited[conversation].discard(task)
            case AgentJoined(agent_id=agent, task_id=task, request_id=request):
                self._must(request is None or request in self.awaited[conversation], f"nobody asked for {agent}")
                self.awaited[conversation].discard(request)
                self.joined.add(task)
                if task in self.ends_open:
                    self.ended[self.root[task]] += 1
                self._must(self.holder.get(task) == agent, f"agent {agent} joined for {task}, which is not theirs")
                self._must(agent not in self.inside[conversation], f"agent {agent} joined {conversation} twice")
                self.inside[conversation].add(agent)
            case AgentLeft(agent_id=agent):
                self.inside[conversation].discard(agent)
            case ConversationClosed():
                self._must(not over, f"conversation {conversation} closed twice")
                self.closed_conversations.add(conversation)
                self.awaited[conversation].clear()
