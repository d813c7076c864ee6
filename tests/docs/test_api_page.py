"""Is `docs/api.md` true? Every example is carried out, in order, and every code that a client can meet is in its tables."""

import re

import pytest
from graphql import build_schema, parse, validate

from tests.architecture.source import ROOT
from tests.docs.page import Reader, blocks

PAGE = (ROOT / "docs/api.md").read_text()
DOCUMENTS = [block for block in blocks(PAGE) if block.language == "graphql" and not block.headed(r"as \w+(, refused)")]
INSIDE = {"REFUSED", "CHANNEL_ERROR", "NOT_FED"}
"""Codes of the base classes, and of a door that is only there for the schema's sake: nobody meets them."""


def codes() -> set[str]:
    """The codes that the source names."""
    found: set[str] = set()
    for folder in ("domain", "commands", "connectors", "api", "infra"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            found |= set(re.findall(r'^    code = "([A-Z_]+)"', text, re.MULTILINE))
            found |= set(re.findall(r'"code": "([A-Z_]+)"', text))
            found |= set(
                re.findall(
                    r'\b(?:HttpRefusal|NotTaken|Rejected|RequestRefused|refusal|_refuse_and_end)\((?:\d+, )?"([A-Z_]+)"',
                    text,
                )
            )
    return found


@pytest.mark.slow
def test_the_page_can_be_carried_out(reader: Reader) -> None:
    reader.follow(PAGE)


def test_every_document_fits_the_schema() -> None:
    schema = build_schema((ROOT / "api/schema.graphql").read_text())
    wrong = {block.line: validate(schema, parse(block.text)) for block in DOCUMENTS}
    assert DOCUMENTS
    assert not {line: errors for line, errors in wrong.items() if errors}


def test_every_code_is_explained() -> None:
    missing = sorted(code for code in codes() - INSIDE if f"`{code}`" not in PAGE)
    assert not missing, f"Explain these codes in docs/api.md: {missing}"


def test_every_root_field_is_named() -> None:
    fields = re.findall(r'"(?:Query|Mutation|Subscription)\.(\w+)"', (ROOT / "api/policy.py").read_text())
    missing = sorted({field for field in fields if f"`{field}`" not in PAGE})
    assert not missing, f"Name these fields in docs/api.md: {missing}"
