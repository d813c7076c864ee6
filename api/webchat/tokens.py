"""Is this the visitor who they say they are? A token names a visitor of one channel, and only we can write one."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime

from connectors.errors import Unverified
from domain.ids import ChannelId

REMEMBERED_MAX = 50_000
"""Good tokens that are known again without counting; about 10 MB."""


class Tokens:
    """`<visitor>.<expires>.<signature>`: nothing about the person is in it. The newest key signs, each of them is good."""

    def __init__(self, keys: Sequence[bytes], clock: Callable[[], datetime], lifetime_s: int) -> None:
        if not keys:
            raise ValueError("a key is needed")
        self._keys = [hashlib.sha256(b"visitor tokens" + key).digest() for key in keys]
        self._clock, self._lifetime_s = clock, lifetime_s
        self._good: dict[tuple[str, ChannelId], tuple[str, float]] = {}

    def issue(self, channel: ChannelId, visitor: str) -> str:
        expires = str(int(self._clock().timestamp()) + self._lifetime_s)
        return f"{visitor}.{expires}.{_sign(self._keys[0], channel, visitor, expires)}"

    def open(self, token: str | None, channel: ChannelId) -> tuple[str, float]:
        """The visitor, and when the token expires in seconds since 1970. Raises `Unverified`."""
        token = token or ""
        known = self._good.get((token, channel))
        if known is None:
            known = self._verified(token, channel)
            if len(self._good) >= REMEMBERED_MAX:
                self._good.clear()
            self._good[token, channel] = known
        if known[1] <= self._clock().timestamp():
            raise Unverified("This token has expired.")
        return known

    def _verified(self, token: str, channel: ChannelId) -> tuple[str, float]:
        parts = token.split(".")
        if len(parts) != 3 or not parts[2].isascii():
            raise Unverified("A visitor's token is expected.")
        visitor, expires, signature = parts
        if not any(hmac.compare_digest(_sign(key, channel, visitor, expires), signature) for key in self._keys):
            raise Unverified("This token is not one of ours, or is of another channel.")
        return visitor, float(expires)


def _sign(key: bytes, channel: str, visitor: str, expires: str) -> str:
    signature = hmac.digest(key, f"{channel}\n{visitor}\n{expires}".encode("utf-8", "surrogatepass"), "sha256")
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
