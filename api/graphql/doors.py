"""Who is asking, and what do resolvers get to know of it? The two hooks that the application hands to the transport."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from starlette.requests import HTTPConnection

from api.graphql.errors import Unauthenticated


class Viewer(Protocol):
    """Somebody with rights. `expires_at` is in seconds since 1970, None when the rights never end."""

    @property
    def expires_at(self) -> float | None: ...


V = TypeVar("V", bound=Viewer)
V_contra = TypeVar("V_contra", bound=Viewer, contravariant=True)
V_co = TypeVar("V_co", bound=Viewer, covariant=True)


class Authenticate(Protocol[V_co]):
    async def __call__(self, token: str | None, /) -> V_co:
        """The viewer of a bearer token, or of nobody's. Raises `Unauthenticated`."""
        ...


MakeContext = Callable[[V, HTTPConnection | None], object]
"""Builds `info.context`, anew for each operation and for each item of a subscription, so that data loaders never grow
stale. The connection is None where the result is shared by many connections."""


def bearer(header: object) -> str | None:
    """The token of an authorization header. None without a header; raises `Unauthenticated` on any other scheme."""
    if header is None or header == "":
        return None
    scheme, _, token = str(header).partition(" ")
    if not isinstance(header, str) or scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("A bearer token is expected.")
    return token.strip()
