"""Can the how-to pages and the README's first minutes be followed, word by word?"""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.docs.page import Reader
from tests.infra.what_if.shift import a_morning, told


@pytest.mark.parametrize("page", ["docs/how-to/configure.md", "docs/how-to/replay-and-audit.md", "README.md"])
def test_the_page_can_be_carried_out(page: str, reader: Reader) -> None:
    reader.follow((ROOT / page).read_text())


def test_the_connector_writes_the_answer_into_the_customers_folder(reader: Reader) -> None:
    reader.follow((ROOT / "docs/how-to/write-a-connector.md").read_text())
    assert (reader.folder / "outbox/+4930123456/answer-1.txt").read_text() == "On its way."


@pytest.mark.anyio
async def test_the_past_of_the_page_on_simulation_can_be_played_again(postgres_url: str, tmp_path: Path) -> None:
    """Its morning is told into the database first; no server runs."""
    pytest.importorskip("matplotlib")
    await told(a_morning(), postgres_url)
    known = {"PARLEY": str(ROOT), "PARLEY_DATABASE_URL": postgres_url, "PARLEY_DATA_DIR": str(tmp_path / "data")}
    known["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    folder = tmp_path / "reader"
    folder.mkdir()
    page = (ROOT / "docs/how-to/simulate.md").read_text()
    await asyncio.to_thread(Reader(known, folder).follow, page)
    assert "difference" in (folder / "what-if/what-if.csv").read_text()
