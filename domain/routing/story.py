"""What became of a request, turn by turn, and why? Read from the facts of its task, and of the tasks that it continues."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.configuration.settings import AgentSelectionPolicy
from domain.ids import AgentId, QueueId, TaskId
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


def story(history: Iterable[Recorded[Any]]) -> Iterator[Chapter]:
    """One chapter for each turn; the facts of one or more tasks, in the order of the log."""
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
            case TaskReserved(agent_id=agent, step=step, decision=why):
                yield Chapter(at, position, task_id, Turn.OFFERED, why.queue_id, step, agent, grounds=why)
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
            where = f" on to the queue {queue(chapter.queue_id)}" if chapter.queue_id else ""
            return f"Not left to wait as it did{where}: {chapter.reason}."
        case Turn.OFFERED:
            return f"Offered to {who}: {because(chapter.grounds, agent)}." if chapter.grounds else f"Offered to {who}."
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


_STEPS: Mapping[str, str] = {
    StepReason.WAITED: "Nobody came in time: step {step} begins.",
    StepReason.NOT_CONSIDERED: "The step before is not for this request: step {step} begins.",
    StepReason.NONE_LOGGED_IN: "Nobody of the step before is signed in: step {step} begins at once.",
    StepReason.NONE_READY: "Nobody of the step before is ready for work: step {step} begins at once.",
    StepReason.CONDITION_HELD: "The step before is not waited for, {detail}: step {step} begins at once.",
    StepReason.LAST_AGENT_GONE: "The agent whom the customer talked with last cannot have it: step {step} begins.",
}


def because(why: Grounds, agent: Name) -> str:
    """Why the first candidate: `the first of 3 candidates by …, before Bo and Cy; 2 others BUSY`."""
    if not why.candidate_count:
        return "nothing was recorded"
    if why.candidate_count == 1:
        said = "the only candidate"
    else:
        others = [agent(it.agent_id) for it in why.candidates[1:3]]
        more = why.candidate_count - 1 - len(others)
        names = ", ".join([*others, *([f"{more} more"] if more > 0 else [])])
        said = f"the first of {why.candidate_count} candidates{_advantage(why)}, before {names}"
    return f"{said}{unable(why)}"


def _advantage(why: Grounds) -> str:
    """By what the first differs from the second (routing 13)."""
    if len(why.candidates) < 2:
        return ""
    first, second = why.candidates[:2]
    if first.matched_step != second.matched_step:
        return f", by step {first.matched_step + 1}"
    if first.skill is not None and first.skill != second.skill:
        most = why.policy == AgentSelectionPolicy.MOST_SKILLED
        return f", as the {'most' if most else 'least'} skilled ({first.skill})"
    if _fullness(first) != _fullness(second):
        return f", with the fewest tasks ({first.load}/{first.tasks_max})"
    if first.available_since is not None:
        return f", available longest (since {first.available_since:%H:%M:%S})"
    return ""


def _fullness(it: Candidate) -> float:
    return it.load / max(1, it.tasks_max)


def unable(why: Grounds) -> str:
    """How many could not have it, by reason: `; not 2 who are busy, 1 who is signed out`."""
    counts = Counter(why.rejected_counts)
    parts = [f"{counts[it]} {'is' if counts[it] == 1 else 'are'} {_UNABLE[it]}" for it in Obstacle if counts[it]]
    return f"; of the others, {', '.join(parts)}" if parts else ""


_UNABLE: Mapping[Obstacle, str] = {
    Obstacle.NO_SUCH_MRD: "not in this media routing domain",
    Obstacle.ATTRIBUTES: "not skilled for it",
    Obstacle.LOGGED_OUT: "signed out",
    Obstacle.NOT_READY: "not ready",
    Obstacle.MRD_NOT_READY: "not ready here",
    Obstacle.DISCONNECTED: "cut off from their desk",
    Obstacle.INTERRUPTED: "interrupted by other work",
    Obstacle.OFFERED: "being offered something else",
    Obstacle.BUSY: "busy",
    Obstacle.OCCUPIED: "busy or being offered something else",
    Obstacle.IN_CONVERSATION: "in the conversation already",
    Obstacle.EXCLUDED: "left out, for they let it ring or declined it",
}
