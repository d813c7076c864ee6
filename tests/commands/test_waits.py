"""Who is told how long it may still be, and how often (routing 65)?"""

from datetime import timedelta
from typing import Self

import pytest

from commands.configuration import Configure
from commands.inbound import EndSession
from commands.requests import RequestAgent
from commands.waits import Announcer, words_of
from domain.configuration import settings as s
from domain.configuration.diversions import Diversion, DiversionAction, Overflow, OverflowCondition
from domain.conversations.facts import MessagePosted, RequestReason
from domain.routing.pace import Pace
from domain.sessions.facts import SessionEndReason
from tests.e2e.world import CHAT, SUPPORT, World

pytestmark = pytest.mark.anyio

TOLD = "You are number {position}; about {minutes} min."


class Waiting(World):
    """Customers wait in a queue where talks take two minutes, and one agent talks."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self.configure(wait_message=TOLD)
        self.announcer = self.centre.announcer
        return self

    async def asks(self, who: str) -> str:
        conversation = await self.write(who, "hello")
        await self.send(RequestAgent(conversation, RequestReason.CUSTOMER_ASKED))

        async def waits() -> bool:
            return any(it.conversation_id == conversation for it in self.announcer.waits.requests.values())

        await self.until(waits)
        return conversation

    async def notices(self, conversation: str) -> list[str]:
        history = await self.log.read(f"conversation-{conversation}")
        posted = [it.fact for it in history if isinstance(it.fact, MessagePosted)]
        return [it.body.text for it in posted if it.sender.type == "SYSTEM"]


async def test_whoever_waits_is_told_once_for_each_place_and_not_too_often():
    async with Waiting() as world:
        world.announcer.waits.paces[SUPPORT] = pace = Pace()
        pace.handled, pace.active = [120.0], 1
        first, second = await world.asks("john"), await world.asks("jane")
        await world.announcer.tell()
        assert await world.notices(second) == [], "whoever is answered at once need not be told"
        world.clock.offset += timedelta(seconds=6)
        await world.announcer.tell()
        await world.announcer.tell()
        assert await world.notices(first) == ["You are number 1; about 2 min."]
        assert await world.notices(second) == ["You are number 2; about 4 min."]
        await world.send(EndSession(await world.session_of("john"), SessionEndReason.CUSTOMER))
        await world.until(lambda: _async(len(world.announcer.waits.requests) == 1))
        await world.announcer.tell()
        assert len(await world.notices(second)) == 1, "not so soon again"
        world.clock.offset += timedelta(seconds=61)
        await world.announcer.tell()
        assert (await world.notices(second))[1:] == ["You are number 1; about 2 min."]


async def test_whoever_would_wait_too_long_is_sent_on():  # routing 58
    sorry = Diversion(DiversionAction.MESSAGE, message="It takes longer today.")
    async with Waiting() as world:
        await world.configure(overflow=(Overflow(OverflowCondition.ESTIMATED_WAIT, sorry, 200),))
        world.announcer.waits.paces[SUPPORT] = pace = Pace()
        pace.handled, pace.active = [120.0], 1
        first, second = await world.asks("john"), await world.asks("jane")
        for _ in range(2):
            await world.announcer.send_on()
        await world.until(lambda: _async(not list(world.announcer.waits.overflowing(world.clock()))))

        async def is_told() -> bool:
            return await world.notices(second) == ["It takes longer today."]

        await world.until(is_told)
        assert await world.notices(first) == []


async def test_where_nothing_is_known_nothing_is_told():
    async with Waiting() as world:
        john = await world.asks("john")
        world.clock.offset += timedelta(seconds=10)
        await world.announcer.tell()
        assert await world.notices(john) == []


async def test_a_queue_without_a_message_says_nothing():
    async with Waiting() as world:
        await world.send(Configure("support", s.Queue("Support", CHAT)))
        world.announcer.waits.paces[SUPPORT] = pace = Pace()
        pace.handled, pace.active = [120.0], 1
        john = await world.asks("john")
        world.clock.offset += timedelta(seconds=10)
        await world.announcer.tell()
        assert await world.notices(john) == []


async def test_another_engine_does_not_tell_the_same_again():
    async with Waiting() as world:
        world.announcer.waits.paces[SUPPORT] = pace = Pace()
        pace.handled, pace.active = [120.0], 1
        john = await world.asks("john")
        world.clock.offset += timedelta(seconds=10)
        await world.announcer.tell()
        again = Announcer(world.centre.commands)
        again.restore(world.announcer.dump())
        await again.tell()
        assert len(await world.notices(john)) == 1


async def _async(answer: bool) -> bool:
    return answer


def test_nobody_is_told_that_it_takes_no_time():
    assert words_of(TOLD, 1, 3) == "You are number 1; about 1 min."
    assert words_of(TOLD, 2, 61) == "You are number 2; about 2 min."
