"""The schema, put together: types, then the check of roles before every root field, then the quick paths."""

import strawberry
from graphql import GraphQLObjectType, GraphQLSchema

from api import policy
from api.schema.mutations.colleagues import ColleaguesMutation
from api.schema.mutations.configuration import ConfigurationMutation
from api.schema.mutations.holding import HoldingMutation
from api.schema.mutations.lists import ListsMutation
from api.schema.mutations.people import PeopleMutation
from api.schema.mutations.presence import PresenceMutation
from api.schema.mutations.queues import QueueMutation
from api.schema.mutations.supervision import SupervisionMutation
from api.schema.mutations.work import WorkMutation
from api.schema.queries.boards import BoardsQuery
from api.schema.queries.configuration import ConfigurationQuery
from api.schema.queries.history import HistoryQuery
from api.schema.queries.lists import ListsQuery
from api.schema.queries.reasons import ReasonsQuery
from api.schema.queries.self import SelfQuery
from api.schema.quick import quicken
from api.schema.subscriptions import Subscription
from api.schema.words import CONFIG


@strawberry.type(description="What can be asked.")
class Query(SelfQuery, BoardsQuery, ReasonsQuery, ListsQuery, ConfigurationQuery, HistoryQuery):
    pass


@strawberry.type(description="What can be done. Each input names one intention; each payload has its errors as data.")
class Mutation(
    PresenceMutation,
    WorkMutation,
    HoldingMutation,
    ColleaguesMutation,
    ListsMutation,
    SupervisionMutation,
    QueueMutation,
    PeopleMutation,
    ConfigurationMutation,
):
    pass


def build_schema() -> strawberry.Schema:
    """Raises `api.policy.Unguarded` while a root field has no roles."""
    schema = strawberry.Schema(Query, Mutation, Subscription, config=CONFIG)
    core = core_of(schema)
    _describe_arguments(core)
    policy.enforce(core)
    quicken(core)
    return schema


def _describe_arguments(schema: GraphQLSchema) -> None:
    """The two arguments that mean the same everywhere."""
    meanings = {"id": "Its id.", "input": "What is wanted."}
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType):
            for field in type_.fields.values():
                for name, argument in field.args.items():
                    argument.description = argument.description or meanings.get(name)


def core_of(schema: strawberry.Schema) -> GraphQLSchema:
    return schema._schema  # noqa: SLF001 - Strawberry has no public name for it
