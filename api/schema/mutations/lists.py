"""An agent follows lists, and comes to what stands on them. Leaving is `leaveConversation`, as with any talk."""

import strawberry

from api.schema.context import Info
from api.schema.mutations.inputs import Intention
from api.schema.sending import MutationPayload, send
from api.schema.words import doc, mutation
from commands.lists import CloseListItem, DismissListItem, JoinListItem, SubscribeList, UnsubscribeList
from domain.ids import AgentId, ListId, ListItemId

ITEM = "The item."


@strawberry.input(description="Be told what happens on a list.")
class SubscribeListInput(Intention):
    list_id: ListId = doc("The list, of a media routing domain that you have.")


@strawberry.input(description="Be told of a list no more.")
class UnsubscribeListInput(Intention):
    list_id: ListId = doc("The list.")


@strawberry.input(description="Take a request from a list.")
class JoinListItemInput(Intention):
    item_id: ListItemId = doc(ITEM)


@strawberry.input(description="Put a notice away.")
class DismissListItemInput(Intention):
    item_id: ListItemId = doc(ITEM)


@strawberry.input(description="End a request on a list.")
class CloseListItemInput(Intention):
    item_id: ListItemId = doc(ITEM)


def _self(info: Info) -> AgentId:
    return AgentId(info.context.viewer.agent_id)


@strawberry.type
class ListsMutation:
    @mutation("Be told on your desk what happens on a list, from now on and after every reload.")
    async def subscribe_list(self, info: Info, input: SubscribeListInput) -> MutationPayload:
        return await send(info, SubscribeList(_self(info), input.list_id), input.client_mutation_id)

    @mutation("Be told of a list no more. What you joined stays yours.")
    async def unsubscribe_list(self, info: Info, input: UnsubscribeListInput) -> MutationPayload:
        return await send(info, UnsubscribeList(_self(info), input.list_id), input.client_mutation_id)

    @mutation("Take a request from a list, ready or not, beside whoever is there. LIST_ITEM_CLOSED once it has ended.")
    async def join_list_item(self, info: Info, input: JoinListItemInput) -> MutationPayload:
        return await send(info, JoinListItem(input.item_id, _self(info)), input.client_mutation_id)

    @mutation("Put a notice away. It stands on the list as before, and you may still join.")
    async def dismiss_list_item(self, info: Info, input: DismissListItemInput) -> MutationPayload:
        return await send(info, DismissListItem(input.item_id, _self(info)), input.client_mutation_id)

    @mutation("End a request on a list for everybody, in whatever state it is: its conversation ends with it.")
    async def close_list_item(self, info: Info, input: CloseListItemInput) -> MutationPayload:
        return await send(info, CloseListItem(input.item_id, _self(info)), input.client_mutation_id)
