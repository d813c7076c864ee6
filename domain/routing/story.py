"""What became of a request, turn by turn, and why? Read from the facts of its task, and of the tasks that it continues."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.configuration.diversions import DiversionAction
from domain.configuration.settings import AgentSelectionPolicy
from domain.ids import AgentId, OfferId, QueueId, TaskId
from domain.kernel import Position, Recorded
from domain.routing.decisions import Candidate, Grounds, Obstacle
from domain.tasks.facts import (
    LAST_AGENT_STEP,
    QueueLeft,
    Routing,
    StepReached,
    StepReason,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskDiverted,
    TaskNamed,
    TaskPulled,
    TaskQueued,
    TaskReserved,
)


class Turn(StrEnum):
    QUEUED = "QUEUED"
    REQUEUED = "REQUEUED"
    STEP_REACHED = "STEP_REACHED"
    DIVERTED = "DIVERTED"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    MISSED = "MISSED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    GAVE_UP = "GAVE_UP"
    CANCELLED = "CANCELLED"
    PULLED = "PULLED"
    NAMED = "NAMED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Chapter:
    """`step`: which was reached, or by which the agent was found. `reason`: the code of why, where there is one;
    `detail`: what was looked at for it, in words.
    """

    at: datetime
    position: Position
    task_id: TaskId
    turn: Turn
    queue_id: QueueId | None = None
    step: int | None = None
    agent_id: AgentId | None = None
    reason: str = ""
    attempt: int = 1
    grounds: Grounds | None = None
    detail: str = ""


NOTHING_TOLD: Mapping[OfferId, Grounds] = {}


def story(history: Iterable[Recorded[Any]], records: Mapping[OfferId, Grounds] = NOTHING_TOLD) -> Iterator[Chapter]:
    """One chapter for each turn; the facts of one or more tasks, in the order of the log. `records`: why, for each offer
    (of former times the task says it itself).
    """
    accepted: set[str] = set()
    diverted: set[str] = set()
    for recorded in history:
        at, position, task_id = recorded.at, recorded.position, TaskId(recorded.subject)
        match recorded.fact:
            case TaskQueued(routing=it):
                turn = Turn.QUEUED if it.attempt == 1 else Turn.REQUEUED
                yield Chapter(
                    at, position, task_id, turn, it.queue_id, it.step, attempt=it.attempt, detail=_left_out(it)
                )
            case StepReached(step=step, reason=reason, queue_id=queue) as it:
                found = ", ".join(f"{name} {number}" for name, number in it.measured.items())
                detail = f"{it.condition} ({found})"
                yield Chapter(at, position, task_id, Turn.STEP_REACHED, queue, step, reason=reason, detail=detail)
            case TaskDiverted(rule=rule, action=action, queue_id=queue):
                diverted.add(recorded.stream)
                yield Chapter(at, position, task_id, Turn.DIVERTED, queue, reason=f"{rule} {action}")
            case QueueLeft(rule=rule, instead=queue):
                why = f"{rule}, and it waits on in its other queues"
                yield Chapter(at, position, task_id, Turn.DIVERTED, queue, reason=why)
            case TaskReserved(offer_id=offer, agent_id=agent, step=step, queue_id=queue):
                told = records.get(offer) or recorded.fact.decision
                yield Chapter(at, position, task_id, Turn.OFFERED, queue, step, agent, grounds=told)
            case TaskNamed(agent_id=agent):
                yield Chapter(at, position, task_id, Turn.NAMED, agent_id=agent)
            case TaskPulled(agent_id=agent):
                yield Chapter(at, position, task_id, Turn.PULLED, agent_id=agent)
            case TaskAccepted(agent_id=agent):
                accepted.add(recorded.stream)
                yield Chapter(at, position, task_id, Turn.ACCEPTED, agent_id=agent)
            case TaskClosed(reason=reason, agent_id=agent):
                over = recorded.stream in accepted or (recorded.stream in diverted and agent is None)
                turn = Turn.ENDED if over else _ENDS.get(reason, Turn.ENDED)
                yield Chapter(at, position, task_id, turn, agent_id=agent, reason=reason)
            case _:
                pass


def _left_out(routing: Routing) -> str:
    """Which steps of its own queue are not for it, and by which data (routing 9)."""
    numbers = [str(number + 1) for number in routing.left_out.get(routing.queue_id, ())]
    if not numbers:
        return ""
    data = ", ".join(f"{name} = {value}" for name, value in sorted(routing.data.items())) or "nothing of what they ask"
    which = f"step {numbers[0]} is" if len(numbers) == 1 else f"steps {' and '.join(numbers)} are"
    return f"; {which} not for it ({data})"


_ENDS: Mapping[TaskCloseReason, Turn] = {
    TaskCloseReason.RONA: Turn.MISSED,
    TaskCloseReason.DECLINED: Turn.DECLINED,
    TaskCloseReason.REROUTE: Turn.WITHDRAWN,
    TaskCloseReason.AGENT_LOGOUT: Turn.WITHDRAWN,
    TaskCloseReason.NO_AGENT_AVAILABLE: Turn.GAVE_UP,
    TaskCloseReason.CANCELLED: Turn.CANCELLED,
}

Name = Callable[[str], str]


def words(chapter: Chapter, agent: Name, queue: Name) -> str:
    """The turn in a sentence for people. `agent` and `queue`: what they are called."""
    who = agent(chapter.agent_id) if chapter.agent_id else "nobody"
    step = (chapter.step or 0) + 1
    match chapter.turn:
        case Turn.QUEUED:
            last = " for the agent whom the customer talked with last" if chapter.step == LAST_AGENT_STEP else ""
            return f"Entered the queue {queue(chapter.queue_id or '')}{last}{chapter.detail}."
        case Turn.REQUEUED:
            where = queue(chapter.queue_id or "")
            return f"Went on in the queue {where}, attempt {chapter.attempt}, from step {step}{chapter.detail}."
        case Turn.STEP_REACHED:
            where = f"{queue(chapter.queue_id)}: " if chapter.queue_id else ""
            return where + _STEPS[chapter.reason].format(step=step, detail=chapter.detail)
        case Turn.DIVERTED:
            rule, _, action = chapter.reason.rpartition(" ")
            if action not in _DIVERTED:
                return f"Not left to wait as it did: {chapter.reason}."
            return _DIVERTED[action].format(rule=rule, queue=queue(chapter.queue_id or ""))
        case Turn.OFFERED:
            return f"Offered to {who}{because(chapter.grounds, agent, chapter.at)}."
        case Turn.ACCEPTED:
            return f"{who} took it."
        case Turn.MISSED:
            return f"{who} let it ring; others are looked for."
        case Turn.DECLINED:
            return f"{who} declined it; others are looked for."
        case Turn.WITHDRAWN:
            return f"Taken back from {who} ({chapter.reason}); others are looked for."
        case Turn.GAVE_UP:
            return "Nobody was free until its time was up."
        case Turn.CANCELLED:
            return "The customer left, or it lost its purpose, before anybody took it."
        case Turn.PULLED:
            return f"{who} chose it from a list."
        case Turn.NAMED:
            return f"Asked of {who} alone."
        case Turn.ENDED:
            return _ENDINGS.get(chapter.reason, "Ended: {reason}.").format(who=who, reason=chapter.reason)


_ENDINGS: Mapping[str, str] = {
    TaskCloseReason.DONE: "{who} is done with it.",
    TaskCloseReason.REROUTE: "Taken from {who}, whose other work came first or who is away; others are looked for.",
    TaskCloseReason.AGENT_LOGOUT: "{who} signed out; others are looked for.",
    TaskCloseReason.TRANSFERRED: "{who} passed it on.",
    TaskCloseReason.RESPONSE_TIMEOUT: "{who} did not answer the customer in time; others are looked for.",
}


_DIVERTED: Mapping[str, str] = {
    DiversionAction.OTHER_QUEUE: "Moved to the queue {queue}, by the rule {rule}.",
    DiversionAction.BOT: "Given to the bot, by the rule {rule}.",
    DiversionAction.MESSAGE: "Its customer was told that it takes longer, by the rule {rule}.",
    DiversionAction.CLOSE: "Ended, by the rule {rule}.",
    DiversionAction.CALLBACK: "A callback was noted instead, by the rule {rule}.",
}


_STEPS: Mapping[str, str] = {
    StepReason.WAITED: "Nobody came in time: step {step} begins.",
    StepReason.NOT_CONSIDERED: "The step before is not for this request: step {step} begins.",
    StepReason.NONE_LOGGED_IN: "Nobody of the step before is signed in: step {step} begins at once.",
    StepReason.NONE_READY: "Nobody of the step before is ready for work: step {step} begins at once.",
    StepReason.CONDITION_HELD: "The step before is not waited for, {detail}: step {step} begins at once.",
    StepReason.LAST_AGENT_GONE: "The agent whom the customer talked with last cannot have it: step {step} begins.",
}


ANOTHER = "another agent"
"""What somebody is called of whom the reader is to know nothing."""


def because(why: Grounds | None, agent: Name, at: datetime) -> str:
    """Why to the first candidate: `, the first of 3 who could have it: available longest (40 s), before Bo and Cy; …`."""
    if why is None or not why.candidate_count:
        return ""
    if why.matched_step == LAST_AGENT_STEP:
        return f", with whom the customer talked last{unable(why, agent)}"
    if why.candidate_count == 1:
        return f", the only one who could have it{unable(why, agent)}"
    others = [agent(it.agent_id) for it in why.candidates[1:3]]
    known = [it for it in others if it != ANOTHER]
    more = why.candidate_count - 1 - len(known)
    before = _listed([*known, *([f"{more} {'more' if known else 'others'}"] if more > 0 else [])])
    said = f", the first of {why.candidate_count} who could have it{_advantage(why, at)}, before {before}"
    return f"{said}{unable(why, agent)}"


def _advantage(why: Grounds, at: datetime) -> str:
    """By what the first differs from the second (routing 13)."""
    if len(why.candidates) < 2:
        return ""
    first, second = why.candidates[:2]
    if first.matched_step != second.matched_step:
        return f": by step {first.matched_step + 1}"
    if first.skill is not None and first.skill != second.skill:
        most = why.policy == AgentSelectionPolicy.MOST_SKILLED
        return f": the {'most' if most else 'least'} skilled ({first.skill})"
    if _fullness(first) != _fullness(second):
        return f": with the fewest tasks ({first.load} of {first.tasks_max})"
    if first.available_since is not None:
        return f": available longest ({_span((at - first.available_since).total_seconds())})"
    return ""


def _fullness(it: Candidate) -> float:
    return it.load / max(1, it.tasks_max)


def _span(seconds: float) -> str:
    whole = max(0, round(seconds))
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min {whole % MINUTE_S} s"
    return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S} min"


MINUTE_S, HOUR_S = 60, 3_600


def unable(why: Grounds, agent: Name, begin: str = "; of the others, ") -> str:
    """How many could not have it, by reason, and who, where it is one: `; of the others, 2 are busy and Bo is signed out`.
    Whoever is nearest to it comes first.
    """
    names = {it.obstacle: agent(it.agent_id) for it in why.rejected}
    parts = []
    for obstacle, count in reversed(why.rejected_counts.items()):
        name = names.get(obstacle, ANOTHER)
        who = name if count == 1 and name != ANOTHER else str(count)
        parts.append(f"{who} {'is' if count == 1 else 'are'} {_UNABLE[obstacle]}")
    return f"{begin}{_listed(parts)}" if parts else ""


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def why_nobody(why: Grounds, agent: Name) -> str:
    """Of a request that waits: who could have it, or why nobody could."""
    counts = why.rejected_counts
    if why.candidate_count:
        return f"{why.candidate_count} could have it, and will be asked in their order"
    if not counts:
        return "Nobody works in its media routing domain, or no step is for it yet"
    if counts.keys() == {Obstacle.ATTRIBUTES}:
        count = counts[Obstacle.ATTRIBUTES]
        return f"None of the {count} who work there has what the steps that have begun ask for"
    return f"Nobody could have it now{unable(why, agent, ': ')}"


_UNABLE: Mapping[Obstacle, str] = {
    Obstacle.NO_SUCH_MRD: "not in this media routing domain",
    Obstacle.ATTRIBUTES: "not skilled for it",
    Obstacle.LOGGED_OUT: "signed out",
    Obstacle.NOT_READY: "not ready",
    Obstacle.MRD_NOT_READY: "not ready for this kind of work",
    Obstacle.DISCONNECTED: "cut off from their desk",
    Obstacle.INTERRUPTED: "interrupted by other work",
    Obstacle.OFFERED: "being offered something else",
    Obstacle.BUSY: "busy",
    Obstacle.OCCUPIED: "busy or being offered something else",
    Obstacle.IN_CONVERSATION: "in the conversation already",
    Obstacle.EXCLUDED: "left out, for they let it ring or declined it",
}
