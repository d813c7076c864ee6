"""An administrator lets people in, and says what they can do."""

import strawberry

from api.auth import Role
from api.schema.context import Info
from api.schema.mutations.inputs import Intention
from api.schema.orders import CreateUser
from api.schema.sending import MutationPayload, send
from api.schema.words import doc, mutation
from commands.agents import AssignAttribute, GrantMrd, RegisterAgent, SwitchAutoAnswer, WithdrawAttribute
from domain.ids import AgentId, AttributeId, MrdId


@strawberry.input(description="Let somebody sign in.")
class CreateUserInput(Intention):
    id: strawberry.ID = doc("Drawn by you (a UUID); it is the agent's id where they become an agent.")
    username: str = doc("What they sign in with.")
    name: str = doc("Their name for people.")
    password: str = doc("8 to 256 characters.")
    roles: list[Role] = doc("What they may do.")


@strawberry.input(description="Make somebody an agent.")
class RegisterAgentInput(Intention):
    agent_id: AgentId = doc("The subject of their tokens.")
    username: str = doc("What they sign in with.")
    name: str = doc("Their name, as customers see it.")


@strawberry.input(description="Say that an agent has an attribute.")
class AssignAttributeInput(Intention):
    agent_id: AgentId = doc("The agent.")
    attribute_id: AttributeId = doc("The attribute.")
    value: int | None = doc("0 or 1, or 1 to 10, by its type; null for its default.", default=None)


@strawberry.input(description="Say that an agent does not have an attribute any more.")
class WithdrawAttributeInput(Intention):
    agent_id: AgentId = doc("The agent.")
    attribute_id: AttributeId = doc("The attribute.")


@strawberry.input(description="Let an agent work in a media routing domain.")
class GrantMrdInput(Intention):
    agent_id: AgentId = doc("The agent.")
    mrd_id: MrdId = doc("The media routing domain.")
    tasks_max: int | None = doc("How many tasks at once, 0 to 100; null for the domain's own maximum.", default=None)


@strawberry.input(description="Say whether what rings at an agent is accepted by itself.")
class SwitchAutoAnswerInput(Intention):
    on: bool = doc("Is it?")
    agent_id: AgentId | None = doc("The agent; null for yourself. Agents switch their own alone.", default=None)


@strawberry.type
class PeopleMutation:
    @mutation("Let somebody sign in. Only where Parley itself issues the tokens.")
    async def create_user(self, info: Info, input: CreateUserInput) -> MutationPayload:
        return await send(
            info,
            CreateUser(input.id, input.username, input.name, input.password, frozenset(input.roles)),
            input.client_mutation_id,
        )

    @mutation("Make somebody an agent, or change their name.")
    async def register_agent(self, info: Info, input: RegisterAgentInput) -> MutationPayload:
        return await send(info, RegisterAgent(input.agent_id, input.username, input.name), input.client_mutation_id)

    @mutation("Say that an agent has an attribute, at a value.")
    async def assign_attribute(self, info: Info, input: AssignAttributeInput) -> MutationPayload:
        return await send(
            info, AssignAttribute(input.agent_id, input.attribute_id, input.value), input.client_mutation_id
        )

    @mutation("Say that an agent does not have an attribute any more.")
    async def withdraw_attribute(self, info: Info, input: WithdrawAttributeInput) -> MutationPayload:
        return await send(info, WithdrawAttribute(input.agent_id, input.attribute_id), input.client_mutation_id)

    @mutation("Let an agent work in a media routing domain.")
    async def grant_mrd(self, info: Info, input: GrantMrdInput) -> MutationPayload:
        return await send(info, GrantMrd(input.agent_id, input.mrd_id, input.tasks_max), input.client_mutation_id)

    @mutation("Say whether what rings at an agent is accepted in the same moment, whatever its queue says.")
    async def switch_auto_answer(self, info: Info, input: SwitchAutoAnswerInput) -> MutationPayload:
        return await send(
            info,
            SwitchAutoAnswer(input.agent_id or AgentId(info.context.viewer.agent_id), input.on),
            input.client_mutation_id,
        )
