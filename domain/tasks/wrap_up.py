"""What does an agent still owe when the talk is over, and how does that end?"""

from datetime import datetime, timedelta

from domain.ids import AgentId
from domain.kernel import Decision, Invalid, WrongState
from domain.tasks.facts import MediaState, TaskClosed, TaskCloseReason, TaskState, WrapUpApplied, WrapUpStarted
from domain.tasks.refusals import CodesNeeded
from domain.tasks.standing import Standing

WRAP_UP_CODES_MAX = 5


class WrapUp(Standing):
    __slots__ = ()

    def begin_wrap_up(
        self,
        now: datetime,
        wrap_up_s: int | None,
        ends_as: TaskCloseReason = TaskCloseReason.DONE,
        *,
        needs_codes: bool = False,
    ) -> Decision:
        """The talk is over. `wrap_up_s`: none where wrap-up is off, 0 where it has no limit (routing 43, 51)."""
        if self.media_state is not MediaState.ACTIVE or self.agent_id is None:
            return
        if wrap_up_s is None or self.monitoring is not None:
            yield self.ends(ends_as)
            return
        due = now + timedelta(seconds=wrap_up_s) if wrap_up_s else None
        yield WrapUpStarted(self.agent_id, self.check_created().conversation_id, due, needs_codes, ends_as)

    def apply_wrap_up(self, agent: AgentId, codes: tuple[str, ...], note: str) -> Decision:
        """Codes and a note, in wrap-up or in mid-conversation; a note is not a message (routing 51, 53)."""
        self.check_owner(agent)
        if len(codes) > WRAP_UP_CODES_MAX:
            raise Invalid(f"At most {WRAP_UP_CODES_MAX} wrap-up codes.", "codes")
        if (codes, note) != (self.codes, self.note):
            yield WrapUpApplied(agent, codes, note)

    def finish_wrap_up(self, agent: AgentId) -> Decision:
        if self.closed is not None and self.agent_id == agent:
            return
        self.check_owner(agent)
        if self.wrap_up is None:
            raise WrongState("This task is not in wrap-up: leave the conversation first.")
        if self.wrap_up.needs_codes and not self.codes:
            raise CodesNeeded("Say what it was about first: this queue wants at least one wrap-up code.", "codes")
        applied = self.codes or self.note
        yield self._wrapped_up(TaskCloseReason.WRAP_UP_APPLIED if applied else TaskCloseReason.WRAP_UP_NOT_APPLIED)

    def expire_wrap_up(self) -> Decision:
        if self.state is TaskState.WRAP_UP:
            yield self._wrapped_up(TaskCloseReason.WRAP_UP_EXPIRED)

    def _wrapped_up(self, reason: TaskCloseReason) -> TaskClosed:
        """A transfer stays one, however its wrap-up ends (routing 43)."""
        ends_as = self.wrap_up.ends_as if self.wrap_up else TaskCloseReason.DONE
        return self.ends(reason if ends_as is TaskCloseReason.DONE else ends_as)
