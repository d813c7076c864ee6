"""Who is there, who wants work, and who has how much? By name; and how many are ready in each domain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from domain.agents.facts import AgentState, MrdState, SlotState
from domain.ids import AgentId, AttributeId, ConversationId, MrdId, OfferId, TaskId
from domain.kernel import Position
from projections.paging import FIRST, Connection, Listing, Page, Window


@dataclass(frozen=True, slots=True)
class MrdStand:
    """An agent's stand in one media routing domain. `load`: tasks reserved, active and in wrap-up, of `tasks_max`."""

    mrd_id: MrdId
    state: MrdState
    previous_state: MrdState | None
    since: datetime
    tasks_max: int
    load: int
    last_ready_at: datetime | None
    durations: Mapping[MrdState, float]


@dataclass(frozen=True, slots=True)
class AgentTask:
    task_id: TaskId
    mrd_id: MrdId
    state: SlotState
    offer_id: OfferId
    conversation_id: ConversationId | None
    since: datetime


@dataclass(frozen=True, slots=True)
class AgentPresence:
    """`since`: when state or reason last changed. `durations`: seconds of this shift in each state, until then;
    `is_connected`: false while they are cut off from their desk; `is_auto_answering`: what rings at them is accepted at once.
    """

    id: AgentId
    username: str
    name: str
    state: AgentState
    reason: str
    since: datetime
    login_at: datetime | None
    is_connected: bool
    is_auto_answering: bool
    durations: Mapping[AgentState, float]
    attributes: Mapping[AttributeId, int]
    mrds: tuple[MrdStand, ...]
    tasks: tuple[AgentTask, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class AgentSkills:
    """What decides which queues an agent serves; `mrds`: tasks at once by media routing domain."""

    id: AgentId
    username: str
    name: str
    attributes: Mapping[AttributeId, int]
    mrds: Mapping[MrdId, int]


@dataclass(frozen=True, slots=True)
class MrdCrew:
    """Who can work in a media routing domain now. `ready`: takes a task at once (READY or ACTIVE, and not cut off)."""

    mrd_id: MrdId
    logged_in: int
    ready: int
    by_state: Mapping[MrdState, int]
    load: int
    tasks_max: int


class Figures(NamedTuple):
    agents: int
    load: int
    tasks_max: int
    connected: int


def _presence(row: dict[str, Any]) -> AgentPresence:
    return AgentPresence(
        id=row["id"],
        username=row["username"],
        name=row["name"],
        state=AgentState(row["state"]),
        reason=row["reason"],
        since=row["since"],
        login_at=row["login_at"],
        is_connected=row["is_connected"],
        is_auto_answering=row["is_auto_answering"],
        durations={AgentState(state): seconds for state, seconds in row["durations"].items()},
        attributes=row["attributes"],
        mrds=tuple(_stand(mrd) for mrd in row["mrds"]),
        tasks=tuple(_task(task) for task in row["tasks"]),
        position=Position(row["position"]),
    )


def _stand(mrd: dict[str, Any]) -> MrdStand:
    previous, ready_at = mrd["previous_state"], mrd["last_ready_at"]
    return MrdStand(
        mrd["mrd_id"],
        MrdState(mrd["state"]),
        MrdState(previous) if previous else None,
        datetime.fromisoformat(mrd["since"]),
        mrd["tasks_max"],
        mrd["load"],
        datetime.fromisoformat(ready_at) if ready_at else None,
        {MrdState(state): seconds for state, seconds in mrd["durations"].items()},
    )


def _task(task: dict[str, Any]) -> AgentTask:
    return AgentTask(
        task["task_id"],
        task["mrd_id"],
        SlotState(task["state"]),
        task["offer_id"],
        task["conversation_id"],
        datetime.fromisoformat(task["since"]),
    )


_AGENTS = Listing("SELECT * FROM agents.agent", ("username", "id"), ("text", "text"), _presence, descending=False)


async def agent(connection: Connection, agent_id: AgentId) -> AgentPresence | None:
    return await _AGENTS.one(connection, agent_id)


async def agents(
    connection: Connection, states: Sequence[AgentState] = (), window: Window = FIRST
) -> Page[AgentPresence]:
    """By username; in these states, or in all."""
    if not states:
        return await _AGENTS.page(connection, (), {}, window)
    return await _AGENTS.page(connection, ("state = ANY(%(states)s)",), {"states": list(states)}, window)


async def staff(connection: Connection) -> list[AgentSkills]:
    """Everybody, by username."""
    cursor = await connection.execute(
        "SELECT id, username, name, attributes, mrds FROM agents.agent ORDER BY username, id"
    )
    return [
        AgentSkills(id_, username, name, attributes, {mrd["mrd_id"]: mrd["tasks_max"] for mrd in mrds})
        for id_, username, name, attributes, mrds in await cursor.fetchall()
    ]


async def crews(connection: Connection) -> dict[MrdId, MrdCrew]:
    """How many agents there are in each media routing domain that anybody was ever given."""
    cursor = await connection.execute(
        "SELECT mrd_id, state, count(*), sum(load), sum(tasks_max), count(*) FILTER (WHERE is_connected)"
        " FROM agents.agent_mrd GROUP BY mrd_id, state"
    )
    found: dict[MrdId, dict[MrdState, Figures]] = {}
    for mrd_id, state, *figures in await cursor.fetchall():
        found.setdefault(mrd_id, {})[MrdState(state)] = Figures(*figures)
    return {mrd_id: _crew(mrd_id, states) for mrd_id, states in sorted(found.items())}


def _crew(mrd_id: MrdId, states: Mapping[MrdState, Figures]) -> MrdCrew:
    here = {state: figures for state, figures in states.items() if state is not MrdState.LOGOUT}
    return MrdCrew(
        mrd_id,
        logged_in=sum(it.agents for it in here.values()),
        ready=sum(it.connected for state, it in here.items() if state in (MrdState.READY, MrdState.ACTIVE)),
        by_state={state: it.agents for state, it in states.items()},
        load=sum(it.load for it in here.values()),
        tasks_max=sum(it.tasks_max for it in here.values()),
    )


async def changed(connection: Connection, after: Position) -> tuple[AgentPresence, ...]:
    """What is different since a position, each row as it is now."""
    return await _AGENTS.changed(connection, after)
