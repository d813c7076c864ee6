"""What every mutation's input has."""

import strawberry

from api.schema.words import doc

CLIENT_MUTATION_ID = (
    "Draw one per intention (a UUID), keep it when you try again: the same `clientMutationId` of the same person takes "
    "effect once, however often the network makes you send it. Without one, a repeat may be a second deed."
)


@strawberry.input(description="What every mutation's input has.")
class Intention:
    client_mutation_id: str | None = doc(CLIENT_MUTATION_ID, default=None)
