"""What does the replay take for granted, in plain words, and how many requests does each of it concern?"""

from collections.abc import Iterator

from domain.configuration.domains import InterruptionAction
from domain.configuration.settings import Measure
from domain.tasks.facts import LAST_AGENT_STEP, TaskDirection
from infra.what_if.reading import LOOK_BACK
from infra.what_if.replay import Replay, Setup
from infra.what_if.requests import End


def assumptions(replay: Replay, was: Setup, would: Setup | None = None) -> Iterator[str]:
    """`would`: the changed setup; without one, nothing is changed."""
    yield "Requests come again at the moments at which they came; nobody who gave up asks again."
    yield from _about_talks(replay)
    yield "Whoever gave up does so after the same wait; of those who were answered it is guessed how long they would have waited:"
    for queue in replay.queues(was):
        if queue in replay.habits.patience:
            yield f"  {queue}: {replay.habits.patience[queue].model}."
    yield "The ± is the chance in these guesses alone: another day would have had other customers."
    yield from _about_agents(replay, was)
    yield from _about_requests(replay, was)
    yield from _about_configuration(replay, was, would or was)


def _about_talks(replay: Replay) -> Iterator[str]:
    stretch = replay.past.of_stretch
    unknown = sum(it.handle_s is None for it in stretch)
    yield (
        f"Talks and wrap-ups take as long as they took: {len(stretch) - unknown} are measured,"
        f" {unknown} that were not answered or not over are given those of others in their queue."
    )


def _about_agents(replay: Replay, was: Setup) -> Iterator[str]:
    past = replay.past
    yield "Agents sign in and out, become ready and rest, in all and in single media, when they did; a medium that the file gives them is on whenever they are ready."
    if missed := sum(it.missed for it in past.of_stretch):
        yield f"{missed} offers were missed or declined: whatever rings at that agent at that time is again, and no other."
    if past.others:
        yield f"{past.others} tasks that no queue offered in this time (pulled from lists, for a named colleague, begun before) take up their agents as they did."
    if past.forgets:
        yield f"What had been waiting or going on for more than {LOOK_BACK.days} days when the stretch began is not known here."
    interruptible = any(
        it.interruptible and it.interruption_action is not InterruptionAction.IGNORE for it in was.catalog.mrds.values()
    )
    if interruptible:
        yield "Media that give way to others get nothing new meanwhile; work that was interrupted is not put off or passed on anew."


def _about_requests(replay: Replay, was: Setup) -> Iterator[str]:
    past, stretch = replay.past, replay.past.of_stretch
    if last := sum(it.routing.step == LAST_AGENT_STEP for it in stretch):
        yield f"{last} requests wait for the customer's last agent first: for the one who that was then, and as long."
    if others := sum(it.end is End.ENDED_BY_OTHERS for it in stretch):
        yield f"{others} requests that others ended while they waited count as given up."
    if more := past.directions.total() - past.directions[TaskDirection.INBOUND]:
        yield f"{more} requests were transfers or consultations; they come again like the rest, at the moments at which they came."
    if several := sum(bool(it.routing.also_in) for it in stretch):
        yield f"{several} requests wait in several queues at once, as they did; one whose first queue sends it on leaves them all."
    if gone := sum(it.first_queue_id not in was.catalog.queues for it in stretch):
        yield f"{gone} requests of queues that are not configured are left out; their talks take up their agents as they did."


def _about_configuration(replay: Replay, was: Setup, would: Setup) -> Iterator[str]:
    if replay.past.changes:
        yield f"{replay.past.changes} changes of the configuration in that time are not made: all of it is played with the first."
    steps = [step for queue in would.catalog.queues.values() for step in queue.steps]
    if any(it.measure is Measure.ESTIMATED_WAIT_S for step in steps for it in step.skip_when):
        yield "No wait is estimated here: steps that are left by an estimate (`estimated_wait_s`) are not left by it."
    asked, known = _asked_about(would), _asked_about(was)
    if new := sorted(asked - known):
        yield f"Requests know nothing of {', '.join(new)}: no step asked about it then (`consider_if`)."


def _asked_about(setup: Setup) -> set[str]:
    return {it.field for queue in setup.catalog.queues.values() for step in queue.steps for it in step.consider_if}
