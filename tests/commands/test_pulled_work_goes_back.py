"""Agents who stop or must go while they do work that they chose themselves: routing 30, 36, 37, 39, 60."""

from dataclasses import replace

import pytest

from commands.agents import GrantMrd, LogIn, LogOut, MakeNotReady, MakeReady, RegisterAgent
from commands.bus import Command
from commands.desks import ConnectDesk, DisconnectDesk
from commands.lists import JoinListItem
from domain.agents.agent import Agent
from domain.agents.facts import MrdState
from domain.configuration.settings import DeskPolicy, LogoutPolicy, ReasonCode, ReasonKind
from domain.conversations.conversation import Conversation
from domain.conversations.facts import ConversationStarted, ConversationState
from domain.ids import ConversationId, ListItemId
from domain.lists.facts import ListItemArrived, ListItemState
from domain.lists.item import ListItem
from domain.tasks.facts import TaskClosed, TaskCloseReason
from tests.commands.floor import MARIA, PAUL
from tests.commands.office import Office, an_office, message
from tests.commands.test_pull_interleavings import PULLING
from tests.domain.configuration.situations import CHAT, EMAIL, catalog

pytestmark = pytest.mark.anyio
CALLBACK = {"callback": ReasonCode("Callback", ReasonKind.NOT_READY, reroutes_work=True)}


async def pulling(policy: LogoutPolicy = LogoutPolicy.REROUTE) -> tuple[Office, ListItemId, ConversationId]:
    """Maria has chosen the only item of the list. Neither she nor Paul is ready."""
    office = an_office()
    office.catalog = replace(
        catalog(PULLING), reasons=CALLBACK, desk_policies={"centre": DeskPolicy(logout=policy, disconnect_grace_s=30)}
    )
    for agent in (MARIA, PAUL):
        await office.sends(RegisterAgent(agent, agent, agent), GrantMrd(agent, CHAT, 1), LogIn(agent))
        await office.sends(GrantMrd(agent, EMAIL, 1))
    await office.sends(message(1))
    item = ListItemId((await office.subjects(ListItemArrived))[0])
    await office.sends(JoinListItem(item, MARIA))
    return office, item, ConversationId((await office.subjects(ConversationStarted))[0])


WAYS: dict[str, list[Command]] = {
    "signs out": [LogOut(MARIA)],
    "for a reason that gives work away": [MakeNotReady(MARIA, "callback")],
    "stays away": [ConnectDesk(MARIA, "a"), DisconnectDesk(MARIA, "a")],
}


@pytest.mark.parametrize("way", WAYS)
async def test_the_request_is_on_its_list_again_and_others_choose_it(way: str) -> None:
    office, item, talk_id = await pulling()
    await office.sends(*WAYS[way])
    await office.wait(30)
    talk = await office.load(Conversation, talk_id)
    assert ((await office.load(ListItem, item)).state, talk.talking) == (ListItemState.INACTIVE, [])
    assert (await office.load(Agent, MARIA)).slots == {}
    assert talk.request is None  # nobody is offered what they may pull
    await office.sends(JoinListItem(item, PAUL))
    assert (await office.load(Conversation, talk_id)).talking == [PAUL]


async def test_where_signing_out_closes_talks_the_item_is_closed() -> None:
    office, item, talk_id = await pulling(LogoutPolicy.CLOSE)
    await office.sends(LogOut(MARIA))
    assert (await office.load(ListItem, item)).state is ListItemState.CLOSED
    assert (await office.load(Conversation, talk_id)).state is ConversationState.CLOSED
    assert [it.reason for it in await office.facts(TaskClosed)] == [TaskCloseReason.AGENT_LOGOUT]


async def test_what_gives_way_does_so_for_work_that_they_chose_too() -> None:  # routing 35, 61
    office, _, _ = await pulling()
    await office.sends(MakeReady(MARIA))
    agent = await office.load(Agent, MARIA)
    assert (agent.mrd_state(CHAT), agent.mrd_state(EMAIL)) == (MrdState.BUSY, MrdState.INTERRUPTED)
