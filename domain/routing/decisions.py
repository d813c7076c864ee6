"""Why this agent? The record that every offer carries: who could have had it, in order, and who could not, and why.

It is stored with the facts, for ever, and complete in itself: whoever reads it needs neither the log nor the engine that
made it. So it is bounded: the first few by name, of the others how many (`docs/adr/0014`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.ids import AgentId, QueueId
from domain.kernel import BEGINNING, Position

NAMED_MAX = 5
"""How many of those who could have had it, and of those who could not, are named."""


class Obstacle(StrEnum):
    """What keeps an agent from a request (routing 12), in the order in which it is asked. OCCUPIED is BUSY or OFFERED."""

    NO_SUCH_MRD = "NO_SUCH_MRD"
    ATTRIBUTES = "ATTRIBUTES"
    LOGGED_OUT = "LOGGED_OUT"
    NOT_READY = "NOT_READY"
    MRD_NOT_READY = "MRD_NOT_READY"
    DISCONNECTED = "DISCONNECTED"
    INTERRUPTED = "INTERRUPTED"
    OFFERED = "OFFERED"
    BUSY = "BUSY"
    OCCUPIED = "OCCUPIED"
    IN_CONVERSATION = "IN_CONVERSATION"
    EXCLUDED = "EXCLUDED"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could have had it, with what was compared (routing 13). `skill`: none where the queue does not ask."""

    agent_id: AgentId
    matched_step: int = 0
    load: int = 0
    tasks_max: int = 0
    available_since: datetime | None = None
    skill: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Somebody whose attributes match, and who could not have had it. `detail`: by what, such as 2/2."""

    agent_id: AgentId
    obstacle: Obstacle
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Grounds:
    """`decided_at`: everything up to there was known. `step`: which the request had reached; `matched_step`: by which
    the agent was found. `candidates`: the first of `candidate_count`, the chosen one before all others; `rejected`: some of
    those that `rejected_counts` counts. Nobody is counted whom no step so far would admit.
    """

    queue_id: QueueId | None = None
    step: int = 0
    matched_step: int = 0
    policy: str = ""
    configuration: Position = BEGINNING
    decided_at: Position = BEGINNING
    candidate_count: int = 0
    candidates: tuple[Candidate, ...] = ()
    rejected_counts: Mapping[Obstacle, int] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()


UNTOLD = Grounds()
"""Of an offer of which nobody has asked why."""


def of_texts(texts: Mapping[str, str], agent_id: str = "") -> dict[str, Any]:
    """The record as it once was, a few texts, in the form of today."""
    chosen = {
        "agent_id": agent_id,
        "matched_step": _number(texts, "matched_step"),
        "load": _number(texts, "active_tasks"),
        "available_since": texts.get("available_since"),
    }
    return {
        "queue_id": texts.get("queue"),
        "step": _number(texts, "step"),
        "matched_step": _number(texts, "matched_step"),
        "policy": texts.get("policy", ""),
        "configuration": _number(texts, "configuration"),
        "candidate_count": _number(texts, "candidates"),
        "candidates": [chosen] if agent_id and "active_tasks" in texts else [],
    }


def _number(texts: Mapping[str, str], name: str) -> int:
    text = texts.get(name, "")
    return int(text) if text.isdecimal() else 0
