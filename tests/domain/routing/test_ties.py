"""Who is first among equals? The policy, then how full they are, then since when they are available, then the id (routing 13)."""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.configuration import settings as s
from domain.routing.decisions import NAMED_MAX
from domain.routing.engine import Offer
from tests.domain.routing.floor import CHAT, NOON, SENIOR, SPANISH, Floor


class StillFloor(Floor):
    """Time only passes when somebody says so, so that two may be equal in everything."""

    def _pass(self, seconds: float) -> None:
        pass


@dataclass(frozen=True)
class Somebody:
    name: str
    spanish: int
    senior: int
    tasks: int
    tasks_max: int
    since: int

    @property
    def skill(self) -> int:
        """routing 14: of all that the matched step names, once each."""
        return self.spanish + self.senior


few = st.integers(1, 3)
people = st.lists(
    st.builds(Somebody, st.sampled_from("abcdefgh"), few, st.integers(0, 2), st.integers(0, 2), few, st.integers(0, 1)),
    min_size=2,
    max_size=6,
    unique_by=lambda it: it.name,
)


@given(people, st.sampled_from(s.AgentSelectionPolicy))
def test_the_order_of_agents_is_that_of_the_rule(those: list[Somebody], policy: s.AgentSelectionPolicy) -> None:
    floor = StillFloor()
    has, either = s.RelationalOperator.HAS, s.Junction.OR
    terms = (s.Term(SPANISH, has), s.Term(SENIOR, has, 0, either), s.Term(SPANISH, s.RelationalOperator.GT, 9, either))
    floor.queue("sales", CHAT, s.Step((s.Expression(terms),)), agent_selection=policy)
    for it in those:
        floor.now = NOON + timedelta(seconds=it.since)
        floor.staff(it.name, tasks_max=it.tasks_max, spanish=it.spanish, senior=it.senior, other=9)
        for number in range(it.tasks):
            floor.agent(it.name, lambda agent, n=number: agent.take_up(CHAT, f"{n}", "talk"))
    first = {
        "LONGEST_AVAILABLE": lambda it: 0,
        "MOST_SKILLED": lambda it: -it.skill,
        "LEAST_SKILLED": lambda it: it.skill,
    }
    able = [it for it in those if it.tasks < it.tasks_max]
    in_order = sorted(able, key=lambda it: (first[policy](it), it.tasks / it.tasks_max, it.since, it.name))
    floor.ask("t1")
    offers = [
        (move.agent_id, [c.agent_id for c in move.decision.candidates])
        for move in floor.decide()
        if isinstance(move, Offer)
    ]
    assert offers == ([(in_order[0].name, [it.name for it in in_order[:NAMED_MAX]])] if in_order else [])
