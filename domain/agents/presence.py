"""Is this agent here, and where do they want work? States follow from what they say (states.py)."""

from datetime import datetime

from domain.agents.facts import (
    AgentState,
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MadeReady,
    MrdMadeNotReady,
    MrdMadeReady,
    MrdMirrored,
    SlotState,
    StateLost,
)
from domain.agents.standing import HasWork, Standing
from domain.agents.states import Mirrored
from domain.ids import MrdId
from domain.kernel import Decision, NotFound, WrongState


class Presence(Standing):
    __slots__ = ()

    def log_in(self) -> Decision:
        if not self.username:
            raise NotFound("There is no such agent.", "agent_id")
        if not self.logged_in:
            yield LoggedIn()

    def stop(self, reason: str) -> Decision:
        """On the way out: whatever they said before, nothing new comes to them (routing 37)."""
        if self.ready:
            yield MadeNotReady(reason)

    def log_out(self, reason: str = "", *, refuses: bool = False) -> Decision:
        """`refuses`: not in the midst of work (routing 37)."""
        if not self.username:
            raise NotFound("There is no such agent.", "agent_id")
        if refuses:
            self.check_may_leave()
        if self.logged_in:
            yield LoggedOut(reason)

    def check_may_leave(self) -> None:
        """Where nobody leaves in the midst of work (routing 37)."""
        if self.logged_in and any(slot.state is SlotState.ACTIVE for slot in self.slots.values()):
            raise HasWork("You have live work: end it or pass it on first.")

    def lose_state(self, reason: str) -> Decision:
        """After a failure: until they say whether they want work, they get none (routing 29)."""
        if self.logged_in and not self.state_lost:
            yield StateLost(reason)

    def make_ready(self, mrds: frozenset[MrdId] | None = None) -> Decision:
        """Ready for work, in all media routing domains that the agent has, or in `mrds` alone (routing 31)."""
        self.check_logged_in()
        if unknown := sorted((mrds or frozenset()) - self.mrds.keys()):
            raise NotFound(f"The agent has no media routing domain {unknown[0]!r}.", "mrds")
        if self.state is not AgentState.READY:
            yield MadeReady()
        for mrd in self.mrds:
            if (mrds is None or mrd in mrds) and not (self.ready and self.mrds[mrd].willing):
                yield MrdMadeReady(mrd)

    def make_not_ready(self, reason: str, *, reroutes_work: bool = False) -> Decision:
        """No new work anywhere (routing 30); asked again, it changes the reason (routing 29)."""
        self.check_logged_in()
        if self.state is not AgentState.NOT_READY or reason != self.reason:
            yield MadeNotReady(reason, reroutes_work)

    def make_mrd_ready(self, mrd: MrdId) -> Decision:
        self.check_logged_in()
        self.check_granted(mrd)
        if not self.ready:
            raise WrongState("Become ready first: a media routing domain can only be ready when you are (routing 31).")
        if not self.mrds[mrd].willing:
            yield MrdMadeReady(mrd)

    def make_mrd_not_ready(self, mrd: MrdId, reason: str, *, last_one_off: bool = False) -> Decision:
        """`last_one_off`: who has switched off all domains is not ready at all (routing 31)."""
        self.check_logged_in()
        self.check_granted(mrd)
        if self.mrds[mrd].willing or self.mrds[mrd].rests_until or self.mrds[mrd].mirrored:
            yield MrdMadeNotReady(mrd, reason)
            if last_one_off and self.ready and self.is_last_on(mrd):
                yield MadeNotReady(reason)

    def end_cool_down(self, mrd: MrdId, until: datetime) -> Decision:
        """They have rested; unless they said something else meanwhile (routing 25)."""
        if self.ready and mrd in self.mrds and self.mrds[mrd].rests_until == until:
            yield MrdMadeReady(mrd)

    def mirror(self, mrd: MrdId, mirrored: Mirrored) -> Decision:
        """Somebody else routes this domain, and says how they stand there (routing 34)."""
        self.check_granted(mrd)
        if self.mrds[mrd].mirrored != mirrored:
            yield MrdMirrored(mrd, mirrored.state, mirrored.interruptible, mirrored.interrupts)
