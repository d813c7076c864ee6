"""How does a request leave one of the several queues in which it waits (routing 11)? It waits on in the others, so nobody is
told, and whatever else the queue does with those who leave it is left to the last of them.
"""

from collections.abc import Iterator

from domain.configuration.diversions import Diversion, DiversionAction
from domain.ids import ConversationId, QueueId
from domain.tasks.facts import QueueLeft, Routing, TaskDiverted

FLUSHED = "flushed"
"""The rule by which it leaves a queue that is emptied at once (routing 64)."""


def left_alone(
    routing: Routing, queue: QueueId, rule: str, diversion: Diversion, talk: ConversationId, measured: int = 0
) -> Iterator[QueueLeft | TaskDiverted]:
    """Where it is sent to another queue, that one takes the place of this, and it is told so if this was the first."""
    target = diversion.queue_id
    others = tuple(it for it in (routing.queue_id, *routing.also_in) if it != queue)
    if queue in routing.also_in:
        yield QueueLeft(queue, rule, None if target in others else target, measured)
    elif queue == routing.queue_id and others:
        words = diversion.message if target else ""
        yield TaskDiverted(rule, DiversionAction.OTHER_QUEUE, talk, target or others[0], words, measured)
