"""Can the how-to pages and the README's first minutes be followed, word by word?"""

import pytest

from tests.architecture.source import ROOT
from tests.docs.page import Reader


@pytest.mark.parametrize("page", ["docs/how-to/configure.md", "docs/how-to/replay-and-audit.md", "README.md"])
def test_the_page_can_be_carried_out(page: str, reader: Reader) -> None:
    reader.follow((ROOT / page).read_text())


def test_the_connector_writes_the_answer_into_the_customers_folder(reader: Reader) -> None:
    reader.follow((ROOT / "docs/how-to/write-a-connector.md").read_text())
    assert (reader.folder / "outbox/+4930123456/answer-1.txt").read_text() == "On its way."
