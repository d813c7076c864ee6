"""Are the locks whole? Everything asked for is pinned with hashes, and the test lock holds the run lock."""

import re
import tomllib

import pytest

from tests.architecture.source import ROOT, advice

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ASKED = {
    "bootstrap": PROJECT["dependency-groups"]["bootstrap"],
    "run": PROJECT["project"]["dependencies"],
    "test": [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["test"]],
}
AGAIN = "Run `make lock` and commit requirements/."


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(name: str) -> dict[str, str]:
    """Package → version with its hashes, as one lock file pins it."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    return {
        normal(line.split("==")[0].split("[")[0]): line.split("==")[1] for line in text.splitlines() if "==" in line
    }


@pytest.mark.parametrize("name", ASKED)
def test_everything_asked_for_is_locked_with_hashes(name: str) -> None:
    pins = locked(name)
    found = [wish for wish in ASKED[name] if normal(re.split(r"[\s<>=!~\[;]", wish)[0]) not in pins]
    assert not found, advice(found, AGAIN)
    assert all("--hash=sha256:" in pin for pin in pins.values()), AGAIN


def test_the_test_lock_holds_the_run_lock() -> None:
    found = sorted(set(locked("run").items()) - set(locked("test").items()))
    assert not found, advice([name for name, _ in found], AGAIN)
