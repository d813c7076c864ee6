"""Stand-ins speak gRPC."""

from tests.standins.one_loop import one_loop

__all__ = ["one_loop"]
