"""What of all that is there may this viewer see and touch? What is out of reach looks like what is not there."""

from collections.abc import Mapping
from typing import Any

from api import policy
from api.auth import Viewer
from api.policy import SUPERVISION, WATCHING
from api.schema.context import Behind, Context, not_found
from api.schema.orders import ShowTyping
from commands.agents import AssignAttribute, GrantMrd, SwitchAutoAnswer, WithdrawAttribute
from commands.bus import Command
from commands.conversations import RenameCustomer, SetConversationData
from commands.lists import CloseListItem, DismissListItem, JoinListItem
from commands.requests import RequestAgent
from commands.supervision import MonitorConversation
from domain.agents.agent import Agent
from domain.conversations.conversation import Conversation
from domain.conversations.facts import AgentJoined
from domain.customers.customer import Customer
from domain.ids import AgentId, ConversationId, CustomerId, ListId
from domain.kernel import NotFound, stream_of
from domain.lists.item import ListItem
from domain.tasks.task import Task


async def sees_conversation(behind: Behind, viewer: Viewer, conversation_id: ConversationId) -> bool:
    """Whoever watches sees all; an agent those that they take or took part in, or hold an offer or a task for."""
    conversation = await behind.store.load(Conversation, conversation_id)
    if conversation.customer_id is None:
        return False
    if viewer.is_any(WATCHING) or viewer.agent_id in conversation.agents:
        return True
    return await _is_offered(behind, viewer, conversation_id) or await _took_part(behind, viewer, conversation_id)


async def sees_task(behind: Behind, viewer: Viewer, task: Task) -> bool:
    if task.created is None:
        return False
    holders = {task.agent_id, task.offer.agent_id if task.offer else None}
    return viewer.agent_id in holders or await sees_conversation(behind, viewer, task.created.conversation_id)


async def sees_customer(behind: Behind, viewer: Viewer, customer_id: CustomerId) -> bool:
    """An agent sees a customer while their conversation is open and theirs to see."""
    customer = await behind.store.load(Customer, customer_id)
    if not customer.exists:
        return False
    if viewer.is_any(WATCHING | SUPERVISION):
        return True
    return customer.conversation is not None and await sees_conversation(behind, viewer, customer.conversation)


async def sees_list(context: Context, list_id: ListId) -> bool:
    """Whoever watches or supervises sees all; an agent those of the media routing domains that they have."""
    settings = context.behind.catalog().lists.get(list_id)
    if settings is None:
        return False
    if context.viewer.is_any(WATCHING | SUPERVISION):
        return True
    return settings.mrd_id in (await context.agent(AgentId(context.viewer.agent_id))).mrds


def sees_agent(viewer: Viewer, agent_id: AgentId) -> bool:
    """Agents see themselves alone."""
    return viewer.agent_id == agent_id or viewer.is_any(policy.POLICY["Query.agents"])


async def may_follow(behind: Behind, viewer: Viewer, field: str, arguments: Mapping[str, Any]) -> None:
    """May this viewer have this feed? To be asked first when one is opened, for its resolvers are not run.

    Raises `GraphQLError`: FORBIDDEN by role, NOT_FOUND for a conversation out of reach.
    """
    policy.check(f"Subscription.{field}", viewer)
    policy.check_texts(dict(arguments))
    if field in ("conversation", "typing") and not await sees_conversation(behind, viewer, arguments["id"]):
        raise not_found("conversation")


async def permit(context: Context, command: Command) -> None:
    """Is what this command is about there, and in this viewer's reach? Raises `NotFound`.

    Commands that name an agent of their own are checked by the models themselves.
    """
    behind, viewer = context.behind, context.viewer
    match command:
        case (
            SetConversationData(conversation_id=conversation_id)
            | RequestAgent(conversation_id=conversation_id)
            | MonitorConversation(conversation_id=conversation_id)
        ):
            allowed = await sees_conversation(behind, viewer, conversation_id)
        case ShowTyping(conversation_id=conversation_id):
            allowed = viewer.agent_id in (await behind.store.load(Conversation, conversation_id)).talking
        case JoinListItem(item_id=item_id) | DismissListItem(item_id=item_id) | CloseListItem(item_id=item_id):
            arrived = (await behind.store.load(ListItem, item_id)).arrived
            allowed = arrived is not None and await sees_list(context, arrived.list_id)
        case RenameCustomer(customer_id=customer_id):
            allowed = await sees_customer(behind, viewer, customer_id)
        case AssignAttribute(agent_id=agent_id) | WithdrawAttribute(agent_id=agent_id) | GrantMrd(agent_id=agent_id):
            allowed = bool((await context.agent(agent_id)).username)
        case SwitchAutoAnswer(agent_id=agent_id):
            allowed = agent_id == viewer.agent_id or viewer.is_any(policy.POLICY["Mutation.grantMrd"])
        case _:
            allowed = True
    if not allowed:
        raise NotFound("There is no such thing, or it is not yours.")


async def _is_offered(behind: Behind, viewer: Viewer, conversation_id: ConversationId) -> bool:
    agent = await behind.store.load(Agent, viewer.agent_id)
    for task_id in agent.slots:
        created = (await behind.store.load(Task, task_id)).created
        if created is not None and created.conversation_id == conversation_id:
            return True
    return False


async def _took_part(behind: Behind, viewer: Viewer, conversation_id: ConversationId) -> bool:
    history = await behind.log.read(stream_of(Conversation, conversation_id))
    return any(
        isinstance(recorded.fact, AgentJoined) and recorded.fact.agent_id == viewer.agent_id for recorded in history
    )
