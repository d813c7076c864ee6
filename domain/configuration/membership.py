"""Who serves a queue? It follows from what agents are good at, and is in force as soon as that changes (routing 62)."""

from collections.abc import Iterable, Iterator, Mapping

from domain.configuration.settings import Queue, Step
from domain.ids import AttributeId, MrdId


def matched_step(queue: Queue, attributes: Mapping[AttributeId, int], tasks_max: Mapping[MrdId, int]) -> int | None:
    """The first step of the queue that this agent matches, from 0; none if they do not serve it at all."""
    steps = (number for number, step in enumerate(queue.steps) if serves(queue, step, attributes, tasks_max))
    return next(steps, None)


def serves(queue: Queue, step: Step, attributes: Mapping[AttributeId, int], tasks_max: Mapping[MrdId, int]) -> bool:
    """Agents of a step match it and may take work of the queue's media routing domain."""
    return tasks_max.get(queue.mrd_id, 0) > 0 and step.matches(attributes)


def deserted(queue: Queue, everybody: Iterable[tuple[Mapping[AttributeId, int], Mapping[MrdId, int]]]) -> Iterator[str]:
    """A warning for each step that no agent matches, whoever comes to work."""
    agents = list(everybody)
    for number, step in enumerate(queue.steps):
        if not any(serves(queue, step, attributes, tasks_max) for attributes, tasks_max in agents):
            yield f"steps[{number}]: no agent matches it"
