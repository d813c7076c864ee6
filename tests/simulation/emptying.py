"""Do queues empty as they are told to: at once, and not before nobody waits any more (routing 63, 64)?"""

from collections.abc import Callable, Iterator
from typing import Any

from domain.configuration.facts import Retired
from domain.kernel import Recorded
from domain.lines.facts import LineFlushed
from domain.tasks.facts import MediaState
from tests.simulation.watch import Watch

KNOWN_AFTER_S = 30.0
"""From then on everybody has heard of a request: whoever retires its queue retires it under its feet."""
WAITING = (MediaState.QUEUED, MediaState.RESERVED)


class Emptying:
    """Told after the watch. `to_leave`: requests that a flush sends out of a queue, and have not left it yet."""

    def __init__(self, watch: Watch, time: Callable[[], float]) -> None:
        self._watch, self._time = watch, time
        self._since: dict[str, float] = {}
        self.to_leave: set[tuple[str, str]] = set()
        self.faults: list[str] = []

    def told(self, recorded: Recorded[Any]) -> None:
        match recorded.category, recorded.fact:
            case "task", _:
                self._follow(recorded.subject)
            case "line", LineFlushed():
                self.to_leave |= {(task_id, recorded.subject) for task_id in self._waiting_in(recorded.subject)}
            case "queue", Retired():
                known = [it for it in self._waiting_in(recorded.subject) if self._since[it] < self._time()]
                self.faults += [f"queue {recorded.subject} is gone, and {it} waits in it" for it in known]

    def _follow(self, task_id: str) -> None:
        task = self._watch.tasks.get(task_id)
        if task is None or task.media_state not in WAITING:
            self._since.pop(task_id, None)
        else:
            self._since.setdefault(task_id, self._time() + KNOWN_AFTER_S)
        self.to_leave = {(it, queue) for it, queue in self.to_leave if it != task_id or it in self._waiting_in(queue)}

    def _waiting_in(self, queue_id: str) -> Iterator[str]:
        for task_id in self._since:
            task = self._watch.tasks[task_id]
            if task.routing is not None and task.routing.waits_in(queue_id):
                yield task_id

    def unsettled(self) -> Iterator[str]:
        yield from (
            f"{task_id} was flushed out of {queue_id}, and still waits there" for task_id, queue_id in self.to_leave
        )
