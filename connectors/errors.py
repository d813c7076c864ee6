"""What can go wrong at a channel, and who has to act? Every connector raises these, and nothing else on purpose.

    ChannelError
    ├─ Unverified     not from who it says it is: refuse it, and do no work for it
    ├─ Unsupported    known sender, a kind of event that we do not take: accept it, note it once
    ├─ Unreadable     known sender, a body that does not fit: keep the body, tell somebody
    │  └─ Malformed   not even JSON, or not a form
    ├─ TryLater       the other side cannot take it now: the same again later may work
    └─ Undeliverable  the other side will never take it: tell the agent

`code` is lasting and documented, `detail` is a sentence for people, `field` names the input where there is one.
"""

from typing import ClassVar


class ChannelError(Exception):
    code: ClassVar[str] = "CHANNEL_ERROR"

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class Unverified(ChannelError):
    code = "UNVERIFIED"


class Unsupported(ChannelError):
    code = "UNSUPPORTED"


class Unreadable(ChannelError):
    code = "INVALID"


class Malformed(Unreadable):
    code = "MALFORMED"


class TryLater(ChannelError):
    code = "TRY_LATER"


class Undeliverable(ChannelError):
    code = "UNDELIVERABLE"
