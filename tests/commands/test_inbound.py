"""A customer turns up: repeats, races and crashes in between all end in one customer, one session, one conversation."""

import asyncio
from collections import Counter
from random import Random
from uuid import UUID, uuid4

import pytest

from commands.attendance import LoseSession
from commands.inbound import EndSession, OpenSession, ReceiveMessage, ReportReceipt, message_id
from domain.channels.inbound import Receipt
from domain.channels.messages import DeliveryStatus
from domain.configuration.catalog import UnknownChannel
from domain.conversations.conversation import Conversation
from domain.conversations.facts import (
    CloseReason,
    ConversationClosed,
    ConversationStarted,
    ConversationState,
    DeliveryReported,
    MessagePosted,
    SessionJoined,
)
from domain.customers.customer import Customer
from domain.customers.facts import (
    ConversationOpened,
    CustomerCreated,
    IdentityAttached,
    IdentityRegistered,
    SessionOpened,
)
from domain.ids import ConversationId, SessionId
from domain.kernel import Cause, Fact, NotFound
from domain.sessions.facts import SessionEnded, SessionEndReason, SessionStarted
from tests.commands.office import Office, RestlessLog, an_office, another_process, message

pytestmark = pytest.mark.anyio
FIRST_ID = UUID(int=1)


async def the(kind: type[Fact], office: Office) -> str:
    """The id of the one thing to which this happened."""
    (subject,) = await office.subjects(kind)
    return subject


async def posted(office: Office) -> list[str]:
    return [it.provider_message_id for it in await office.facts(MessagePosted)]


async def end(office: Office, session: str, reason: SessionEndReason = SessionEndReason.CUSTOMER) -> None:
    await office.sends(EndSession(SessionId(session), reason))


async def test_a_first_message_makes_a_customer_a_session_and_a_conversation() -> None:
    office = an_office()
    await office.send(message(1))
    for kind in (
        CustomerCreated,
        IdentityRegistered,
        SessionStarted,
        ConversationStarted,
        SessionJoined,
        MessagePosted,
    ):
        assert len(await office.facts(kind)) == 1, kind


async def test_the_next_message_costs_one_append() -> None:
    office = an_office()
    await office.send(message(1))
    before = await office.log.head()
    await office.send(message(2))
    assert await office.log.head() == before + 1


async def test_the_same_command_twice_has_one_effect() -> None:  # routing 66
    office = an_office()
    await office.send(message(1), FIRST_ID)
    head = await office.log.head()
    await office.send(message(1), FIRST_ID)
    assert await office.log.head() == head


async def test_the_same_message_under_another_command_is_posted_once() -> None:  # routing 66
    office = an_office()
    for _ in range(3):
        await office.send(message(1))
    assert await posted(office) == ["whatsapp-line-1"]


async def test_messages_that_come_in_disorder_are_all_posted() -> None:
    office = an_office()
    for number in (3, 1, 2, 1, 3):
        await office.send(message(number))
    assert await posted(office) == ["whatsapp-line-3", "whatsapp-line-1", "whatsapp-line-2"]


async def test_the_same_provider_id_on_two_channels_is_two_messages() -> None:
    assert message_id("a", "1") != message_id("b", "1")


async def test_two_channels_that_share_a_phone_number_share_a_conversation() -> None:  # routing 50
    office = an_office()
    await office.send(message(1))
    await office.send(message(1, "sms-line"))
    await the(CustomerCreated, office)
    await the(ConversationStarted, office)
    assert len(await office.facts(IdentityAttached)) == len(await office.facts(SessionStarted)) == 2
    assert len(await posted(office)) == 2


async def test_a_customer_may_open_a_session_and_say_nothing() -> None:
    office = an_office()
    await office.send(OpenSession(message(1).inbound))
    await the(SessionJoined, office)
    assert await posted(office) == []


async def test_a_channel_that_nobody_configured_is_refused_and_leaves_no_trace() -> None:
    office = an_office()
    with pytest.raises(UnknownChannel):
        await office.send(message(1, "nowhere"))
    assert await office.log.head() == 0


# What ended


async def test_the_last_session_out_closes_the_conversation_and_frees_the_customer() -> None:  # routing 48
    office = an_office()
    await office.sends(message(1))
    await end(office, await the(SessionStarted, office))
    assert len(await office.facts(ConversationClosed)) == 1
    assert (await office.load(Customer, await the(CustomerCreated, office))).conversation is None


async def test_a_late_repeat_after_the_close_opens_nothing() -> None:
    office = an_office()
    await office.sends(message(1))
    await end(office, await the(SessionStarted, office))
    await office.sends(message(1))
    await the(ConversationStarted, office)
    await the(SessionStarted, office)
    assert await posted(office) == ["whatsapp-line-1"]


async def test_a_late_repeat_is_no_news_in_the_next_conversation_either() -> None:
    office = an_office()
    await office.sends(message(1))
    await end(office, await the(SessionStarted, office))
    await office.sends(message(2), message(1))
    assert await posted(office) == ["whatsapp-line-1", "whatsapp-line-2"]


async def test_a_new_message_after_the_close_opens_a_new_conversation() -> None:
    office = an_office()
    await office.sends(message(1))
    await end(office, await the(SessionStarted, office))
    await office.sends(message(2))
    assert len(await office.facts(ConversationStarted)) == len(await office.facts(ConversationOpened)) == 2
    assert len(await office.facts(CustomerCreated)) == 1


async def test_a_message_meets_a_session_that_ended_before_the_policies_said_so() -> None:
    office = an_office()
    await office.sends(message(1))
    session, talk = await the(SessionStarted, office), await the(ConversationStarted, office)
    await office.send(EndSession(SessionId(session), SessionEndReason.CUSTOMER))
    await office.send(LoseSession(ConversationId(talk), SessionId(session), SessionEndReason.CUSTOMER))
    await office.send(message(2))  # the identity still names the session that ended
    await office.settle()
    assert await posted(office) == ["whatsapp-line-1", "whatsapp-line-2"]
    assert len(await office.facts(SessionOpened)) == 2


async def test_a_message_meets_a_conversation_that_closed_before_the_policies_said_so() -> None:
    office = an_office()
    await office.sends(message(1))
    talk = await the(ConversationStarted, office)
    await office.store.change(
        Conversation, talk, lambda it: it.close(CloseReason.FORCE_CLOSED), Cause(uuid4()), office.now
    )
    await office.send(message(2))
    await office.settle()
    assert await posted(office) == ["whatsapp-line-1", "whatsapp-line-2"]
    assert len(await office.facts(ConversationStarted)) == 2


async def test_a_session_that_ends_before_its_first_message_is_in_stays_ended() -> None:
    """Otherwise its customer would be in the conversation for ever: nobody ends a session twice."""
    office = an_office(StoppingLog("conversation-"))
    with pytest.raises(PowerCut):
        await office.send(message(1), FIRST_ID)
    office.log.works = True
    await end(office, await the(SessionStarted, office))
    await office.send(message(1), FIRST_ID)
    await office.settle()
    second = (await office.subjects(SessionStarted))[-1]
    assert await office.subjects(SessionStarted) != [second]
    (talk,) = await office.subjects(ConversationStarted)
    assert list((await office.load(Conversation, talk)).sessions) == [second]
    assert await posted(office) == ["whatsapp-line-1"]


# Crashes


class PowerCut(Exception):
    pass


class StoppingLog(RestlessLog):
    """Fails at the first append to such a stream, until it `works`."""

    def __init__(self, stream: str) -> None:
        super().__init__(0)
        self.stream, self.works = stream, False

    async def append(self, stream, expected, facts, cause, at):
        if stream.startswith(self.stream) and not self.works:
            raise PowerCut
        return await super().append(stream, expected, facts, cause, at)


@pytest.mark.parametrize("stream", ["identity-", "customer-", "session-", "conversation-"])
async def test_a_crash_at_any_step_and_a_retry_converge(stream: str) -> None:
    office = an_office(StoppingLog(stream))
    with pytest.raises(PowerCut):
        await office.send(message(1), FIRST_ID)
    office.log.works = True
    after = another_process(office)
    await after.send(message(1), FIRST_ID)
    await after.send(message(1))
    assert await posted(after) == ["whatsapp-line-1"]
    for kind in (CustomerCreated, SessionStarted, ConversationStarted):
        await the(kind, after)


@pytest.mark.parametrize("stream", ["customer-", "session-", "conversation-"])
async def test_a_retry_after_others_came_and_went_loses_nothing(stream: str) -> None:
    """The first try opened the session and crashed; others used it and left; only then the retry comes."""
    office = an_office(StoppingLog(stream))
    with pytest.raises(PowerCut):
        await office.send(message(1), FIRST_ID)
    office.log.works = True
    await office.sends(message(2))
    await end(office, (await office.subjects(SessionStarted))[-1])
    await office.send(message(1), FIRST_ID)
    await office.settle()
    assert sorted(await posted(office)) == ["whatsapp-line-1", "whatsapp-line-2"]
    await office.sends(message(1, "sms-line"))
    open_now = (await office.load(Customer, await the(CustomerCreated, office))).conversation
    talks = [await office.load(Conversation, talk) for talk in await office.subjects(ConversationStarted)]
    assert [talk.state for talk in talks].count(ConversationState.CLOSED) == len(talks) - 1
    assert len((await office.load(Conversation, open_now)).sessions) == 2


# Races


async def crowd(office: Office, commands: list[ReceiveMessage], seed: int) -> None:
    """All at once, each sent twice, by two processes, while the policies run."""
    doors, random = [office, another_process(office)], Random(seed)
    sends = [random.choice(doors).send(command) for command in commands * 2]
    random.shuffle(sends)
    await asyncio.gather(*sends, office.settle())
    await office.settle()


@pytest.mark.parametrize("seed", range(25))
async def test_fifty_first_messages_at_once_are_one_customer_in_one_conversation(seed: int) -> None:
    office = an_office(RestlessLog(seed))
    commands = [message(n, channel) for n in range(25) for channel in ("whatsapp-line", "sms-line")]
    await crowd(office, commands, seed)
    await the(CustomerCreated, office)
    talk = await the(ConversationStarted, office)
    assert len(await office.facts(SessionStarted)) == len(await office.facts(SessionJoined)) == 2
    assert len(await office.facts(ConversationOpened)) == 1
    assert Counter(await posted(office)) == Counter(it.inbound.provider_message_id for it in commands)
    fresh = await another_process(office).load(Conversation, talk)
    assert len(fresh.posted) >= 50


@pytest.mark.parametrize("seed", range(25))
async def test_messages_and_ends_of_sessions_at_once_lose_and_repeat_nothing(seed: int) -> None:
    office = an_office(RestlessLog(seed))
    commands = [message(n, channel) for n in range(10) for channel in ("whatsapp-line", "sms-line")]

    async def hang_up() -> None:
        for _ in range(6):
            await asyncio.sleep(0)
            for session in set(await office.subjects(SessionStarted)):
                await office.send(EndSession(SessionId(session), SessionEndReason.CUSTOMER))
            await office.settle()

    await asyncio.gather(*(office.send(command) for command in commands), hang_up())
    await office.settle()
    assert Counter(await posted(office)) == Counter(it.inbound.provider_message_id for it in commands)
    ended = set(await office.subjects(SessionEnded))
    talks = [await office.load(Conversation, talk) for talk in set(await office.subjects(ConversationStarted))]
    for talk in talks:
        assert not ended & set(talk.sessions), "an ended session is in no conversation"
    assert sum(talk.state is not ConversationState.CLOSED for talk in talks) <= 1


# Repeats, and receipts


async def test_a_repeat_from_many_conversations_ago_is_known() -> None:  # routing 66
    office = an_office()
    for number in range(5):
        await office.sends(message(number), message(f"{number} again"))
        await end(office, (await office.subjects(SessionStarted))[-1])
    said = await posted(office)
    for number in range(5):
        await office.sends(message(number), message(f"{number} again"))
    assert await posted(office) == said
    assert len(await office.facts(ConversationStarted)) == 5
    await office.sends(message(0, "sms-line"))  # the same name on another channel is another message
    assert len(await posted(office)) == len(said) + 1


async def test_a_repeat_is_known_while_a_new_conversation_goes_on() -> None:  # routing 66
    office = an_office()
    for number in range(3):
        await office.sends(message(number))
        await end(office, (await office.subjects(SessionStarted))[-1])
    await office.sends(message("new"), message(0), message(1), message("new"))
    assert sorted(await posted(office)) == [f"whatsapp-line-{it}" for it in (0, 1, 2, "new")]


async def test_how_the_provider_names_what_we_sent_is_kept() -> None:  # routing 66
    office = an_office()
    await office.send(message(1))
    talk, (it,) = ConversationId(await the(ConversationStarted, office)), await office.facts(MessagePosted)
    receipt = Receipt(it.channel_id, it.message_id, DeliveryStatus.SENT, provider_message_id="wamid.7")
    await office.send(ReportReceipt(talk, receipt))
    assert [fact.provider_message_id for fact in await office.facts(DeliveryReported)] == ["wamid.7"]


async def test_receipts_in_any_order_say_how_far_a_message_came() -> None:
    office = an_office()
    await office.send(message(1))
    talk, (it,) = ConversationId(await the(ConversationStarted, office)), await office.facts(MessagePosted)
    for status in (DeliveryStatus.DELIVERED, DeliveryStatus.SENT, DeliveryStatus.READ, DeliveryStatus.READ):
        await office.send(ReportReceipt(talk, Receipt(it.channel_id, it.message_id, status)))
    assert [fact.status for fact in await office.facts(DeliveryReported)] == ["DELIVERED", "READ"]


async def test_a_receipt_creates_no_conversation() -> None:  # routing 66
    office = an_office()
    with pytest.raises(NotFound):
        await office.send(ReportReceipt(ConversationId("nowhere"), Receipt("whatsapp-line", "m1", DeliveryStatus.SENT)))
    assert await office.log.head() == 0
