"""What must hold after every single fact? The checker's promises, and those about requests and their timers (routing 67).

`told` costs microseconds: it looks only at what the fact has changed.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

from commands.policies.deadlines import Set, deadlines
from domain.agents.agent import Agent
from domain.agents.facts import AgentState, LoggedIn, LoggedOut
from domain.channels.messages import SenderType
from domain.configuration.catalog import Catalog
from domain.configuration.entity import CATEGORIES
from domain.conversations.conversation import Conversation
from domain.conversations.facts import AgentLeft, ConversationClosed, DeliveryReported, MessagePosted
from domain.kernel import Recorded
from domain.lists.facts import ListItemLeft
from domain.lists.item import ListItem
from domain.sessions.facts import SessionEnded, SessionStarted
from domain.supervisors.supervisor import Supervisor
from domain.tasks.facts import MediaState, TaskClosed, TaskQueued
from domain.tasks.task import Task
from tests.simulation.checker import GOES_ON, Checker

KINDS = {"agent": Agent, "task": Task, "conversation": Conversation, "listitem": ListItem}
REMEMBERED_MAX = 200


class Watch:
    """Everybody as they are now by the log alone, and `faults`: what must not have happened."""

    def __init__(self) -> None:
        self.checker = Checker()
        self.faults: list[str] = []
        self.agents: dict[str, Agent] = {}
        self.tasks: dict[str, Task] = {}
        """Those that are not closed."""
        self.talks: dict[str, Conversation] = {}
        """Those that are not closed."""
        self.items: dict[str, ListItem] = {}
        """Those that are not closed."""
        self.supervisors: dict[str, Supervisor] = defaultdict(Supervisor)
        self.sessions: dict[str, SessionStarted] = {}
        """Those that have not ended."""
        self.latest_session: dict[str, str] = {}
        """Of each identity."""
        self.said_in: dict[str, str] = {}
        """In which session each message of a customer came."""
        self.catalog = Catalog()
        self.timers: dict[str, Set] = {}
        self.doubtful: dict[str, datetime] = {}
        """What may have fired while idleness did not count."""
        self.sent: list[tuple[str, MessagePosted]] = []
        """The latest messages to customers, and their conversations."""
        self.signed_in_s: dict[str, float] = defaultdict(float)
        self.in_state_s: dict[tuple[str, AgentState], float] = defaultdict(float)
        self._last_at: dict[str, datetime] = {}
        self._signed_in_at: dict[str, datetime] = {}
        self._alive: dict[str, str] = {}

    def told(self, recorded: Recorded[Any]) -> None:
        checker = self.checker
        checker.feed(recorded)
        if checker.faults:
            self.faults += checker.faults
            checker.faults.clear()
        for change in deadlines(recorded):
            if isinstance(change, Set):
                self.timers[change.key] = change
            else:
                self.timers.pop(change.key, None)
        match recorded.category:
            case "agent":
                self._agent(recorded.subject, recorded)
            case "task":
                self._task(recorded.subject, recorded)
            case "conversation":
                self._conversation(recorded.subject, recorded)
            case "listitem":
                self._item(recorded.subject, recorded)
            case "supervisor":
                self.supervisors[recorded.subject] = self.supervisors[recorded.subject].evolve(recorded.fact)
            case "session":
                self._session(recorded.subject, recorded.fact)
            case category if category in CATEGORIES:
                if category == "deskpolicy":
                    idle = {key: it.due for key, it in self.timers.items() if key.startswith("idle")}
                    self.doubtful.update(idle)
                self.catalog = self.catalog.evolve(recorded)

    def _must(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.faults.append(f"{self.checker.position}: {otherwise}")

    # Agents: how long in which state

    def _agent(self, agent_id: str, recorded: Recorded[Any]) -> None:
        before = self.agents.get(agent_id) or Agent()
        since = self._last_at.get(agent_id, recorded.at)
        self.in_state_s[agent_id, before.state] += (recorded.at - since).total_seconds()
        self._last_at[agent_id] = recorded.at
        self.agents[agent_id] = before.evolve(recorded.fact)
        match recorded.fact:
            case LoggedIn():
                self._must(agent_id not in self._signed_in_at, f"agent {agent_id} signed in twice")
                self._signed_in_at[agent_id] = recorded.at
            case LoggedOut():
                self._must(agent_id in self._signed_in_at, f"agent {agent_id} signed out, and was not in")
                began = self._signed_in_at.pop(agent_id, recorded.at)
                self.signed_in_s[agent_id] += (recorded.at - began).total_seconds()

    def hours_that_differ(self) -> list[str]:
        """Σ state durations = login time, for those who have signed out."""
        found = []
        for agent_id, signed_in_s in self.signed_in_s.items():
            if agent_id not in self._signed_in_at:
                states_s = sum(
                    self.in_state_s[agent_id, state] for state in AgentState if state is not AgentState.LOGOUT
                )
                if abs(states_s - signed_in_s) > 1e-3:
                    found.append(
                        f"agent {agent_id} was signed in for {signed_in_s} s, and in some state for {states_s} s"
                    )
        return found

    # Requests: one task of them lives, and its deadlines have timers

    def _task(self, task_id: str, recorded: Recorded[Any]) -> None:
        task = self.tasks[task_id] = (self.tasks.get(task_id) or Task()).evolve(recorded.fact)
        root = task.root_request_id or task_id
        match recorded.fact:
            case TaskQueued():
                other = self._alive.setdefault(root, task_id)
                self._must(other == task_id, f"request {root} waits as {task_id} and lives as {other}")
            case TaskClosed(reason=reason):
                del self.tasks[task_id]
                self._alive.pop(root, None)
                ends = self.checker.ended[root]
                self._must(ends <= 1, f"request {root} ended {ends} times")
                taken_away = task_id in self.checker.joined
                self._must(ends == 0 or reason not in GOES_ON or taken_away, f"request {root} goes on after its end")
        self._timers_of(task_id, task)

    def _timers_of(self, task_id: str, task: Task) -> None:
        state = task.media_state
        offer, ttl, wrap_up = (self.timers.get(f"{kind}/{task_id}") for kind in ("offer", "ttl", "wrap-up"))
        if task.closed is not None:
            self._must(not (offer or ttl or wrap_up), f"task {task_id} is closed, and has a timer")
            return
        rings = state is MediaState.RESERVED and task.offer is not None
        self._must(bool(offer) == rings, f"task {task_id} is {state}, and the timer of its offer is {offer}")
        self._must(not rings or offer.due == task.offer.due, f"task {task_id} rings until another time")
        waits = state in (MediaState.QUEUED, MediaState.RESERVED) and task.named is None
        self._must(bool(ttl) == waits, f"task {task_id} is {state}, and the timer of its wait is {ttl}")
        limited = task.wrap_up is not None and task.wrap_up.due is not None
        self._must(bool(wrap_up) == limited, f"task {task_id} is {task.state}, and its wrap-up's timer is {wrap_up}")

    # Conversations and sessions

    def _conversation(self, talk_id: str, recorded: Recorded[Any]) -> None:
        talk = self.talks.get(talk_id)
        if talk is None and recorded.version > 0:  # over: only what was on its way may still come
            kind = type(recorded.fact)
            self._must(kind in LATE or kind is ConversationClosed, f"{kind.__name__} in {talk_id}, which is closed")
            return
        talk = (talk or Conversation()).evolve(recorded.fact)
        if talk.closed is not None:
            self.talks.pop(talk_id, None)
            for kind in ("inactivity", "reminder", "response", "hold"):
                self._must(f"{kind}/{talk_id}" not in self.timers, f"{talk_id} is closed, and its {kind} is timed")
            return
        self.talks[talk_id] = talk
        fact = recorded.fact
        if isinstance(fact, MessagePosted) and fact.sender.type is SenderType.CUSTOMER and fact.session_id:
            self.said_in[fact.message_id] = fact.session_id
        elif isinstance(fact, MessagePosted) and fact.session_id:
            self.sent.append((talk_id, fact))
            if len(self.sent) > REMEMBERED_MAX:
                del self.sent[: REMEMBERED_MAX // 2]

    def _item(self, item_id: str, recorded: Recorded[Any]) -> None:
        item = self.items.pop(item_id, None)
        if item is None and recorded.version > 0:  # closed: only who still worked on it may leave
            self._must(isinstance(recorded.fact, ListItemLeft), f"item {item_id} is closed, and goes on")
            return
        item = (item or ListItem()).evolve(recorded.fact)
        if item.closed is None:
            self.items[item_id] = item

    def _session(self, session_id: str, fact: Any) -> None:
        if isinstance(fact, SessionStarted):
            self._must(session_id not in self.sessions, f"session {session_id} started twice")
            self.sessions[session_id] = fact
            self.latest_session[fact.identity_id] = session_id
        elif isinstance(fact, SessionEnded):
            self._must(session_id in self.sessions, f"session {session_id} ended, and was not open")
            self.sessions.pop(session_id, None)


LATE = (DeliveryReported, AgentLeft)
"""What may still happen in a conversation that is closed."""
