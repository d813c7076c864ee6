"""Can people work together by the API: pass customers on, ask each other, listen, take part (routing 43 to 47)?"""

import pytest

from api.auth import Role
from domain.tasks.task import Task
from tests.api.schema.office import Office, subject_of
from tests.api.schema.test_mutations import ADA, GRACE, code, talking
from tests.api.schema.test_subscriptions import following, items

pytestmark = pytest.mark.anyio
SAM = subject_of("sam")
VIEW = """query($id: ID!) { conversation(id: $id) { state request { queueId reason } participants { name role }
  colleagueRequests { taskId direction requestedBy queueId agentId note release }
  messages(last: 1) { nodes { sender { type name } body { markdownText } } } } }"""
TASK = """query($id: ID!) { task(id: $id) { direction mode previousTaskId rootRequestId requestedBy requestNote
  mediaState closeReason agentId } }"""
EVENTS = """subscription { desk { cursor event { __typename
  ... on ColleagueRequested { taskId direction requestedBy }
  ... on AgentRequestEnded { taskId reason }
  ... on AgentJoined { name role }
  ... on AgentRoleChanged { role }
  ... on AgentLeft { reason }
  ... on TaskOffered { task { direction requestedBy requestNote queueId } }
  ... on ConversationClosed { closeReason } } } }"""


async def view(office: Office, talk: str, who: str = "sam"):
    return (await office.ask(who, VIEW, id=talk))["conversation"]


async def ready(office: Office, who: str = "grace") -> None:
    await office.done(who, "logIn")
    await office.done(who, "makeReady")


async def who_talks(office: Office, talk: str, **roles: str) -> None:
    """Wait until these are in the conversation, by name."""

    async def there() -> bool:
        here = (await office.world.conversation(talk)).agents
        return {part.role for part in here.values()} == set(roles.values()) and len(here) == len(roles)

    await office.until(there)
    assert {(it["name"], it["role"]) for it in (await view(office, talk))["participants"]} == set(roles.items())


async def task_of(office: Office, task: str, who: str = "sam"):
    return (await office.ask(who, TASK, id=task))["task"]


async def colleague(office: Office, task: str, mutation: str, **whom: object) -> str:
    """Grace takes it; returns her task."""
    await ready(office)
    await office.done("ada", mutation, taskId=task, **whom)

    async def rings() -> str | None:
        newest = await office.world.offer_to(GRACE)
        return newest if (await office.world.centre.store.load(Task, newest)).media_state == "RESERVED" else None

    ringing = await office.until(rings)
    await office.done("grace", "acceptTask", taskId=ringing)
    return ringing


@pytest.mark.parametrize("whom", [{"agentId": GRACE}, {"queueId": "support"}], ids=["name", "queue"])
async def test_a_customer_is_passed_on(office, whom):
    talk, task = await talking(office)
    mutation = "transferToAgent" if "agentId" in whom else "transferToQueue"
    second = await colleague(office, task, mutation, note="A parcel", **whom)
    await who_talks(office, talk, Grace="PRIMARY")
    assert await task_of(office, second) == {
        "direction": "DIRECT_TRANSFER",
        "mode": "AGENT" if "agentId" in whom else "QUEUE",
        "previousTaskId": task,
        "rootRequestId": second,
        "requestedBy": ADA,
        "requestNote": "A parcel",
        "mediaState": "ACTIVE",
        "closeReason": None,
        "agentId": GRACE,
    }
    await office.done("ada", "finishWrapUp", taskId=task)
    assert (await task_of(office, task))["closeReason"] == "TRANSFERRED"


async def test_who_waits_for_whom_is_seen_until_they_come(office):
    talk, task = await talking(office)
    assert await code(office, "ada", "transferToAgent", taskId=task, agentId=GRACE) == "NOT_ROUTABLE"
    assert await code(office, "grace", "transferToQueue", taskId=task, queueId="support") == "NOT_YOUR_TASK"
    await office.done("ada", "transferToQueue", taskId=task, queueId="support", note="Hm", release="ON_ACCEPT")
    seen = await view(office, talk)
    (asked,) = seen["colleagueRequests"]
    request = asked.pop("taskId")
    assert asked == {
        "direction": "DIRECT_TRANSFER",
        "requestedBy": ADA,
        "queueId": "support",
        "agentId": None,
        "note": "Hm",
        "release": "ON_ACCEPT",
    }
    assert seen["request"] == {"queueId": "support", "reason": "TRANSFERRED"}
    again = await code(office, "ada", "transferToQueue", taskId=task, queueId="support")
    assert again == "ALREADY_TRANSFERRED"
    await office.done("ada", "withdrawRequest", taskId=task, requestId=request)
    seen = await view(office, talk)
    assert (seen["colleagueRequests"], seen["request"]) == ([], None)


async def test_a_customer_who_is_passed_on_is_told(office):
    talk, task = await talking(office)
    await office.done("ada", "transferToQueue", taskId=task, queueId="support")
    (told,) = (await view(office, talk))["messages"]["nodes"]
    assert told["sender"]["type"] == "SYSTEM"
    assert told["body"]["markdownText"] == "One moment, please: a colleague takes over."


async def test_a_colleague_gives_advice_and_takes_over(office):
    talk, task = await talking(office)
    assert await code(office, "ada", "endConsult", taskId=task) == "NOT_FOUND"
    second = await colleague(office, task, "consult", queueId="support", note="May I?")
    await who_talks(office, talk, Ada="PRIMARY", Grace="ASSISTANT")
    assert await code(office, "ada", "consult", taskId=task, agentId=GRACE) == "ALREADY_IN_CONVERSATION"
    await office.done("ada", "consultTransfer", taskId=task)
    await who_talks(office, talk, Grace="PRIMARY")

    async def redirected() -> bool:
        return (await office.world.centre.store.load(Task, second)).direction == "CONSULT_TRANSFER"

    await office.until(redirected)


async def test_a_colleague_gives_advice_and_joins_or_goes(office):
    talk, task = await talking(office)
    await colleague(office, task, "consult", agentId=GRACE)
    await who_talks(office, talk, Ada="PRIMARY", Grace="ASSISTANT")
    await office.done("ada", "endConsult", taskId=task, agentId=GRACE)
    await who_talks(office, talk, Ada="PRIMARY")
    await colleague(office, task, "consult", agentId=GRACE)
    await who_talks(office, talk, Ada="PRIMARY", Grace="ASSISTANT")
    await office.done("ada", "consultConference", taskId=task)
    await who_talks(office, talk, Ada="PRIMARY", Grace="PRIMARY")


async def test_a_colleague_comes_beside(office):
    talk, task = await talking(office)
    await colleague(office, task, "directConference", queueId="support")
    await who_talks(office, talk, Ada="PRIMARY", Grace="PRIMARY")


async def test_a_supervisor_listens_whispers_and_takes_part(office):
    talk, _ = await talking(office)
    await office.hire("sue", Role.SUPERVISOR)
    assert await code(office, "sam", "bargeIn", conversationId=talk) == "NOT_IN_CONVERSATION"
    await office.done("sam", "monitorConversation", conversationId=talk)
    await who_talks(office, talk, Ada="PRIMARY", Sam="SILENT_MONITOR")
    assert await code(office, "sue", "monitorConversation", conversationId=talk) == "TOO_MANY_AGENTS"
    say = {"conversationId": talk, "text": "Offer a refund"}
    assert await code(office, "sam", "postMessage", messageId="s1", **say) == "ONLY_LISTENING"
    await office.done("sam", "whisper", conversationId=talk)
    await office.done("sam", "postMessage", messageId="s2", **say)
    await office.done("sam", "bargeIn", conversationId=talk)
    await office.done("sam", "postMessage", messageId="s3", **say)
    (said,) = (await view(office, talk))["messages"]["nodes"]
    assert said["sender"] == {"type": "AGENT", "name": "Sam"}
    await who_talks(office, talk, Ada="PRIMARY", Sam="PRIMARY")
    await office.done("sam", "stopMonitoring", conversationId=talk)
    await who_talks(office, talk, Ada="PRIMARY")
    assert await code(office, "sam", "monitorConversation", conversationId="none") == "NOT_FOUND"
    assert await office.refused("ada", _mutation("monitorConversation"), input={"conversationId": talk}) == "FORBIDDEN"


async def test_a_supervisor_who_took_part_stays_when_the_agent_is_signed_out(office):  # routing 38
    talk, _ = await talking(office)
    await office.done("sam", "monitorConversation", conversationId=talk)
    await office.done("sam", "bargeIn", conversationId=talk)
    await office.done("sam", "forceLogOut", agentId=ADA)
    await who_talks(office, talk, Sam="PRIMARY")


async def test_a_desk_is_told_what_becomes_of_a_talk(office):
    """Who asks, who comes as what, and, long after somebody left, that it is over."""
    async with following(office, "ada", EVENTS) as socket:
        talk, task = await talking(office)
        await items(socket, "AgentJoined")
        await colleague(office, task, "consult", agentId=GRACE, note="May I?")
        told = await items(socket, "AgentJoined")
        (asked,) = [it["event"] for it in told if it["event"] and it["event"]["__typename"] == "ColleagueRequested"]
        assert (asked["direction"], asked["requestedBy"]) == ("CONSULT", ADA)
        assert told[-1]["event"] == {"__typename": "AgentJoined", "name": "Grace", "role": "ASSISTANT"}
        await office.done("ada", "consultTransfer", taskId=task)
        assert (await items(socket, "AgentLeft"))[-1]["event"]["reason"] == "TRANSFERRED"
        await office.done("ada", "finishWrapUp", taskId=task)
        await office.done("grace", "endConversation", conversationId=talk)
        (rest,) = (await office.world.conversation(talk)).agents.values()
        await office.until(lambda: _wraps_up(office, rest.task_id))
        await office.done("grace", "finishWrapUp", taskId=rest.task_id)
        assert (await items(socket, "ConversationClosed"))[-1]["event"]["closeReason"] == "EVERYBODY_LEFT"


async def test_an_offer_says_who_asks_and_why(office):
    async with following(office, "grace", EVENTS) as socket:
        _, task = await talking(office)
        await colleague(office, task, "directConference", agentId=GRACE, note="Two heads")
        offered = (await items(socket, "TaskOffered"))[-1]["event"]["task"]
        assert offered == {
            "direction": "DIRECT_CONFERENCE",
            "requestedBy": ADA,
            "requestNote": "Two heads",
            "queueId": None,
        }


async def _wraps_up(office: Office, task: str) -> bool:
    return (await office.world.centre.store.load(Task, task)).wrap_up is not None


def _mutation(name: str) -> str:
    kind = name[0].upper() + name[1:] + "Input"
    return f"mutation($input: {kind}!) {{ {name}(input: $input) {{ position }} }}"
