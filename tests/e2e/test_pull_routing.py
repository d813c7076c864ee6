"""Requests on a list, from arrival to end, over the whole write side: agents come by themselves (routing 60, 61)."""

from datetime import timedelta

import pytest

from commands.agents import LogIn, LogOut, MakeNotReady
from commands.attendance import LeaveConversation
from commands.conversations import PostAgentMessage
from commands.inbound import EndSession
from commands.lists import CloseListItem, DismissListItem, JoinListItem, SubscribeList
from commands.requests import RequestAgent
from commands.wrap_up import FinishWrapUp
from domain.agents.agent import Agent, NotLoggedIn
from domain.agents.facts import MrdState, SlotFilled, SlotReserved
from domain.channels.messages import Body
from domain.configuration.settings import ChannelMode
from domain.conversations.facts import AgentJoined, AgentRequested, ConversationState, RequestReason
from domain.ids import AgentId, ConversationId, ListItemId, MessageId
from domain.lists.facts import ListItemCloseReason, ListItemState
from domain.lists.item import ListItem, ListItemOver
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import TaskCloseReason, TaskQueued, TaskReserved, TaskState
from domain.tasks.task import Task
from tests.e2e.world import CHAT, COMMENTS, SUPPORT, World

pytestmark = pytest.mark.anyio


async def item(world: World, id: ListItemId) -> ListItem:
    return await world.centre.store.load(ListItem, id)


async def agent(world: World, id: AgentId) -> Agent:
    return await world.centre.store.load(Agent, id)


async def becomes(world: World, id: ListItemId, state: ListItemState) -> ListItem:
    async def so() -> bool:
        return (await item(world, id)).state is state

    await world.until(so)
    return await item(world, id)


async def talks(world: World, conversation: ConversationId, *agents: AgentId) -> None:
    """Wait until exactly these agents talk with the customer."""

    async def so() -> bool:
        return set((await world.conversation(conversation)).talking) == set(agents)

    await world.until(so)


async def closes(world: World, conversation: ConversationId) -> None:
    async def so() -> bool:
        return (await world.conversation(conversation)).state is ConversationState.CLOSED

    await world.until(so)


async def is_free(world: World, id: AgentId) -> None:
    async def so() -> bool:
        return not (await agent(world, id)).slots

    await world.until(so)


async def has_slot(world: World, id: AgentId, tasks: int = 1) -> None:
    async def so() -> bool:
        return len((await agent(world, id)).slots) == tasks

    await world.until(so)


async def arrived(world: World, who: str = "john") -> tuple[ConversationId, ListItemId]:
    conversation = await world.write(who, "Hello")
    return conversation, await world.item_of(conversation)


async def nothing_was_offered(world: World) -> None:
    facts = [recorded.fact for recorded in await world.log.read_all(limit=1_000_000)]
    assert not [fact for fact in facts if isinstance(fact, SlotReserved | TaskReserved | TaskQueued | AgentRequested)]


async def test_several_agents_share_a_request_and_come_back_to_it() -> None:
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT)
        await world.configure_list(wrap_up_enabled=False)
        ada, grace, zoe = [await world.staff(name) for name in ("ada", "grace", "zoe")]
        for who in (ada, grace, zoe):
            await world.send(SubscribeList(who, COMMENTS))
        assert (await agent(world, zoe)).lists == {COMMENTS}

        conversation, id = await arrived(world)
        it = await item(world, id)
        assert (it.state, it.unread, it.arrived.list_id) == (ListItemState.UNREAD, 1, COMMENTS)
        await world.write("john", "Anybody?")

        async def counted() -> bool:
            return (await item(world, id)).unread == 2

        await world.until(counted)
        await world.send(DismissListItem(id, zoe))

        await world.send(JoinListItem(id, ada))
        await world.send(JoinListItem(id, grace))
        await talks(world, conversation, ada, grace)
        it = await item(world, id)
        assert (it.state, it.unread, it.dismissed_by) == (ListItemState.ACTIVE, 0, {zoe})
        await has_slot(world, ada)
        assert (await agent(world, ada)).mrd_state(CHAT) is MrdState.ACTIVE  # routing 61: it counts
        assert len({*it.agents.values()}) == 2  # routing 1: a task each

        await world.send(LeaveConversation(conversation, ada))
        await talks(world, conversation, grace)
        await is_free(world, ada)
        assert (await item(world, id)).state is ListItemState.ACTIVE
        await world.send(LeaveConversation(conversation, grace))
        await becomes(world, id, ListItemState.INACTIVE)
        assert (await world.conversation(conversation)).state is ConversationState.INACTIVE

        await world.write("john", "One more thing")

        async def raised() -> bool:
            return (await item(world, id)).unread == 1

        await world.until(raised)
        assert (await item(world, id)).state is ListItemState.INACTIVE
        assert (await item(world, id)).waiting_since is not None

        await world.send(JoinListItem(id, zoe))  # whoever dismissed the notice may still come
        await world.send(JoinListItem(id, ada))  # and whoever was here before
        await talks(world, conversation, ada, zoe)
        await world.send(PostAgentMessage(conversation, zoe, MessageId("reply"), Body(text="Here I am")))
        assert (await item(world, id)).unread == 0

        await world.send(CloseListItem(id, ada))
        await closes(world, conversation)
        assert (await item(world, id)).closed is ListItemCloseReason.AGENT
        for who in (ada, zoe):
            await is_free(world, who)
        with pytest.raises(ListItemOver):
            await world.send(JoinListItem(id, grace))
        await nothing_was_offered(world)


async def test_the_next_message_after_the_end_is_a_new_request() -> None:
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT)
        await world.configure_list()
        ada = await world.staff("ada")
        conversation, id = await arrived(world)
        await world.send(CloseListItem(id, ada))  # unread
        await closes(world, conversation)

        async def begins_anew() -> bool:
            return await world.conversation_of("john") is None

        await world.until(begins_anew)
        again, next_id = await arrived(world)
        assert again != conversation
        assert next_id != id
        assert (await item(world, next_id)).state is ListItemState.UNREAD


async def test_joining_needs_no_readiness_and_is_never_too_much() -> None:  # routing 61
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT)
        await world.configure_list()
        ada = await world.staff("ada")
        await world.send(MakeNotReady(ada, "lunch"))
        for number in range(1, 5):
            _, id = await arrived(world, f"customer {number}")
            await world.send(JoinListItem(id, ada))
            await has_slot(world, ada, number)
        now = await agent(world, ada)
        assert now.load(CHAT) == 4 > now.mrds[CHAT].tasks_max
        assert now.mrd_state(CHAT) is MrdState.PENDING_NOT_READY


async def test_whoever_is_full_of_pulled_work_is_offered_nothing() -> None:  # routing 61, 67
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT)
        await world.configure_list()
        ada = await world.staff("ada")
        joined = []
        for number in range(3):
            conversation, id = await arrived(world, f"customer {number}")
            await world.send(JoinListItem(id, ada))
            joined.append(conversation)
        await has_slot(world, ada, 3)
        assert (await agent(world, ada)).mrd_state(CHAT) is MrdState.BUSY

        await world.configure(mode=ChannelMode.AGENT)  # the channel pushes from now on
        pushed = await world.write("jane", "Hello")

        async def waits() -> bool:
            return (await world.conversation(pushed)).request is not None

        await world.until(waits)
        await talks(world, joined[0], ada)
        facts = await world.facts(f"agent-{ada}")
        assert not [fact for fact in facts if isinstance(fact, SlotReserved)]

        await world.send(LeaveConversation(joined[0], ada))
        task_id = next(fact.task_id for fact in facts if isinstance(fact, SlotFilled))

        async def wraps_up() -> bool:
            return (await world.centre.store.load(Task, task_id)).state is TaskState.WRAP_UP

        await world.until(wraps_up)
        await world.send(FinishWrapUp(task_id, ada))
        assert await world.offer_to(ada)  # routing 17: a slot is free


async def test_who_leaves_wraps_up_as_the_list_says() -> None:  # routing 51
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT)
        await world.configure_list(wrap_up_s=30)
        ada = await world.staff("ada")
        conversation, id = await arrived(world)
        await world.send(JoinListItem(id, ada))
        await talks(world, conversation, ada)
        first = (await item(world, id)).agents[ada]
        await world.send(LeaveConversation(conversation, ada))
        await becomes(world, id, ListItemState.INACTIVE)

        await world.send(JoinListItem(id, ada))  # back while the first task still wraps up
        await talks(world, conversation, ada)
        second = (await item(world, id)).agents[ada]
        assert second != first
        await world.pass_time(timedelta(seconds=31))

        async def over() -> bool:
            return (await world.centre.store.load(Task, first)).closed is TaskCloseReason.WRAP_UP_EXPIRED

        await world.until(over)
        await has_slot(world, ada)
        await talks(world, conversation, ada)
        assert (await item(world, id)).agents == {ada: second}


async def test_a_customer_who_leaves_takes_their_request_off_the_list() -> None:  # routing 49
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT)
        await world.configure_list()
        await world.staff("ada")
        conversation, id = await arrived(world)
        await world.send(EndSession(await world.session_of("john"), SessionEndReason.CUSTOMER))
        closed = await becomes(world, id, ListItemState.CLOSED)
        assert closed.closed is ListItemCloseReason.CUSTOMER_LEFT
        await closes(world, conversation)


async def test_an_agent_who_signs_out_leaves_their_items_and_nobody_is_asked_to_replace_them() -> None:  # routing 37
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT)
        await world.configure_list()
        ada, grace = await world.staff("ada"), await world.staff("grace")
        conversation, id = await arrived(world)
        await world.send(JoinListItem(id, ada))
        await talks(world, conversation, ada)
        await world.send(LogOut(ada))
        await becomes(world, id, ListItemState.INACTIVE)
        await talks(world, conversation)
        await is_free(world, ada)
        with pytest.raises(NotLoggedIn):
            await world.send(JoinListItem(id, ada))
        await world.send(LogIn(ada))
        await world.send(JoinListItem(id, ada))
        await world.send(JoinListItem(id, grace))
        await talks(world, conversation, ada, grace)
        await nothing_was_offered(world)


async def test_an_agent_who_signs_out_as_they_join_is_not_left_behind() -> None:
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT)
        await world.configure_list()
        ada = await world.staff("ada")
        conversation, id = await arrived(world)
        await world.send(JoinListItem(id, ada))
        await world.send(LogOut(ada))  # before any policy has run
        await becomes(world, id, ListItemState.INACTIVE)
        await is_free(world, ada)
        await talks(world, conversation)


async def test_a_bot_hands_over_to_the_list_and_does_not_come_back() -> None:
    async with World() as world:
        await world.configure()
        await world.configure_list(ChannelMode.HYBRID, wrap_up_enabled=False)
        ada = await world.staff("ada")
        conversation = await world.write("john", "Hello")

        async def greeted() -> bool:
            return (await world.conversation(conversation)).bot is not None

        await world.until(greeted)
        await world.send(RequestAgent(conversation, RequestReason.CUSTOMER_ASKED))
        id = await world.item_of(conversation)
        assert (await item(world, id)).unread == 1
        await world.send(JoinListItem(id, ada))
        await talks(world, conversation, ada)
        assert (await world.conversation(conversation)).bot is None
        await world.send(LeaveConversation(conversation, ada))
        await becomes(world, id, ListItemState.INACTIVE)
        assert (await world.conversation(conversation)).bot is None
        await nothing_was_offered(world)


async def test_a_request_for_a_named_queue_is_pushed_even_on_a_channel_with_a_list() -> None:
    async with World() as world:
        await world.configure()
        await world.configure_list(ChannelMode.HYBRID)
        ada = await world.staff("ada")
        conversation = await world.write("john", "Hello")
        await world.send(RequestAgent(conversation, RequestReason.CUSTOMER_ASKED, SUPPORT))
        assert isinstance(await world.offer_to(ada), str)
        assert not [it for it in await world.facts(f"conversation-{conversation}") if isinstance(it, AgentJoined)]
