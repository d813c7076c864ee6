"""Do tables and rows have the same columns? And does every fact that a projection folds exist?"""

import pytest

from domain.kernel import FACTS
from infra.eventlog.memory import MemoryLog
from infra.projector import Projector
from tests.projections.telling import ALL, query

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("make", ALL)
async def test_a_table_has_a_column_for_each_field(postgres_url, make):
    async with Projector(MemoryLog(), postgres_url, [make]):
        pass
    projection = make()
    for table in projection.tables:
        found = query(
            postgres_url,
            "SELECT column_name::text FROM information_schema.columns"
            f" WHERE table_schema = '{projection.name}' AND table_name = '{table.name}'",
        )
        assert {column for (column,) in found} == set(table.columns)


@pytest.mark.parametrize("make", ALL)
def test_a_projection_folds_facts_that_exist(make):
    assert make().facts <= set(FACTS.values())
