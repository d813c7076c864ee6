"""What does the engine do with a fact? A table by its type, for it is asked with every fact."""

from collections.abc import Callable
from typing import Any

Handler = Callable[[Any], None]


class Handlers(dict[type, Handler]):
    """What is done with a fact, by its type."""

    def __init__(self, often: dict[type, Handler], rarely: Handler) -> None:
        super().__init__(often)
        self._rarely = rarely

    def __missing__(self, kind: type) -> Handler:
        self[kind] = self._rarely
        return self._rarely
