"""Which supervisors take part in talks, and from where? In memory: what whoever leads needs to find empty places by."""

from typing import Any

import msgspec

from domain.ids import AgentId
from domain.kernel import Recorded
from domain.supervisors.supervisor import Supervisor


class Supervisors:
    """Feed it the log in order. `people`: those who take part in some talk."""

    name = "supervisors"
    shape = 1

    def __init__(self) -> None:
        self.people: dict[AgentId, Supervisor] = {}

    def dump(self) -> bytes:
        return msgspec.json.encode(self.people)

    def restore(self, state: bytes) -> None:
        self.people = msgspec.json.decode(state, type=dict[AgentId, Supervisor])

    def feed(self, recorded: Recorded[Any]) -> None:
        if recorded.category == Supervisor.category:
            supervisor_id = AgentId(recorded.subject)
            person = self.people.pop(supervisor_id, Supervisor()).evolve(recorded.fact)
            if person.talks:
                self.people[supervisor_id] = person
