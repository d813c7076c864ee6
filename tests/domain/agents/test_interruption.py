"""What gives way to what? Who occupies what, and in which order, says so: routing 34, 35, 36."""

from domain.agents.agent import WITHOUT_SLOT, Agent, NotRoutable
from domain.agents.facts import MrdGranted, MrdMadeReady, MrdMirrored, MrdState, SlotFilled, SlotReleased, SlotReserved
from domain.agents.states import Mirrored
from domain.configuration.settings import InterruptionAction
from domain.ids import MrdId, OfferId
from tests.domain.agents.situations import CHAT, EMAIL, LOGGED_IN, READY, TALK, task
from tests.domain.scenario import given

VOICE = MrdId("voice")
HERE = (*READY, MrdGranted(VOICE, 1), MrdMadeReady(VOICE))
HOLD = InterruptionAction.HOLD
FREE = (MrdState.READY, MrdState.READY, MrdState.READY)


def reserved(mrd: MrdId, number: int, *gives_way: MrdId, interruptible: bool) -> SlotReserved:
    offer = OfferId(f"offer-{number}")
    return SlotReserved(
        mrd, task(number), offer, 0, interruptible=interruptible, interrupts=dict.fromkeys(gives_way, HOLD)
    )


def states(agent: Agent) -> tuple[MrdState, ...]:
    return agent.mrd_state(VOICE), agent.mrd_state(CHAT), agent.mrd_state(EMAIL)


CALL = reserved(VOICE, 1, CHAT, EMAIL, interruptible=False)
CHAT_OFFER = reserved(CHAT, 2, EMAIL, interruptible=True)
LETTER = reserved(EMAIL, 3, CHAT, interruptible=True)
BUSY, ACTIVE, INTERRUPTED = MrdState.BUSY, MrdState.ACTIVE, MrdState.INTERRUPTED


def test_what_cannot_be_interrupted_leaves_alone_what_cannot_be_either() -> None:  # routing 35
    agent = given(Agent, *HERE, reserved(VOICE, 1, interruptible=False), reserved(CHAT, 2, interruptible=False)).model
    assert states(agent) == (BUSY, ACTIVE, MrdState.READY)


def test_what_can_be_interrupted_gives_way_as_soon_as_the_call_is_reserved() -> None:  # routing 35
    assert given(Agent, *HERE, CALL).leaves(states) == (BUSY, INTERRUPTED, INTERRUPTED)
    assert given(Agent, *HERE, CHAT_OFFER, CALL).leaves(states) == (BUSY, INTERRUPTED, INTERRUPTED)


def test_an_offer_that_rings_out_undoes_the_interruption() -> None:  # routing 36
    missed = given(Agent, *HERE, CHAT_OFFER, CALL).when(lambda agent: agent.miss(task(1)))
    assert missed.leaves(states) == (MrdState.NOT_READY, ACTIVE, INTERRUPTED)


def test_new_work_that_can_be_interrupted_is_blocked_while_a_call_goes_on() -> None:  # routing 35
    given(Agent, *HERE, CALL).when(lambda agent: agent.reserve(CHAT, task(2), OfferId("o"), 0)).refused(NotRoutable)
    pulled = SlotFilled(CHAT, task(2), TALK, True, {EMAIL: HOLD})  # of their own choice (routing 61)
    assert given(Agent, *HERE, CALL, pulled).leaves(states) == (BUSY, INTERRUPTED, INTERRUPTED)


def test_of_two_that_can_be_interrupted_the_second_is_blocked() -> None:  # routing 35
    assert given(Agent, *HERE, CHAT_OFFER).leaves(states) == (MrdState.READY, ACTIVE, INTERRUPTED)
    assert given(Agent, *HERE, LETTER).leaves(states) == (MrdState.READY, INTERRUPTED, BUSY)


def test_what_came_first_is_not_blocked_by_what_nothing_interrupts() -> None:  # routing 35, 36
    """Chats that ignore others: nothing blocks them, and they block nothing that was there before."""
    letter, chat = reserved(EMAIL, 1, interruptible=True), reserved(CHAT, 2, EMAIL, interruptible=True)
    assert given(Agent, *HERE, letter, chat).leaves(states) == (MrdState.READY, ACTIVE, BUSY)
    ended = SlotReleased(EMAIL, task(1), "DONE")
    assert given(Agent, *HERE, letter, chat, ended).leaves(states) == (MrdState.READY, ACTIVE, INTERRUPTED)


def test_what_came_first_goes_on_when_the_call_ends() -> None:  # routing 35
    pulled = SlotFilled(EMAIL, task(4), TALK, True, {CHAT: HOLD})
    agent = given(Agent, *HERE, CHAT_OFFER, CALL, pulled, SlotReleased(VOICE, task(1), "DONE")).model
    assert states(agent) == (MrdState.READY, ACTIVE, INTERRUPTED)
    assert states(agent.evolve(SlotReleased(CHAT, task(2), "DONE"))) == (MrdState.READY, INTERRUPTED, BUSY)


def test_a_call_of_another_system_interrupts_too() -> None:  # routing 34, 35
    agent = given(Agent, *HERE, MrdMirrored(VOICE, BUSY, False, {CHAT: HOLD})).model
    assert states(agent) == (BUSY, INTERRUPTED, MrdState.READY)
    assert states(agent.evolve(MrdMirrored(VOICE, MrdState.READY, False, {CHAT: HOLD}))) == FREE


def test_a_told_state_is_written_once() -> None:  # routing 34
    told = Mirrored(BUSY, False, {CHAT: HOLD})
    given(Agent, *HERE).when(lambda agent: agent.mirror(VOICE, told)).then(
        MrdMirrored(VOICE, BUSY, False, {CHAT: HOLD})
    ).twice()


def test_nothing_is_offered_where_another_system_routes() -> None:  # routing 34
    given(Agent, *HERE, MrdMirrored(CHAT, MrdState.READY)).when(
        lambda agent: agent.reserve(CHAT, task(1), OfferId("o"), 0)
    ).refused(NotRoutable)


def test_after_a_failure_they_say_what_they_want() -> None:  # routing 29
    lost = given(Agent, *HERE).when(lambda agent: agent.lose_state("crash")).twice()
    assert lost.leaves(states) == (MrdState.UNKNOWN,) * 3
    again = lost.leaves(lambda agent: agent)
    given(Agent, *LOGGED_IN).when(lambda agent: agent.make_not_ready("")).then()
    assert list(again.make_not_ready("crash")) != []
    assert [type(fact).__name__ for fact in again.make_ready()] == ["MadeReady"] + ["MrdMadeReady"] * 3


def test_what_ends_says_what_goes_on() -> None:  # routing 35, 36
    taken = SlotFilled(VOICE, task(1), TALK, False, {CHAT: HOLD, EMAIL: HOLD})
    given(Agent, *HERE, taken).when(lambda agent: agent.release(task(1), "DONE")).then(
        SlotReleased(VOICE, task(1), "DONE", (CHAT, EMAIL))
    )
    given(Agent, *HERE, taken).when(lambda agent: agent.wrap_up(task(1), holds_slot=False)).then(
        SlotReleased(VOICE, task(1), WITHOUT_SLOT, (CHAT, EMAIL))
    )


def test_what_gives_way_to_something_else_too_does_not_go_on() -> None:  # routing 35, 36
    taken = SlotFilled(VOICE, task(1), TALK, False, {CHAT: HOLD, EMAIL: HOLD})
    another = SlotFilled(VOICE, task(2), TALK, False, {CHAT: HOLD})
    given(Agent, *HERE, taken, another).when(lambda agent: agent.release(task(1), "DONE")).then(
        SlotReleased(VOICE, task(1), "DONE", (EMAIL,))
    )


def test_an_offer_that_only_rang_kept_nothing_waiting() -> None:  # routing 36
    given(Agent, *HERE, CALL).when(lambda agent: agent.release(task(1), "REROUTE")).then(
        SlotReleased(VOICE, task(1), "REROUTE")
    )
