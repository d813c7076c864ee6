"""Is a setting changed once, however often it is asked for?"""

from uuid import uuid4

import pytest

from commands.configuration import Configure, Retire
from domain.configuration.settings import Queue
from tests.commands.office import an_office
from tests.domain.configuration.situations import CHAT

pytestmark = pytest.mark.anyio


async def test_a_setting_is_retired_once_and_asking_again_is_no_error() -> None:  # routing 66
    office, again = an_office(), uuid4()
    await office.send(Configure("late", Queue("Late", CHAT)))
    await office.send(Retire(Queue, "late"), again)
    await office.send(Retire(Queue, "late"), again)
    assert await office.log.head() == 2
