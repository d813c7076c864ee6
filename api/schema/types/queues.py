"""How are the queues doing?"""

from datetime import datetime

import strawberry

from api.policy import ADMIN, WATCHING
from api.schema.context import Info, everybody
from api.schema.words import answer, doc
from domain.configuration.fit import warnings
from domain.configuration.membership import deserted, matched_step
from domain.configuration.settings import Queue as Settings
from domain.ids import AgentId, MrdId, QueueId
from domain.kernel import Position
from domain.routing.pace import Method
from projections.agents.reads import AgentSkills
from projections.queues import counters, reads


@strawberry.type(description="What happened in a queue since the day began. Averages are null where nothing counts.")
class QueueCounters:
    offered: int = doc("Requests that came.")
    requeued: int = doc("Requests that came back after a missed offer.")
    answered: int = doc("Requests that an agent took.")
    handled: int = doc("Requests that were answered and are done with.")
    abandoned: int = doc("Requests whose customer left before an answer.")
    abandoned_network: int = doc("Of those, customers who lost their connection.")
    abandoned_inactivity: int = doc("Of those, customers who fell silent.")
    abandoned_forced: int = doc("Of those, customers who were sent away; all others went by themselves.")
    short_abandoned: int = doc("Of those, the ones too short to count.")
    rona: int = doc("Offers that nobody took in time.")
    declined: int = doc("Offers that an agent declined.")
    flushed: int = doc("Requests that a supervisor ended.")
    no_agent: int = doc("Requests that waited in vain.")
    average_speed_of_answer_s: float | None = doc("Seconds from the first queueing to the answer.")
    average_handle_s: float | None = doc("Seconds of talk and wrap-up.")
    longest_wait_s: float = doc("Seconds that the longest wait took.")
    foretold: int = doc("Answered requests whose wait was estimated when they came.")
    mean_wait_error_s: float | None = doc("By how many seconds those estimates were wrong.")
    mean_wait_bias_s: float | None = doc("By how many seconds they were too long; negative for too short.")
    abandon_rate: float | None = doc("Abandoned of offered, 0 to 1.")


@strawberry.type(description="How long one waits in a queue, as far as that can be told.")
class QueueWait:
    estimated_wait_s: float | None = doc("What who comes now is told, in seconds; null where nothing is known.")
    method: Method = doc("From what it follows.")


@strawberry.type(description="An agent whom a queue may offer work.")
class QueueMember:
    agent_id: AgentId = doc("Who.")
    username: str = doc("The name by which they sign in.")
    name: str = doc("Their name for people.")
    matched_step: int = doc("The first step of the queue that they match, from 0.")


@strawberry.type(description="A queue, live.")
class Queue:
    id: QueueId = doc("Its id.")
    name: str = doc("Its name for people.")
    mrd_id: MrdId = doc("Its media routing domain.")
    priority: int = doc("1 to 10; 10 goes first.")
    queued: int = doc("Requests that wait.")
    reserved: int = doc("Requests that ring at an agent.")
    active: int = doc("Requests whose customer talks with an agent.")
    wrapping_up: int = doc("Requests in wrap-up.")
    oldest_waiting_since: datetime | None = doc("Since when the one waits that waits longest.")
    service_level_type: int = doc("How abandoned requests count: 1 ignored, 2 negatively, 3 positively.")
    service_level_threshold_s: int = doc("Seconds within which an answer is in time.")
    service_level: float | None = doc("Share of answers in time, 0 to 1; null where nothing counts.")
    since: datetime = doc("Since when the counters count.")
    counters: QueueCounters = doc("What happened since then.")

    @answer("Whom it may offer work, whether they are there or not, by username. Agents see themselves alone.")
    async def members(self, info: Info) -> list[QueueMember]:
        queue, viewer = info.context.behind.catalog().queues.get(self.id), info.context.viewer
        members = _members(queue, await everybody(info.context)) if queue else []
        sees_all = viewer.is_any(WATCHING | ADMIN)
        return [it for it in members if sees_all or it.agent_id == viewer.agent_id]

    @answer("How long one waits, as this moment has it.")
    def wait(self, info: Info) -> QueueWait:
        waits = info.context.behind.waits()
        now = waits.of_newcomer(self.id)
        return QueueWait(estimated_wait_s=now.wait_s, method=now.method)

    @answer("What may not be meant: a step that no agent matches, AND and OR in one expression.")
    async def warnings(self, info: Info) -> list[str]:
        queue = info.context.behind.catalog().queues.get(self.id)
        if queue is None:
            return []
        staff = await everybody(info.context)
        return [*warnings(queue), *deserted(queue, ((it.attributes, it.mrds) for it in staff))]


@strawberry.type(description="All queues, live, by name.")
class QueueBoard:
    as_of: Position = doc("Everything up to here is in this answer.")
    nodes: list[Queue] = doc("The queues.")


def of_board(row: reads.QueueBoard) -> Queue:
    return Queue(
        id=row.id,
        name=row.name,
        mrd_id=row.mrd_id,
        priority=row.priority,
        queued=row.queued,
        reserved=row.reserved,
        active=row.active,
        wrapping_up=row.wrapping_up,
        oldest_waiting_since=row.oldest_waiting_since,
        service_level_type=row.service_level_type,
        service_level_threshold_s=row.service_level_threshold_s,
        service_level=row.service_level,
        since=row.since,
        counters=_counters(row.counters),
    )


def _counters(row: counters.QueueCounters) -> QueueCounters:
    return QueueCounters(
        offered=row.offered,
        requeued=row.requeued,
        answered=row.answered,
        handled=row.handled,
        abandoned=row.abandoned,
        abandoned_network=row.abandoned_network,
        abandoned_inactivity=row.abandoned_inactivity,
        abandoned_forced=row.abandoned_forced,
        short_abandoned=row.short_abandoned,
        rona=row.rona,
        declined=row.declined,
        flushed=row.flushed,
        no_agent=row.no_agent,
        average_speed_of_answer_s=row.average_speed_of_answer_s,
        average_handle_s=row.average_handle_s,
        longest_wait_s=row.longest_wait_ms / 1000,
        foretold=row.foretold,
        mean_wait_error_s=row.mean_wait_error_s,
        mean_wait_bias_s=row.mean_wait_bias_s,
        abandon_rate=row.abandon_rate,
    )


def _members(queue: Settings, everybody: list[AgentSkills]) -> list[QueueMember]:
    steps = ((it, matched_step(queue, it.attributes, it.mrds)) for it in everybody)
    return [
        QueueMember(agent_id=it.id, username=it.username, name=it.name, matched_step=step)
        for it, step in steps
        if step is not None
    ]
