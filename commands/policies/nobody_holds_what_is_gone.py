"""What was taken out or changed in the moment in which somebody was given it, they give back.

It is refused while people hold it, as far as is heard; another process may know of one more. Both facts are looked at, so
that whichever comes second in the log finds the other.
"""

from collections.abc import Iterator

from commands.bus import Command
from commands.holdings import GiveBackAttribute, GiveBackEverywhere, GiveBackMrd
from commands.policies.registry import reacts_to
from domain.agents.facts import AttributeAssigned, MrdGranted
from domain.configuration.entity import AttributeEntity, MrdEntity
from domain.configuration.facts import AttributeConfigured, Retired
from domain.ids import AgentId
from domain.kernel import Recorded

HELD_BY_PEOPLE = (AttributeEntity.category, MrdEntity.category)


@reacts_to(Retired)
def what_is_retired_is_given_back(event: Recorded[Retired]) -> Iterator[Command]:
    """routing 63"""
    if event.category in HELD_BY_PEOPLE:
        yield GiveBackEverywhere(event.category, event.subject)


@reacts_to(AttributeConfigured)
def values_that_a_changed_attribute_lacks_are_given_back(event: Recorded[AttributeConfigured]) -> Iterator[Command]:
    """routing 63"""
    yield GiveBackEverywhere(event.category, event.subject)


@reacts_to(AttributeAssigned)
def an_attribute_that_is_gone_is_given_back(event: Recorded[AttributeAssigned]) -> Iterator[Command]:
    """routing 63"""
    yield GiveBackAttribute(AgentId(event.subject), event.fact.attribute_id)


@reacts_to(MrdGranted)
def a_domain_that_is_gone_is_given_back(event: Recorded[MrdGranted]) -> Iterator[Command]:
    """routing 63"""
    if event.fact.tasks_max:
        yield GiveBackMrd(AgentId(event.subject), event.fact.mrd_id)
