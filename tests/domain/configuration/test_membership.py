"""Who serves a queue, from which step on? routing 6, 7, 62."""

from domain.configuration.membership import deserted, matched_step
from tests.domain.configuration.situations import CHAT, EMAIL, SALES, SPANISH

FLUENT, BEGINNER, WORKS = {SPANISH: 8}, {SPANISH: 2}, {CHAT: 3}


def test_an_agent_serves_from_the_first_step_that_they_match() -> None:
    assert matched_step(SALES, FLUENT, WORKS) == 0
    assert matched_step(SALES, BEGINNER, WORKS) == 1
    assert matched_step(SALES, {}, WORKS) == 1


def test_who_does_no_work_of_the_domain_does_not_serve() -> None:
    assert matched_step(SALES, FLUENT, {EMAIL: 3}) is None
    assert matched_step(SALES, FLUENT, {CHAT: 0}) is None


def test_a_step_that_no_agent_matches_is_told() -> None:
    assert list(deserted(SALES, [(FLUENT, WORKS)])) == []
    assert list(deserted(SALES, [(BEGINNER, WORKS), (FLUENT, {})])) == ["steps[0]: no agent matches it"]
    assert len(list(deserted(SALES, []))) == 2
