"""Who is there? The application may be told who follows what, for as long as they do."""

from collections.abc import Callable, Hashable
from typing import Any, Protocol

from api.graphql.doors import V_contra

SendAway = Callable[[list[Any]], None]
"""End somebody's subscription with these GraphQL errors."""


class Leave(Protocol):
    def __call__(self, *, restarts: bool) -> None:
        """The subscription has ended. `restarts`: with this server, so its follower will soon be back."""
        ...


class Attendance(Protocol[V_contra]):
    def came(self, field: str, viewer: V_contra, place: Hashable, send_away: SendAway, /) -> Leave:
        """A subscription to this root field has begun; returns what is called once when it ends. Neither blocks or raises.

        `place` is the same for all subscriptions of one socket.
        """
        ...


class Nobody:
    """Takes no notice."""

    def came(self, _field: str, _viewer: object, _place: Hashable, _send_away: SendAway, /) -> Leave:
        return _unnoticed


def _unnoticed(*, restarts: bool) -> None:
    return
