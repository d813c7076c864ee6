"""What could have happened? Random histories, made by the domain's own decisions: agents, customers, talks, all at once.

The same seed gives the same history. Nothing here writes facts by hand, so whatever the models refuse never happens.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.agents.agent import Agent
from domain.agents.facts import SlotState
from domain.agents.states import ROUTABLE
from domain.channels.bots import BotAnswer
from domain.channels.inbound import Contact, ContactKind
from domain.channels.messages import Body, DeliveryStatus, Sender, SenderType
from domain.configuration.domains import RonaAction
from domain.configuration.entity import QueueEntity
from domain.configuration.facts import QueueConfigured
from domain.configuration.settings import Queue
from domain.conversations.conversation import Conversation
from domain.conversations.facts import AgentRequested, CloseReason, MessagePosted, ParticipantRole, RequestReason
from domain.customers.customer import Customer
from domain.customers.identity import Identity, customer_for, identity_id
from domain.kernel import NOT_WRITTEN, Cause, Decision, Fact, Position, Recorded, stream_of
from domain.routing.decisions import Grounds
from domain.sessions.facts import SessionEndReason
from domain.sessions.session import Session
from domain.tasks.facts import MediaState, Routing, StepReached, TaskCloseReason, TaskState
from domain.tasks.task import GOES_ON, REROUTE_PRIORITY, Task

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
MRDS = ("chat", "email")
QUEUES = {"sales": "chat", "support": "chat", "letters": "email"}
WORDS = ("hello", "where", "is", "my", "order", "please", "help", "thank you", "the invoice", "is wrong", "again")
Act = Iterator[None]


class World:
    """Streams in memory, a clock that only goes on, and a die."""

    def __init__(self, seed: int) -> None:
        self.die = random.Random(seed)
        self.now = MORNING
        self.log: list[Recorded[Any]] = []
        self._models: dict[str, tuple[Any, int]] = {}

    def get(self, model: Callable[[], Any], subject: str) -> Any:
        found = self._models.get(stream_of(model, subject))
        return found[0] if found else model()

    def change(self, model: Callable[[], Any], subject: str, decide: Callable[[Any], Decision]) -> tuple[Fact, ...]:
        stream = stream_of(model, subject)
        it, version = self._models.get(stream, (model(), NOT_WRITTEN))
        facts = tuple(decide(it))
        for fact in facts:
            version += 1
            it = it.evolve(fact)
            position = Position(len(self.log) + 1)
            cause = Cause(UUID(int=position), "somebody", stream)
            self.log.append(Recorded(position, stream, version, self.now, cause, fact))
        self._models[stream] = it, version
        return facts

    def id(self) -> str:
        return str(UUID(int=self.die.getrandbits(128), version=4))

    def text(self) -> str:
        return " ".join(self.die.choices(WORDS, k=self.die.randint(1, 40)))

    def chance(self, share: float) -> bool:
        return self.die.random() < share


def history(seed: int, conversations: int, agents: int = 12, at_once: int = 30) -> list[Recorded[Any]]:
    """About 35 facts per conversation."""
    world = World(seed)
    for queue, mrd in QUEUES.items():
        fact = QueueConfigured(Queue(queue.title(), mrd, service_level_threshold_s=world.die.choice((10, 30))))
        world.change(QueueEntity, queue, lambda it, fact=fact: it.configure(fact))
    crew = [_hire(world, number) for number in range(agents)]
    shifts = [_shift(world, agent) for agent in crew]
    talks: list[Act] = []
    begun = 0
    while talks or begun < conversations:
        while len(talks) < at_once and begun < conversations:
            talks.append(_talk(world, crew, world.die.randrange(max(1, conversations // 2))))
            begun += 1
        number = world.die.randrange(len(talks))
        world.now += timedelta(milliseconds=world.die.randint(5, 900))
        if next(talks[number], True) is True:
            talks.pop(number)
        if world.chance(0.01):
            next(world.die.choice(shifts))
    return world.log


def _hire(world: World, number: int) -> str:
    agent = f"agent-{number}"
    world.change(Agent, agent, lambda it: it.register(f"user{number}", f"Agent {number}"))
    world.change(Agent, agent, lambda it: it.assign_attribute("english", world.die.randint(1, 10)))
    for mrd in MRDS:
        world.change(Agent, agent, lambda it, mrd=mrd: it.grant_mrd(mrd, 3))
    world.change(Agent, agent, lambda it: it.log_in())
    world.change(Agent, agent, lambda it: it.make_ready())
    return agent


def _shift(world: World, agent: str) -> Act:
    while True:
        world.change(Agent, agent, lambda it: it.make_not_ready(world.die.choice(("lunch", "training"))))
        yield
        if world.chance(0.3):
            world.change(Agent, agent, lambda it: it.log_out("end of shift"))
            _hand_over(world, agent)
            yield
            world.change(Agent, agent, lambda it: it.log_in())
        world.change(Agent, agent, lambda it: it.make_ready())
        yield
        world.change(Agent, agent, lambda it: it.make_mrd_not_ready("email", "busy"))
        yield


def _hand_over(world: World, agent: str) -> None:
    for task, slot in world.get(Agent, agent).slots.items():
        match slot.state:
            case SlotState.RESERVED:
                world.change(Task, task, lambda it: it.take_away(TaskCloseReason.REROUTE))
            case SlotState.ACTIVE:
                world.change(Task, task, lambda it: it.take_away(TaskCloseReason.AGENT_LOGOUT))
            case SlotState.WRAP_UP:
                world.change(Task, task, lambda it: it.expire_wrap_up())
        _free(world, agent, task)


def _free(world: World, agent: str, task: str, reason: str = "over") -> None:
    world.change(Agent, agent, lambda it: it.release(task, reason))
    created = world.get(Task, task).created
    world.change(Conversation, created.conversation_id, lambda it: it.leave(agent, reason))


def _talk(world: World, crew: list[str], person: int) -> Act:
    channel = world.die.choice(("web", "whatsapp"))
    contact = Contact(ContactKind.OPAQUE, f"visitor {person}")
    identity, customer = identity_id(channel, contact), customer_for(channel, contact)
    if world.get(Customer, customer).conversation is not None:
        return
    conversation, session = world.id(), world.id()
    name = f"Person {person}" if world.chance(0.7) else ""
    world.change(Identity, identity, lambda it: it.open_session(channel, contact, session))
    world.change(Customer, customer, lambda it: it.meet(identity, channel, contact, name, conversation))
    world.change(Session, session, lambda it: it.start(channel, identity, customer, conversation, contact.value, {}))

    def says() -> None:
        sender = Sender(SenderType.CUSTOMER, contact.value, name)
        message = MessagePosted(world.id(), sender, Body(text=world.text()), session, channel, world.id(), world.now)
        world.change(Conversation, conversation, lambda it: it.receive(customer, session, channel, message))

    says()
    yield
    if world.chance(0.6):
        yield from _bot(world, conversation, says)
    if world.chance(0.75):
        yield from _human(world, crew, conversation, session, says)
    world.change(Session, session, lambda it: it.end(SessionEndReason.CUSTOMER))
    world.change(Conversation, conversation, lambda it: it.lose_session(session, SessionEndReason.CUSTOMER))
    world.change(Identity, identity, lambda it: it.release(session))
    yield
    for part in list(world.get(Conversation, conversation).agents.items()):
        yield from _wrap_up(world, conversation, *part)
    world.change(Conversation, conversation, lambda it: it.close_if_everybody_left(CloseReason.EVERYBODY_LEFT))
    world.change(Conversation, conversation, lambda it: it.close(CloseReason.FORCE_CLOSED))
    world.change(Customer, customer, lambda it: it.release(conversation))


def _bot(world: World, conversation: str, says: Callable[[], None]) -> Act:
    world.change(Conversation, conversation, lambda it: it.assign_bot("helper"))
    for _ in range(world.die.randint(1, 4)):
        answer, turn = BotAnswer((Body(text=world.text()),), misunderstood=world.chance(0.2)), world.id()
        due = world.now + timedelta(minutes=10)
        world.change(
            Conversation,
            conversation,
            lambda it, a=answer, t=turn, d=due: it.take_bot_answer("helper", "Bot", t, a, None, d),
        )
        yield
        says()
        yield


def _human(world: World, crew: list[str], conversation: str, session: str, says: Callable[[], None]) -> Act:
    task, queue = world.id(), world.die.choice(list(QUEUES))
    request = AgentRequested(task, queue, QUEUES[queue], session, 1, RequestReason.CUSTOMER_ASKED)
    world.change(
        Conversation,
        conversation,
        lambda it: it.request_agent(task, queue, request.mrd_id, session, 1, request.reason),
    )
    yield
    customer = world.get(Conversation, conversation).customer_id
    routing = Routing(task, queue, request.mrd_id, world.now, world.now + timedelta(minutes=10))
    world.change(Task, task, lambda it: it.enqueue(conversation, customer, session, routing))
    yield
    found = yield from _wait(world, crew, conversation, task)
    if found is None:
        world.change(Conversation, conversation, lambda it: it.end_request(task, "nobody"))
        return
    task, agent = found
    world.change(Agent, agent, lambda it: it.fill(task, conversation))
    world.change(
        Conversation, conversation, lambda it: it.admit(agent, f"Name of {agent}", task, ParticipantRole.PRIMARY)
    )
    yield
    for _ in range(world.die.randint(1, 8)):
        if agent not in world.get(Conversation, conversation).agents:
            return
        message, body = world.id(), Body(text=world.text())
        world.change(
            Conversation,
            conversation,
            lambda it, m=message, b=body: it.say_as_agent(agent, agent, m, b, world.now, 600),
        )
        yield
        for status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ):
            world.change(Conversation, conversation, lambda it, m=message, s=status: it.report_delivery(m, s, ""))
        yield
        says()
        yield
    if world.chance(0.5) and agent in (here := world.get(Conversation, conversation).agents):
        yield from _wrap_up(world, conversation, agent, here[agent])


def _rona(world: World) -> RonaAction:
    return RonaAction.MRD_NOT_READY if world.chance(0.2) else RonaAction.NONE


def _wait(world: World, crew: list[str], conversation: str, task: str) -> Iterator[None]:
    """Queue, ring, perhaps in vain; returns the task and the agent in the end, or none."""
    while True:
        waiting = world.get(Task, task)
        if waiting.closed is not None:
            if waiting.closed not in GOES_ON:
                return None
            task = _reroute(world, conversation, task, waiting)
        elif world.chance(0.05):
            world.change(Task, task, lambda it: it.cancel())
            if waiting.offer is not None:
                world.change(Agent, waiting.offer.agent_id, lambda it, task=task: it.release(task, "cancelled"))
            return None
        elif waiting.media_state is MediaState.QUEUED:
            _offer(world, crew, task, waiting.routing.mrd_id)
        elif waiting.media_state is MediaState.RESERVED:
            agent, offer = waiting.offer.agent_id, waiting.offer.offer_id
            if world.chance(0.1):
                world.change(Task, task, lambda it, agent=agent: it.decline(agent, "not mine", world.now))
                world.change(Agent, agent, lambda it, task=task: it.release(task, "DECLINED"))
            elif world.chance(0.2):
                world.change(Task, task, lambda it, offer=offer: it.expire_offer(offer, world.now))
                world.change(Agent, agent, lambda it, task=task: it.miss(task, _rona(world)))
            else:
                world.change(Task, task, lambda it, agent=agent: it.accept(agent))
                return task, agent
        yield


def _offer(world: World, crew: list[str], task: str, mrd: str) -> None:
    if world.chance(0.1):
        world.change(Task, task, lambda it: it.widen(StepReached(it.routing.step + 1)))
    free = [
        agent
        for agent in crew
        if (it := world.get(Agent, agent)).mrd_state(mrd) in ROUTABLE
        and not any(slot.state is SlotState.RESERVED for slot in it.slots.values())
    ]
    if free:
        agent, offer = world.die.choice(free), world.id()
        decision, due = (
            Grounds(policy="LONGEST_AVAILABLE", candidate_count=len(free)),
            world.now + timedelta(seconds=20),
        )
        world.change(Agent, agent, lambda it: it.reserve(mrd, task, offer, 0, decision))
        world.change(Task, task, lambda it: it.reserve(offer, agent, due, 0))


def _reroute(world: World, conversation: str, task: str, old: Task) -> str:
    new, routing, created = world.id(), old.routing, old.created
    again = Routing(
        routing.root_request_id, routing.queue_id, routing.mrd_id, routing.first_enqueued_at, routing.expires_at,
        REROUTE_PRIORITY, routing.step, routing.attempt + 1, routing.excluded | {old.offer.agent_id},
    )  # fmt: skip
    world.change(
        Task, new, lambda it: it.enqueue(conversation, created.customer_id, old.session_id, again, previous=task)
    )
    return new


def _wrap_up(world: World, conversation: str, agent: str, part: Any) -> Act:
    task = part.task_id
    world.change(Task, task, lambda it: it.begin_wrap_up(world.now, 60))
    world.change(Agent, agent, lambda it: it.wrap_up(task, holds_slot=True))
    world.change(Conversation, conversation, lambda it: it.retire(agent))
    yield
    if world.get(Task, task).state is TaskState.WRAP_UP:
        if world.chance(0.6):
            world.change(Task, task, lambda it: it.apply_wrap_up(agent, ("solved",), world.text()))
            world.change(Task, task, lambda it: it.finish_wrap_up(agent))
        else:
            world.change(Task, task, lambda it: it.expire_wrap_up())
    _free(world, agent, task)
    yield
