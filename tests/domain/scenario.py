"""How does a test of a model read? Given these facts, when this is decided, then those facts (or a refusal) follow.

given(Agent, *READY).when(lambda agent: agent.log_out()).then(LoggedOut(""))
"""

from collections.abc import Callable
from typing import Any

import pytest

from domain.kernel import Decision, Fact, Model, Refused, replay


class Given:
    def __init__(self, model: Any) -> None:
        self.model = model

    def when(self, decide: Callable[[Any], Decision]) -> "When":
        return When(self.model, decide)

    def leaves(self, question: Callable[[Any], Any]) -> Any:
        return question(self.model)


class When:
    """One decision, not made before somebody asks for what follows."""

    def __init__(self, model: Any, decide: Callable[[Any], Decision]) -> None:
        self.model = model
        self.decide = decide

    def then(self, *facts: Fact) -> "When":
        assert tuple(self.decide(self.model)) == facts
        return self

    def refused(self, refusal: type[Refused]) -> None:
        with pytest.raises(Refused) as refused:
            tuple(self.decide(self.model))
        assert type(refused.value) is refusal
        assert refused.value.detail

    def leaves(self, question: Callable[[Any], Any]) -> Any:
        return question(replay(self.model, iter(tuple(self.decide(self.model)))))

    def twice(self) -> "When":
        """Decided again it has nothing left to do."""
        self.leaves(lambda model: When(model, self.decide).then())
        return self


def given(model: type[Model], *facts: Fact) -> Given:
    return Given(replay(model(), iter(facts)))
