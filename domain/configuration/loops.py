"""Could a request go round in circles from queue to queue (routing 58)?"""

from collections.abc import Mapping

from domain.configuration.settings import Queue, Settings
from domain.ids import QueueId
from domain.kernel import Invalid


def check_no_loop(queue_id: QueueId, queues: Mapping[QueueId, Queue]) -> None:
    """Raises `Invalid` naming the field by which this queue sends work that may come back to it."""
    for field_name, diversion in queues[queue_id].diversions():
        target = diversion.queue_id
        if target is not None and (target == queue_id or queue_id in _reached_from(target, queues)):
            raise Invalid(f"What goes to {target!r} may come back here.", f"{field_name}.queue_id")


def senders_first(those: Mapping[str, Settings]) -> list[str]:
    """Each queue before those that it sends work to, so that they can be retired one by one; all others by name."""
    queues = {QueueId(id_): it for id_, it in those.items() if isinstance(it, Queue)}
    reached = {id_: _reached_from(QueueId(id_), queues) for id_ in those}
    return sorted(those, key=lambda id_: (sum(id_ in them for them in reached.values()), id_))


def _reached_from(queue_id: QueueId, queues: Mapping[QueueId, Queue]) -> set[QueueId]:
    reached: set[QueueId] = set()
    ahead = [queue_id]
    while ahead:
        queue = queues.get(ahead.pop())
        targets = {it.queue_id for _, it in queue.diversions() if it.queue_id is not None} if queue else set()
        ahead += targets - reached
        reached |= targets
    return reached
