"""Is a setting changed once, however often it is asked for?"""

from uuid import uuid4

import pytest

from commands.agents import AssignAttribute, RegisterAgent
from commands.configuration import Configure, Retire
from commands.queues import DrainQueue, RetireDrained
from domain.agents.facts import AttributeAssigned
from domain.configuration.facts import Retired
from domain.configuration.settings import Queue
from domain.ids import AgentId, AttributeId, QueueId
from tests.commands.office import an_office
from tests.domain.configuration.situations import CHAT

pytestmark = pytest.mark.anyio
MARIA = AgentId("maria")


async def test_a_setting_is_retired_once_and_asking_again_is_no_error() -> None:  # routing 66
    office, again = an_office(), uuid4()
    await office.send(Configure("late", Queue("Late", CHAT)))
    await office.send(Retire(Queue, "late"), again)
    await office.send(Retire(Queue, "late"), again)
    assert await office.log.head() == 2


async def test_an_attribute_without_a_value_has_the_usual_one() -> None:
    office = an_office()
    usual = office.catalog.attributes[AttributeId("spanish")].default_value
    assert usual != 1, "or nothing is proved"
    await office.send(RegisterAgent(MARIA, "maria", "Maria"))
    await office.send(AssignAttribute(MARIA, AttributeId("spanish")))
    await office.send(AssignAttribute(MARIA, AttributeId("spanish"), 7))
    assert [it.value for it in await office.facts(AttributeAssigned)] == [usual, 7]


async def test_a_queue_that_drains_is_not_gone_while_this_process_knows_of_somebody() -> None:  # routing 63
    office = an_office()
    await office.send(Configure("late", Queue("Late", CHAT)))
    await office.send(DrainQueue(QueueId("late")))
    office.waiting = 1
    await office.send(RetireDrained(QueueId("late")))
    assert await office.facts(Retired) == []
    office.waiting = 0
    await office.send(RetireDrained(QueueId("late")))
    assert await office.facts(Retired) == [Retired()]
