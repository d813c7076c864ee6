"""Do requests on lists converge in whatever order the streams are reacted to? A random day of pulling (routing 60, 61)."""

from dataclasses import replace
from random import Random

import pytest

from commands.agents import GrantMrd, LogIn, RegisterAgent
from commands.inbound import EndSession
from commands.lists import CloseListItem, DismissListItem, JoinListItem
from domain.agents.agent import Agent
from domain.agents.facts import SlotReserved
from domain.configuration.settings import RoutingList, RoutingMode, RoutingPolicy
from domain.conversations.facts import AgentRequested
from domain.ids import ListItemId, SessionId
from domain.lists.facts import ListItemArrived, ListItemState
from domain.lists.item import ListItem
from domain.sessions.facts import SessionEndReason, SessionStarted
from domain.tasks.facts import TaskQueued, TaskReserved
from tests.commands.office import message as message_from
from tests.commands.test_interleavings import AGENTS, CUSTOMERS, Day
from tests.domain.configuration.situations import BUSINESS, CHAT, WHATSAPP, catalog

pytestmark = pytest.mark.anyio
PULL = RoutingPolicy(RoutingMode.PULL, list_id="comments")
PULLING = {
    **{id_: settings for id_, settings in BUSINESS.items() if id_ not in ("whatsapp-line", "sms-line")},
    "comments": RoutingList("Comments", CHAT, wrap_up_s=60),
    "whatsapp-line": replace(WHATSAPP, routing=PULL),
    "sms-line": replace(BUSINESS["sms-line"], routing=PULL),
}
DEEDS = ("writes", "writes", "writes", "joins", "joins", "joins", "does", "closes", "dismisses", "hangs up", "time")


class PullDay(Day):
    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.sociable = False
        self.catalog = catalog(PULLING)
        self.random = Random(f"pull {seed}")

    async def something(self) -> None:
        self.number += 1
        agent, pick = self.random.choice(AGENTS), self.random.choice
        items = [id_ for id_, item in await self.items() if item.state is not ListItemState.CLOSED]
        match pick(DEEDS):
            case "writes":
                customer = CUSTOMERS[self.number % len(CUSTOMERS)]
                await self.attempt(message_from(self.number, pick(["whatsapp-line", "sms-line"]), customer))
            case "joins" if items:
                await self.attempt(JoinListItem(pick(items), agent))
            case "does":
                await self.attempt(await self.of_an_agent(agent))
            case "closes" if items:
                await self.attempt(CloseListItem(pick(items), agent))
            case "dismisses" if items:
                await self.attempt(DismissListItem(pick(items), agent))
            case "hangs up":
                if sessions := await self.subjects(SessionStarted):
                    await self.attempt(EndSession(SessionId(pick(sessions[-4:])), SessionEndReason.CUSTOMER))
            case "time":
                await self.fire_something(pick([1, 30, 300]))
            case _:
                pass
        for _ in range(self.random.randrange(6)):
            await self.react_to_one()

    async def items(self) -> list[tuple[ListItemId, ListItem]]:
        return [(ListItemId(id_), await self.load(ListItem, id_)) for id_ in await self.subjects(ListItemArrived)]

    async def check_lists(self) -> None:
        talks, tasks = dict(await self.talks()), dict(await self.tasks())
        for id_, item in await self.items():
            talk = talks.get(item.arrived.conversation_id)
            if item.state is not ListItemState.CLOSED:
                assert talk is not None, "an open item of a conversation that is over"
                assert talk.listed is not None, "an open item that its conversation does not know"
                assert talk.listed.item_id == id_, "an open item that is not the conversation's"
                assert item.agents == {agent: talk.agents[agent].task_id for agent in talk.talking}
                assert talk.unread == 0 if talk.talking else True
                assert (item.unread > 0) <= (item.state is not ListItemState.ACTIVE)
            for agent, task_id in item.agents.items():
                assert task_id in tasks, f"{agent} works on an item for a task that is over"
        for id_, talk in talks.items():
            if talk.sessions and not talk.talking:
                assert talk.listed is not None or not talk.unread, f"{id_}: somebody waits whom no list shows"
            if talk.listed is not None:
                assert (await self.load(ListItem, talk.listed.item_id)).state is not ListItemState.CLOSED
        for kind in (AgentRequested, TaskQueued, TaskReserved, SlotReserved):
            assert await self.facts(kind) == [], "nobody is offered what they may pull"


@pytest.mark.parametrize("seed", range(60))
async def test_a_random_day_of_pulling_leaves_nothing_behind(seed: int) -> None:
    day = PullDay(seed)
    for agent in AGENTS:
        await day.sends(RegisterAgent(agent, agent, agent), GrantMrd(agent, CHAT, 1), LogIn(agent))
    for _ in range(80):
        await day.something()
    await day.settle()
    await day.check()
    await day.check_lists()
    await day.everybody_goes_home()
    await day.check()
    await day.check_lists()
    assert (await day.talks(), await day.tasks(), day.timers) == ([], [], {})
    assert all(item.state is ListItemState.CLOSED and not item.agents for _, item in await day.items())
    for agent in AGENTS:
        assert (await day.load(Agent, agent)).slots == {}


async def test_a_random_day_sees_everything_that_can_happen() -> None:
    """Chance that never led anywhere would prove nothing."""
    seen: set[str] = set()
    for seed in range(8):
        day = PullDay(seed)
        for agent in AGENTS:
            await day.sends(RegisterAgent(agent, agent, agent), GrantMrd(agent, CHAT, 1), LogIn(agent))
        for _ in range(80):
            await day.something()
        await day.settle()
        seen |= {type(it.fact).__name__ for it in await day.log.read_all(limit=100_000)}
    assert seen >= {
        "ListItemArrived", "ListItemWritten", "ListItemJoined", "ListItemLeft", "ListItemDismissed", "ListItemClosed",
        "RequestListed", "RequestUnlisted", "TaskPulled", "WrapUpStarted", "LoggedOut", "ConversationClosed",
    }  # fmt: skip
