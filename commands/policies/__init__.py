"""What follows from what: one file per business sentence. A fact goes in, commands come out.

    @reacts_to(AgentLeft)
    def an_agent_who_left_wraps_up(event: Recorded[AgentLeft]) -> Iterator[Command]: ...

Policies are pure. The reactor (`infra/reactor.py`) runs them from the log; the ids of their commands derive from the
fact's position, so running one twice repeats the same commands, and a decision with nothing left to do yields nothing.
"""

from commands.policies import (
    agents_leave,
    answers_are_due,
    ask_colleagues,
    bots_first,
    conversations_end,
    find_an_agent,
    nobody_holds_what_is_gone,
    offers,
)  # isort: skip
from commands.policies.registry import POLICIES, reacts_to

from commands.policies import diversions  # isort: skip
from commands.policies import pull_from_lists, sessions_join, supervisors_listen, talks_wait, work_goes_to_others  # isort: skip

__all__ = [
    "POLICIES",
    "agents_leave",
    "answers_are_due",
    "ask_colleagues",
    "bots_first",
    "conversations_end",
    "diversions",
    "find_an_agent",
    "nobody_holds_what_is_gone",
    "offers",
    "pull_from_lists",
    "reacts_to",
    "sessions_join",
    "supervisors_listen",
    "talks_wait",
    "work_goes_to_others",
]
