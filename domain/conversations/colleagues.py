"""Whom may an agent bring into a conversation, in which part, and who makes way for them (routing 43 to 47)?"""

from datetime import datetime

from domain.conversations.answering import ResponseTime
from domain.conversations.attendance import Attendance
from domain.conversations.facts import (
    AgentLeft,
    AgentRequestEnded,
    AgentRoleChanged,
    ColleagueRequested,
    ParticipantRole,
    Release,
    ResumeReason,
)
from domain.conversations.notices import Notices
from domain.conversations.standing import (
    LISTENING,
    WORKING,
    AgentPart,
    AlreadyInConversation,
    CustomerGone,
    NotInConversation,
    TooManyAgents,
)
from domain.ids import AgentId, MessageId, TaskId
from domain.kernel import Decision, NotFound, WrongState, derived_id, replace
from domain.tasks.facts import TaskCloseReason, TaskDirection

AGENTS_MAX = 4
"""Who may talk and be consulted in one conversation at once (routing 47); who listens does not count."""


class AlreadyTransferred(WrongState):
    code = "ALREADY_TRANSFERRED"


class Colleagues(Attendance, Notices):
    __slots__ = ()

    # Decisions of agents who talk

    def ask_colleague(
        self, asked: ColleagueRequested, notice: str = "", response: ResponseTime | None = None
    ) -> Decision:
        """`notice`: what the customer is told where nobody stays with them until the other comes (routing 43).
        `response`: how soon whoever stays is to reply to who was on hold (routing 45, 56).
        """
        if asked.task_id in self.colleagues:
            return
        self.check_open()
        self.check_talks(asked.by, asked.by_task_id)
        if not self.sessions:
            raise CustomerGone("The customer has left this conversation.")
        self._check_may_come(asked)
        at_once = asked.is_transfer and asked.release is Release.AT_ONCE
        alone = at_once and self.talking == [asked.by]
        if asked.is_transfer and self.held is not None:  # routing 45
            yield from self.resumes(ResumeReason.TRANSFER, None if alone else response)
        yield replace(asked, session_id=self.reply_session())
        if at_once:
            if alone:
                yield from self.notify(MessageId(derived_id("transferred", asked.task_id)), notice)
            yield from self.departs(asked.by, TaskCloseReason.TRANSFERRED, TaskCloseReason.TRANSFERRED)

    def _check_may_come(self, asked: ColleagueRequested) -> None:
        part = self.agents.get(asked.agent_id) if asked.agent_id is not None else None
        if part is not None and part.role is not ParticipantRole.WRAP_UP:
            raise AlreadyInConversation("They are in this conversation already.", "agent_id")
        mine = [it for it in self.colleagues.values() if it.is_transfer and it.by == asked.by]
        if asked.is_transfer and mine:
            raise AlreadyTransferred("You pass this customer on already; withdraw that first.")
        if not asked.is_transfer and self._size >= AGENTS_MAX:
            raise TooManyAgents(f"At most {AGENTS_MAX} agents in one conversation.")

    def withdraw(self, agent: AgentId, request: TaskId) -> Decision:
        """Nobody needs to come after all. Whoever talks with the customer may say so."""
        self.check_talks(agent)
        if request in self.colleagues:
            yield AgentRequestEnded(request, TaskCloseReason.CANCELLED)

    def promote(
        self,
        by: AgentId,
        task: TaskId,
        agent: AgentId | None,
        direction: TaskDirection,
        response: ResponseTime | None = None,
    ) -> Decision:
        """Whoever was consulted talks with the customer from now on, without a new offer: in place of whoever asked
        them, or beside them (routing 46). `agent`: which, where several are consulted. `response`: as in `ask_colleague`.
        """
        self.check_talks(by, task)
        consulted = self._consulted(agent)
        yield AgentRoleChanged(consulted, ParticipantRole.PRIMARY, self.agents[consulted].task_id, direction)
        if direction is TaskDirection.CONSULT_TRANSFER:
            if self.held is not None:  # routing 45
                yield from self.resumes(ResumeReason.TRANSFER, response)
            yield AgentLeft(by, task, TaskCloseReason.TRANSFERRED, TaskCloseReason.TRANSFERRED)

    def end_consult(self, by: AgentId, task: TaskId, agent: AgentId | None) -> Decision:
        self.check_talks(by, task)
        consulted = self._consulted(agent)
        yield AgentLeft(consulted, self.agents[consulted].task_id, "the consult ended")

    def _consulted(self, agent: AgentId | None) -> AgentId:
        those = [it for it, part in self.agents.items() if part.role is ParticipantRole.ASSISTANT]
        found = [it for it in those if agent in (None, it)]
        if not found:
            raise NotFound("Nobody is consulted, or not they.", "agent_id")
        if len(found) > 1:
            raise WrongState("Several are consulted: say which.", "agent_id")
        return found[0]

    @property
    def _size(self) -> int:
        """Who is here, and who may come beside them: also in place of somebody who is gone already."""
        here = [part for part in self.agents.values() if part.role in WORKING]
        return len(here) + sum(not self._has_place(asked) for asked in self.colleagues.values())

    def _has_place(self, asked: ColleagueRequested) -> bool:
        """Does somebody make way for whoever comes?"""
        part = self.agents.get(asked.by)
        return asked.is_transfer and part == AgentPart(asked.by_task_id, ParticipantRole.PRIMARY)

    # Decisions about what came of it

    def fall_back(
        self, request: TaskId, reason: str, words: str, reply_due: datetime | None, *, has_queue: bool
    ) -> Decision:
        """Whoever was named does not come. Who talks with the customer hears of it and goes on; a customer with whom
        nobody talks is asked for in the queue of the talk, if it has one (routing 44).
        """
        asked = self.colleagues.get(request)
        if asked is not None and (self.talking or not asked.is_transfer or not has_queue):
            yield from self.end_colleague(request, reason, words, reply_due)

    def end_colleague(
        self, request: TaskId, reason: str, words: str = "", reply_due: datetime | None = None
    ) -> Decision:
        """A customer who was passed on, and with whom nobody talks, is told in these words (routing 28, 43); of a consult
        or a conference they never knew.
        """
        asked = self.colleagues.get(request)
        if asked is None:
            return
        waited = asked.is_transfer and not self.talking and bool(self.sessions)
        yield AgentRequestEnded(request, reason, reply_due if waited else None)
        if waited:
            yield from self.notify(MessageId(derived_id("request ended", request)), words)

    # Decisions of supervisors

    def check_may_monitor(self, supervisor: AgentId) -> None:
        """One at a time, and only where somebody talks (routing 47)."""
        self.check_open()
        part = self.agents.get(supervisor)
        if part is not None and part.role is not ParticipantRole.WRAP_UP:
            raise AlreadyInConversation("You are in this conversation already.")
        if self.monitor is not None:
            raise TooManyAgents("Another supervisor listens to this conversation.")
        if not self.sessions or not self.talking:
            raise NotInConversation("Nobody talks with a customer here.")

    def whisper(self, supervisor: AgentId) -> Decision:
        """From now on the agents hear the supervisor, and the customer does not."""
        part = self.agents.get(supervisor)
        if part is None or part.role not in LISTENING:
            raise NotInConversation("You do not listen to this conversation: begin with that.")
        if part.role is not ParticipantRole.WHISPER:
            yield AgentRoleChanged(supervisor, ParticipantRole.WHISPER, part.task_id)

    def barge_in(self, supervisor: AgentId) -> Decision:
        """Whoever listens begins to talk with the customer, too: only from there (routing 47)."""
        part = self.agents.get(supervisor)
        if part is not None and part.role is ParticipantRole.PRIMARY:
            return
        if part is None or part.role not in LISTENING:
            raise NotInConversation("You do not listen to this conversation: begin with that.")
        if self._size >= AGENTS_MAX:
            raise TooManyAgents(f"At most {AGENTS_MAX} agents in one conversation.")
        yield AgentRoleChanged(supervisor, ParticipantRole.PRIMARY, part.task_id, TaskDirection.BARGE_IN)
