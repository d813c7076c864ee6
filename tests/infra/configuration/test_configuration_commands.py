"""Does the command line say what is wrong with a file, and leave everything as it is?"""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra import errands
from infra.cli import app
from infra.configuration_change import Change, Kind

MADE = Change(Kind.ADDED, "bots", "robin", ("name: Robin",), ())


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PARLEY_CALLED_FROM", raising=False)


def asked(monkeypatch: pytest.MonkeyPatch, *options: str, says: str = "") -> tuple[str, list[bool]]:
    """What was printed, and whether the changes were agreed to."""
    answers: list[bool] = []

    async def importing(settings, text, agreed, say, *, prune) -> None:
        answers.append(await agreed([MADE]))

    monkeypatch.setattr(errands, "import_configuration", importing)
    Path("file.yaml").write_text("")
    done = CliRunner().invoke(app, ["config", "import", "file.yaml", *options], input=says)
    return done.stdout, answers


def test_config_alone_shows_the_settings_in_force() -> None:
    for words in (["config"], ["config", "show"]):
        done = CliRunner().invoke(app, words)
        assert (done.exit_code, "Settings in force" in done.stdout) == (0, True)


def test_a_file_that_is_not_there_is_a_wrong_call() -> None:
    done = CliRunner().invoke(app, ["config", "import", "nowhere.yaml"])
    assert (done.exit_code, "nowhere.yaml" in done.stderr) == (2, True)


def test_faults_are_told_with_file_and_line() -> None:
    Path("bad.yaml").write_text("queues:\n  q: {nam: Q}\n")
    done = CliRunner().invoke(app, ["config", "import", "bad.yaml"])
    assert done.exit_code == 1
    assert "Nothing was changed:\nbad.yaml:2: queues q: nam: There is no such setting." in done.stderr


def test_a_path_means_what_it_means_where_it_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/bad.yaml").write_text("nonsense: {}\n")
    monkeypatch.setenv("PARLEY_CALLED_FROM", str(tmp_path / "inner"))
    assert "There is no such section" in CliRunner().invoke(app, ["config", "import", "bad.yaml"]).stderr


@pytest.mark.parametrize(
    ("options", "says", "agreed"),
    [((), "y\n", True), ((), "n\n", False), (("--yes",), "", True), (("--dry-run",), "", False)],
)
def test_changes_are_shown_and_asked_for(
    options: tuple[str, ...], says: str, agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, answers = asked(monkeypatch, *options, says=says)
    assert shown.startswith("+ bots robin\n    name: Robin\n")
    assert answers == [agreed]
