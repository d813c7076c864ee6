"""The schema, put together: types, then the check of roles before every root field, then the quick paths."""

import strawberry
from graphql import GraphQLSchema

from api import policy
from api.schema.mutations.configuration import ConfigurationMutation
from api.schema.mutations.people import PeopleMutation
from api.schema.mutations.presence import PresenceMutation
from api.schema.mutations.supervision import SupervisionMutation
from api.schema.mutations.work import WorkMutation
from api.schema.words import CONFIG


@strawberry.type(description="What can be done. Each input names one intention; each payload has its errors as data.")
class Mutation(PresenceMutation, WorkMutation, SupervisionMutation, PeopleMutation, ConfigurationMutation):
    pass


def core_of(schema: strawberry.Schema) -> GraphQLSchema:
    return schema._schema  # noqa: SLF001 - Strawberry has no public name for it
