"""Which states are there, and what leads from one to another? Found by driving the models through their own decisions.

From a model that knows nothing, every decision of a small world (one customer, two agents, two tasks) is tried in every state
that is reached, breadth first. What a refusal forbids is not there; what a fact changes is.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from domain.agents.agent import Agent
from domain.configuration.domains import InterruptionAction
from domain.conversations.answering import ResponseTime
from domain.conversations.conversation import Conversation
from domain.conversations.facts import CloseReason, ParticipantRole, RequestReason
from domain.ids import AttributeId, ConversationId, MrdId, OfferId, QueueId, TaskId
from domain.kernel import Decision, Refused, replay
from domain.lists.facts import ListItemCloseReason
from domain.lists.item import ListItem
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskCloseReason, TaskPulled
from domain.tasks.task import Task
from tests.domain.conversations import situations as talk
from tests.domain.lists import situations as listed
from tests.domain.tasks import situations as task

CHAT, VOICE = MrdId("chat"), MrdId("voice")
TALK = ConversationId("talk")
SEEN_MAX = 4_000
"""Models that one search looks at, at most: the states are found long before."""

Step = tuple[str, str, str]
Decide = Callable[[Any], Decision]


@dataclass(frozen=True, slots=True)
class Machine:
    """`actions`: what is tried, by what people would call it. `view`: which of a model's states is drawn."""

    title: str
    start: Any
    actions: Mapping[str, tuple[Decide, ...]]
    view: Callable[[Any], str]

    def steps(self) -> tuple[Step, ...]:
        """From where, by what, to where; of all models that can be reached, each pair of states once for each cause."""
        return tuple(sorted(set(self._walk())))

    def _walk(self) -> Iterator[Step]:
        seen = {repr(self.start)}
        ahead = deque([self.start])
        while ahead and len(seen) < SEEN_MAX:
            model = ahead.popleft()
            for label, decides in self.actions.items():
                for decide in decides:
                    after = _after(model, decide)
                    if after is None:
                        continue
                    if self.view(after) != self.view(model):
                        yield str(self.view(model)), label, str(self.view(after))
                    if repr(after) not in seen:
                        seen.add(repr(after))
                        ahead.append(after)


def _after(model: Any, decide: Decide) -> Any:
    try:
        facts = tuple(decide(model))
    except Refused:
        return None
    return replay(model, iter(facts)) if facts else None


# Tasks

LATE = task.DUE + timedelta(days=1)
PULLED = TaskPulled(listed.ITEM, listed.COMMENTS, CHAT, task.MARIA, TALK)
_TASK: dict[str, tuple[Decide, ...]] = {
    "a human is asked for": (lambda it: it.enqueue(TALK, task.JOHN, task.SESSION, task.ROUTING),),
    "chosen from a list": (lambda it: it.pull(PULLED, task.JOHN),),
    "offered": (lambda it: it.reserve(task.OFFER, task.MARIA, task.DUE, 0),),
    "accepted": (lambda it: it.accept(task.MARIA),),
    "not answered": (lambda it: it.expire_offer(task.OFFER, task.NOW),),
    "declined": (lambda it: it.decline(task.MARIA, "", task.NOW),),
    "agent signs out": (lambda it: it.withdraw(task.NOW), lambda it: it.take_away(TaskCloseReason.AGENT_LOGOUT)),
    "nobody was free": (lambda it: it.expire(LATE),),
    "customer leaves": (lambda it: it.cancel(),),
    "talk ends": (lambda it: it.begin_wrap_up(task.NOW, 60),),
    "talk ends, no wrap-up": (lambda it: it.begin_wrap_up(task.NOW, None),),
    "wrap-up done": (lambda it: it.finish_wrap_up(task.MARIA),),
    "its time is up": (lambda it: it.expire_wrap_up(),),
}

# Agents

GIVES_WAY = {CHAT: InterruptionAction.HOLD}
FIRST, SECOND, CALL = TaskId("first"), TaskId("second"), TaskId("call")


def _hired() -> Agent:
    def facts() -> Decision:
        yield from Agent().register("maria", "Maria")
        yield from Agent().assign_attribute(AttributeId("spanish"), 5)
        yield from Agent().grant_mrd(CHAT, 2)
        yield from Agent().grant_mrd(VOICE, 1)

    return replay(Agent(), facts())


_PRESENCE: dict[str, tuple[Decide, ...]] = {
    "sign in": (lambda it: it.log_in(),),
    "sign out": (lambda it: it.log_out(),),
    "ready": (lambda it: it.make_ready(),),
    "not ready": (lambda it: it.make_not_ready("break"),),
    "a failure": (lambda it: it.lose_state("failure"),),
}
_WORK: dict[str, tuple[Decide, ...]] = {
    "ready": (lambda it: it.make_ready(), lambda it: it.make_mrd_ready(CHAT)),
    "not ready": (lambda it: it.make_not_ready("break"), lambda it: it.make_mrd_not_ready(CHAT, "break")),
    "work begins": tuple(
        partial(Agent.reserve, mrd=CHAT, task=one, offer=OfferId(one), step=0) for one in (FIRST, SECOND)
    )
    + tuple(partial(Agent.take_up, mrd=CHAT, task=one, conversation=TALK) for one in (FIRST, SECOND)),
    "work ends": tuple(partial(Agent.release, task=one, reason="DONE") for one in (FIRST, SECOND)),
    "not answered": (lambda it: it.miss(FIRST),),
    "a call comes": (partial(Agent.take_up, mrd=VOICE, task=CALL, conversation=TALK, interrupts=GIVES_WAY),),
    "the call ends": (partial(Agent.release, task=CALL, reason="DONE"),),
}

# Conversations

_CONVERSATION: dict[str, tuple[Decide, ...]] = {
    "customer comes": (
        lambda it: it.receive(talk.JOHN, talk.WEB, talk.WEB_CHAT, None),
        lambda it: it.receive(talk.JOHN, talk.WHATSAPP, talk.WHATSAPP_LINE, None),
    ),
    "customer leaves": tuple(
        partial(Conversation.lose_session, session=one, reason=SessionEndReason.CUSTOMER)
        for one in (talk.WEB, talk.WHATSAPP)
    ),
    "bot answers": (lambda it: it.assign_bot(talk.BOT),),
    "a human is asked for": (
        lambda it: it.request_agent(talk.TASK, QueueId("sales"), CHAT, talk.WEB, 1, RequestReason.CUSTOMER_ASKED),
    ),
    "nobody was free": (lambda it: it.end_request(talk.TASK, "NO_AGENT_AVAILABLE"),),
    "agent joins": (lambda it: it.admit(talk.MARIA, "Maria", talk.TASK, ParticipantRole.PRIMARY),),
    "agent wraps up": (lambda it: it.retire(talk.MARIA),),
    "put on hold": (lambda it: it.hold(talk.MARIA, talk.NOW, 60),),
    "taken up again": (lambda it: it.resume(talk.MARIA, ResponseTime(talk.NOW, 0)),),
    "agent leaves": (lambda it: it.leave(talk.MARIA),),
    "last one out": (lambda it: it.close_if_everybody_left(CloseReason.EVERYBODY_LEFT),),
    "ended": (lambda it: it.close(CloseReason.AGENT),),
}

# Items of lists

_ITEM: dict[str, tuple[Decide, ...]] = {
    "agent joins": tuple(partial(ListItem.join, item=listed.ITEM, agent=one) for one in (listed.MARIA, listed.PAUL)),
    "last agent leaves": tuple(
        (lambda it, agent=one: it.leave(agent, it.agents.get(agent, ""))) for one in (listed.MARIA, listed.PAUL)
    ),
    "closed": (lambda it: it.close(ListItemCloseReason.AGENT, listed.MARIA),),
}

MACHINES: Mapping[str, Machine] = {
    "media_state": Machine("The search for an agent", Task(), _TASK, lambda it: it.media_state),
    "task": Machine("A task", replay(Task(), iter(task.QUEUED)), _TASK, lambda it: it.state),
    "agent": Machine("An agent", _hired(), _PRESENCE, lambda it: it.state),
    "mrd": Machine(
        "An agent in one media routing domain, at most two tasks",
        _hired(),
        _PRESENCE | _WORK,
        lambda it: it.mrd_state(CHAT),
    ),
    "item": Machine("A request on a list", replay(ListItem(), iter((listed.ARRIVAL,))), _ITEM, lambda it: it.state),
    "conversation": Machine("A conversation", Conversation(), _CONVERSATION, lambda it: it.state),
}
