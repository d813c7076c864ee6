"""Do the arrows point down? What import-linter cannot say; the layers themselves are in pyproject.toml."""

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.architecture.source import Source, advice, python


def imports(source: Source) -> Iterator[tuple[ast.stmt, str]]:
    """Every import with the full name of what it imports, relative ones resolved."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = source.module if source.path.endswith("__init__.py") else source.module.rpartition(".")[0]
            above = package.split(".")[: len(package.split(".")) - (node.level - 1)] if node.level else []
            module = ".".join([*above, node.module] if node.module else above)
            yield from ((node, f"{module}.{alias.name}") for alias in node.names)


def foreign_to_the_domain(source: Source) -> list[str]:
    return [
        f"{source.at(node)} imports {name}"
        for node, name in imports(source)
        if name.partition(".")[0] not in sys.stdlib_module_names | {"domain"}
    ]


def between_neighbours(folder: str, sources: list[Source]) -> list[str]:
    """Imports from one package in a folder to another; files that lie in the folder itself are for all of them."""
    inside = [source for source in sources if source.path.startswith(f"{folder}/")]
    depth = folder.count("/") + 1
    rooms = {source.path.split("/")[depth] for source in inside if source.path.count("/") > depth}
    return [
        f"{source.at(node)} imports {name}"
        for source in inside
        if (own := source.path.split("/")[depth]) in rooms
        for node, name in imports(source)
        if name.startswith(folder.replace("/", ".") + ".") and name.split(".")[depth] in rooms - {own}
    ]


def test_the_domain_imports_only_the_standard_library() -> None:
    found = [line for source in python("domain") for line in foreign_to_the_domain(source)]
    assert not found, advice(
        found, "The domain is pure: take the value as an argument, or move this to the layer that owns the library."
    )


@pytest.mark.parametrize("folder", ["connectors", "connectors/bots", "projections"])
def test_neighbours_are_blind_to_each_other(folder: str) -> None:
    found = between_neighbours(folder, python(folder.partition("/")[0]))
    assert not found, advice(
        found, f"What two of them need lies in {folder}/ itself, or in domain/; nothing borrows from a neighbour."
    )


def test_a_domain_that_borrows_is_found() -> None:
    assert foreign_to_the_domain(Source("domain/agents/agent.py", "import msgspec\nfrom infra import bus\nimport json"))
    assert not foreign_to_the_domain(Source("domain/routing/engine.py", "import json\nfrom ..kernel import Fact"))


def test_a_borrowing_neighbour_is_found() -> None:
    sms = Source("connectors/sms/channel.py", "from connectors.whatsapp.payloads import Message")
    relative = Source("connectors/sms/payloads.py", "from ..whatsapp import payloads")
    shared = Source("connectors/sms/hooks.py", "from connectors.port import Inbound\nfrom . import payloads")
    whatsapp = Source("connectors/whatsapp/payloads.py", "")
    port = Source("connectors/port.py", "")
    assert len(between_neighbours("connectors", [sms, relative, shared, whatsapp, port])) == 2
