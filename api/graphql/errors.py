"""What does a client learn when something goes wrong? A code and a sentence, never a traceback.

    BAD_REQUEST         the request is not one that GraphQL over HTTP knows
    TOO_LARGE           the body is over the limit
    UNAUTHENTICATED     no, a wrong or an expired token
    PARSE_FAILED        the document is not GraphQL
    VALIDATION_FAILED   the document does not fit the schema, or is over a limit
    BAD_VARIABLES       the variables do not fit the document
    UNKNOWN_OPERATION   the document has no such operation, or not one of a kind that may be asked this way
    TOO_MANY_OPERATIONS this socket holds as many as it may
    REFUSED             raised on purpose by a resolver that named no code of its own
    INTERNAL            a bug of ours: logged once with its traceback, and hidden

Resolvers may raise `GraphQLError` with codes of their own in `extensions`.
"""

import logging
from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError, GraphQLFormattedError

log = logging.getLogger("parley.graphql")

INTERNAL: GraphQLFormattedError = {"message": "Something went wrong on our side.", "extensions": {"code": "INTERNAL"}}


class Unauthenticated(Exception):
    """The token is missing, wrong or expired. The text is shown to the client."""


class RequestRefused(Exception):
    """Nothing was executed. `errors` are ready to be sent."""

    def __init__(self, code: str, *errors: GraphQLError | str) -> None:
        as_errors = [e if isinstance(e, GraphQLError) else GraphQLError(e) for e in errors]
        super().__init__(code, *(e.message for e in as_errors))
        self.code = code
        self.errors = [shown(e, code) for e in as_errors]


def shown(error: GraphQLError, code: str) -> GraphQLFormattedError:
    """The error as it is sent, with `code` unless it has one."""
    formatted = error.formatted
    formatted["extensions"] = {"code": code, **formatted.get("extensions", {})}
    return formatted


def masked(errors: Iterable[GraphQLError], code: str = "REFUSED") -> list[GraphQLFormattedError]:
    """Errors of an execution: those raised on purpose as they are, all others logged and hidden."""
    return [_hidden(e) if _is_a_bug(e) else shown(e, code) for e in errors]


def internal(bug: BaseException) -> list[GraphQLFormattedError]:
    """The only answer to a bug that no field can be blamed for."""
    log.error("A GraphQL operation failed.", exc_info=bug)
    return [INTERNAL]


def _is_a_bug(error: GraphQLError) -> bool:
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        return False
    # A scalar that refuses an input raises what it likes while variables are coerced: nodes, but no path yet.
    return bool(error.path) or not error.nodes


def _hidden(error: GraphQLError) -> GraphQLFormattedError:
    log.error("A GraphQL field failed: %s", error.path, exc_info=error.original_error)
    hidden: dict[str, Any] = {**INTERNAL}
    if error.path:
        hidden["path"] = error.path
    if error.locations:
        hidden["locations"] = [location.formatted for location in error.locations]
    return hidden  # type: ignore[return-value]  # a TypedDict built by parts
