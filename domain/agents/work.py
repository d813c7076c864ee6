"""May this agent have this work, and when are they done with it? Slots are reserved, filled and released here."""

from datetime import datetime

from domain.agents.facts import (
    MadeNotReady,
    MrdMadeNotReady,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotState,
    SlotWrappingUp,
    WrapUpEnded,
)
from domain.agents.standing import RONA, WITHOUT_SLOT, Standing
from domain.agents.states import NOBODY, Interrupts
from domain.configuration.domains import RonaAction
from domain.ids import ConversationId, MrdId, OfferId, TaskId
from domain.kernel import Decision
from domain.routing.decisions import UNTOLD, Grounds


class Work(Standing):
    __slots__ = ()

    def reserve(
        self,
        mrd: MrdId,
        task: TaskId,
        offer: OfferId,
        step: int,
        why: Grounds = UNTOLD,
        *,
        interruptible: bool = False,
        interrupts: Interrupts = NOBODY,
    ) -> Decision:
        """Hold a slot for an offer: the one place where capacity is enforced, whoever routes (routing 12, 18, 20)."""
        if task in self.slots:
            return
        self.check_can_take(mrd)
        yield SlotReserved(mrd, task, offer, step, why, interruptible, interrupts)

    def fill(self, task: TaskId, conversation: ConversationId) -> Decision:
        slot = self.slots.get(task)
        if slot is not None and slot.state is SlotState.RESERVED:
            yield SlotFilled(slot.mrd_id, task, conversation, slot.interruptible, slot.interrupts)

    def take_up(
        self,
        mrd: MrdId,
        task: TaskId,
        conversation: ConversationId,
        *,
        interruptible: bool = False,
        interrupts: Interrupts = NOBODY,
    ) -> Decision:
        """Work that they chose themselves: ready or not, and more than their maximum if they like (routing 61)."""
        if task not in self.slots:
            self.check_may_pull(mrd)
            yield SlotFilled(mrd, task, conversation, interruptible, interrupts)

    def wrap_up(self, task: TaskId, *, holds_slot: bool) -> Decision:
        """The talk is over; whether wrap-up still fills the slot is the domain's choice (routing 52)."""
        slot = self.slots.get(task)
        if slot is None or slot.state is SlotState.WRAP_UP:
            return
        if holds_slot:
            yield SlotWrappingUp(slot.mrd_id, task)
        else:
            yield SlotReleased(slot.mrd_id, task, WITHOUT_SLOT, self._goes_on_after(task))

    def release(self, task: TaskId, reason: str) -> Decision:
        slot = self.slots.get(task)
        if slot is not None:
            yield SlotReleased(slot.mrd_id, task, reason, self._goes_on_after(task))
        elif task in self.wrap_ups:
            yield WrapUpEnded(task)

    def miss(
        self,
        task: TaskId,
        action: RonaAction = RonaAction.MRD_NOT_READY,
        after: int = 1,
        rest_until: datetime | None = None,
        *,
        last_one_off: bool = False,
    ) -> Decision:
        """An offer rang out: free the slot and, after so many in a row, give the agent a rest (routing 25)."""
        slot = self.slots.get(task)
        if slot is None or slot.state is not SlotState.RESERVED:
            return
        yield SlotReleased(slot.mrd_id, task, RONA)
        mrd = self.mrds[slot.mrd_id]
        if not mrd.willing or mrd.misses + 1 < after:
            return
        if action is RonaAction.COOL_DOWN:
            yield MrdMadeNotReady(slot.mrd_id, RONA, rest_until)
        elif action is RonaAction.MRD_NOT_READY:
            yield MrdMadeNotReady(slot.mrd_id, RONA)
            if last_one_off and self.is_last_on(slot.mrd_id):
                yield MadeNotReady(RONA)

    def _goes_on_after(self, task: TaskId) -> tuple[MrdId, ...]:
        slot = self.slots[task]
        if slot.state is SlotState.RESERVED or not slot.interrupts:
            return ()
        return tuple(sorted(slot.interrupts.keys() - self.giving_way_to_work(without=task).keys()))
