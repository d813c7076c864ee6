"""Is it known of each fact whether a screen is told?"""

from typing import get_args

from api.schema.events import IN_CONVERSATION, OF_TASKS, OF_THE_CONNECTION, WITHOUT_EVENT
from domain.agents.facts import AgentFact
from domain.conversations.facts import ConversationFact
from domain.lists.facts import ListItemFact
from domain.tasks.facts import TaskClosed, TaskFact


def test_each_fact_is_an_event_or_said_to_be_none() -> None:
    told = {*IN_CONVERSATION, *OF_TASKS, TaskClosed, *get_args(ListItemFact), *get_args(AgentFact)} - {
        *OF_THE_CONNECTION
    }
    assert not told & WITHOUT_EVENT
    assert {*get_args(ConversationFact), *get_args(TaskFact), *get_args(AgentFact)} <= told | WITHOUT_EVENT
