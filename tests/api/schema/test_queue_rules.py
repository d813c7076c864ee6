"""Do a queue's rules reach those who work with it?"""

import pytest

from domain.tasks.task import Task
from tests.api.schema.office import subject_of

pytestmark = pytest.mark.anyio
ADA = subject_of("ada")
SUPPORT = {"id": "support", "name": "Support", "mrdId": "chat"}


async def ringing(office):
    """A request of the queue rings at Ada; returns its task."""
    await office.done("ada", "logIn")
    await office.done("ada", "makeReady")
    await office.world.write("john", "hello")
    return await office.world.offer_to(ADA)


async def test_an_agent_declines_where_the_queue_permits_it(office):  # routing 21
    task = await ringing(office)
    payload = await office.do("ada", "declineTask", taskId=task)
    assert payload["errors"][0]["code"] == "DECLINE_NOT_ALLOWED"
    await office.done("root", "configureQueue", **SUPPORT, declineAllowed=True)
    await office.done("root", "configureReasonCode", id="language", name="Wrong language", kind="DECLINE")
    payload = await office.do("ada", "declineTask", taskId=task, reason="no mood")
    assert payload["errors"][0] == {**payload["errors"][0], "code": "INVALID", "field": "reason"}
    position = await office.done("ada", "declineTask", taskId=task, reason="language")
    assert (await office.world.centre.store.load(Task, task)).closed == "DECLINED"
    query = "query ($at: Cursor!) { tasks(first: 9, waitFor: $at, filter: {states: [CLOSED]}) { nodes { id closeReason closeWords } } }"
    told = await office.ask("sam", query, at=position)
    assert told["tasks"]["nodes"] == [{"id": task, "closeReason": "DECLINED", "closeWords": "language"}]


async def test_what_an_agent_owes_after_a_talk_follows_from_the_settings(office):  # routing 51
    modes = {
        "NONE": {"wrapUpEnabled": False},
        "OPTIONAL": {},
        "MANDATORY": {"wrapUpMandatory": True, "wrapUpS": 0},
        "MANDATORY_TIMED": {"wrapUpMandatory": True, "wrapUpS": 900},
    }
    for mode, settings in modes.items():
        await office.done("root", "configureQueue", **SUPPORT, **settings)
        answer = await office.ask("root", "{ queueSettings { wrapUpMode isDeclineAllowed isAutoAnswered } }")
        assert answer["queueSettings"] == [{"wrapUpMode": mode, "isDeclineAllowed": False, "isAutoAnswered": False}]
    payload = await office.do("root", "configureQueue", **SUPPORT, wrapUpMandatory=True, wrapUpS=901)
    assert payload["errors"][0] == {**payload["errors"][0], "code": "INVALID", "field": "wrapUpS"}


async def test_a_queue_is_emptied_by_those_who_may(office):  # routing 63, 64
    await office.world.write("john", "hello")
    assert (
        await office.refused("ada", 'mutation { flushQueue(input: {queueId: "support"}) { position } }') == "FORBIDDEN"
    )
    await office.done("sam", "flushQueue", queueId="support", message="We close.")
    payload = await office.do("sam", "flushQueue", queueId="nowhere")
    assert payload["errors"][0]["code"] == "NOT_FOUND"
    payload = await office.do("root", "drainQueue", queueId="support")
    assert payload["errors"][0]["code"] == "IN_USE"
    await office.done("root", "configureQueue", **{**SUPPORT, "id": "spare"})
    await office.done("root", "drainQueue", queueId="spare")
    answer = await office.ask("root", "{ queueSettings { id isDraining } }")
    assert answer["queueSettings"] == [{"id": "spare", "isDraining": True}, {"id": "support", "isDraining": False}]
    conversation = await office.world.conversation_of("john")
    payload = await office.do("sam", "requestAgent", conversationId=conversation, queueId="spare")
    assert payload["errors"][0] == {**payload["errors"][0], "code": "QUEUE_DRAINING", "field": "queueId"}


async def test_a_human_is_asked_for_in_several_queues(office):  # routing 11
    await office.world.write("john", "hello")
    conversation = await office.world.conversation_of("john")
    await office.done("root", "configureMediaRoutingDomain", id="mail", name="Mail")
    for id, mrd in (("second", "chat"), ("letters", "mail"), ("spare", "chat")):
        await office.done("root", "configureQueue", id=id, name=id, mrdId=mrd)
    await office.done("root", "drainQueue", queueId="spare")
    refusals = (["letters"], "INVALID"), (["support"], "INVALID"), (["second", "spare"], "QUEUE_DRAINING")
    for also_in, code in refusals:
        payload = await office.do("sam", "requestAgent", conversationId=conversation, alsoIn=also_in)
        assert payload["errors"][0] == {**payload["errors"][0], "code": code, "field": "alsoIn"}
    await office.done("sam", "flushQueue", queueId="support")

    async def nobody_comes():
        return not (await office.world.conversation(conversation)).human_comes

    async def in_line():
        request = (await office.world.conversation(conversation)).request
        task = await office.world.centre.store.load(Task, request.task_id)
        return task.routing is not None and task.routing.also_in == ("second",)

    await office.until(nobody_comes)
    await office.done("sam", "requestAgent", conversationId=conversation, alsoIn=["second"])
    await office.until(in_line)


async def test_what_makes_requests_urgent_is_set_and_read(office):  # routing 55
    label = {"field": "segment", "value": "vip", "priority": 8, "operator": "EQ"}
    await office.done("root", "configureQueue", **SUPPORT, priorityLabels=[label], returningFirst=True)
    query = "{ queueSettings { isReturningFirst priorityLabels { field value priority operator } } }"
    answer = await office.ask("root", query)
    assert answer["queueSettings"] == [{"isReturningFirst": True, "priorityLabels": [label]}]
    payload = await office.do("root", "configureQueue", **SUPPORT, priorityLabels=[{**label, "priority": 11}])
    assert payload["errors"][0] == {
        **payload["errors"][0], "code": "INVALID", "field": "priorityLabels[0].priority",
    }  # fmt: skip


async def test_a_customer_is_put_on_hold_and_taken_back(office):  # routing 56
    task = await ringing(office)
    await office.done("ada", "acceptTask", taskId=task)
    conversation = await office.world.conversation_of("john")

    async def joined():
        return ADA in (await office.world.conversation(conversation)).talking

    await office.until(joined)
    hold = {"conversationId": conversation, "forS": 60, "reason": "asks around"}
    payload = await office.do("grace", "holdConversation", **hold)
    assert payload["errors"][0]["code"] == "NOT_IN_CONVERSATION"
    payload = await office.do("ada", "resumeConversation", conversationId=conversation)
    assert payload["errors"][0]["code"] == "NOT_ON_HOLD"
    await office.done("ada", "holdConversation", **hold)
    query = "query ($id: ID!) { conversation(id: $id) { state heldUntil responseDue } }"
    told = (await office.ask("sam", query, id=conversation))["conversation"]
    assert (told["state"], told["responseDue"]) == ("ON_HOLD", None)
    assert told["heldUntil"] is not None
    position = await office.done("ada", "resumeConversation", conversationId=conversation)
    query = "query ($at: Cursor!) { conversations(first: 9, waitFor: $at) { nodes { state heldUntil responseDue } } }"
    told = await office.ask("sam", query, at=position)
    assert told["conversations"]["nodes"] == [{"state": "ACTIVE", "heldUntil": None, "responseDue": None}]


async def test_how_soon_agents_reply_and_what_silent_customers_are_told_is_set_and_read(office):  # routing 56
    channel = {
        "id": "web", "name": "Web", "channelTypeId": "webtype", "connector": "webchat", "mode": "AGENT",
        "routing": {"queueId": "support"}, "responseTimeoutS": 120,
    }  # fmt: skip
    reminders = [{"percent": 50, "text": "Are you there?"}, {"percent": 90, "text": "We end this soon."}]
    await office.done("root", "configureChannel", **channel, inactivityReminders=reminders)
    answer = await office.ask("root", "{ channels { responseTimeoutS inactivityReminders { percent text } } }")
    assert answer["channels"] == [{"responseTimeoutS": 120, "inactivityReminders": reminders}]
    payload = await office.do("root", "configureChannel", **channel, inactivityReminders=reminders[::-1])
    assert payload["errors"][0] == {
        **payload["errors"][0], "code": "INVALID", "field": "inactivityReminders[1].percent",
    }  # fmt: skip
