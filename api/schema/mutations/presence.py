"""An agent comes, wants work or a break, and goes. Who they are, the token says."""

import strawberry

from api.schema.context import Info
from api.schema.mutations.inputs import Intention
from api.schema.sending import MutationPayload, send
from api.schema.words import doc, mutation
from commands.agents import LogIn, LogOut, MakeMrdNotReady, MakeMrdReady, MakeNotReady, MakeReady
from commands.desks import StayLoggedIn
from domain.ids import AgentId, MrdId


@strawberry.input(description="Begin the shift.")
class LogInInput(Intention):
    pass


@strawberry.input(description="End the shift.")
class LogOutInput(Intention):
    reason: str = doc("A reason code of kind LOGOUT, or empty.", default="")


@strawberry.input(description="Take work.")
class MakeReadyInput(Intention):
    mrds: list[MrdId] | None = doc("Only in these media routing domains; null for all that you have.", default=None)


@strawberry.input(description="Take no new work.")
class MakeNotReadyInput(Intention):
    reason: str = doc("A reason code of kind NOT_READY.")


@strawberry.input(description="Take work in one media routing domain.")
class MakeMrdReadyInput(Intention):
    mrd_id: MrdId = doc("The media routing domain.")


@strawberry.input(description="Take no new work in one media routing domain.")
class MakeMrdNotReadyInput(Intention):
    mrd_id: MrdId = doc("The media routing domain.")
    reason: str = doc("A reason code of kind NOT_READY, or empty.", default="")


@strawberry.input(description="Say that you are there.")
class StayLoggedInInput(Intention):
    pass


def _self(info: Info) -> AgentId:
    return AgentId(info.context.viewer.agent_id)


@strawberry.type
class PresenceMutation:
    @mutation("Begin your shift: you are there, and not ready yet.")
    async def log_in(self, info: Info, input: LogInInput) -> MutationPayload:
        return await send(info, LogIn(_self(info)), input.client_mutation_id)

    @mutation("End your shift. Offers are withdrawn, your talks go on with others.")
    async def log_out(self, info: Info, input: LogOutInput) -> MutationPayload:
        return await send(info, LogOut(_self(info), input.reason), input.client_mutation_id)

    @mutation("Take work, in all your media routing domains or in some.")
    async def make_ready(self, info: Info, input: MakeReadyInput) -> MutationPayload:
        return await send(info, MakeReady(_self(info), _set(input.mrds)), input.client_mutation_id)

    @mutation("Take no new work anywhere; asked again, it changes the reason.")
    async def make_not_ready(self, info: Info, input: MakeNotReadyInput) -> MutationPayload:
        return await send(info, MakeNotReady(_self(info), input.reason), input.client_mutation_id)

    @mutation("Take work in one media routing domain. You must be ready already.")
    async def make_mrd_ready(self, info: Info, input: MakeMrdReadyInput) -> MutationPayload:
        return await send(info, MakeMrdReady(_self(info), input.mrd_id), input.client_mutation_id)

    @mutation("Take no new work in one media routing domain.")
    async def make_mrd_not_ready(self, info: Info, input: MakeMrdNotReadyInput) -> MutationPayload:
        return await send(info, MakeMrdNotReady(_self(info), input.mrd_id, input.reason), input.client_mutation_id)

    @mutation(
        "Say that you are there: the answer to `IdleWarned`. The time after which who is idle is signed out begins anew."
    )
    async def stay_logged_in(self, info: Info, input: StayLoggedInInput) -> MutationPayload:
        return await send(info, StayLoggedIn(_self(info)), input.client_mutation_id)


def _set(mrds: list[MrdId] | None) -> frozenset[MrdId] | None:
    return None if mrds is None else frozenset(mrds)
