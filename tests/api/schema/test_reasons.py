"""Why this agent, why not me, and why does nobody come (routing 12)? Asked of the real engine, on real facts."""

from datetime import timedelta

import pytest

from api.cursors import sealed
from commands.configuration import Configure
from domain.configuration import settings as s
from domain.ids import AttributeId
from domain.tasks.task import Task
from tests.api.schema.office import subject_of
from tests.api.schema.test_mutations import ADA

pytestmark = pytest.mark.anyio

GRACE = subject_of("grace")
STORY = """query($id: ID!) { task(id: $id) { decisions { cursor at taskId turn step agentId words queueId
  decision { policy candidateCount candidates { agentId } rejectedCounts { obstacle count } rejected { agentId detail } } } } }"""
OFFER = """query($id: ID!) { task(id: $id) { offer {
  decision { policy candidateCount candidates { agentId } rejectedCounts { obstacle count } rejected { agentId detail } } } } }"""
WAITING = """query($id: ID!) { task(id: $id) { mediaState waiting { words nextStepAt
  decision { candidateCount rejectedCounts { obstacle count } rejected { agentId obstacle } } } } }"""
WHY = """query($agent: ID!, $task: ID!, $asOf: AsOf) { whyNot(agentId: $agent, taskId: $task, asOf: $asOf) {
  eligible checks { rule passes found } matchedStep { step beginsAt counts } steps { step matches missing } } }"""


async def asks(office, who: str = "john") -> str:
    """Somebody asks for a human; returns the task."""
    conversation = await office.world.write(who, "hello")

    async def request():
        return (await office.world.conversation(conversation)).request

    task = (await office.until(request)).task_id

    async def queued():
        return (await office.world.centre.store.load(Task, task)).created

    await office.until(queued)
    return task


async def waiting(office, task: str) -> dict:
    async def known():
        return (await office.ask("sam", WAITING, id=task))["task"]["waiting"]

    return await office.until(known)


def failed(answer: dict) -> dict[str, str]:
    return {it["rule"]: it["found"] for it in answer["whyNot"]["checks"] if not it["passes"]}


async def test_while_nobody_comes_it_says_why(office):
    await office.done("ada", "logIn")
    task = await asks(office)
    told = await waiting(office, task)
    assert told["words"] == "Nobody could have it now: Ada is not ready and Grace is signed out."
    assert {it["agentId"]: it["obstacle"] for it in told["decision"]["rejected"]} == {
        ADA: "NOT_READY",
        GRACE: "LOGGED_OUT",
    }
    assert told["nextStepAt"] is None, "the queue has one step"
    await office.done("ada", "makeReady")
    await office.world.offer_to(ADA)
    assert (await office.ask("sam", WAITING, id=task))["task"] == {"mediaState": "RESERVED", "waiting": None}


async def test_the_next_step_is_announced(office):
    asked = s.Step((s.Expression((s.Term(AttributeId("senior"), s.RelationalOperator.HAS),)),), 45)
    await office.world.send(Configure("senior", s.RoutingAttribute("Senior", s.AttributeType.BOOLEAN, 1)))
    await office.world.send(Configure("support", s.Queue("Support", "chat", steps=(asked, s.Step()))))
    await office.done("ada", "logIn")
    await office.done("ada", "makeReady")
    task = await asks(office)
    told = await waiting(office, task)
    assert told["words"] == "None of the 2 who work there has what the steps that have begun ask for."
    answer = await office.ask("ada", WHY, agent=ADA, task=task)
    assert failed(answer).keys() == {"ATTRIBUTES"}
    assert failed(answer)["ATTRIBUTES"].startswith("matches step 2, which begins at ")
    assert answer["whyNot"]["matchedStep"] == {"step": 1, "beginsAt": told["nextStepAt"], "counts": False}
    assert answer["whyNot"]["steps"][0]["missing"] == ["has Senior is asked, and they do not have it"]


async def test_the_way_of_a_request_is_told_turn_by_turn(office):
    task = await asks(office)
    await office.done("ada", "logIn")
    await office.done("ada", "makeReady")
    await office.world.offer_to(ADA)
    await office.done("ada", "acceptTask", taskId=task)
    turns = (await office.ask("sam", STORY, id=task))["task"]["decisions"]
    assert [it["turn"] for it in turns] == ["QUEUED", "OFFERED", "ACCEPTED"]
    assert [it["words"] for it in turns] == [
        "Entered the queue Support.",
        "Offered to Ada, the only one who could have it; of the others, Grace is signed out.",
        "Ada took it.",
    ]
    why = turns[1]["decision"]
    assert why == (await office.ask("sam", OFFER, id=task))["task"]["offer"]["decision"]
    assert (why["policy"], why["candidateCount"], why["candidates"]) == ("LONGEST_AVAILABLE", 1, [{"agentId": ADA}])
    assert why["rejectedCounts"] == [{"obstacle": "LOGGED_OUT", "count": 1}]
    assert why["rejected"] == [{"agentId": GRACE, "detail": ""}]


async def test_an_agent_reads_of_nobody_else_by_name(office):
    await office.done("grace", "logIn")
    task = await asks(office)
    await office.done("ada", "logIn")
    await office.done("ada", "makeReady")
    await office.world.offer_to(ADA)
    (_, offered) = (await office.ask("ada", STORY, id=task))["task"]["decisions"]
    assert offered["words"] == "Offered to Ada, the only one who could have it; of the others, 1 is not ready."
    assert (offered["decision"]["rejected"], len(offered["decision"]["candidates"])) == ([], 1)


async def test_after_a_missed_offer_the_story_goes_on_under_the_next_task(office):
    for name in ("ada", "grace"):
        await office.done(name, "logIn")
    await office.done("ada", "makeReady")
    task = await asks(office)
    await office.world.offer_to(ADA)
    await office.world.pass_time(timedelta(seconds=21))

    async def again():
        request = (await office.world.conversation(await office.world.conversation_of("john"))).request
        found = (await office.ask("sam", "{ tasks(first: 2) { nodes { id attempt } } }"))["tasks"]["nodes"]
        return request and next((it["id"] for it in found if it["attempt"] == 2), None)

    later = await office.until(again)
    turns = (await office.ask("sam", STORY, id=later))["task"]["decisions"]
    assert [it["turn"] for it in turns[:4]] == ["QUEUED", "OFFERED", "MISSED", "REQUEUED"]
    assert {it["taskId"] for it in turns} == {task, later}
    await office.done("ada", "makeMrdReady", mrdId="chat")
    found = failed(await office.ask("ada", WHY, agent=ADA, task=later))
    assert "NOT_EXCLUDED" not in found or "ready again since" in found["NOT_EXCLUDED"]


async def test_why_not_me_is_answered_for_now_and_for_then(office):
    task = await asks(office)
    then = await office.done("ada", "logIn")
    await office.done("ada", "makeReady")
    await office.world.offer_to(ADA)
    assert failed(await office.ask("ada", WHY, agent=ADA, task=task))["WAITING"] == "the request rings at an agent"
    past = await office.ask("ada", WHY, agent=ADA, task=task, asOf={"cursor": then})
    assert failed(past) == {"READY": "NOT_READY", "MRD_READY": "chat is NOT_READY"}
    assert past["whyNot"]["eligible"] is False


async def test_agents_ask_for_themselves_alone(office):
    task = await asks(office)
    assert await office.refused("grace", WHY, agent=ADA, task=task) == "NOT_FOUND"
    assert await office.refused("ada", WHY, agent=ADA, task="made up") == "NOT_FOUND"
    assert await office.refused("sam", WHY, agent="made up", task=task) == "NOT_FOUND"
    assert await office.refused("sam", WHY, agent=ADA, task=task, asOf={"cursor": sealed(1)}) == "NOT_FOUND"
    assert await office.refused("root", WHY, agent=ADA, task=task) == "FORBIDDEN"
    assert (await office.ask("quinn", WHY, agent=ADA, task=task))["whyNot"]["eligible"] is False


async def test_a_place_in_line_and_what_is_known_of_the_wait(office):  # routing 65
    first, second = await asks(office), await asks(office, "jane")
    query = """query($id: ID!) { task(id: $id) { waiting { position estimatedWaitS } }
      queue(id: "support") { wait { estimatedWaitS method } counters { foretold meanWaitErrorS meanWaitBiasS } } }"""
    await waiting(office, second)
    told = await office.ask("sam", query, id=second)
    assert told["task"]["waiting"] == {"position": 2, "estimatedWaitS": None}
    assert told["queue"]["wait"] == {"estimatedWaitS": None, "method": "UNKNOWN"}
    assert told["queue"]["counters"] == {"foretold": 0, "meanWaitErrorS": None, "meanWaitBiasS": None}
    pace = office.behind.waits().paces["support"]
    pace.handled, pace.active = [90.0], 3
    told = await office.ask("sam", query, id=second)
    assert told["task"]["waiting"] == {"position": 2, "estimatedWaitS": 60.0}
    assert told["queue"]["wait"] == {"estimatedWaitS": 90.0, "method": "HANDLING"}
    assert first != second
