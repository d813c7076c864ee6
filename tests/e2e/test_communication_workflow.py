"""The communication workflow of a contact centre, its seventeen steps one after the other, over the whole write side."""

from datetime import timedelta

import pytest

from commands.agents import LogOut
from commands.attendance import LeaveConversation
from commands.conversations import EndConversation, PostAgentMessage
from commands.inbound import EndSession, OpenSession, ReceiveMessage
from commands.tasks import AcceptTask
from commands.wrap_up import ApplyWrapUp, FinishWrapUp
from domain.agents.agent import Agent
from domain.agents.facts import MrdState, SlotReserved
from domain.channels.messages import Body, SenderType
from domain.configuration.settings import ChannelMode
from domain.conversations.facts import (
    AgentJoined,
    AgentLeft,
    AgentRequested,
    BotJoined,
    BotLeft,
    ConversationState,
    MessagePosted,
    RequestReason,
    SessionLeft,
)
from domain.customers.customer import Customer
from domain.customers.identity import Identity
from domain.ids import AgentId, ConversationId, MessageId, TaskId
from domain.sessions.facts import SessionEnded, SessionEndReason
from domain.tasks.facts import MediaState, TaskCloseReason, TaskQueued, TaskReserved, TaskState
from domain.tasks.task import Task
from tests.e2e.world import CHAT, SUPPORT, World
from tests.infra.eventlog.stores import STORES

pytestmark = pytest.mark.anyio


async def said(world: World, conversation: ConversationId) -> list[tuple[SenderType, str]]:
    facts = await world.facts(f"conversation-{conversation}")
    return [(fact.sender.type, fact.body.text) for fact in facts if isinstance(fact, MessagePosted)]


async def state(world: World, conversation: ConversationId) -> ConversationState:
    return (await world.conversation(conversation)).state


async def mrd_state(world: World, agent: AgentId) -> MrdState:
    return (await world.centre.store.load(Agent, agent)).mrd_state(CHAT)


async def task(world: World, task_id: TaskId) -> Task:
    return await world.centre.store.load(Task, task_id)


async def talking(world: World, who: str, agent: AgentId) -> tuple[ConversationId, TaskId]:
    """A customer who is talking with an agent, on a channel for agents alone."""
    conversation = await world.write(who, "Hello")
    task_id = await world.offer_to(agent)
    await world.send(AcceptTask(task_id, agent))

    async def joined() -> bool:
        return agent in (await world.conversation(conversation)).talking

    await world.until(joined)
    return conversation, task_id


@pytest.mark.parametrize("store", STORES)
async def test_the_seventeen_steps_of_the_communication_workflow(store: str, request: pytest.FixtureRequest) -> None:
    async with STORES[store](request) as log, World(log) as world:
        await world.configure()
        # 1. John starts a chat from the web channel.
        john = world.inbound("john", "")
        await world.send(OpenSession(john))
        # 2, 3. He is identified: his identity on this channel has a customer, a profile of his own.
        conversation = await world.conversation_of("john")
        identities = [s for s in await all_streams(world) if s.startswith("identity-")]
        identity = await world.centre.store.load(Identity, identities[0].partition("-")[2])
        customer = await world.centre.store.load(Customer, identity.customer_id)
        assert len(identities) == 1
        assert customer.exists
        assert customer.identities
        # 4. It is his first sign on this channel: a channel session starts.
        session = await world.session_of("john")
        assert (await world.session(session)).is_open
        # 5. There was no conversation: one is created, and the session joins it.
        assert customer.conversation == conversation
        assert session in (await world.conversation(conversation)).sessions
        # 6. A bot greets John, and they chat.
        await world.until(lambda: heard(world, conversation, "assistant"))
        await world.write("john", "When are you open?")
        await world.until(lambda: heard(world, conversation, "Monday"))
        # 7. John asks for a human.
        await world.write("john", "I want to talk to a human")
        # 8. The controller asks for an agent.
        requested = await world.until(lambda: first(world, f"conversation-{conversation}", AgentRequested))
        assert requested.reason is RequestReason.CUSTOMER_ASKED
        # 9. The request waits in the queue that belongs to the channel.
        queued = await world.until(lambda: first(world, f"task-{requested.task_id}", TaskQueued))
        assert queued.routing.queue_id == SUPPORT
        # 10. There is a task, and nobody available yet; then an agent becomes ready.
        assert (await task(world, requested.task_id)).media_state is MediaState.QUEUED
        ada = await world.staff("ada")
        # 11. She is found and reserved: her slot first, then the task.
        await world.until(lambda: first(world, "agent-ada", SlotReserved))
        await world.until(lambda: first(world, f"task-{requested.task_id}", TaskReserved))
        # 12. It rings at her desk, and she accepts.
        await world.send(AcceptTask(requested.task_id, ada))
        # 13. She is in the conversation, with all that was said before; the bot is out.
        await world.until(lambda: first(world, f"conversation-{conversation}", AgentJoined))
        await world.until(lambda: first(world, f"conversation-{conversation}", BotLeft))
        assert [who for who, _ in await said(world, conversation)][:1] == [SenderType.BOT]
        assert await world.until(lambda: is_so(mrd_state(world, ada), MrdState.ACTIVE))
        # 14. They talk.
        await world.send(PostAgentMessage(conversation, ada, MessageId("a1"), Body(text="How can I help?")))
        await world.write("john", "My invoice is wrong")
        assert (await said(world, conversation))[-2:] == [
            (SenderType.AGENT, "How can I help?"),
            (SenderType.CUSTOMER, "My invoice is wrong"),
        ]
        # 15. Ada leaves: the conversation stays, John sees her go, and the bot is there again, without a second greeting.
        await world.send(LeaveConversation(conversation, ada))
        await world.until(lambda: first(world, f"conversation-{conversation}", AgentLeft))
        await world.until(lambda: is_so(state(world, conversation), ConversationState.ACTIVE))
        rejoined = [f for f in await world.facts(f"conversation-{conversation}") if isinstance(f, BotJoined)]
        assert [bot.greets for bot in rejoined] == [True, False]
        await world.send(FinishWrapUp(requested.task_id, ada))
        assert await world.until(lambda: is_so(mrd_state(world, ada), MrdState.READY))
        # 16. John comes back to an agent, then leaves: his session closes, Ada still has the conversation until she is done.
        await world.write("john", "agent please")
        again = await world.until(lambda: newest_request(world, conversation, requested.task_id))
        await world.until(lambda: first(world, f"task-{again.task_id}", TaskReserved))
        await world.send(AcceptTask(again.task_id, ada))
        await world.until(lambda: is_so(talks(world, conversation, ada), True))
        await world.send(EndSession(session, SessionEndReason.CUSTOMER))
        await world.until(lambda: is_so(state(world, conversation), ConversationState.WRAP_UP))
        await world.send(ApplyWrapUp(again.task_id, ada, ("resolved",), "Invoice corrected"))
        await world.send(FinishWrapUp(again.task_id, ada))
        await world.until(lambda: is_so(state(world, conversation), ConversationState.CLOSED))
        assert (await task(world, again.task_id)).closed is TaskCloseReason.WRAP_UP_APPLIED
        assert (await world.session(session)).ended is SessionEndReason.CUSTOMER
        # 17. Another customer falls silent after an agent's message: their session is closed for inactivity.
        other = await world.write("mary", "agent")
        offered = await world.until(lambda: first(world, f"conversation-{other}", AgentRequested))
        await world.until(lambda: first(world, f"task-{offered.task_id}", TaskReserved))
        await world.send(AcceptTask(offered.task_id, ada))
        await world.until(lambda: is_so(talks(world, other, ada), True))
        await world.send(PostAgentMessage(other, ada, MessageId("a2"), Body(text="Are you still there?")))
        marys = await world.session_of("mary")
        await world.pass_time(timedelta(minutes=11))
        ended = await world.until(lambda: first(world, f"session-{marys}", SessionEnded))
        assert ended.reason is SessionEndReason.INACTIVITY
        await world.until(lambda: first(world, f"conversation-{other}", SessionLeft))


async def test_a_missed_offer_goes_on_first_in_line_and_rests_the_agent() -> None:  # routing 24, 25
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT, offer_timeout_s=20)
        ada = await world.staff("ada")
        await world.write("john", "Hello")
        first_task = await world.offer_to(ada)
        await world.pass_time(timedelta(seconds=21))
        await world.until(lambda: is_so(mrd_state(world, ada), MrdState.NOT_READY))
        assert (await task(world, first_task)).closed is TaskCloseReason.RONA
        grace = await world.staff("grace")
        second_task = await world.offer_to(grace)
        routing = (await task(world, second_task)).routing
        assert (routing.priority, routing.attempt, routing.root_request_id) == (11, 2, first_task)
        assert routing.first_enqueued_at == (await task(world, first_task)).routing.first_enqueued_at


async def test_a_request_nobody_takes_ends_and_the_customer_can_ask_again() -> None:  # routing 27, 28
    async with World() as world:
        await world.configure(request_ttl_s=60)
        conversation = await world.write("john", "agent")
        requested = await world.until(lambda: first(world, f"conversation-{conversation}", AgentRequested))
        await world.until(lambda: first(world, f"task-{requested.task_id}", TaskQueued))
        await world.pass_time(timedelta(seconds=61))
        await world.until(lambda: is_so(closed(world, requested.task_id), TaskCloseReason.NO_AGENT_AVAILABLE))
        await world.until(lambda: is_so(no_request(world, conversation), True))
        ada = await world.staff("ada")
        await world.write("john", "agent")
        assert await world.offer_to(ada)


async def test_a_customer_who_leaves_while_it_rings_frees_the_agent_at_once() -> None:  # routing 49, 59
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT)
        ada = await world.staff("ada")
        conversation = await world.write("john", "Hello")
        task_id = await world.offer_to(ada)
        await world.send(EndSession(await world.session_of("john"), SessionEndReason.CUSTOMER))
        await world.until(lambda: is_so(mrd_state(world, ada), MrdState.READY))
        assert (await task(world, task_id)).closed is TaskCloseReason.CANCELLED
        await world.until(lambda: is_so(state(world, conversation), ConversationState.CLOSED))


async def test_an_agent_who_signs_out_gives_the_customer_to_another() -> None:  # routing 37
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT)
        ada = await world.staff("ada")
        conversation, _ = await talking(world, "john", ada)
        grace = await world.staff("grace")
        await world.send(LogOut(ada))
        second = await world.offer_to(grace)
        assert (await task(world, second)).routing.priority == 11
        await world.send(AcceptTask(second, grace))
        await world.until(lambda: is_so(talks(world, conversation, grace), True))
        assert not await talks(world, conversation, ada)


async def test_an_agent_can_end_the_conversation_for_everybody() -> None:
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT, wrap_up_enabled=False)
        ada = await world.staff("ada")
        conversation, task_id = await talking(world, "john", ada)
        await world.send(EndConversation(conversation, ada))
        await world.until(lambda: is_so(state(world, conversation), ConversationState.CLOSED))
        assert (await task(world, task_id)).closed is TaskCloseReason.DONE
        new = await world.write("john", "One more thing")
        assert new != conversation


async def test_an_unfinished_wrap_up_expires_and_frees_the_slot() -> None:  # routing 51
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT, wrap_up_s=60)
        ada = await world.staff("ada")
        conversation, task_id = await talking(world, "john", ada)
        await world.send(LeaveConversation(conversation, ada))
        await world.until(lambda: is_so(task_state(world, task_id), TaskState.WRAP_UP))
        await world.pass_time(timedelta(seconds=61))
        await world.until(lambda: is_so(closed(world, task_id), TaskCloseReason.WRAP_UP_EXPIRED))
        await world.until(lambda: is_so(mrd_state(world, ada), MrdState.READY))


async def test_whoever_writes_after_their_agent_left_gets_another_on_a_channel_for_agents() -> None:  # routing 48
    async with World() as world:
        await world.configure(mode=ChannelMode.AGENT, wrap_up_enabled=False)
        ada = await world.staff("ada")
        conversation, task_id = await talking(world, "john", ada)
        await world.send(LeaveConversation(conversation, ada))
        await world.until(lambda: is_so(state(world, conversation), ConversationState.INACTIVE))
        await world.send(ReceiveMessage(world.inbound("john", "Still there?")))
        again = await world.until(lambda: newest_request(world, conversation, task_id))
        assert again.reason is RequestReason.CHANNEL_MODE


async def test_two_misunderstandings_lead_to_a_human() -> None:
    async with World() as world:
        await world.configure()
        conversation = await world.write("john", "blorp")
        await world.until(lambda: heard(world, conversation, "did not understand"))
        await world.write("john", "blorp blorp")
        requested = await world.until(lambda: first(world, f"conversation-{conversation}", AgentRequested))
        assert requested.reason is RequestReason.BOT_MISUNDERSTOOD


# What these tests wait for


async def all_streams(world: World) -> list[str]:
    return list(dict.fromkeys(recorded.stream for recorded in await world.log.read_all(limit=1_000_000)))


async def first(world: World, stream: str, fact: type) -> object:
    return next((it for it in await world.facts(stream) if isinstance(it, fact)), None)


async def heard(world: World, conversation: ConversationId, words: str) -> bool:
    return any(words in text for who, text in await said(world, conversation) if who is SenderType.BOT)


async def is_so(what: object, wanted: object) -> bool:
    return await what == wanted


async def talks(world: World, conversation: ConversationId, agent: AgentId) -> bool:
    return agent in (await world.conversation(conversation)).talking


async def closed(world: World, task_id: TaskId) -> TaskCloseReason | None:
    return (await task(world, task_id)).closed


async def task_state(world: World, task_id: TaskId) -> TaskState:
    return (await task(world, task_id)).state


async def no_request(world: World, conversation: ConversationId) -> bool:
    return (await world.conversation(conversation)).request is None


async def newest_request(world: World, conversation: ConversationId, not_this: TaskId) -> AgentRequested | None:
    facts = await world.facts(f"conversation-{conversation}")
    return next((f for f in reversed(facts) if isinstance(f, AgentRequested) and f.task_id != not_this), None)
