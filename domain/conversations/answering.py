"""How long may the customer wait for an answer, and when do they not expect one (routing 56)?

The response time runs from a customer's message to the reply of an agent who talks with them. On hold it stands still.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.conversations.facts import (
    ConversationHeld,
    ConversationResumed,
    Holder,
    MessagePosted,
    ResponseAwaited,
    ResponseTimedOut,
    ResponseWarned,
    ResumeReason,
)
from domain.conversations.standing import Standing
from domain.ids import AgentId, MessageId, SessionId, TaskId
from domain.kernel import Decision, Invalid, WrongState

HOLD_S_MAX = 86_400
WARNINGS = (50, 75)
"""Percent of the response time at which the desk and the supervisors are told."""
FULL = 100


class NotOnHold(WrongState):
    code = "NOT_ON_HOLD"


@dataclass(frozen=True, slots=True)
class ResponseTime:
    """How soon an answer is wanted from now on; none where `within_s` is 0."""

    now: datetime
    within_s: int


class Answering(Standing):
    __slots__ = ()

    def awaits_answer(self, message: MessagePosted, session: SessionId, response: ResponseTime | None) -> Decision:
        """The customer wrote to an agent, and does not talk to them at the same time. A second session of theirs starts
        the time anew (routing 50, 56).
        """
        running = self.response is not None and self.response.session_id == session
        waits = self.talking and self.held is None and not self.calls
        if response is not None and response.within_s and waits and not running:
            due = response.now + timedelta(seconds=response.within_s)
            yield ResponseAwaited(message.message_id, session, due, response.within_s)

    def warn_of_response(self, message: MessageId, percent: int, due: datetime) -> Decision:
        awaited = self._awaited(message, due)
        if awaited is not None and percent > self.response_warned:
            yield ResponseWarned(message, percent, awaited.due, awaited.within_s)

    def time_out_response(self, message: MessageId, due: datetime) -> Decision:
        """Nobody answered: whoever is here goes, and the customer is offered to others."""
        if self._awaited(message, due) is not None:
            yield ResponseTimedOut(message)

    def _awaited(self, message: MessageId, due: datetime) -> ResponseAwaited | None:
        """The answer that is wanted until then; a hold puts the time off (routing 42)."""
        awaited = self.response
        return awaited if awaited is not None and (awaited.message_id, awaited.due) == (message, due) else None

    # Hold

    def hold(self, agent: AgentId, now: datetime, for_s: int, reason: str = "") -> Decision:
        """The customer waits on purpose, for so long; holding again sets a new end, and what was held for other work is
        the agent's own hold from then on.
        """
        self.check_open()
        self.check_talks(agent)
        self.reply_session()
        if not 1 <= for_s <= HOLD_S_MAX:
            raise Invalid(f"A hold takes 1 to {HOLD_S_MAX} seconds.", "for_s")
        due = now + timedelta(seconds=for_s)
        if self.held is None:
            yield ConversationHeld(agent, due, reason, self._response_left_s(now))
        elif (self.held.due, self.held.held_by) != (due, Holder.AGENT):
            yield ConversationHeld(agent, due, reason, self.held.response_left_s)

    def give_way(self, away: Mapping[AgentId, TaskId], now: datetime) -> Decision:
        """Other work goes first for everybody who talks with the customer: they wait until one of them is free or writes,
        unless they are on hold already (routing 36). `away`: who has other work, and the task for which they are here.
        """
        if self.held is None and self.sessions and self._nobody_attends(away):
            yield ConversationHeld(self.talking[0], None, "", self._response_left_s(now), Holder.INTERRUPTION)

    def go_on(self, away: Mapping[AgentId, TaskId], response: ResponseTime) -> Decision:
        """Somebody is free for it again. What somebody put on hold, they take up themselves (routing 36)."""
        held = self.held
        if held is not None and held.held_by is Holder.INTERRUPTION and not self._nobody_attends(away):
            yield from self.resumes(ResumeReason.AGENT_FREE, response)

    def _nobody_attends(self, away: Mapping[AgentId, TaskId]) -> bool:
        talking = self.talking
        return bool(talking) and all(away.get(agent) == self.agents[agent].task_id for agent in talking)

    def resume(self, agent: AgentId, response: ResponseTime) -> Decision:
        self.check_open()
        self.check_talks(agent)
        if self.held is None:
            raise NotOnHold("This conversation is not on hold (any more).")
        yield from self.resumes(ResumeReason.AGENT, response)

    def end_hold(self, due: datetime, response: ResponseTime) -> Decision:
        """Its time is up."""
        if self.closed is None and self.held is not None and self.held.due == due:
            yield from self.resumes(ResumeReason.TIME, response)

    def resumes(self, reason: ResumeReason, response: ResponseTime | None) -> Decision:
        """What is left of the response time goes on; who wrote during the hold is answered within the whole. `response`:
        none where nobody stays who could.
        """
        held, waits = self.held, self.unanswered
        yield ConversationResumed(reason)
        if held is None or waits is None or self.calls or response is None or not response.within_s:
            return
        left_s = response.within_s if held.response_left_s is None else held.response_left_s
        due = response.now + timedelta(seconds=left_s)
        yield ResponseAwaited(waits, self.reply_session(), due, response.within_s, self.response_warned)

    def _response_left_s(self, now: datetime) -> float | None:
        return None if self.response is None else max(0.0, (self.response.due - now).total_seconds())


def percent_at(percent: int, due: datetime, within_s: int) -> datetime:
    """When so much of the time is over."""
    return due - timedelta(seconds=within_s * (100 - percent) / 100)


def next_percent(now: datetime, due: datetime, within_s: int, told: int) -> int:
    """The first warning that is still to come, or FULL for the end."""
    left = (percent for percent in WARNINGS if percent > told)
    return next((percent for percent in left if percent_at(percent, due, within_s) > now), FULL)
