"""What does the engine make of work that it did not give? It counts, and is never offered (routing 60, 61)."""

from domain.configuration.domains import InterruptionAction
from domain.ids import ConversationId, CustomerId, ListItemId, TaskId
from domain.routing.engine import Engine
from domain.tasks.facts import TaskPulled
from tests.domain.routing.floor import CHAT, EMAIL, Floor


def a_floor(tasks_max: int = 1) -> Floor:
    floor = Floor()
    floor.queue("sales", CHAT)
    floor.staff("ada", tasks_max=tasks_max)
    return floor


def pull(floor: Floor, id: str, agent: str = "ada") -> None:
    pulled = TaskPulled(ListItemId("item"), "comments", CHAT, agent, ConversationId(f"talk about {id}"))
    floor.task(id, lambda task: task.pull(pulled, CustomerId("c")))
    floor.agent(agent, lambda it: it.take_up(CHAT, TaskId(id), pulled.conversation_id))


def test_pulled_work_is_offered_to_nobody() -> None:
    floor = a_floor(tasks_max=3)
    pull(floor, "p1")
    assert floor.settle() == {}


def test_whoever_is_full_of_pulled_work_is_offered_nothing_until_it_ends() -> None:
    floor = a_floor()
    pull(floor, "p1")
    floor.ask("t1")
    assert floor.settle() == {}
    floor.finish("p1")
    assert floor.settle() == {"t1": "ada"}


def test_beyond_the_maximum_each_piece_must_end_first() -> None:
    floor = a_floor(tasks_max=2)
    for id in ("p1", "p2", "p3"):
        pull(floor, id)
    floor.ask("t1")
    floor.finish("p1")
    assert floor.settle() == {}
    floor.finish("p2")
    assert floor.settle() == {"t1": "ada"}


def test_what_was_pulled_first_does_not_give_way_to_what_may_be_interrupted_itself() -> None:  # routing 35, 61
    floor = a_floor(tasks_max=3)
    floor.agent("ada", lambda it: it.grant_mrd(EMAIL, 1))
    floor.agent("ada", lambda it: it.take_up(CHAT, TaskId("p1"), ConversationId("c1"), interruptible=True))
    letters = {CHAT: InterruptionAction.HOLD}
    floor.agent(
        "ada",
        lambda it: it.take_up(EMAIL, TaskId("e1"), ConversationId("c2"), interruptible=True, interrupts=letters),
    )
    floor.ask("t1")
    assert floor.settle() == {"t1": "ada"}


def test_whoever_pulls_less_is_asked_first() -> None:  # routing 13
    floor = a_floor(tasks_max=3)
    floor.staff("bob", tasks_max=3)
    pull(floor, "p1")
    floor.ask("t1")
    assert floor.settle() == {"t1": "bob"}


def test_an_engine_that_begins_with_a_snapshot_counts_it_too() -> None:
    floor = a_floor()
    pull(floor, "p1")
    floor.engine = Engine(floor.engine.state)
    floor.ask("t1")
    assert floor.settle() == {}
    floor.finish("p1")
    assert floor.settle() == {"t1": "ada"}
