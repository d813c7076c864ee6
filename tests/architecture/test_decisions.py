"""Is every decision on record one that a reader finds, and that says what it cost?"""

import pytest

from tests.architecture.source import ROOT

RECORDS = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
INDEX = (ROOT / "docs/adr/README.md").read_text()


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_is_in_the_index_and_says_what_was_given_up(path) -> None:
    text = path.read_text()
    assert f"({path.name})" in INDEX, f"Add {path.name} to docs/adr/README.md."
    for heading in ("## Context", "## Decision", "## What we gave up"):
        assert heading in text, f"{path.name} has no “{heading}”: see template.md."
    assert text.count("\n") < 70, f"{path.name} is more than a page."


def test_numbers_follow_each_other() -> None:
    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))
