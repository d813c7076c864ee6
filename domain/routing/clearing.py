"""Which queues are being emptied, and who is in the way of that? (routing 63, 64)

A flush sends away everybody who waits at that moment. A queue that drains is gone when nobody has waited in it for a
while: whoever rings, or is between two tasks of one request, still has time to come back.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from domain.ids import QueueId, TaskId
from domain.routing.agenda import Agenda
from domain.routing.moves import Emptied, Flushing, Move
from domain.routing.state import State

QUIET = timedelta(seconds=5)
"""How long nobody must have waited in a queue before it is gone: longer than it takes to get in line (again)."""


class Clearing:
    def __init__(self, state: State, agenda: Agenda) -> None:
        self._state, self._agenda = state, agenda
        self._wished: set[tuple[TaskId, QueueId]] = set()
        self._gone: set[QueueId] = set()
        self._quiet_since: dict[QueueId, datetime | None] = {}
        self._witness: dict[QueueId, TaskId] = {}
        for queue_id in state.catalog.queues:
            self.configured(queue_id)
        self._note_work()

    def flush(self, queue_id: QueueId, words: str) -> None:
        """Whoever waits or rings in this queue now."""
        for task_id, request in self._state.requests.items():
            if request.routing.waits_in(queue_id):
                self._state.flushed.setdefault(task_id, {})[queue_id] = words
        self._note_work()

    def configured(self, queue_id: QueueId) -> None:
        queue = self._state.catalog.queues.get(queue_id)
        self._gone.discard(queue_id)
        if queue is not None and queue.draining:
            self._quiet_since.setdefault(queue_id, None)
        else:
            self._quiet_since.pop(queue_id, None)
            self._witness.pop(queue_id, None)
        self._note_work()

    def over(self, task_id: TaskId) -> None:
        """The request waits no more, whatever became of it."""
        for queue_id in self._state.flushed.pop(task_id, ()):
            self._wished.discard((task_id, queue_id))
        self._note_work()

    def left(self, task_id: TaskId, queue_id: QueueId) -> None:
        """It waits on in others (routing 11)."""
        words = self._state.flushed.pop(task_id, {})
        words.pop(queue_id, None)
        self._wished.discard((task_id, queue_id))
        if words:
            self._state.flushed[task_id] = words
        self._note_work()

    def forget(self, move: Flushing | Emptied) -> None:
        """That came to nothing: wish it again."""
        if isinstance(move, Flushing):
            self._wished.discard((move.task_id, move.queue_id))
        else:
            self._gone.discard(move.queue_id)

    def _note_work(self) -> None:
        self._agenda.clearing = bool(self._quiet_since or self._state.flushed)

    def moves(self, now: datetime) -> Iterator[Move]:
        for task_id, queues in self._state.flushed.items():
            for queue_id, words in queues.items():
                if (task_id, queue_id) not in self._wished:
                    self._wished.add((task_id, queue_id))
                    yield Flushing(task_id, queue_id, words)
        for queue_id in self._quiet_since:
            if self._is_quiet(queue_id, now) and queue_id not in self._gone:
                self._gone.add(queue_id)
                yield Emptied(queue_id, self._state.catalog.version)

    def next_due(self) -> datetime | None:
        waits: Iterable[datetime] = (
            since + QUIET
            for queue_id, since in self._quiet_since.items()
            if since is not None and queue_id not in self._gone
        )
        return min(waits, default=None)

    def _is_quiet(self, queue_id: QueueId, now: datetime) -> bool:
        if self._somebody_waits(queue_id):
            self._quiet_since[queue_id] = None
            self._gone.discard(queue_id)
            return False
        since = self._quiet_since[queue_id]
        if since is None or since > now:  # or the clock went back
            self._quiet_since[queue_id] = since = now
        return now - since >= QUIET

    def _somebody_waits(self, queue_id: QueueId) -> bool:
        """One who does is remembered, so that the others are not looked at while they stay."""
        requests = self._state.requests
        known = requests.get(self._witness[queue_id]) if queue_id in self._witness else None
        if known is not None and known.routing.waits_in(queue_id):
            return True
        witness = next((id_ for id_, request in requests.items() if request.routing.waits_in(queue_id)), None)
        if witness is None:
            self._witness.pop(queue_id, None)
            return False
        self._witness[queue_id] = witness
        return True
