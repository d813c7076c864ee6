"""An agent lets a customer wait on purpose."""

import strawberry

from api.schema.context import Info
from api.schema.mutations.inputs import Intention
from api.schema.sending import MutationPayload, send
from api.schema.words import doc, mutation
from commands.answering import HoldConversation, ResumeConversation
from domain.ids import AgentId, ConversationId


@strawberry.input(description="Put the customer on hold.")
class HoldConversationInput(Intention):
    conversation_id: ConversationId = doc("The conversation, in which you talk with the customer.")
    for_s: int = doc("How long at most, in seconds: 1 to 86,400.")
    reason: str = doc("Why, for the record.", default="")


@strawberry.input(description="Take the customer back.")
class ResumeConversationInput(Intention):
    conversation_id: ConversationId = doc("The conversation, in which you talk with the customer.")


def _self(info: Info) -> AgentId:
    return AgentId(info.context.viewer.agent_id)


@strawberry.type
class HoldingMutation:
    @mutation(
        "Put the customer on hold: nobody has to reply, and their silence is not counted. Asked again, it sets a new end."
    )
    async def hold_conversation(self, info: Info, input: HoldConversationInput) -> MutationPayload:
        return await send(
            info,
            HoldConversation(input.conversation_id, _self(info), input.for_s, input.reason),
            input.client_mutation_id,
        )

    @mutation("Take the customer back from hold. Writing to them does so, too.")
    async def resume_conversation(self, info: Info, input: ResumeConversationInput) -> MutationPayload:
        return await send(info, ResumeConversation(input.conversation_id, _self(info)), input.client_mutation_id)
