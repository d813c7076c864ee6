"""Can an agent spend a whole shift at the front door, from signing in to the last wrap-up?"""

import pytest

from tests.api.schema.office import Office, subject_of

pytestmark = pytest.mark.anyio

DESK = """query($waitFor: Cursor) { desk(waitFor: $waitFor) { asOf
  agent { state reason mrds { mrdId state load tasksMax } tasks { taskId state } }
  offers { id conversationId state mediaState queueId offer { id due decision { queueId policy matchedStep candidateCount candidates { agentId load } } } customer { name } }
  tasks { id mediaState agentId } wrapUps { id state wrapUpDue wrapUpCodes }
  conversations { id state customerId participants { name role } sessions { id channelId }
    messages(last: 10) { nodes { id cursor sender { type name } body { type markdownText } } } } } }"""


async def desk(office: Office, wait_for: str | None = None):
    return (await office.ask("ada", DESK, waitFor=wait_for))["desk"]


async def test_a_whole_shift(office):
    assert (await office.ask("ada", "{ me { subject username roles } }"))["me"]["roles"] == ["AGENT"]
    await office.done("ada", "logIn")
    position = await office.done("ada", "makeReady", mrds=["chat"])
    assert (await desk(office, position))["agent"]["mrds"] == [
        {"mrdId": "chat", "state": "READY", "load": 0, "tasksMax": 3}
    ]

    conversation = await office.world.write("john", "hello, is anybody there?")
    await office.world.offer_to(subject_of("ada"))
    offer = (await desk(office))["offers"][0]
    assert offer["conversationId"] == conversation
    assert offer["offer"]["decision"]["policy"] == "LONGEST_AVAILABLE"
    await office.done("ada", "acceptTask", taskId=offer["id"], offerId=offer["offer"]["id"])

    async def joined():
        return [c for c in (await desk(office))["conversations"] if c["participants"]]

    (talk,) = await office.until(joined)
    assert talk["participants"] == [{"name": "Ada", "role": "PRIMARY"}]
    assert [m["body"]["markdownText"] for m in talk["messages"]["nodes"]] == ["hello, is anybody there?"]
    assert [c["channelId"] for c in talk["sessions"]] == ["web"]

    message = {"conversationId": conversation, "messageId": "m1", "text": "Here I am."}
    position = await office.done("ada", "postMessage", **message)
    assert await office.done("ada", "postMessage", **message) >= position
    said = (await desk(office))["conversations"][0]["messages"]["nodes"]
    assert [m["body"]["markdownText"] for m in said] == ["hello, is anybody there?", "Here I am."]

    await office.done("ada", "applyWrapUp", taskId=offer["id"], codes=["sale"], note="a happy customer")
    await office.done("ada", "endConversation", conversationId=conversation)

    async def wrapping_up():
        return (await desk(office))["wrapUps"]

    (task,) = await office.until(wrapping_up)
    assert task["wrapUpCodes"] == ["sale"]
    await office.done("ada", "finishWrapUp", taskId=offer["id"])

    async def closed():
        return (await office.ask("ada", "query($id: ID!) { conversation(id: $id) { state } }", id=conversation))[
            "conversation"
        ]["state"] == "CLOSED"

    await office.until(closed)
    now = await desk(office)
    assert now["offers"] == now["tasks"] == now["wrapUps"] == now["conversations"] == []
    task = await office.ask("ada", "query($id: ID!) { task(id: $id) { closeReason disposition note } }", id=offer["id"])
    assert task["task"] == {"closeReason": "WRAP_UP_APPLIED", "disposition": "DONE", "note": "a happy customer"}
    await office.done("ada", "logOut", reason="home")
    assert (await desk(office))["agent"]["state"] == "LOGOUT"
