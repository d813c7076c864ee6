"""Does every link of the pages lead somewhere, to the very heading? And does `operate.md` name every setting?"""

import re
from pathlib import Path

import pytest

from infra.settings import Settings
from tests.architecture.source import ROOT

PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The headings of a page as browsers address them."""
    titles = re.findall(r"^#+ (.+)$", CODE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for link in LINK.findall(CODE.sub("", page.read_text())):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert not lost, f"These links of {page.relative_to(ROOT)} lead nowhere: {lost}"


def test_every_setting_is_explained() -> None:
    page = (ROOT / "docs/how-to/operate.md").read_text()
    missing = [name for name in Settings.model_fields if f"`{name}`" not in page]
    assert not missing, f"Explain these settings in docs/how-to/operate.md: {missing}"
