"""What can be subscribed to? The application answers; the transport runs, shares and resumes it.

A feed is one root field of the subscription type with its arguments, as one viewer may see it. Its items have positions
in the log, strictly increasing and at most one item each, so a position is a perfect place to resume from.
"""

from collections.abc import AsyncIterator, Hashable, Mapping
from typing import Any, Protocol, TypeVar

from api.graphql.doors import Viewer

Item = tuple[int, object]
"""A position and the event that the root field resolves to."""

V_contra = TypeVar("V_contra", bound=Viewer, contravariant=True)


class ResyncRequired(Exception):
    """The place to resume from is no longer kept. `event` is sent as the last item, then the subscription completes."""

    def __init__(self, event: object) -> None:
        super().__init__("The place to resume from is no longer kept.")
        self.event = event


class Feed(Protocol):
    """All methods may raise `GraphQLError`, which ends the subscription with that error."""

    @property
    def scope(self) -> Hashable:
        """Two feeds of one field and equal arguments (but `after`) give the same items exactly when this is equal.

        It stands for everything of the viewer that the items, or any field selected below them, depend on.
        """
        ...

    @property
    def after(self) -> int | None:
        """The position to resume after, from the argument `after`; None to begin now."""
        ...

    async def head(self) -> int:
        """A position with nothing visible after it at the time of asking: where "now" is."""
        ...

    def marker(self, position: int) -> object | None:
        """The event that tells a beginner the current cursor, sent before anything else; None for no marker."""
        ...

    def replay(self, after: int, upto: int) -> AsyncIterator[Item]:
        """History with `after < position <= upto`, then the end. Raises `ResyncRequired`."""
        ...

    def live(self, after: int) -> AsyncIterator[Item]:
        """Everything with `position > after`, now and to come. Its end completes the subscription for all."""
        ...


class Feeds(Protocol[V_contra]):
    async def open(self, field: str, arguments: Mapping[str, Any], viewer: V_contra, /) -> Feed | None:
        """The feed behind a root field; None for a field that is resolved for each subscriber on its own.

        Arguments are as graphql-core coerces them: names in camelCase, input objects as dictionaries. This is the place
        to refuse: the resolver of a fed field, and the permissions on it, are not run. Raises `GraphQLError`.
        """
        ...
