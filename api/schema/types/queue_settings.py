"""How is a queue set up: who answers, in which order, how soon, and what becomes of those who wait?"""

from collections.abc import Mapping

import strawberry

from api.schema.types.diversions import Opening, Overflow, opening, overflow
from api.schema.words import doc
from domain.configuration import settings as s
from domain.configuration.expressions import understood
from domain.configuration.fit import warnings
from domain.ids import (
    AttributeId,
    MrdId,
    QueueId,
    WrapUpFormId,
)


@strawberry.type(description="A comparison with one attribute.")
class Term:
    attribute_id: AttributeId = doc("The attribute.")
    operator: s.RelationalOperator = doc("How it is compared.")
    value: int = doc("With what.")
    junction: s.Junction = doc("How it is joined to the terms before it.")


@strawberry.type(description="Terms, joined from left to right.")
class Expression:
    terms: list[Term] = doc("The terms.")
    junction: s.Junction = doc("How it is joined to the expressions before it.")
    parsed: str = doc("How it is read, in words and with parentheses: `(english == 1 OR billing >= 5) AND has vip`.")


@strawberry.type(description="A comparison with what the request carries.")
class Consideration:
    field: str = doc("A field of the request's data.")
    operator: s.RelationalOperator = doc("How it is compared.")
    value: str = doc("With what.")
    junction: s.Junction = doc("How it is joined to those before it.")


@strawberry.type(description="A comparison of who is there for a step, or of what waits.")
class SkipCondition:
    measure: s.Measure = doc("What is compared.")
    operator: s.RelationalOperator = doc("How it is compared.")
    value: int = doc("With what: a number, or seconds.")
    junction: s.Junction = doc("How it is joined to those before it.")


@strawberry.type(description="Who may answer, from when on.")
class Step:
    expressions: list[Expression] = doc("Who; without any, everybody in the media routing domain.")
    timeout_s: int = doc("Seconds until the next step begins.")
    skip_if: s.SkipIf | None = doc("When it is left out; null for never.")
    consider_if: list[Consideration] = doc("What must hold of the request, joined from left to right.")
    skip_when: list[SkipCondition] = doc("In place of `skipIf`: it is left out while these hold.")


@strawberry.type(description="What a request carries makes it urgent.")
class PriorityLabel:
    field: str = doc("A field of the request's data.")
    operator: s.RelationalOperator = doc("How it is compared.")
    value: str = doc("With what.")
    priority: int = doc("How urgent it is then, 1 to 10.")


@strawberry.type(description="A queue as it is configured: who answers, in which order and how soon.")
class QueueSettings:
    id: QueueId = doc("Its id.")
    name: str = doc("Its name for people.")
    mrd_id: MrdId = doc("Its media routing domain.")
    steps: list[Step] = doc("Its steps, in order.")
    step_mode: s.StepMode = doc("Do later steps add or replace?")
    priority: int = doc("1 to 10; 10 goes first.")
    service_level_type: int = doc("How abandoned requests count: 1 ignored, 2 negatively, 3 positively.")
    service_level_threshold_s: int = doc("Seconds within which an answer is in time.")
    agent_selection: s.AgentSelectionPolicy = doc("Whom first.")
    offer_timeout_s: int = doc("Seconds that an offer rings.")
    request_ttl_s: int = doc("Seconds after which nobody waits any more.")
    wrap_up_enabled: bool = doc("Is there a wrap-up?", name="isWrapUpEnabled")
    wrap_up_s: int = doc("Seconds of wrap-up; 0 for no limit.")
    wrap_up_form_id: WrapUpFormId | None = doc("What agents choose codes from; null for all codes.")
    wrap_up_mandatory: bool = doc("Must an agent give a code before they are done?", name="isWrapUpMandatory")
    wrap_up_mode: s.WrapUpMode = doc("What an agent owes after a talk: it follows from the settings.")
    decline_allowed: bool = doc("May agents decline what rings?", name="isDeclineAllowed")
    auto_answer: bool = doc("Is what rings accepted by itself?", name="isAutoAnswered")
    no_agent_message: str = doc("What a customer is told for whom nobody was free; empty for nothing.")
    transfer_message: str = doc("What a customer is told whom an agent passes on to this queue; empty for nothing.")
    opening: Opening | None = doc("When it is open; null for always.")
    overflow: list[Overflow] = doc("When too much waits, and what then: the first rule that holds.")
    priority_labels: list[PriorityLabel] = doc("What makes requests urgent.")
    ageing_s: int = doc("Seconds of waiting that add one to a request's priority, up to 10; 0 for never.")
    returning_first: bool = doc("Do customers who are back within a day go first?", name="isReturningFirst")
    draining: bool = doc("Does it run empty, to be retired then?", name="isDraining")
    ewt_min_s: int = doc("No shorter wait than this is ever told.")
    ewt_max_s: int = doc("No longer wait than this is ever told; 0 for no limit.")
    wait_message: str = doc(
        "What customers who wait are told now and then, with {position} and {minutes}; empty for nothing."
    )
    warnings: list[str] = doc("What is permitted, and perhaps not meant, like AND and OR in one expression.")


def queues(those: Mapping[QueueId, s.Queue]) -> list[QueueSettings]:
    return [
        QueueSettings(
            id=id,
            name=it.name,
            mrd_id=it.mrd_id,
            steps=[_step(step) for step in it.steps],
            step_mode=it.step_mode,
            priority=it.priority,
            service_level_type=it.service_level_type,
            service_level_threshold_s=it.service_level_threshold_s,
            agent_selection=it.agent_selection,
            offer_timeout_s=it.offer_timeout_s,
            request_ttl_s=it.request_ttl_s,
            wrap_up_enabled=it.wrap_up_enabled,
            wrap_up_s=it.wrap_up_s,
            wrap_up_form_id=it.wrap_up_form_id,
            wrap_up_mandatory=it.wrap_up_mandatory,
            wrap_up_mode=it.wrap_up_mode,
            decline_allowed=it.decline_allowed,
            auto_answer=it.auto_answer,
            no_agent_message=it.no_agent_message,
            transfer_message=it.transfer_message,
            opening=opening(it.opening),
            overflow=overflow(it.overflow),
            priority_labels=[
                PriorityLabel(field=one.field, operator=one.operator, value=one.value, priority=one.priority)
                for one in it.priority_labels
            ],
            returning_first=it.returning_first,
            ageing_s=it.ageing_s,
            draining=it.draining,
            ewt_min_s=it.ewt_min_s,
            ewt_max_s=it.ewt_max_s,
            wait_message=it.wait_message,
            warnings=list(warnings(it)),
        )
        for id, it in sorted(those.items())
    ]


def _step(step: s.Step) -> Step:
    return Step(
        expressions=[
            Expression(
                terms=[
                    Term(
                        attribute_id=term.attribute_id, operator=term.operator, value=term.value, junction=term.junction
                    )
                    for term in expression.terms
                ],
                junction=expression.junction,
                parsed=understood(expression),
            )
            for expression in step.expressions
        ],
        timeout_s=step.timeout_s,
        skip_if=step.skip_if,
        consider_if=[
            Consideration(field=it.field, operator=it.operator, value=it.value, junction=it.junction)
            for it in step.consider_if
        ],
        skip_when=[
            SkipCondition(measure=it.measure, operator=it.operator, value=it.value, junction=it.junction)
            for it in step.skip_when
        ],
    )
