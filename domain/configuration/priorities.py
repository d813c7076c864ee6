"""How urgent is a request? Labels in what it carries give 1 to 10, and the highest wins (routing 55)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.configuration.checks import within
from domain.configuration.operators import RelationalOperator
from domain.configuration.request_data import Consideration

LABELS_MAX = 50
PRIORITY_MAX = 10
"""What anybody may ask for; 11 is for those who waited in vain already."""


@dataclass(frozen=True, slots=True)
class PriorityLabel:
    """What the request carries in `field`, compared with `value`, makes it as urgent as `priority`."""

    field: str
    value: str = ""
    priority: int = PRIORITY_MAX
    operator: RelationalOperator = RelationalOperator.EQ

    def check(self, field_name: str) -> None:
        Consideration(self.field, self.operator, self.value).check(field_name)
        within(self.priority, 1, PRIORITY_MAX, f"{field_name}.priority")

    def holds(self, data: Mapping[str, str]) -> bool:
        return Consideration(self.field, self.operator, self.value).holds(data)


def priority_of(labels: Iterable[PriorityLabel], data: Mapping[str, str], asked: int) -> int:
    """The highest of those whose label holds, and of what was asked for."""
    return max([asked, *(label.priority for label in labels if label.holds(data))])
