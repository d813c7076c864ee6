"""A kind of work with its own capacity: what a missed offer, a ready agent and an interruption do in it."""

from dataclasses import dataclass
from enum import StrEnum

from domain.configuration.checks import named, within


class MrdType(StrEnum):
    """What kind of work it is."""

    CHAT = "CHAT"
    EMAIL = "EMAIL"
    CX_VOICE = "CX_VOICE"
    CISCO_CC = "CISCO_CC"

    @property
    def is_voice(self) -> bool:
        """Do people talk there, instead of writing? Calls of Cisco are calls as well."""
        return self in (MrdType.CX_VOICE, MrdType.CISCO_CC)


class RonaAction(StrEnum):
    """What missed offers do to the agent (routing 25)."""

    NONE = "NONE"
    COOL_DOWN = "COOL_DOWN"
    MRD_NOT_READY = "MRD_NOT_READY"


class InterruptionAction(StrEnum):
    """What becomes of the agent's live work in a domain that is interrupted (routing 36). IGNORE: it is never interrupted."""

    REROUTE = "REROUTE"
    HOLD = "HOLD"
    IGNORE = "IGNORE"


@dataclass(frozen=True, slots=True)
class MediaRoutingDomain:
    """`interruption_message`: what customers are told whose talks go to others; nothing where it is empty. `auto_sync`:
    whoever becomes ready is ready here too (routing 31). `managed`: none of ours where another system routes, whose state
    is mirrored (routing 34). `auto_join`: whoever comes here, too, while somebody talks with them belongs to the media that
    their task has already, instead of to another one of it (routing 50).
    """

    name: str
    description: str = ""
    interruptible: bool = False
    max_requests: int = 3
    rona_action: RonaAction = RonaAction.MRD_NOT_READY
    wrap_up_holds_slot: bool = True
    rona_after: int = 1
    cool_down_s: int = 30
    interruption_action: InterruptionAction = InterruptionAction.REROUTE
    interruption_message: str = "Your agent had to take something urgent. A colleague will be with you soon."
    auto_sync: bool = True
    managed: bool = True
    type: MrdType = MrdType.CHAT
    auto_join: bool = False

    def check(self) -> None:
        named(self.name)
        within(self.max_requests, 0, 100, "max_requests")
        within(self.rona_after, 1, 10, "rona_after")
        within(self.cool_down_s, 1, 3_600, "cool_down_s")
