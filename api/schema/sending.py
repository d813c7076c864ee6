"""How does a mutation become a command, and a refusal an entry of its payload? Every mutation is one `send`."""

import re
from uuid import UUID, uuid5

import strawberry
from graphql import GraphQLError

from api.schema.context import Context, Info, everybody
from api.schema.orders import CreateUser, ShowTyping
from api.schema.reach import permit
from api.schema.words import doc
from api.typists import TypingNote, encode, subject_of
from commands.bus import Command
from commands.configuration import Configure
from commands.ports import Conflict, Unavailable
from domain.channels.messages import SenderType
from domain.configuration.fit import warnings
from domain.configuration.membership import deserted
from domain.configuration.settings import Queue
from domain.kernel import BEGINNING, NAMESPACE, Invalid, Position, Refused
from projections.agents.reads import AgentSkills

CLIENT_MUTATION_ID_MAX = 200
UNAVAILABLE = "UNAVAILABLE"


@strawberry.type(description="Why something was not done, in words for people and a code for programs.")
class UserError:
    field: str | None = doc("The input field that is to blame, as a path like `routing.queueId`; null for none.")
    code: str = doc(
        "A lasting code: NOT_FOUND, NOT_ALLOWED, INVALID, WRONG_STATE, or one of their finer kinds like OFFER_GONE. "
        "UNAVAILABLE means that nothing was decided: send the same mutation again."
    )
    message: str = doc("A sentence for people.")


@strawberry.type(description="What came of a mutation. Without errors, it is done and durable.")
class MutationPayload:
    client_mutation_id: str | None = doc("The `clientMutationId` of the input.")
    position: Position | None = doc(
        "The log position of what was written: pass it as `waitFor` to read your own write. Null when there are errors."
    )
    errors: list[UserError] = doc("Why it was not done; empty when it was.")
    warnings: list[str] = doc(
        "It is done, and perhaps not meant: AND and OR in one expression, read from left to right; a step of a queue that "
        "no agent matches."
    )


async def send(info: Info, command: Command, client_mutation_id: str | None) -> MutationPayload:
    """Carry the command out in the name of the viewer. The same `client_mutation_id` has no further effect."""
    try:
        command_id = _command_id(info, client_mutation_id)
        await permit(info.context, command)
        position = await _carry_out(info.context, command, command_id)
    except Refused as no:
        field = re.sub(r"_(\w)", lambda found: found[1].upper(), no.field) if no.field else None
        return _failed(client_mutation_id, UserError(field=field, code=no.code, message=no.detail))
    except (Unavailable, Conflict):
        message = "The log cannot take this now; send it again."
        return _failed(client_mutation_id, UserError(field=None, code=UNAVAILABLE, message=message))
    warned = await _warnings(info.context, command)
    return MutationPayload(client_mutation_id=client_mutation_id, position=position, errors=[], warnings=warned)


async def _warnings(context: Context, command: Command) -> list[str]:
    match command:
        case Configure(settings=Queue() as queue):
            return [*warnings(queue), *deserted(queue, ((it.attributes, it.mrds) for it in await _staff(context)))]
        case _:
            return []


async def _staff(context: Context) -> list[AgentSkills]:
    """Whom a change may not fit. It is done already: where the read models cannot say, nothing is said."""
    try:
        await context.behind.caught_up()
        return await everybody(context)
    except GraphQLError:
        return []


async def _carry_out(context: Context, command: Command, command_id: UUID) -> Position:
    behind = context.behind
    match command:
        case CreateUser(subject, username, name, password, roles):
            if behind.users is None:
                raise Invalid("People are kept by the identity provider; create them there.")
            await behind.users.create(subject, username, name, password, frozenset(map(str, roles)))
            return BEGINNING
        case ShowTyping(conversation_id, agent_id, is_typing):
            name = (await context.agent(agent_id)).name or context.viewer.name
            if behind.bus is not None:
                note = TypingNote(SenderType.AGENT, is_typing, agent_id, name)
                await behind.bus.publish(subject_of(conversation_id), encode(note))
            return BEGINNING
        case _:
            correlation = getattr(command, "conversation_id", "")
            return await behind.commands.send(command, command_id, context.viewer.subject, correlation)


def _command_id(info: Info, client_mutation_id: str | None) -> UUID:
    """The same viewer, mutation and `clientMutationId` always mean the same command."""
    if client_mutation_id is None:
        return info.context.behind.new_id()
    if not 1 <= len(client_mutation_id) <= CLIENT_MUTATION_ID_MAX:
        raise Invalid(f"It has 1 to {CLIENT_MUTATION_ID_MAX} characters.", "client_mutation_id")
    return uuid5(NAMESPACE, f"{info.context.viewer.subject}\x1f{info.field_name}\x1f{client_mutation_id}")


def _failed(client_mutation_id: str | None, error: UserError) -> MutationPayload:
    return MutationPayload(client_mutation_id=client_mutation_id, position=None, errors=[error], warnings=[])
