"""Is the first of a set the first, however things came and went?"""

from random import Random

import pytest

from domain.routing.ranking import Ranking, members_of


@pytest.mark.parametrize("seed", range(4))
def test_the_first_of_a_set_is_the_first(seed: int) -> None:
    random, ranking, places = Random(seed), Ranking(), {}
    for _ in range(6_000):
        number = random.randrange(1_200)
        if number in places and random.random() < 0.4:
            ranking.drop(number)
            del places[number]
        else:
            places[number] = (random.random(), number)
            ranking.put(places[number])
        if random.random() < 0.2:
            among = {random.randrange(1_200) for _ in range(random.choice([1, 5, 40, 900]))}
            right = min((places[it] for it in among & places.keys()), default=(0.0, None))[-1]
            assert ranking.first(members_of(among)) == right
    assert ranking.members == members_of(places)
    assert len(ranking) == len(places)


def test_nobody_is_first_of_nobody() -> None:
    ranking = Ranking()
    ranking.put((1, 7))
    ranking.drop(7)
    ranking.drop(7)
    assert ranking.first(members_of([7])) is None
