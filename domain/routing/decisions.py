"""Why this agent? The record that every offer carries: who could have had it, in order, and who could not, and why.

It is stored with the fact that holds the agent's slot, for ever, and complete in itself: whoever reads it needs neither
the log nor the engine that made it. So it is bounded, and brief: ids, codes and numbers, written as rows without names,
which `story.py` makes sentences of (`docs/adr/0014`). What is added to a row is added at its end, with a default.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NamedTuple

from domain.ids import AgentId, QueueId
from domain.kernel import BEGINNING, Position

NAMED_MAX = 4
"""How many of those who could have had it are named."""


class Obstacle(IntEnum):
    """What keeps an agent from a request (routing 12), in the order in which it is asked. It is stored by its number.

    OCCUPIED is BUSY or OFFERED, of former times.
    """

    NO_SUCH_MRD = 0
    ATTRIBUTES = 1
    LOGGED_OUT = 2
    NOT_READY = 3
    MRD_NOT_READY = 4
    DISCONNECTED = 5
    INTERRUPTED = 6
    OFFERED = 7
    BUSY = 8
    OCCUPIED = 9
    IN_CONVERSATION = 10
    EXCLUDED = 11


class Candidate(NamedTuple):
    """Somebody who could have had it, with what was compared (routing 13). `since_s`: available since, in seconds as the
    engine compares them. `skill`: none where the queue does not ask.
    """

    agent_id: AgentId
    matched_step: int = 0
    load: int = 0
    tasks_max: int = 0
    since_s: float | None = None
    skill: int | None = None

    @property
    def available_since(self) -> datetime | None:
        return None if self.since_s is None else datetime.fromtimestamp(self.since_s, UTC)


class Rejected(NamedTuple):
    """Somebody whose attributes match, and who could not have had it. `detail`: by what, such as 2/2."""

    agent_id: AgentId
    obstacle: Obstacle
    detail: str = ""


class Grounds(NamedTuple):
    """`decided_at`: everything up to there was known. `step`: which the request had reached; `matched_step`: by which
    the agent was found. `candidates`: the first of `candidate_count`, the chosen one before all others. `counts`: of those
    who work in its domain, how many could not have had it, by the number of the obstacle; `rejected`: some of them.
    """

    queue_id: QueueId | None = None
    step: int = 0
    matched_step: int = 0
    policy: str = ""
    configuration: Position = BEGINNING
    decided_at: Position = BEGINNING
    candidate_count: int = 0
    candidates: tuple[Candidate, ...] = ()
    counts: tuple[int, ...] = ()
    rejected: tuple[Rejected, ...] = ()

    @property
    def rejected_counts(self) -> dict[Obstacle, int]:
        return {Obstacle(number): count for number, count in enumerate(self.counts) if count}


UNTOLD = Grounds()
"""Of an offer of which nobody has asked why."""


# Records of former times, in the form of today


def of_texts(texts: Mapping[str, str], agent_id: str = "") -> list[Any]:
    """As it was first: a few texts."""
    chosen = {
        "agent_id": agent_id,
        "matched_step": _number(texts, "matched_step"),
        "load": _number(texts, "active_tasks"),
        "available_since": texts.get("available_since"),
    }
    return of_names(
        {
            "queue_id": texts.get("queue"),
            "step": _number(texts, "step"),
            "matched_step": _number(texts, "matched_step"),
            "policy": texts.get("policy", ""),
            "configuration": _number(texts, "configuration"),
            "candidate_count": _number(texts, "candidates"),
            "candidates": [chosen] if agent_id and "active_tasks" in texts else [],
        }
    )


def of_names(told: Mapping[str, Any]) -> list[Any]:
    """As it was then: each value with its name."""
    counts = told.get("rejected_counts", {})
    return [
        told.get("queue_id"),
        told.get("step", 0),
        told.get("matched_step", 0),
        told.get("policy", ""),
        told.get("configuration", BEGINNING),
        told.get("decided_at", BEGINNING),
        told.get("candidate_count", 0),
        [_candidate(it) for it in told.get("candidates", [])],
        [counts.get(obstacle.name, 0) for obstacle in Obstacle] if counts else [],
        [[it["agent_id"], Obstacle[it["obstacle"]], it.get("detail", "")] for it in told.get("rejected", [])],
    ]


def _candidate(it: Mapping[str, Any]) -> list[Any]:
    since = it.get("available_since")
    since_s = datetime.fromisoformat(since).timestamp() if since else None
    return [it["agent_id"], it["matched_step"], it["load"], it.get("tasks_max", 0), since_s, it.get("skill")]


def _number(texts: Mapping[str, str], name: str) -> int:
    text = texts.get(name, "")
    return int(text) if text.isdecimal() else 0
