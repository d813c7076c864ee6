"""Does what was measured at length stay, whoever tries the benchmark for a moment?"""

import json

import pytest

from bench import figures
from bench.figures import Figure, Run


def test_a_quick_run_leaves_the_figures_of_a_full_one(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(figures, "RESULTS", tmp_path)

    def measured(value: float, *, quick: bool) -> float:
        Run("trial", "How many?", quick=quick).save([Figure("so many", value)], [])
        return json.loads((tmp_path / "trial.json").read_text())["figures"][0]["value"]

    assert measured(1.0, quick=True) == 1.0
    assert measured(2.0, quick=False) == 2.0
    assert measured(3.0, quick=True) == 2.0
    assert measured(4.0, quick=False) == 4.0
