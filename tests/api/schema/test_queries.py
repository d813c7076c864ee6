"""Does every query answer, in pages, at any moment of the past, and to nobody who has no right to know?"""

import asyncio

import pytest

from api.cursors import opened, sealed
from api.schema import context
from commands.configuration import Configure
from domain.configuration import settings as s
from tests.api.schema.test_mutations import ADA, talking

pytestmark = pytest.mark.anyio

CONVERSATION = """query($id: ID!, $asOf: AsOf) { conversation(id: $id, asOf: $asOf) {
  id customerId state channelIds createdAt closedAt closeReason unread messageCount asOf conversationData botId
  request { queueId reason since } lastMessage { preview at }
  participants { agentId name role taskId joinedAt } sessions { id channelId } customer { name }
  messages(first: 100) { nodes { id conversationId cursor at sentAt sessionId channelId
    sender { type id name } body { type markdownText data attachment { mediaName } } delivery { status at reason } } } } }"""


async def conversation(office, who, id, **as_of):
    return (await office.ask(who, CONVERSATION, id=id, asOf=as_of or None))["conversation"]


async def test_a_conversation_tells_everything(office):
    id, task = await talking(office)
    position = await office.done(
        "ada", "postMessage", conversationId=id, messageId="m", text="hi", clientMutationId="1"
    )
    told = await conversation(office, "ada", id)
    assert (told["state"], told["unread"], told["messageCount"], told["channelIds"]) == ("ACTIVE", 0, 2, ["web"])
    assert told["asOf"] == told["messages"]["nodes"][1]["cursor"] == position
    assert told["participants"][0]["taskId"] == task
    assert told["messages"]["nodes"][1]["sender"] == {"type": "AGENT", "id": ADA, "name": "Ada"}
    assert told["lastMessage"]["preview"] == "hi"


async def test_the_past_can_be_asked_by_place_and_by_time(office):
    id, _ = await talking(office)
    first = (await conversation(office, "ada", id))["messages"]["nodes"][0]
    await office.done("ada", "postMessage", conversationId=id, messageId="m", text="hi")
    for moment in ({"cursor": first["cursor"]}, {"time": first["at"]}):
        then = await conversation(office, "sam", id, **moment)
        assert [m["id"] for m in then["messages"]["nodes"]] == [first["id"]]
        assert then["participants"] == []
    assert await office.refused("sam", CONVERSATION, id=id, asOf={"cursor": sealed(1)}) == "NOT_FOUND"
    assert await office.refused("sam", CONVERSATION, id=id, asOf={"cursor": sealed(1), "time": first["at"]}) in {
        "VALIDATION_FAILED",
        "BAD_VARIABLES",
    }
    past = await office.ask(
        "sam",
        "query($id: ID!, $c: Cursor!) { agent(id: $id, asOf: {cursor: $c}) { state } }",
        id=ADA,
        c=sealed(1_000_000),
    )
    assert past["agent"]["state"] == "READY"


async def test_configuration_can_be_asked_as_it_was(office):
    before = (await office.ask("root", "{ queueSettings { name } }"))["queueSettings"]
    assert before == [{"name": "Support"}]
    head = await office.world.log.head()
    queue = s.Queue("Renamed", "chat")
    await office.world.send(Configure("support", queue))
    query = "query($c: Cursor!) { queueSettings(asOf: {cursor: $c}) { name } }"
    assert (await office.ask("root", query, c=sealed(head)))["queueSettings"] == [{"name": "Support"}]
    assert (await office.ask("root", "{ queueSettings { name } }"))["queueSettings"] == [{"name": "Renamed"}]


async def test_the_configuration_lists(office):
    lists = await office.ask(
        "root",
        """{ attributes { id name type defaultValue description } mediaRoutingDomains { id name maxRequests raise: ronaAction }
        queueSettings { id mrdId steps { timeoutS expressions { junction terms { attributeId operator value junction } } } stepMode }
        channelTypes { id mrdId isInteractive } channels { id mode botId routing { mode queueId routeToLastAgent } }
        bots { id name settings { key value } timeoutS } reasonCodes { id name kind } }""",
    )
    (step,) = lists["queueSettings"][0]["steps"]
    assert step["expressions"][0]["terms"] == [
        {"attributeId": "english", "operator": "EQ", "value": 1, "junction": "AND"}
    ]
    assert lists["channels"][0]["routing"] == {"mode": "PUSH", "queueId": "support", "routeToLastAgent": False}
    assert lists["attributes"][0]["id"] == "english"


async def test_nobody_reads_conversations_that_are_not_theirs(office):
    id, task = await talking(office)
    customer = (await office.world.conversation(id)).customer_id
    one = "query($id: ID!) { %s(id: $id) { id } }"
    for field, key in (("conversation", id), ("task", task), ("customer", customer), ("agent", ADA)):
        assert await office.refused("grace", one % field, id=key) == "NOT_FOUND"
        assert await office.refused("grace", one % field, id="made up") == "NOT_FOUND"
        assert (await office.ask("ada", one % field, id=key))[field]["id"] == key
        assert (await office.ask("quinn", one % field, id=key))[field]["id"] == key
    for listed in ("conversations", "tasks"):
        query = f"{{ {listed}(first: 10) {{ nodes {{ id }} asOf }} }}"
        assert (await office.ask("grace", query))[listed]["nodes"] == []
        assert len((await office.ask("ada", query))[listed]["nodes"]) == 1
        assert len((await office.ask("sam", query))[listed]["nodes"]) == 1


async def test_an_agent_reads_what_they_are_offered_and_what_they_left(office):
    await office.done("ada", "logIn")
    await office.done("ada", "makeReady")
    id = await office.world.write("john", "hello")
    task = await office.world.offer_to(ADA)
    assert (await conversation(office, "ada", id))["messageCount"] == 1
    await office.done("ada", "acceptTask", taskId=task)

    async def joined():
        return ADA in (await office.world.conversation(id)).agents

    await office.until(joined)
    await office.done("ada", "leaveConversation", conversationId=id)
    assert (await conversation(office, "ada", id))["messageCount"] == 1


async def test_pages_go_forwards_and_backwards_without_gap_or_repeat(office):
    ids = [await office.world.write(f"visitor {n}", "hello") for n in range(7)]
    query = """query($f: Int, $a: String, $l: Int, $b: String, $w: Cursor) {
      conversations(first: $f, after: $a, last: $l, before: $b, waitFor: $w) {
      edges { cursor node { id } } nodes { id messages(last: 1) { nodes { body { markdownText } } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } asOf } }"""
    seen, after = [], None
    while True:
        page = (await office.ask("sam", query, f=3, a=after, w=sealed(await office.world.log.head())))["conversations"]
        seen += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == ids[::-1]
    back = (await office.ask("sam", query, l=2, b=page["pageInfo"]["startCursor"]))["conversations"]
    assert [node["id"] for node in back["nodes"]] == seen[4:6]
    assert page["nodes"][0]["messages"]["nodes"] == [{"body": {"markdownText": "hello"}}]


SENSELESS = (
    "",
    "(first: 0)",
    "(first: 101)",
    "(last: 0)",
    "(first: 1, last: 1)",
    '(first: 1, after: "zz")',
    '(first: 1, after: "5b22782c2279225d")',
    '(first: 1, after: "5b2278222c2279225d")',
)


@pytest.mark.parametrize("listed", ["conversations", "tasks", "customers"])
async def test_senseless_pages_are_refused(office, listed):
    for arguments in SENSELESS:
        assert await office.refused("sam", f"{{ {listed}{arguments} {{ nodes {{ id }} }} }}") == "INVALID", arguments


async def test_filters(office):
    id, task = await talking(office)
    customer = (await office.world.conversation(id)).customer_id
    await office.world.write("jane", "hi")

    async def found(filter, listed="conversations", kind="ConversationFilter"):
        query = f"query($f: {kind}) {{ {listed}(filter: $f, first: 10) {{ nodes {{ id }} }} }}"
        return [node["id"] for node in (await office.ask("sam", query, f=filter))[listed]["nodes"]]

    assert await found({"customerId": customer}) == [id]
    assert await found({"agentId": ADA}) == [id]
    assert id in await found({"states": ["ACTIVE"]})
    assert await found({"states": ["CLOSED"]}) == []
    both = '{ conversations(first: 1, filter: {states: [ACTIVE], agentId: "x"}) { nodes { id } } }'
    assert await office.refused("sam", both) == "INVALID"
    assert (
        await office.refused("ada", "{ conversations(first: 1, filter: {states: []}) { nodes { id } } }") == "INVALID"
    )
    assert task in await found({"agentId": ADA, "states": ["ACTIVE"]}, "tasks", "TaskFilter")
    assert await found({"conversationId": id, "mediaStates": ["ACTIVE"]}, "tasks", "TaskFilter") == [task]


async def test_boards(office):
    await talking(office)
    board = await office.ask(
        "sam",
        """{ queues { asOf nodes { id name queued reserved active wrappingUp oldestWaitingSince
      serviceLevel serviceLevelType serviceLevelThresholdS since priority mrdId
      counters { offered answered handled abandoned shortAbandoned rona noAgent requeued averageSpeedOfAnswerS averageHandleS longestWaitS abandonRate } } }
      agents(first: 10) { nodes { username state since loginAt attributes { attributeId value } mrds { state since load lastReadyAt previousState } tasks { state conversationId since } } }
      customers(first: 5, contact: "john") { nodes { id name isAnonymous identities { kind contact channelId } conversationCount messageCount firstSeenAt lastSeenAt conversationId } } }""",
    )
    (queue,) = board["queues"]["nodes"]
    assert (queue["active"], queue["counters"]["offered"], queue["counters"]["answered"]) == (1, 1, 1)
    assert [agent["username"] for agent in board["agents"]["nodes"]] == ["ada", "grace"]
    assert board["agents"]["nodes"][0]["tasks"][0]["state"] == "ACTIVE"
    assert board["customers"]["nodes"][0]["identities"][0]["contact"] == "john"
    one = await office.ask("ada", '{ queue(id: "support") { name active } }')
    assert one["queue"] == {"name": "Support", "active": 1}
    assert await office.refused("ada", '{ queue(id: "made up") { name } }') == "NOT_FOUND"


async def test_an_auditor_reads_every_fact(office):
    id, _ = await talking(office)
    query = "query($s: String, $f: Int!, $a: Cursor) { history(stream: $s, first: $f, after: $a) { endCursor hasNextPage nodes { position stream version at actor commandId correlation type data } } }"
    told = (await office.ask("audrey", query, s=f"conversation-{id}", f=100))["history"]
    assert [fact["version"] for fact in told["nodes"]] == list(range(len(told["nodes"])))
    assert told["nodes"][0]["type"] == "conversation.started"
    everything, after = [], None
    while True:
        page = (await office.ask("audrey", query, f=7, a=after))["history"]
        everything += [opened(fact["position"]) for fact in page["nodes"]]
        if not page["hasNextPage"]:
            break
        after = page["endCursor"]
    assert everything == sorted(set(everything))
    assert len(everything) == await office.world.log.head()
    assert await office.refused("sam", query, f=1) == "FORBIDDEN"
    assert await office.refused("audrey", query, f=101) == "INVALID"


async def test_you_read_your_own_writes(office):
    for n in range(20):
        position = await office.done("ada", "logIn" if n % 2 == 0 else "logOut")
        query = "query($id: ID!, $w: Cursor) { agent(id: $id, waitFor: $w) { state since } }"
        state = (await office.ask("sam", query, id=ADA, w=position))["agent"]["state"]
        assert state == ("NOT_READY" if n % 2 == 0 else "LOGOUT")


async def test_waiting_for_the_future_ends(office, monkeypatch):
    monkeypatch.setattr(context, "PATIENCE_S", 0.05)
    assert (
        await office.refused("sam", "query($w: Cursor) { queues(waitFor: $w) { asOf } }", w=sealed(10**9)) == "NOT_YET"
    )


async def test_a_lag_makes_answers_older_and_not_slow(office, monkeypatch):
    async def never(_position):
        await asyncio.sleep(60)

    shown = office.behind.shown()
    monkeypatch.setattr(context, "LAG_S", 0.01)
    object.__setattr__(office.behind, "wait_for", never)
    answer = await office.ask("sam", "{ queues { asOf } }")
    assert shown <= opened(answer["queues"]["asOf"]) <= office.behind.shown()


async def test_messages_come_in_pages(office):
    id, _ = await talking(office)
    for n in range(5):
        await office.done("ada", "postMessage", conversationId=id, messageId=f"m{n}", text=str(n))
    query = """query($id: ID!, $f: Int, $a: Cursor, $l: Int, $b: Cursor) { conversation(id: $id) { messages(first: $f, after: $a, last: $l, before: $b) {
      edges { cursor } nodes { body { markdownText } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""

    async def page(**arguments):
        return (await office.ask("ada", query, id=id, **arguments))["conversation"]["messages"]

    newest = await page(l=2)
    assert [m["body"]["markdownText"] for m in newest["nodes"]] == ["3", "4"]
    assert newest["pageInfo"]["hasPreviousPage"]
    older = await page(l=100, b=newest["pageInfo"]["startCursor"])
    assert [m["body"]["markdownText"] for m in older["nodes"]] == ["hello", "0", "1", "2"]
    oldest = await page(f=1)
    assert oldest["pageInfo"]["hasNextPage"]
    assert len((await page(f=100, a=oldest["pageInfo"]["endCursor"]))["nodes"]) == 5
    assert await office.refused("ada", query, id=id) == "INVALID"


async def test_whoever_has_no_role_sees_themselves_and_nothing_else(office):
    subject = await office.hire("nobody")
    assert (await office.ask("nobody", "{ me { subject roles } }"))["me"] == {"subject": subject, "roles": []}
    assert await office.refused("nobody", "{ queues { asOf } }") == "FORBIDDEN"


async def test_a_cursor_comes_back_as_it_went():
    for position in (0, 1, 255, 4096, 2**40, 2**63 - 1):
        assert opened(sealed(position)) == position


@pytest.mark.parametrize(
    "text", ["", "7", "75d42", "zzzzz", "-15d41", "75D41", " 75d41", "a" * 30, None, 7, "٧5d41", "0" * 16 + "5d41"]
)
async def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(ValueError, match="cursor"):
        opened(text)
