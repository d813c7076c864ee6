"""Who has signed in, and who wants work? In each media routing domain, as sets, whatever they have to do already."""

from collections import defaultdict

from domain.agents.agent import Agent
from domain.ids import MrdId


class Presence:
    """`changed`: something about people has changed since it was last made false. `ready` counts those who are full,
    too: they want work, and will be able to take it.
    """

    def __init__(self) -> None:
        self.signed_in: dict[MrdId, int] = defaultdict(int)
        self.ready: dict[MrdId, int] = defaultdict(int)
        self.changed = True

    def note(self, number: int, agent: Agent) -> None:
        """Who they are now. A domain that they were never granted is not theirs."""
        bit = 1 << number
        self.changed = True
        for mrd_id, mrd in agent.mrds.items():
            here = agent.logged_in and mrd.tasks_max > 0
            ready = here and agent.ready and mrd.willing
            self.signed_in[mrd_id] = self.signed_in[mrd_id] | bit if here else self.signed_in[mrd_id] & ~bit
            self.ready[mrd_id] = self.ready[mrd_id] | bit if ready else self.ready[mrd_id] & ~bit
