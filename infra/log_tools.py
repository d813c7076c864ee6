"""What do people ask of a log by hand? What it says, what was true at a moment, and whether it is sound."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from domain.agents.agent import Agent
from domain.configuration.entity import ENTITY_OF
from domain.conversations.conversation import Conversation
from domain.customers.customer import Customer
from domain.customers.identity import Identity
from domain.kernel import BEGINNING, NOT_WRITTEN, Model, NotFound, Position, Recorded
from domain.sessions.session import Session
from domain.tasks.task import Task
from infra.eventlog import codec
from infra.eventlog.port import EventLog

_ALL: tuple[type[Model], ...] = (
    Agent, Conversation, Customer, Identity, Session, Task, *(entity for entity, _ in ENTITY_OF.values())
)  # fmt: skip
MODELS = {model.category: model for model in _ALL}
"""The model of each category of streams."""

PAGE = 5_000


def record(recorded: Recorded[Any]) -> dict[str, Any]:
    """A fact with everything that the log knows of it, as plain values."""
    return {
        "position": recorded.position,
        "stream": recorded.stream,
        "version": recorded.version,
        "at": recorded.at.isoformat(),
        "actor": recorded.cause.actor,
        "command": str(recorded.cause.command_id),
        "type": type(recorded.fact).stored_as,
        "data": codec.fields(recorded.fact),
    }


def line(recorded: Recorded[Any]) -> str:
    data = " ".join(f"{key}={value}" for key, value in codec.fields(recorded.fact).items() if value not in (None, ""))
    at = recorded.at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    name = type(recorded.fact).stored_as
    return f"{recorded.position:>8} {at} {recorded.stream}@{recorded.version} {name} {data} ({recorded.cause.actor})"


def plain(model: Any) -> Any:
    """A model as plain values."""
    return msgspec.to_builtins(model, str_keys=True)


async def history(log: EventLog, stream: str) -> list[Recorded[Any]]:
    """All facts of a stream. Raises `NotFound` for one that nobody wrote."""
    facts = await log.read(stream)
    if not facts:
        raise NotFound(f"There is no stream {stream!r}. Streams are named like agent-<id> or conversation-<id>.")
    return facts


async def as_of(log: EventLog, stream: str, moment: Position | datetime | None) -> tuple[Model, int]:
    """The model of a stream as it was at a position or a time (none: now), and the version that it had.

    Raises `NotFound` for a stream that nobody wrote.
    """
    category = stream.partition("-")[0]
    if category not in MODELS:
        raise NotFound(f"There is no kind of stream {category!r}; there are {', '.join(sorted(MODELS))}.")
    model, version = MODELS[category](), NOT_WRITTEN
    for recorded in await history(log, stream):
        if isinstance(moment, datetime) and recorded.at > moment:
            break
        if isinstance(moment, int) and recorded.position > moment:
            break
        model, version = model.evolve(recorded.fact), recorded.version
    return model, version


async def position_before(log: EventLog, head: Position, count: int) -> Position:
    """A position after which there are `count` facts up to `head`, or a few more where positions have gaps."""
    after = Position(max(BEGINNING, head - count))
    while after > BEGINNING and len(await log.read_all(after, count)) < count:
        after = Position(max(BEGINNING, head - (head - after) * 4))
    return after


@dataclass(slots=True)
class Report:
    facts: int = 0
    head: Position = BEGINNING
    faults: list[str] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)

    @property
    def streams(self) -> int:
        return len(self.versions)


async def verify(log: EventLog, progress: Callable[[int], None]) -> Report:
    """Read everything: positions rise, versions follow each other without a hole, every fact decodes and folds."""
    report, models = Report(), dict[str, Any]()
    while batch := await log.read_all(report.head, PAGE):
        for recorded in batch:
            _check(recorded, report, models)
        report.facts += len(batch)
        progress(report.facts)
    return report


def _check(recorded: Recorded[Any], report: Report, models: dict[str, Any]) -> None:
    where = f"{recorded.position} {recorded.stream}@{recorded.version}"
    if recorded.position <= report.head:
        report.faults.append(f"{where}: the position does not rise after {report.head}")
    expected = report.versions.get(recorded.stream, NOT_WRITTEN) + 1
    if recorded.version != expected:
        report.faults.append(f"{where}: version {expected} was expected")
    report.head, report.versions[recorded.stream] = recorded.position, recorded.version
    model = models.get(recorded.stream) or MODELS.get(recorded.category, _Unknown)()
    try:
        models[recorded.stream] = model.evolve(recorded.fact)
    except Exception as error:  # noqa: BLE001 - whatever a broken history does is a finding, not a failure
        report.faults.append(f"{where}: cannot be folded: {error!r}")


class _Unknown:
    def evolve(self, _: object) -> "_Unknown":
        return self
