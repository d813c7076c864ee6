"""How does one request wait in several queues at once (routing 11)? It stands in the first itself; in each of the others a
shadow of it stands, at the step that it has reached there.

A shadow has an id of its own, and nobody outside hears of it. They come and go with the request: when it is offered,
accepted or over, none of them stands in any line.
"""

from collections.abc import Iterator

from domain.ids import QueueId, TaskId
from domain.kernel import replace
from domain.routing.moves import Diverting, Move, Widening
from domain.routing.state import Request


class Siblings:
    """`shadows` by their id; `real` says whose they are."""

    def __init__(self) -> None:
        self.shadows: dict[TaskId, Request] = {}
        self.real: dict[TaskId, TaskId] = {}
        self._of: dict[TaskId, list[TaskId]] = {}

    def open(self, task_id: TaskId, request: Request) -> Iterator[tuple[TaskId, Request]]:
        """The shadows of a request that gets in line."""
        for queue_id in request.routing.also_in:
            shadow, step = shadow_id(task_id, queue_id), request.steps.get(queue_id, 0)
            routing = request.routing.in_queue(queue_id, step)
            self.shadows[shadow] = Request(routing, step, False, request.conversation_id, request.missed)
            self.real[shadow] = task_id
            self._of.setdefault(task_id, []).append(shadow)
            yield shadow, self.shadows[shadow]

    def close(self, task_id: TaskId) -> list[TaskId]:
        """It is in no line any more; returns the shadows that were."""
        gone = self._of.pop(task_id, [])
        for shadow in gone:
            del self.shadows[shadow], self.real[shadow]
        return gone

    def told(self, move: Move) -> Move:
        """As others may hear of it: of the request, and in which of its queues."""
        if not isinstance(move, Widening | Diverting) or move.task_id not in self.real:
            return move
        queue_id = self.shadows[move.task_id].routing.queue_id
        return replace(move, task_id=self.real[move.task_id], queue_id=queue_id)


def shadow_id(task_id: TaskId, queue_id: QueueId) -> TaskId:
    return TaskId(f"{task_id}\x1f{queue_id}")


def meant_by(move: Widening | Diverting) -> TaskId:
    """Who widens or leaves: the request, or the shadow of it in another queue."""
    return move.task_id if move.queue_id is None else shadow_id(move.task_id, move.queue_id)
