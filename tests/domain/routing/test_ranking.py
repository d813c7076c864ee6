"""Is the first of a set the first, however things came and went?"""

from datetime import datetime, timedelta
from random import Random

import pytest

from domain.routing.ranking import Place, Ranking, members_of
from tests.domain.routing.floor import NOON


def place(number: int, level: float = 0.0, at: datetime = NOON) -> Place:
    return level, at, f"name of {number}", number


@pytest.mark.parametrize("moments", [1, 20, 1_000_000])
@pytest.mark.parametrize("levels", [1, 4])
def test_the_first_of_a_set_is_the_first(moments: int, levels: int) -> None:
    """However many have come at the same moment."""
    random, ranking, places = Random(f"{moments} {levels}"), Ranking(), {}
    for _ in range(6_000):
        number = random.randrange(1_200)
        if number in places and random.random() < 0.4:
            ranking.drop(number)
            del places[number]
        else:
            at = NOON + timedelta(microseconds=random.randrange(moments))
            places[number] = place(number, random.randrange(levels) / levels, at)
            random.choice([ranking.put, ranking.put_later])(places[number])
        if random.random() < 0.2:
            among = {random.randrange(1_200) for _ in range(random.choice([1, 5, 40, 900]))}
            right = min((places[it] for it in among & places.keys()), default=(0.0, None))[-1]
            assert ranking.first(members_of(among)) == right
    assert ranking.members == members_of(places)
    while ranking.members:
        first = ranking.first(ranking.members)
        assert places.pop(first) <= min(places.values(), default=(2.0,))
        ranking.drop(first)


def test_nobody_is_first_of_nobody() -> None:
    ranking = Ranking()
    ranking.put(place(7))
    ranking.drop(7)
    ranking.drop(7)
    assert ranking.first(members_of([7])) is None
