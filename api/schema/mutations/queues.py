"""A queue is emptied: at once, or by and by."""

import strawberry

from api.schema.context import Info
from api.schema.mutations.inputs import Intention
from api.schema.sending import MutationPayload, send
from api.schema.words import doc, mutation
from commands.queues import DrainQueue, FlushQueue
from domain.ids import QueueId


@strawberry.input(description="Send away everybody who waits in a queue.")
class FlushQueueInput(Intention):
    queue_id: QueueId = doc("The queue.")
    message: str = doc("What the customers are told; empty for nothing.", default="")


@strawberry.input(description="Let a queue run empty, and retire it then.")
class DrainQueueInput(Intention):
    queue_id: QueueId = doc("The queue. Refused with IN_USE while a channel needs it.")


@strawberry.type
class QueueMutation:
    @mutation("Send away everybody who waits in a queue, ringing or not; talks go on.")
    async def flush_queue(self, info: Info, input: FlushQueueInput) -> MutationPayload:
        return await send(info, FlushQueue(input.queue_id, input.message), input.client_mutation_id)

    @mutation("Let a queue run empty: it takes no new requests, and is retired when nobody waits in it any more.")
    async def drain_queue(self, info: Info, input: DrainQueueInput) -> MutationPayload:
        return await send(info, DrainQueue(input.queue_id), input.client_mutation_id)
