"""Does the same configuration give what really happened, offer by offer, where nothing was plain?"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain

import pytest

from domain.agents.facts import LoggedIn, MrdMadeNotReady
from domain.kernel import BEGINNING, Recorded, replace
from domain.tasks.facts import (
    LAST_AGENT_STEP,
    StepReached,
    TaskAccepted,
    TaskClosed,
    TaskCreated,
    TaskDiverted,
    TaskPulled,
    TaskQueued,
    TaskReserved,
)
from infra.configuration_file import parse
from infra.eventlog.memory import MemoryLog
from infra.simulation.world import World
from infra.what_if.assumptions import assumptions
from infra.what_if.cli import changed_setup
from infra.what_if.comparison import compared
from infra.what_if.past import Past, Reading
from infra.what_if.reading import LOOK_BACK, position_before, read
from infra.what_if.replay import Habits, Replay, Setup
from tests.infra.simulation.plans import Watched
from tests.infra.what_if.restless_shift import CLOSES, MAIL, a_restless_shift
from tests.infra.what_if.shift import BEGINS

SEEDS = (1, 2)


def past(begins: datetime = BEGINS, ends: datetime = CLOSES, seed: int = 1) -> Past:
    reading = Reading(begins, ends)
    for recorded in a_restless_shift(seed):
        reading.feed(recorded)
    return reading.past()


def replay(it: Past) -> tuple[Replay, Setup]:
    return Replay(it, Habits(it), 1800.0), Setup.as_it_was(it)


def story(history: Iterable[Recorded]) -> list[tuple]:
    """What became of requests while the desk was open, in facts that do not depend on what a replay cannot know."""
    talks: dict[str, str] = {}
    found = []
    for it in history:
        match it.fact:
            case TaskCreated():
                talks[it.subject] = it.fact.conversation_id
            case TaskQueued(routing=routing) if it.at < CLOSES:
                found.append(
                    (it.at, talks[it.subject], routing.queue_id, routing.priority, routing.step, routing.excluded)
                )
            case TaskReserved() | TaskAccepted() if it.at < CLOSES and it.subject in talks:
                found.append((it.at, talks[it.subject], type(it.fact).__name__, it.fact.agent_id))
            case StepReached() if it.at < CLOSES:
                found.append((it.at, talks[it.subject], it.fact))
            case TaskDiverted() if it.at < CLOSES:
                found.append((it.at, talks[it.subject], it.fact.rule, it.fact.queue_id))
            case TaskClosed() if it.at < CLOSES and it.subject in talks:
                found.append((it.at, talks[it.subject], type(it.fact).__name__, it.fact.agent_id))
    return sorted(found, key=str)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_offer_is_made_again_at_its_moment_to_the_same_agent(seed: int) -> None:
    heard: list[Recorded] = []
    it, was = replay(past(seed=seed))
    World(it.plan(was, "1"), Watched(heard.append)).play()
    pulled = {r.fact.conversation_id for r in a_restless_shift(seed) if isinstance(r.fact, TaskPulled)}
    really = [happened for happened in story(a_restless_shift(seed)) if happened[1] not in pulled]
    assert [happened for happened in story(heard) if happened[1] not in pulled] == really


def test_the_shift_was_restless() -> None:
    kinds = Counter(type(it.fact) for it in a_restless_shift(1))
    ends = Counter(it.fact.reason for it in a_restless_shift(1) if isinstance(it.fact, TaskClosed))
    assert min(kinds[it] for it in (TaskDiverted, TaskPulled, MrdMadeNotReady, StepReached)) > 5
    assert kinds[LoggedIn] > 8
    assert ends.keys() >= {"RONA", "DECLINED", "AGENT_LOGOUT", "CANCELLED", "NO_AGENT_AVAILABLE"}
    assert sum(it.routing.step == LAST_AGENT_STEP for it in past().of_stretch) > 10


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("since", "until"), [(0, 60), (13, 31), (37, 55)])
def test_a_stretch_from_the_middle_gives_what_happened_in_it(seed: int, since: int, until: int) -> None:
    begins, ends = BEGINS + timedelta(minutes=since), BEGINS + timedelta(minutes=until)
    it, was = replay(past(begins, ends, seed))
    for row in compared(it, was, was, 1, 1, lambda _: None).rows():
        assert row.was is None if row.really is None else row.was.mean == pytest.approx(row.really, abs=1e-6), row


def test_the_assumptions_say_what_is_played_again() -> None:
    said = " ".join(assumptions(*replay(past(BEGINS + timedelta(minutes=25), CLOSES))))
    assert "wait for the customer's last agent first" in said
    assert "offers were missed or declined" in said
    assert "tasks that no queue offered in this time" in said
    assert "Media that give way to others" in said


def test_who_is_given_a_medium_takes_it_whenever_they_are_ready() -> None:
    it, was = replay(past())
    without = {id_: replace(those, mrds={"chat": 2}) for id_, those in was.agents.items()}
    people = {id_: replace(who, agent=replace(who.agent, mrds={})) for id_, who in it.past.people.items()}
    nobody = replace(it, past=replace(it.past, people=people))
    assert not [told for told in it._told(replace(was, agents=without)) if getattr(told.fact, "mrd_id", "") == "fax"]
    given = [told for told in nobody._told(was) if getattr(told.fact, "mrd_id", "") == MAIL]
    assert len(given) > len([told for told in it._told(was) if getattr(told.fact, "mrd_id", "") == MAIL])


def test_more_agents_for_letters_answer_more_of_them() -> None:
    it, was = replay(past())
    would = changed_setup(was, it.past, parse("agents:\n  ada: {attributes: {english: 1}, mrds: {chat: 2, mail: 8}}\n"))
    rows = {(row.queue, row.figure): row for row in compared(it, was, would, 2, 1, lambda _: None).rows()}
    assert rows["letters", "service_level_2"].difference.mean > 0.1


# From the log


def logged(*histories: Iterable[Recorded]) -> MemoryLog:
    log = MemoryLog()
    for n, recorded in enumerate(chain(*histories), 1):
        log._log.append(replace(recorded, position=n))
    return log


@pytest.mark.anyio
async def test_reading_ends_when_everything_that_began_is_over() -> None:
    begins, ends = BEGINS + timedelta(minutes=5), BEGINS + timedelta(minutes=15)
    reading, told = Reading(begins, ends), []
    someone = next(it for it in a_restless_shift(1) if isinstance(it.fact, LoggedIn))
    later = [replace(someone, stream="agent-zoe", at=CLOSES + timedelta(days=1))] * 2_000
    await read(logged(a_restless_shift(1), later), reading, told.append, page=500)
    assert reading.complete
    assert told == sorted(told)
    assert told[-1] < 1.0
    whole, part = past(begins, ends), reading.past()
    assert part.of_stretch == whole.of_stretch
    assert [it for it in whole.moments if it.at < part.head] == [it for it in part.moments if it.at < part.head]


@pytest.mark.anyio
async def test_of_years_before_only_people_and_configuration_are_read() -> None:
    """The same facts ten days earlier: from then only who works there, what they can do, and how it is configured."""
    earlier = [replace(it, at=it.at - timedelta(days=10)) for it in a_restless_shift(2)]
    log, reading = logged(earlier, a_restless_shift(1)), Reading(BEGINS, CLOSES)
    assert await position_before(log, BEGINS - LOOK_BACK, await log.head()) == len(earlier)
    await read(log, reading)
    it = reading.past()
    assert it.forgets
    assert "more than 7 days" in " ".join(assumptions(*replay(it)))
    assert [request.id for request in it.of_stretch] == [request.id for request in past().of_stretch]


@pytest.mark.anyio
async def test_in_an_empty_log_nothing_lies_before() -> None:
    assert await position_before(MemoryLog(), BEGINS, BEGINNING) == BEGINNING
