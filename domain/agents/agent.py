"""Who is this agent, and what do they get? Decisions about one person.

One model, in the files of its questions: `standing.py` folds the facts, the others decide; here, what is said about the
person and the lists that they follow.
"""

from dataclasses import dataclass

from domain.agents.desk import Desk
from domain.agents.facts import (
    AgentRegistered,
    AttributeAssigned,
    AttributeWithdrawn,
    AutoAnswerSwitched,
    ListSubscribed,
    ListUnsubscribed,
    MrdGranted,
)
from domain.agents.presence import Presence
from domain.agents.standing import WITHOUT_SLOT, HasWork, NotLoggedIn, NotManaged, NotRoutable
from domain.agents.work import Work
from domain.ids import AttributeId, ListId, MrdId
from domain.kernel import Decision, Invalid, NotFound

__all__ = ["TASKS_MAX", "WITHOUT_SLOT", "Agent", "HasWork", "NotLoggedIn", "NotManaged", "NotRoutable"]

TASKS_MAX = 100


@dataclass(frozen=True, slots=True)
class Agent(Presence, Work, Desk):
    """An agent, as decisions see them."""

    def register(self, username: str, name: str) -> Decision:
        if (username, name) != (self.username, self.name):
            yield AgentRegistered(username, name)

    def assign_attribute(self, attribute: AttributeId, value: int) -> Decision:
        if not 0 <= value <= 10:
            raise Invalid("An attribute value is 0 or 1 for a boolean, and 1 to 10 for a proficiency.", "value")
        if self.attributes.get(attribute) != value:
            yield AttributeAssigned(attribute, value)

    def withdraw_attribute(self, attribute: AttributeId) -> Decision:
        if attribute in self.attributes:
            yield AttributeWithdrawn(attribute)

    def switch_auto_answer(self, *, on: bool) -> Decision:
        """Is what rings at them accepted in the same moment (routing 22)?"""
        if not self.username:
            raise NotFound("There is no such agent.", "agent_id")
        if on is not self.auto_answers:
            yield AutoAnswerSwitched(on)

    def grant_mrd(self, mrd: MrdId, tasks_max: int) -> Decision:
        if not 0 <= tasks_max <= TASKS_MAX:
            raise Invalid(f"An agent may have 0 to {TASKS_MAX} tasks at once.", "tasks_max")
        if mrd not in self.mrds or self.mrds[mrd].tasks_max != tasks_max:
            yield MrdGranted(mrd, tasks_max)

    def subscribe(self, list_id: ListId, mrd: MrdId) -> Decision:
        self.check_granted(mrd)
        if list_id not in self.lists:
            yield ListSubscribed(list_id)

    def unsubscribe(self, list_id: ListId) -> Decision:
        if list_id in self.lists:
            yield ListUnsubscribed(list_id)
