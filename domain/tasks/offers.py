"""A request is offered to one agent at a time: is it taken, declined, missed or withdrawn?"""

from datetime import datetime

from domain.ids import AgentId, OfferId, QueueId
from domain.kernel import Decision, Invalid
from domain.tasks.facts import MediaState, TaskAccepted, TaskCloseReason, TaskReserved
from domain.tasks.refusals import OfferGone, TaskOver
from domain.tasks.standing import Standing

DECLINE_REASON_MAX = 200
DECLINES = frozenset({TaskCloseReason.DECLINED, TaskCloseReason.NO_AGENT_AVAILABLE})
"""Ends to which a decline comes, while the wait lasts and after."""


class Offers(Standing):
    __slots__ = ()

    def reserve(
        self,
        offer: OfferId,
        agent: AgentId,
        due: datetime,
        step: int,
        queue_id: QueueId | None = None,
        slot_version: int | None = None,
        *,
        auto_answer: bool = False,
    ) -> Decision:
        """Offer it to an agent whose slot is held; one live offer at a time (routing 19, 67). `auto_answer`: it is theirs
        in the same moment, and both are said (routing 22). `slot_version`: where their stream says why to them.
        """
        if self.offer is not None and self.offer.offer_id == offer:
            return
        if not self.waits_for_agent or (self.named is not None and self.named.agent_id != agent):
            raise TaskOver("This request does not wait for an agent any more.")
        yield TaskReserved(offer, agent, due, step, queue_id, slot_version)
        if auto_answer:
            yield TaskAccepted(offer, agent, self.check_created().conversation_id)

    def accept(self, agent: AgentId, offer: OfferId | None = None) -> Decision:
        """The agent takes the offer. `offer`: which one they saw, where their client says so (routing 19)."""
        created = self.check_created()
        if self.agent_id == agent:
            return
        yield TaskAccepted(self._offer_to(agent, offer), agent, created.conversation_id)

    def decline(self, agent: AgentId, reason: str, now: datetime, offer: OfferId | None = None) -> Decision:
        """The agent does not want it: as if it had rung out, but for what that does to them (routing 21, 27)."""
        self.check_created()
        if len(reason) > DECLINE_REASON_MAX:
            raise Invalid(f"A reason has at most {DECLINE_REASON_MAX} characters.", "reason")
        if self.closed in DECLINES and self.offer is not None and self.offer.agent_id == agent:
            return
        self._offer_to(agent, offer)
        yield self.ends(self._end_of_offer(TaskCloseReason.DECLINED, now), words=reason)

    def expire_offer(self, offer: OfferId, now: datetime) -> Decision:
        """Nobody picked up: this task ends with RONA, the request goes on under another (routing 4, 24), unless its
        time is up (routing 27).
        """
        if self.media_state is MediaState.RESERVED and self.offer is not None and self.offer.offer_id == offer:
            yield self.ends(self._end_of_offer(TaskCloseReason.RONA, now))

    def withdraw(self, now: datetime) -> Decision:
        """Whoever it rang at signed out: nobody is to blame, and it goes on while its time lasts (routing 27, 37)."""
        if self.media_state is MediaState.RESERVED:
            yield self.ends(self._end_of_offer(TaskCloseReason.REROUTE, now))

    def miss(self) -> Decision:
        """The agent who is named cannot have it: nothing ever rang (routing 44)."""
        if self.named is not None and self.waits_for_agent:
            yield self.ends(TaskCloseReason.NO_AGENT_AVAILABLE)

    def _end_of_offer(self, reason: TaskCloseReason, now: datetime) -> TaskCloseReason:
        """An offer may outlast its request; refused then, nobody was available (routing 27)."""
        return TaskCloseReason.NO_AGENT_AVAILABLE if self.time_is_up(now) else reason

    def _offer_to(self, agent: AgentId, offer: OfferId | None) -> OfferId:
        """The offer that rings at this agent; `offer`: the one that they saw, where their client says so."""
        if self.media_state is not MediaState.RESERVED or self.offer is None:
            raise OfferGone("This offer has ended: it timed out, was withdrawn, or somebody else has it.")
        if self.offer.agent_id != agent or offer not in (None, self.offer.offer_id):
            raise OfferGone("This offer is not yours (any more).")
        return self.offer.offer_id
