"""What must hold when nothing is broken any more and everybody had time to do what was left to do?"""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from commands.policies.deadlines import Set
from domain.agents.agent import Agent
from domain.agents.facts import AgentState, SlotState
from domain.configuration.settings import Queue, StepMode
from domain.conversations.conversation import Conversation
from domain.conversations.facts import ConversationState, Holder, ParticipantRole
from domain.conversations.standing import LISTENING
from domain.customers.customer import Customer
from domain.customers.identity import Identity
from domain.kernel import replay
from domain.lists.item import ListItem
from domain.routing.engine import Engine
from domain.routing.skipping import not_considered
from domain.sessions.session import Session
from domain.supervisors.supervisor import Supervisor
from domain.tasks.facts import MediaState, Routing
from domain.tasks.task import Task
from infra.centre import Centre
from tests.simulation.disk import Disk
from tests.simulation.watch import KINDS, Watch

MODELS = {**KINDS, "customer": Customer, "identity": Identity, "session": Session, "supervisor": Supervisor}
Pair = tuple[str, str]


def left_waiting(watch: Watch) -> set[Pair]:
    """Requests that wait, each with an agent who could have them at once (routing 12). Who let it ring is left out."""
    return {
        (task_id, agent_id)
        for task_id, task in watch.tasks.items()
        if task.media_state is MediaState.QUEUED and _has_queue(watch, task)
        for agent_id, agent in watch.agents.items()
        if _may_have(watch, agent_id, agent, task)
    }


def _has_queue(watch: Watch, task: Task) -> bool:
    return task.routing is not None and task.routing.queue_id in watch.catalog.queues


def _may_have(watch: Watch, agent_id: str, agent: Agent, task: Task) -> bool:
    routing = task.routing
    queue = watch.catalog.queues[routing.queue_id]
    mrd = agent.mrds.get(queue.mrd_id)
    if agent.state is not AgentState.READY or mrd is None or not mrd.willing or agent_id in routing.excluded:
        return False
    if not agent.takes_offers or mrd.mirrored or queue.mrd_id in agent.giving_way(agent.slots.values()):
        return False
    mine = [slot for slot in agent.slots.values() if slot.mrd_id == queue.mrd_id]
    if len(mine) >= mrd.tasks_max or any(slot.state is SlotState.RESERVED for slot in mine):
        return False
    talks_here = any(
        other.agent_id == agent_id and other.created.conversation_id == task.created.conversation_id
        for other in watch.tasks.values()
    )
    return not talks_here and _matches(queue, routing, agent)


def _matches(queue: Queue, routing: Routing, agent: Agent) -> bool:
    """Do they match a step that counts now, and that is for this request (routing 7, 9)?"""
    first = routing.step if queue.step_mode is StepMode.REPLACE else 0
    reached = list(enumerate(queue.steps))[first : routing.step + 1]
    others = not_considered(queue, routing.data)
    return any(step.matches(agent.attributes) for number, step in reached if number not in others)


def unsettled(watch: Watch, now: datetime) -> Iterator[str]:
    """After a time in which nobody did anything."""
    yield from _not_fired(watch, now - A_MINUTE)
    for agent_id, agent in watch.agents.items():
        for task_id, slot in agent.slots.items():
            if task_id not in watch.tasks:
                yield f"{agent_id} holds a slot ({slot.state}) for {task_id}, which is over"
        for task_id in agent.wrap_ups - set(watch.tasks):
            yield f"{agent_id} wraps up {task_id}, which is over"
    for task_id, task in watch.tasks.items():
        yield from _unsettled_task(watch, task_id, task)
    for talk_id, talk in watch.talks.items():
        if talk.held is not None and talk.held.held_by is Holder.INTERRUPTION and _is_free(watch, talk):  # routing 36
            yield f"conversation {talk_id} is on hold until one of {talk.talking} is free, and one is"
        if talk.state in (ConversationState.CLOSING, ConversationState.CREATED):
            yield f"conversation {talk_id} is {talk.state}"
        for agent_id, part in talk.agents.items():
            if part.task_id not in watch.tasks:
                yield f"{agent_id} takes part in {talk_id} ({part.role}) for {part.task_id}, which is over"
        roots = [task.root_request_id for task in watch.tasks.values()]
        if talk.listed is not None and talk.listed.item_id not in watch.items:
            yield f"conversation {talk_id} stands on a list as {talk.listed.item_id}, which is closed or never came"
        for request in talk.awaited - set(roots):
            yield f"conversation {talk_id} waits for {request}, on which nobody works"
        if talk.sessions and not talk.talking and any(part.role in FOR_OTHERS for part in talk.agents.values()):
            yield f"in {talk_id} nobody talks, and somebody advises or listens"
        for session_id in talk.sessions:
            if session_id not in watch.sessions:
                yield f"session {session_id} is in {talk_id}, and has ended"
    for item_id, item in watch.items.items():
        yield from _unsettled_item(watch, item_id, item)
    for supervisor_id, supervisor in watch.supervisors.items():
        for task_id in supervisor.talks.keys() - watch.tasks.keys():
            yield f"{supervisor_id} has to be there for {task_id}, which is over"
    for customer_id, talk_id in watch.checker.open_conversation.items():
        if talk_id not in watch.talks:
            yield f"customer {customer_id} is held by {talk_id}, which is over or never began"
    for identity_id, session_id in watch.checker.open_session.items():
        if session_id not in watch.sessions:
            yield f"identity {identity_id} is held by {session_id}, which is over or never began"
    for session_id, started in watch.sessions.items():
        talk = watch.talks.get(started.conversation_id)
        if talk is None or session_id not in talk.sessions:
            yield f"session {session_id} is open, and not in {started.conversation_id}"


def _is_free(watch: Watch, talk: Conversation) -> bool:
    """Somebody who talks there is not at work that goes first."""
    for agent_id in talk.talking:
        agent, part = watch.agents.get(agent_id, Agent()), talk.agents[agent_id]
        slot = agent.slots.get(part.task_id)
        if slot is None or slot.mrd_id not in agent.giving_way_to_work():
            return True
    return False


def _not_fired(watch: Watch, before: datetime) -> Iterator[str]:
    for set_ in watch.timers.values():
        kind, _, subject = set_.key.partition("/")
        talk = watch.talks.get(subject)
        if set_.due < before and not (_superseded(kind, set_.command, talk) or _moot(watch, kind, set_)):
            yield f"{set_.key} was due at {set_.due}, and nothing was done"


def _superseded(kind: str, command: Any, talk: Any) -> bool:
    """A firing that had nothing to do leaves no fact, and its timer stands as it stood."""
    match kind:
        case "inactivity" | "reminder":
            return talk is None or talk.awaiting_reply_to != command.message_id or kind == "reminder"
        case "response":
            return talk is None or talk.response is None or talk.response.message_id != command.message_id
        case "hold":
            return talk is None or talk.held is None or talk.held.due != command.due
        case _:
            return False


def _moot(watch: Watch, kind: str, set_: Set) -> bool:
    """What was set for an agent who has done something else since; who fires it finds nothing to do (routing 42)."""
    if kind == "supervisor":
        return watch.supervisors[set_.command.supervisor_id].lost_until != set_.due
    if kind not in ("cool-down", "desk", "idle", "idle-warning"):
        return False
    command = set_.command
    agent = watch.agents[command.agent_id]
    if watch.doubtful.get(set_.key) == set_.due:
        return True
    match kind:
        case "cool-down":
            return agent.mrds[command.mrd_id].rests_until != command.until or not agent.ready
        case "desk":
            return agent.lost_desk != command.connection_id
        case "idle":
            return agent.idle_due != command.due or not watch.catalog.desks.idle_logout_s
        case _:
            return agent.idle_due != command.due or agent.idle_warned or not watch.catalog.desks.idle_logout_s


def _unsettled_task(watch: Watch, task_id: str, task: Task) -> Iterator[str]:
    if task.media_state in (MediaState.QUEUED, MediaState.RESERVED, MediaState.STARTED):
        yield f"task {task_id} is still {task.media_state}"
    if task.agent_id is not None and task.monitoring is None:
        slot = watch.agents[task.agent_id].slots.get(task_id)
        if slot is None and task.wrap_up is None:
            yield f"{task.agent_id} has {task_id}, and no slot for it"
    talk = watch.talks.get(task.created.conversation_id)
    if task.media_state is MediaState.ACTIVE and (talk is None or task.agent_id not in talk.agents):
        yield f"{task.agent_id} has {task_id}, and takes no part in {task.created.conversation_id}"


def _unsettled_item(watch: Watch, item_id: str, item: ListItem) -> Iterator[str]:
    talk = watch.talks.get(item.arrived.conversation_id)
    if talk is None or talk.listed is None or talk.listed.item_id != item_id:
        yield f"item {item_id} waits on its list, and its conversation does not"
    for agent_id, task_id in item.agents.items():
        task = watch.tasks.get(task_id)
        if task is None or task.agent_id != agent_id:
            yield f"{agent_id} works on item {item_id} for {task_id}, which is over or never began"


FOR_OTHERS = LISTENING | {ParticipantRole.ASSISTANT}
A_MINUTE = timedelta(minutes=1)


def differs(centre: Centre, disk: Disk, watch: Watch, reference: Engine, now: datetime) -> Iterator[str]:
    """What a process has in its head must be what the log says."""
    for stream, warm in centre.store._warm.items():
        if warm.is_fresh and not warm.lock.locked():
            history = disk.streams.get(stream, [])
            model = MODELS.get(stream.partition("-")[0])
            if model is None:
                continue
            if warm.version != len(history) - 1:
                yield f"{stream} is warm at version {warm.version}, and stands at {len(history) - 1}"
            elif warm.model != (right := replay(model(), (recorded.fact for recorded in history))):
                yield f"{stream} is warm with {_unlike(warm.model, right)}"
    if centre.catalog != watch.catalog:
        yield "the catalogue is not the fold of the log"
    due = {key: due for key, (due, _) in centre.timers._due.items()}
    for key, set_ in watch.timers.items():
        if key not in due and set_.due > now:
            yield f"{key} is due at {set_.due}, and not timed"
        elif key in due and due[key] != set_.due:
            yield f"{key} is due at {set_.due}, and timed at {due[key]}"
    yield from (f"{key} is timed, and belongs to nothing that lives" for key in due if key not in watch.timers)
    yield from _engine_differs(centre.router._engine, reference)


def _unlike(mine: Any, right: Any) -> str:
    pairs = [(each.name, getattr(mine, each.name), getattr(right, each.name)) for each in fields(right)]
    return "; ".join(f"{name} {is_} instead of {should}" for name, is_, should in pairs if is_ != should)


def _engine_differs(engine: Engine, reference: Engine) -> Iterator[str]:
    mine, right = engine.state, reference.state
    for name in ("agents", "requests", "created", "talking", "since", "catalog", "flushed"):
        if hasattr(right, name) and getattr(mine, name) != getattr(right, name):
            yield f"the engine's {name} are not the fold of the log: {_difference(getattr(mine, name), getattr(right, name))}"


def _difference(mine: Any, right: Any) -> str:
    if not isinstance(mine, dict):
        return ""
    keys = [key for key in {**mine, **right} if mine.get(key) != right.get(key)]
    return "; ".join(f"{key}: {mine.get(key)} instead of {right.get(key)}" for key in keys[:2])
