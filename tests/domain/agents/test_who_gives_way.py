"""Which domains give way, in any order of beginnings and ends? The words of routing 35 and 36, said a second time."""

from hypothesis import given
from hypothesis import strategies as st

from domain.agents.agent import Agent
from domain.agents.facts import LoggedIn, MadeReady, MrdGranted, MrdMadeReady, MrdState, SlotFilled, SlotReleased
from domain.configuration.settings import InterruptionAction
from domain.ids import MrdId
from tests.domain.agents.situations import TALK, task
from tests.domain.scenario import given as given_facts

DOMAINS = [MrdId("voice"), MrdId("chat"), MrdId("email")]
IGNORE = InterruptionAction.IGNORE
Settings = dict[MrdId, tuple[bool, InterruptionAction]]
"""Can it be interrupted, and what then?"""
settings = st.fixed_dictionaries(
    {mrd: st.tuples(st.booleans(), st.sampled_from(InterruptionAction)) for mrd in DOMAINS}
)
begins = st.tuples(st.just("begins"), st.sampled_from(DOMAINS), st.integers(1, 6))
ends = st.tuples(st.just("ends"), st.sampled_from(DOMAINS), st.integers(1, 6))


def said_again(configured: Settings, work: list[MrdId], mrd: MrdId) -> bool:
    """Does this domain give way? `work`: what goes on, in the order in which it began."""
    interruptible, action = configured[mrd]
    if not interruptible or action is IGNORE:
        return False
    others = [it for it in dict.fromkeys(work) if it != mrd]
    if any(not configured[it][0] for it in others):
        return True  # what cannot be interrupted goes before it, whichever came first
    earlier = others if mrd not in work else [it for it in others if work.index(it) < work.index(mrd)]
    return any(not said_again(configured, work, it) for it in earlier)  # whichever comes second is blocked


@given(settings, st.lists(begins | begins | ends, max_size=14))
def test_whatever_begins_and_ends_the_right_domains_give_way(configured: Settings, story) -> None:
    granted = [fact for mrd in DOMAINS for fact in (MrdGranted(mrd, 9), MrdMadeReady(mrd))]
    agent = given_facts(Agent, LoggedIn(), MadeReady(), *granted).model
    work: dict[int, MrdId] = {}
    for what, mrd, number in story:
        if what == "begins" and number not in work:
            gives_way = {
                other: action
                for other, (interruptible, action) in configured.items()
                if other != mrd and interruptible and action is not IGNORE
            }
            agent = agent.evolve(SlotFilled(mrd, task(number), TALK, configured[mrd][0], gives_way))
            work[number] = mrd
        elif what == "ends" and number in work:
            agent = agent.evolve(SlotReleased(work.pop(number), task(number), "DONE"))
        for it in DOMAINS:
            expected = said_again(configured, list(work.values()), it)
            assert (agent.mrd_state(it) is MrdState.INTERRUPTED) is expected
            if expected:
                assert agent.giving_way_to_work()[it] is configured[it][1]
