"""How does a queue push its work to agents: whom first, how long, and what then?"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.configuration.checks import named, within, written
from domain.configuration.diversions import Diversion, Opening, Overflow, all_diversions, check_diversions
from domain.configuration.priorities import LABELS_MAX, PriorityLabel
from domain.configuration.steps import Step, StepMode
from domain.ids import MrdId, WrapUpFormId
from domain.kernel import Invalid

STEPS_MAX = 10
MANDATORY_WRAP_UP_S_MAX = 900
_NAMES = re.compile(r"{([^{}]*)}")
MESSAGE_MAX = 2_000


class AgentSelectionPolicy(StrEnum):
    """Which agent of a step first (routing 13)."""

    LONGEST_AVAILABLE = "LONGEST_AVAILABLE"
    MOST_SKILLED = "MOST_SKILLED"
    LEAST_SKILLED = "LEAST_SKILLED"


class WrapUpMode(StrEnum):
    """What an agent owes after a talk (routing 51): nothing, codes if they like, at least one code before they are done,
    or the same until a time is up.
    """

    NONE = "NONE"
    OPTIONAL = "OPTIONAL"
    MANDATORY = "MANDATORY"
    MANDATORY_TIMED = "MANDATORY_TIMED"

    @classmethod
    def of(cls, *, enabled: bool, mandatory: bool, limit_s: int) -> "WrapUpMode":
        if not enabled:
            return cls.NONE
        if not mandatory:
            return cls.OPTIONAL
        return cls.MANDATORY_TIMED if limit_s else cls.MANDATORY


def check_wrap_up(*, enabled: bool, mandatory: bool, limit_s: int) -> None:
    within(limit_s, 0, 86_400, "wrap_up_s")
    if mandatory and not enabled:
        raise Invalid("Without a wrap-up nothing can be mandatory in it.", "wrap_up_mandatory")
    if mandatory and limit_s > MANDATORY_WRAP_UP_S_MAX:
        raise Invalid(
            f"A mandatory wrap-up takes at most {MANDATORY_WRAP_UP_S_MAX} seconds, or 0 for no limit.", "wrap_up_s"
        )


TRANSFER_MESSAGE = "One moment, please: a colleague takes over."


@dataclass(frozen=True, slots=True)
class Queue:
    """`transfer_message`: what a customer is told whom an agent passes on to this queue (routing 43); `no_agent_message`:
    what a customer is told for whom nobody was free (routing 28). Empty for nothing.

    `ewt_min_s`, `ewt_max_s`: no shorter and no longer wait is ever told, 0 for no limit; `wait_message`: what customers who
    wait are told now and then, with `{position}` and `{minutes}` in it; empty for nothing (routing 65).

    `returning_first`: a customer who is back within a day goes before others (routing 55).
    `ageing_s`: so many seconds of waiting add one to a request's priority, up to 10 (routing 16); 0 for never.
    `draining`: it takes no new requests, and is retired when nobody waits any more (routing 63). Set up anew, it stays.
    """

    name: str
    mrd_id: MrdId
    steps: tuple[Step, ...] = (Step(),)
    step_mode: StepMode = StepMode.CUMULATIVE
    priority: int = 1
    service_level_type: int = 1
    service_level_threshold_s: int = 20
    agent_selection: AgentSelectionPolicy = AgentSelectionPolicy.LONGEST_AVAILABLE
    offer_timeout_s: int = 20
    request_ttl_s: int = 600
    wrap_up_enabled: bool = True
    wrap_up_s: int = 60
    wrap_up_form_id: WrapUpFormId | None = None
    wrap_up_mandatory: bool = False
    decline_allowed: bool = False
    auto_answer: bool = False
    no_agent_message: str = ""
    transfer_message: str = TRANSFER_MESSAGE
    opening: Opening | None = None
    overflow: tuple[Overflow, ...] = ()
    draining: bool = False
    ewt_min_s: int = 0
    ewt_max_s: int = 0
    wait_message: str = ""
    priority_labels: tuple[PriorityLabel, ...] = ()
    returning_first: bool = False
    ageing_s: int = 0

    @property
    def wrap_up_mode(self) -> WrapUpMode:
        return WrapUpMode.of(enabled=self.wrap_up_enabled, mandatory=self.wrap_up_mandatory, limit_s=self.wrap_up_s)

    def asked_of(self, data: Mapping[str, str]) -> dict[str, str]:
        """What its steps ask about, of the data that a request carries (routing 9)."""
        return {it.field: data[it.field] for step in self.steps for it in step.consider_if if it.field in data}

    def left_out(self, data: Mapping[str, str]) -> tuple[int, ...]:
        """The steps that are not for a request that carries these data (routing 9)."""
        return tuple(number for number, step in enumerate(self.steps) if not step.is_for(data))

    def diversions(self) -> Iterator[tuple[str, Diversion]]:
        """All ways by which a request may leave without an agent, each with the name of its field (routing 57, 58)."""
        return all_diversions(self.opening, self.overflow)

    def check(self) -> None:
        named(self.name)
        if not 1 <= len(self.steps) <= STEPS_MAX:
            raise Invalid(f"A queue has 1 to {STEPS_MAX} steps.", "steps")
        for number, step in enumerate(self.steps):
            step.check(f"steps[{number}]", is_last=number == len(self.steps) - 1)
        within(self.priority, 1, 10, "priority")
        within(self.service_level_type, 1, 3, "service_level_type")
        within(self.service_level_threshold_s, 1, 86_400, "service_level_threshold_s")
        within(self.offer_timeout_s, 1, 3_600, "offer_timeout_s")
        within(self.request_ttl_s, 2, 30 * 86_400, "request_ttl_s")
        check_wrap_up(enabled=self.wrap_up_enabled, mandatory=self.wrap_up_mandatory, limit_s=self.wrap_up_s)
        within(self.ageing_s, 0, 30 * 86_400, "ageing_s")
        within(len(self.priority_labels), 0, LABELS_MAX, "priority_labels")
        for number, label in enumerate(self.priority_labels):
            label.check(f"priority_labels[{number}]")
        written(self.no_agent_message, 0, MESSAGE_MAX, "no_agent_message")
        within(self.ewt_min_s, 0, 86_400, "ewt_min_s")
        within(self.ewt_max_s, 0, 86_400, "ewt_max_s")
        if 0 < self.ewt_max_s < self.ewt_min_s:
            raise Invalid("The longest wait that is told is not shorter than the shortest.", "ewt_max_s")
        written(self.wait_message, 0, MESSAGE_MAX, "wait_message")
        if set(_NAMES.findall(self.wait_message)) - {"position", "minutes"}:
            raise Invalid("A message about the wait may have {position} and {minutes} in it.", "wait_message")
        written(self.transfer_message, 0, MESSAGE_MAX, "transfer_message")
        check_diversions(self.opening, self.overflow)
        if self.offer_timeout_s >= self.request_ttl_s:  # routing 23
            raise Invalid("An offer must time out before the request does.", "offer_timeout_s")
