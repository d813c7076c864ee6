"""What does the list of customers show?"""

import pytest

from domain.channels.inbound import ContactKind
from domain.channels.messages import Body, Sender, SenderType
from domain.conversations.facts import MessagePosted
from domain.customers.facts import (
    ConversationOpened,
    ConversationReleased,
    CustomerCreated,
    CustomerRenamed,
    IdentityAttached,
)
from projections.customers.reads import customer, customers
from tests.projections.telling import after, shown, told

pytestmark = pytest.mark.anyio
ADA = "customer-ada"


def known(name: str, at: float = 0):
    stream = f"customer-{name.lower()}"
    yield at, stream, CustomerCreated(name, anonymous=False)
    yield at, stream, IdentityAttached(f"web-{name}", "web", ContactKind.PHONE, f"+49-{name}")
    yield at, stream, ConversationOpened(f"c-{name}")


def wrote(conversation: str, by: SenderType = SenderType.CUSTOMER) -> MessagePosted:
    return MessagePosted("m", Sender(by, "x"), Body(text="hello"), "s1")


async def test_a_customer_shows_what_they_are_known_by_and_what_is_open(postgres_url):
    facts = told(*known("Ada"), (5, "conversation-c-Ada", wrote("c-Ada")), (6, ADA, CustomerRenamed("Ada L.")))
    async with shown(postgres_url, facts) as connection:
        it = await customer(connection, "ada")
    assert (it.name, it.anonymous, it.conversation_id) == ("Ada L.", False, "c-Ada")
    assert [(known.channel_id, known.kind, known.contact) for known in it.identities] == [
        ("web", ContactKind.PHONE, "+49-Ada")
    ]
    assert (it.conversations, it.messages, it.first_seen, it.last_seen) == (1, 1, after(0), after(5))


async def test_only_what_the_customer_wrote_counts_and_only_while_it_is_open(postgres_url):
    facts = told(
        *known("Ada"),
        (5, "conversation-c-Ada", wrote("c-Ada", SenderType.BOT)),
        (6, ADA, ConversationReleased("c-Ada")),
        (7, "conversation-c-Ada", wrote("c-Ada")),
    )
    async with shown(postgres_url, facts) as connection:
        it = await customer(connection, "ada")
    assert (it.messages, it.last_seen, it.conversation_id) == (0, after(0), None)


async def test_customers_are_found_by_name_and_contact_newest_first(postgres_url):
    async with shown(postgres_url, told(*known("Ada"), *known("Adam", 1), *known("Eve_", 2))) as connection:

        async def found(**conditions):
            return [it.id for it in (await customers(connection, **conditions)).items]

        assert await found() == ["eve_", "adam", "ada"]
        assert await found(name="AD") == ["adam", "ada"]
        assert await found(name="_ve") == []
        assert await found(contact="+49-Ada") == ["ada"]
        assert await customer(connection, "nobody") is None


async def test_a_name_may_be_longer_than_an_index_can_hold(postgres_url):
    long = "".join(chr(0x4E00 + n) for n in range(5000))
    async with shown(postgres_url, told((0, ADA, CustomerCreated(long, anonymous=False)))) as connection:
        (found,) = (await customers(connection, name=long[:3000])).items
    assert found.name == long
