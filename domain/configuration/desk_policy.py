"""What holds at every desk of the centre: signing out, losing the connection, sitting idle (routing 31, 37, 39, 40)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.configuration.checks import named, within
from domain.kernel import Invalid

THE_POLICY = "centre"
"""The id of the only one that there is."""
WARNED_AT = 0.8
"""Of the time after which an idle agent is signed out (routing 40)."""


class LogoutPolicy(StrEnum):
    """What signing out does while there is live work (routing 37)."""

    REFUSE = "REFUSE"
    REROUTE = "REROUTE"
    CLOSE = "CLOSE"


@dataclass(frozen=True, slots=True)
class DeskPolicy:
    """`idle_logout_s`: 0 for never. `last_mrd_off`: whoever switches their last domain off is not ready at all."""

    name: str = "Desks"
    logout: LogoutPolicy = LogoutPolicy.REROUTE
    disconnect_grace_s: int = 120
    idle_logout_s: int = 0
    last_mrd_off: bool = False
    several_desks: bool = False

    def check(self) -> None:
        named(self.name)
        within(self.disconnect_grace_s, 5, 3_600, "disconnect_grace_s")
        if self.idle_logout_s and not 30 <= self.idle_logout_s <= 3_600:
            raise Invalid("It is 0 for never, or from 30 to 3600 seconds.", "idle_logout_s")

    def idle_from(self, now: datetime) -> tuple[datetime, datetime] | None:
        """When somebody who is idle from now on is warned, and signed out; none for never (routing 40)."""
        if not self.idle_logout_s:
            return None
        whole = timedelta(seconds=self.idle_logout_s)
        return now + whole * WARNED_AT, now + whole
