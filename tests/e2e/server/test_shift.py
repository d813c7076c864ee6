"""One customer, one agent, everybody who watches: a day over the real network."""

import asyncio
import json
from contextlib import suppress
from uuid import uuid4

import pytest

from tests.e2e.server.client import Centre, Staff, Visitor, history, until
from tests.e2e.server.people import private_line

pytestmark = pytest.mark.anyio

AGENTS = "changed { username state tasks { state conversationId } mrds { mrdId state load } }"
QUEUES = "changed { id queued reserved active wrappingUp counters { answered handled } }"
TASKS = "changed { id state mediaState closeReason }"
CONVERSATIONS = "changed { id state messageCount }"
CONVERSATION = """query ($id: ID!, $asOf: AsOf) { conversation(id: $id, asOf: $asOf) {
    state participants { name role } messages(first: 100) { nodes { id body { markdownText } sender { type } delivery { status } } } } }"""


async def test_a_customer_is_helped_from_the_greeting_to_the_closed_conversation(centre: Centre) -> None:
    ada, sam, audrey = await asyncio.gather(*(centre.staff(name) for name in ("ada", "sam", "audrey")))
    boards = {
        field: await sam.follow(field, selection)
        for field, selection in (
            ("agents", AGENTS),
            ("queues", QUEUES),
            ("tasks", TASKS),
            ("conversations", CONVERSATIONS),
        )
    }
    desk = await ada.desk()
    await ada.do("logIn")
    await ada.do("makeReady")
    await until(lambda: _last(boards["agents"].items, "username", "ada", "state") == "READY")

    john = await (await centre.visitor().open("John")).listen()
    await john.hears("I am the assistant")
    await john.say("Can I speak to a human?", "ask")
    await john.hears("getting somebody for you")
    offered = await desk.first("TaskOffered")
    assert offered["conversation"]["id"] == john.conversation
    before_accepting = desk.cursor
    await ada.do("acceptTask", taskId=offered["taskId"], offerId=offered["offerId"])
    await desk.first("TaskAccepted", taskId=offered["taskId"])
    await john.first("agentJoined", name="Ada Lovelace")

    await ada.do("setTyping", conversationId=john.conversation, isTyping=True)
    await john.first("typing", name="Ada Lovelace", isTyping=True)
    await _the_desk_sees_typing(ada, john)
    answer = str(uuid4())
    await ada.do("postMessage", conversationId=john.conversation, messageId=answer, text="How can I help?")
    await john.hears("How can I help?")
    assert await _delivery(desk, answer, "DELIVERED")
    await john.send(type="read", messageId=answer)
    assert await _delivery(desk, answer, "READ")
    await john.first("delivery", messageId=answer, status="READ")
    await john.send(type="message", id="thanks", text="Thank you!")
    await john.first("ack", id="thanks")
    await until(lambda: "Thank you!" in [said["message"]["body"]["markdownText"] for said in desk.of("MessagePosted")])

    await until(lambda: _last(boards["tasks"].items, "id", offered["taskId"], "mediaState") == "ACTIVE")
    await until(lambda: _last(boards["queues"].items, "id", "support", "active") == 1)
    await john.send(type="leave")
    await john.first("sessionEnded", reason="CUSTOMER")
    await desk.first("WrapUpStarted", taskId=offered["taskId"])
    await ada.do("applyWrapUp", taskId=offered["taskId"], codes=["resolved"], note="All is well")
    done = await ada.do("finishWrapUp", taskId=offered["taskId"])
    await desk.first("TaskClosed", taskId=offered["taskId"])
    await desk.first("AgentLeft", conversationId=john.conversation)

    await _the_boards_show_it(boards, sam, done, john.conversation, offered["taskId"])
    await _the_auditor_sees_now_and_then(audrey, john.conversation, before_accepting)
    await ada.do("logOut")
    await until(lambda: _last(boards["agents"].items, "username", "ada", "state") == "LOGOUT")


async def _the_boards_show_it(boards, sam: Staff, done: str, conversation: str, task: str) -> None:
    await until(lambda: _last(boards["conversations"].items, "id", conversation, "state") == "CLOSED")
    await until(lambda: _last(boards["tasks"].items, "id", task, "closeReason") == "WRAP_UP_APPLIED")
    await until(lambda: (_last(boards["queues"].items, "id", "support", "counters") or {}).get("handled"))
    found = await sam.ask(
        """query ($at: Cursor) {
            agents(first: 10, waitFor: $at) { nodes { username state tasks { taskId } } }
            queues(waitFor: $at) { nodes { id queued reserved active wrappingUp } }
            tasks(first: 10, waitFor: $at) { nodes { id state note wrapUpCodes } }
            conversations(first: 10, waitFor: $at) { nodes { id state } } }""",
        at=done,
    )
    assert {"username": "ada", "state": "READY", "tasks": []} in found["agents"]["nodes"]
    support = next(queue for queue in found["queues"]["nodes"] if queue["id"] == "support")
    assert (support["queued"], support["reserved"], support["active"], support["wrappingUp"]) == (0, 0, 0, 0)
    assert {"id": task, "state": "CLOSED", "note": "All is well", "wrapUpCodes": ["resolved"]} in found["tasks"][
        "nodes"
    ]
    assert {"id": conversation, "state": "CLOSED"} in found["conversations"]["nodes"]


async def _the_auditor_sees_now_and_then(audrey: Staff, conversation: str, then: str) -> None:
    facts = await history(audrey, f"conversation-{conversation}")
    assert [fact["version"] for fact in facts] == list(range(len(facts)))
    assert facts[-1]["type"] == "conversation.closed"
    now = (await audrey.ask(CONVERSATION, id=conversation))["conversation"]
    assert now["state"] == "CLOSED"
    assert now["participants"] == []
    texts = [message["body"]["markdownText"] for message in now["messages"]["nodes"]]
    assert texts[1:2] == ["Can I speak to a human?"]
    assert texts[-2:] == ["How can I help?", "Thank you!"]
    earlier = (await audrey.ask(CONVERSATION, id=conversation, asOf={"cursor": then}))["conversation"]
    assert earlier["state"] == "ACTIVE"
    assert [message["body"]["markdownText"] for message in earlier["messages"]["nodes"]] == texts[:-2]


async def test_a_desk_that_comes_back_is_told_what_it_missed_and_nothing_twice(centre: Centre) -> None:
    grace = await private_line(centre, "again")
    desk = await grace.desk()
    began = desk.cursor
    await grace.do("logIn")
    await grace.do("makeReady")
    mary = await centre.visitor("again").open("Mary")
    await mary.say("Is somebody there?")
    offered = await desk.first("TaskOffered")
    await grace.do("acceptTask", taskId=offered["taskId"])
    await desk.first("AgentJoined")
    for number in range(20):
        await mary.say(f"line {number}")
    await until(lambda: len(_lines(desk)) == 20)
    again = await grace.desk(began)
    await until(lambda: len(_lines(again)) == 20)
    assert _lines(again) == [f"line {number}" for number in range(20)]
    seen = [item["cursor"] for item in desk.items]
    assert [item["cursor"] for item in again.items][: len(seen)] == seen
    await asyncio.wait_for(desk.taken_over.wait(), 5)  # routing 39


def _lines(desk) -> list[str]:
    texts = [said["message"]["body"]["markdownText"] for said in desk.of("MessagePosted")]
    return [text for text in texts if text.startswith("line ")]


async def _delivery(desk, message: str, status: str) -> bool:
    return bool(
        await until(
            lambda: (
                (message, status) in [(it["messageId"], it["delivery"]["status"]) for it in desk.of("DeliveryReported")]
            )
        )
    )


def _last(items, key: str, id_: str, wanted: str):
    """What a board said last of one row."""
    rows = [row for item in items for row in item["changed"] if row[key] == id_]
    return rows[-1][wanted] if rows else None


async def _the_desk_sees_typing(agent: Staff, customer: Visitor) -> None:
    """It is no fact and has no marker: who types goes on until it is seen."""
    query = "subscription ($id: ID!) { typing(id: $id) { who isTyping } }"
    async with agent.socket() as socket:
        asked = {"query": query, "variables": {"id": customer.conversation}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": asked}))
        for _ in range(50):
            await customer.send(type="typing", isTyping=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    frame = json.loads(await socket.recv())
                assert frame["payload"]["data"]["typing"] == {"who": "CUSTOMER", "isTyping": True}
                return
    raise AssertionError("the desk never saw the customer type")
