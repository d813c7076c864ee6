"""An agent takes an offer, talks, leaves and wraps up. The rights are checked by the task and the conversation."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from api.schema.context import Info
from api.schema.mutations.inputs import Intention
from api.schema.orders import ShowTyping
from api.schema.sending import MutationPayload, send
from api.schema.words import doc, mutation
from commands.attendance import LeaveConversation
from commands.conversations import EndConversation, PostAgentMessage, RenameCustomer, SetConversationData
from commands.tasks import AcceptTask, DeclineTask
from commands.wrap_up import ApplyWrapUp, FinishWrapUp
from domain.channels.messages import Attachment, Body, BodyType
from domain.ids import AgentId, ConversationId, CustomerId, MessageId, OfferId, TaskId


@strawberry.input(description="Take a task that is offered to you.")
class AcceptTaskInput(Intention):
    task_id: TaskId = doc("The task.")
    offer_id: OfferId | None = doc("The offer that you saw: an older or newer one is then refused.", default=None)


@strawberry.input(description="Decline a task that is offered to you.")
class DeclineTaskInput(Intention):
    task_id: TaskId = doc("The task.")
    reason: str = doc("Why: one of the reason codes of kind DECLINE, where there are such.", default="")
    offer_id: OfferId | None = doc("The offer that you saw: an older or newer one is then refused.", default=None)


@strawberry.input(description="A file that was uploaded before.")
class AttachmentInput:
    media_url: str = doc("Where it is.")
    mime_type: str = doc("Its media type, like `image/png`.")
    size_bytes: int = doc("Its size in bytes.", default=0)
    name: str = doc("Its name for people.", default="")


@strawberry.input(description="Write into a conversation.")
class PostMessageInput(Intention):
    conversation_id: ConversationId = doc("The conversation, in which you take part.")
    message_id: MessageId = doc(
        "Drawn by you (a UUID): the same id again changes nothing, so send until it is answered."
    )
    text: str = doc("Markdown, at most 16,384 characters; the caption where there is an attachment.", default="")
    type: BodyType = doc("What kind of message.", default=BodyType.PLAIN)
    attachment: AttachmentInput | None = doc("A file.", default=None)
    data: JSON | None = doc("What only this type of message knows: an object.", default=None)

    def body(self) -> Body:
        file = self.attachment
        attachment = Attachment(file.media_url, file.mime_type, file.size_bytes, file.name) if file else None
        return Body(self.type, self.text, attachment, _object(self.data))


def _object(data: Any) -> dict[str, Any]:
    """JSON that is no object is kept as one."""
    if data is None:
        return {}
    return data if isinstance(data, dict) else {"value": data}


@strawberry.input(description="Tell the customer that you type, or have stopped.")
class SetTypingInput(Intention):
    conversation_id: ConversationId = doc("The conversation, in which you talk with the customer.")
    is_typing: bool = doc("Do you type?")


@strawberry.input(description="Leave a conversation.")
class LeaveConversationInput(Intention):
    conversation_id: ConversationId = doc("The conversation.")
    reason: str = doc("Why, for the record.", default="")


@strawberry.input(description="End a conversation for everybody.")
class EndConversationInput(Intention):
    conversation_id: ConversationId = doc("The conversation, in which you take part.")


@strawberry.input(description="Say what a task was about.")
class ApplyWrapUpInput(Intention):
    task_id: TaskId = doc("Your task.")
    codes: list[str] = doc("At most five codes of kind WRAP_UP; they replace the ones before.")
    note: str = doc("A note for colleagues, not for the customer.", default="")


@strawberry.input(description="Be done with a task.")
class FinishWrapUpInput(Intention):
    task_id: TaskId = doc("Your task, in wrap-up.")


@strawberry.input(description="A key and its value.")
class EntryInput:
    key: str = doc("The key.")
    value: str = doc("The value.")


@strawberry.input(description="Keep data with a conversation.")
class SetConversationDataInput(Intention):
    conversation_id: ConversationId = doc("The conversation.")
    data: list[EntryInput] = doc("What to set; keys that are not named stay as they are.")


@strawberry.input(description="Give a customer another name.")
class RenameCustomerInput(Intention):
    customer_id: CustomerId = doc("The customer.")
    name: str = doc("The name.")


def _self(info: Info) -> AgentId:
    return AgentId(info.context.viewer.agent_id)


@strawberry.type
class WorkMutation:
    @mutation("Take a task that is offered to you. Refused with OFFER_GONE once it has ended.")
    async def accept_task(self, info: Info, input: AcceptTaskInput) -> MutationPayload:
        return await send(info, AcceptTask(input.task_id, _self(info), input.offer_id), input.client_mutation_id)

    @mutation("Decline a task that is offered to you, where its queue permits it: others are asked.")
    async def decline_task(self, info: Info, input: DeclineTaskInput) -> MutationPayload:
        return await send(
            info, DeclineTask(input.task_id, _self(info), input.reason, input.offer_id), input.client_mutation_id
        )

    @mutation("Write: to the customer as PRIMARY, to the other agents alone in any other role.")
    async def post_message(self, info: Info, input: PostMessageInput) -> MutationPayload:
        return await send(
            info,
            PostAgentMessage(input.conversation_id, _self(info), input.message_id, input.body()),
            input.client_mutation_id,
        )

    @mutation("Show that you type. It is not kept: send it anew every few seconds.")
    async def set_typing(self, info: Info, input: SetTypingInput) -> MutationPayload:
        return await send(
            info, ShowTyping(input.conversation_id, _self(info), input.is_typing), input.client_mutation_id
        )

    @mutation("Leave a conversation; the customer may go on with others.")
    async def leave_conversation(self, info: Info, input: LeaveConversationInput) -> MutationPayload:
        return await send(
            info, LeaveConversation(input.conversation_id, _self(info), input.reason), input.client_mutation_id
        )

    @mutation("End a conversation for everybody: the customer's channel sessions close.")
    async def end_conversation(self, info: Info, input: EndConversationInput) -> MutationPayload:
        return await send(info, EndConversation(input.conversation_id, _self(info)), input.client_mutation_id)

    @mutation("Say what a task was about, while you talk or in wrap-up.")
    async def apply_wrap_up(self, info: Info, input: ApplyWrapUpInput) -> MutationPayload:
        return await send(
            info, ApplyWrapUp(input.task_id, _self(info), tuple(input.codes), input.note), input.client_mutation_id
        )

    @mutation(
        "Be done with a task: its slot is free again. Refused with WRAP_UP_CODES_NEEDED where a code is mandatory."
    )
    async def finish_wrap_up(self, info: Info, input: FinishWrapUpInput) -> MutationPayload:
        return await send(info, FinishWrapUp(input.task_id, _self(info)), input.client_mutation_id)

    @mutation("Keep data with a conversation, for colleagues, bots and reports.")
    async def set_conversation_data(self, info: Info, input: SetConversationDataInput) -> MutationPayload:
        return await send(
            info,
            SetConversationData(input.conversation_id, {entry.key: entry.value for entry in input.data}),
            input.client_mutation_id,
        )

    @mutation("Give a customer another name. An agent may do so while they talk with them.")
    async def rename_customer(self, info: Info, input: RenameCustomerInput) -> MutationPayload:
        return await send(info, RenameCustomer(input.customer_id, input.name), input.client_mutation_id)
