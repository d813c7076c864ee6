"""Who may ask what? Every root field with its roles; what is not in this table does not exist, for the schema is not built.

Rights over single things (whose conversation, whose task) are in `api/schema/reach.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, GraphQLField, GraphQLSchema

from api.auth import Role, Viewer

ANYBODY = frozenset(Role)
NOBODY_NEEDED: frozenset[Role] = frozenset()
"""For what every signed-in person may see, even without a role: themselves."""
AGENT, ADMIN = frozenset({Role.AGENT}), frozenset({Role.ADMIN})
CONNECTING = frozenset({Role.CONNECTOR})
SUPERVISION = frozenset({Role.SUPERVISOR})
WATCHING = frozenset({Role.SUPERVISOR, Role.QUALITY, Role.AUDITOR})
TALKING = AGENT | WATCHING
"""Agents see what concerns them; see `reach`."""
KNOWING = ANYBODY - {Role.CONNECTOR}

POLICY: Mapping[str, frozenset[Role]] = {
    "Query.me": NOBODY_NEEDED,
    "Query.desk": AGENT,
    "Query.conversation": TALKING,
    "Query.conversations": TALKING,
    "Query.task": TALKING,
    "Query.tasks": TALKING,
    "Query.agent": TALKING | ADMIN,
    "Query.agents": WATCHING | ADMIN,
    "Query.queue": WATCHING | AGENT | ADMIN,
    "Query.queues": WATCHING | AGENT,
    "Query.whyNot": TALKING,
    "Query.lists": TALKING,
    "Query.listItems": TALKING,
    "Query.customer": TALKING,
    "Query.customers": WATCHING,
    "Query.attributes": KNOWING,
    "Query.mediaRoutingDomains": KNOWING,
    "Query.queueSettings": KNOWING,
    "Query.channelTypes": KNOWING,
    "Query.channels": WATCHING | ADMIN,
    "Query.bots": WATCHING | ADMIN,
    "Query.reasonCodes": KNOWING,
    "Query.wrapUpForms": KNOWING,
    "Query.businessCalendars": KNOWING,
    "Query.routingLists": KNOWING,
    "Query.deskPolicy": KNOWING,
    "Query.history": frozenset({Role.AUDITOR}),
    "Mutation.logIn": AGENT,
    "Mutation.logOut": AGENT,
    "Mutation.makeReady": AGENT,
    "Mutation.makeNotReady": AGENT,
    "Mutation.makeMrdReady": AGENT,
    "Mutation.makeMrdNotReady": AGENT,
    "Mutation.stayLoggedIn": AGENT,
    "Mutation.acceptTask": AGENT,
    "Mutation.declineTask": AGENT,
    "Mutation.postMessage": AGENT | SUPERVISION,
    "Mutation.setTyping": AGENT | SUPERVISION,
    "Mutation.holdConversation": AGENT | SUPERVISION,
    "Mutation.resumeConversation": AGENT | SUPERVISION,
    "Mutation.leaveConversation": AGENT | SUPERVISION,
    "Mutation.endConversation": AGENT | SUPERVISION,
    "Mutation.applyWrapUp": AGENT,
    "Mutation.finishWrapUp": AGENT,
    "Mutation.transferToQueue": AGENT | SUPERVISION,
    "Mutation.transferToAgent": AGENT | SUPERVISION,
    "Mutation.consult": AGENT | SUPERVISION,
    "Mutation.directConference": AGENT | SUPERVISION,
    "Mutation.consultTransfer": AGENT | SUPERVISION,
    "Mutation.consultConference": AGENT | SUPERVISION,
    "Mutation.endConsult": AGENT | SUPERVISION,
    "Mutation.withdrawRequest": AGENT | SUPERVISION,
    "Mutation.subscribeList": AGENT,
    "Mutation.unsubscribeList": AGENT,
    "Mutation.joinListItem": AGENT,
    "Mutation.dismissListItem": AGENT,
    "Mutation.closeListItem": AGENT | SUPERVISION,
    "Mutation.setConversationData": AGENT | SUPERVISION,
    "Mutation.renameCustomer": AGENT | SUPERVISION,
    "Mutation.monitorConversation": SUPERVISION,
    "Mutation.whisper": SUPERVISION,
    "Mutation.bargeIn": SUPERVISION,
    "Mutation.stopMonitoring": SUPERVISION,
    "Mutation.requestAgent": SUPERVISION,
    "Mutation.flushQueue": SUPERVISION,
    "Mutation.drainQueue": ADMIN,
    "Mutation.forceLogOut": SUPERVISION,
    "Mutation.makeAgentReady": SUPERVISION,
    "Mutation.makeAgentNotReady": SUPERVISION,
    "Mutation.loseAgentState": SUPERVISION | CONNECTING,
    "Mutation.mirrorMrd": CONNECTING,
    "Mutation.createUser": ADMIN,
    "Mutation.registerAgent": ADMIN,
    "Mutation.assignAttribute": ADMIN | SUPERVISION,
    "Mutation.withdrawAttribute": ADMIN | SUPERVISION,
    "Mutation.grantMrd": ADMIN | SUPERVISION,
    "Mutation.switchAutoAnswer": AGENT | ADMIN | SUPERVISION,
    "Mutation.configureAttribute": ADMIN,
    "Mutation.configureMediaRoutingDomain": ADMIN,
    "Mutation.configureQueue": ADMIN,
    "Mutation.configureChannelType": ADMIN,
    "Mutation.configureChannel": ADMIN,
    "Mutation.configureBot": ADMIN,
    "Mutation.configureReasonCode": ADMIN,
    "Mutation.configureWrapUpForm": ADMIN,
    "Mutation.configureBusinessCalendar": ADMIN,
    "Mutation.configureRoutingList": ADMIN,
    "Mutation.configureDeskPolicy": ADMIN,
    "Mutation.retire": ADMIN,
    "Subscription.desk": AGENT,
    "Subscription.conversation": TALKING,
    "Subscription.typing": TALKING,
    "Subscription.conversations": WATCHING,
    "Subscription.tasks": WATCHING,
    "Subscription.agents": WATCHING,
    "Subscription.queues": WATCHING,
    "Subscription.lists": WATCHING,
}

TEXT_LENGTH_MAX, NESTING_MAX = 20_000, 24


class Unguarded(Exception):
    """The schema and the table do not name the same root fields."""


def check(field: str, viewer: Viewer) -> None:
    """May this viewer ask for this root field, like `Query.desk`? Raises `GraphQLError` with FORBIDDEN."""
    roles = POLICY.get(field)
    if roles is None or (roles and not viewer.is_any(roles)):
        raise GraphQLError("Your roles do not permit this.", extensions={"code": "FORBIDDEN"})


def enforce(schema: GraphQLSchema) -> None:
    """Put the check before every root field, once. Raises `Unguarded` for a field that the table does not know."""
    found = {
        f"{root.name}.{name}": field
        for root in (schema.query_type, schema.mutation_type, schema.subscription_type)
        if root is not None
        for name, field in root.fields.items()
    }
    if found.keys() != POLICY.keys():
        raise Unguarded(f"Name the roles in api/policy.py: {sorted(found.keys() ^ POLICY.keys())}")
    for name, field in found.items():
        _guard(name, field)


def _guard(name: str, field: GraphQLField) -> None:
    if field.subscribe is not None:
        field.subscribe = _Guarded(name, field.subscribe)
    elif field.resolve is not None:
        field.resolve = _Guarded(name, field.resolve)


@dataclass(frozen=True, slots=True)
class _Guarded:
    name: str
    resolve: Callable[..., Any]

    def __call__(self, source: Any, info: Any, **arguments: Any) -> Any:
        check(self.name, info.context.viewer)
        check_texts(arguments)
        return self.resolve(source, info, **arguments)


def check_texts(value: Any, depth: int = 0) -> None:
    """No text holds what no store takes, none is a book, nothing is nested without end. Raises `GraphQLError`."""
    if isinstance(value, str):
        if len(value) > TEXT_LENGTH_MAX or "\0" in value:
            message = f"A text has at most {TEXT_LENGTH_MAX} characters, and none of them is NUL."
            raise GraphQLError(message, extensions={"code": "INVALID"})
    elif isinstance(value, dict | list):
        if depth > NESTING_MAX:
            raise GraphQLError(f"At most {NESTING_MAX} levels deep.", extensions={"code": "INVALID"})
        for part in (*value.keys(), *value.values()) if isinstance(value, dict) else value:
            check_texts(part, depth + 1)
