"""What follows from what? A fact goes in, commands come out; each policy is one sentence of the business."""

import pytest

from commands.policies import POLICIES
from domain.conversations.facts import AgentLeft
from tests.commands.policies import on_holdings, on_requests, on_talks, on_work
from tests.commands.policies.situations import recorded

SENTENCES = [*on_talks.SENTENCES, *on_requests.SENTENCES, *on_work.SENTENCES, *on_holdings.SENTENCES]


@pytest.mark.parametrize(
    ("policy", "stream", "fact", "commands"), SENTENCES, ids=[f"{it[0].__name__}-{n}" for n, it in enumerate(SENTENCES)]
)
def test_from_a_fact_follow_commands(policy, stream, fact, commands) -> None:
    assert list(policy(recorded(stream, fact))) == commands
    assert policy in POLICIES[type(fact)]


def test_every_policy_is_tested_here() -> None:
    tested = {policy for policy, *_ in SENTENCES}
    assert {policy for policies in POLICIES.values() for policy in policies} == tested


def test_a_replacement_is_asked_for_before_the_bot_comes_back() -> None:
    """Policies of one fact run in this order; the other way round a bot would join whom nobody needs."""
    names = [policy.__name__ for policy in POLICIES[AgentLeft]]
    assert names.index("a_customer_whose_agent_signed_out_gets_another") < names.index(
        "a_customer_whose_agent_left_has_the_bot_again"
    )
