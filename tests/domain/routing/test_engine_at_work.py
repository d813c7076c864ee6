"""Are a busy centre's decisions those of a look at everybody? Many queues, steps and domains, seeded; see bench/routing.py."""

import pytest

from bench.routing import Play, warm_up_of
from bench.routing_world import Centre, Size


@pytest.mark.parametrize("load", [0.85, 1.05])
@pytest.mark.parametrize("seed", range(3))
def test_a_busy_centre_is_served_as_by_a_look_at_everybody(seed: int, load: float) -> None:  # routing 5-7, 12-16, 26
    play = Play(Centre(Size(60, 30, 6), load, seed), beside=250)
    play.open()
    play.run(600, warm_up_of(play.centre))
    assert play.compared >= 250


@pytest.mark.parametrize("load", [0.85, 1.05])
@pytest.mark.parametrize("seed", range(3))
def test_so_is_one_whose_queues_have_all_the_rules(seed: int, load: float) -> None:  # routing 8-11, 16, 35, 54, 57, 58
    play = Play(Centre(Size(60, 30, 6), load, seed, all_rules=True), beside=80)
    play.open()
    play.run(200, warm_up_of(play.centre))
    assert play.compared >= 80
    assert play.compared_besides >= 20
