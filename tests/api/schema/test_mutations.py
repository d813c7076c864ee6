"""Does every mutation do what it says, once, for those who may, and say no in words otherwise?"""

import asyncio
from pathlib import Path

import pytest

from api.schema.build import build_schema, core_of
from api.typists import decode
from api.typists import subject_of as typing_in
from commands.ports import Unavailable
from domain.agents.agent import Agent
from domain.configuration.skip_conditions import read
from domain.customers.customer import Customer
from domain.tasks.task import Task
from tests.api.schema.office import PASSWORD, subject_of

pytestmark = pytest.mark.anyio
ADA, GRACE = subject_of("ada"), subject_of("grace")


async def agent(office, id=ADA) -> Agent:
    return await office.world.centre.store.load(Agent, id)


async def code(office, who, mutation, **input) -> str:
    """The code of the only error in the payload."""
    payload = await office.do(who, mutation, **input)
    assert payload["position"] is None
    (error,) = payload["errors"]
    assert error["message"]
    return error["code"]


async def talking(office):
    """Ada talks with John; returns the conversation and the task."""
    await office.done("ada", "logIn")
    await office.done("ada", "makeReady")
    conversation = await office.world.write("john", "hello")
    task = await office.world.offer_to(ADA)
    await office.done("ada", "acceptTask", taskId=task)

    async def joined():
        return ADA in (await office.world.conversation(conversation)).agents

    await office.until(joined)
    return conversation, task


async def test_presence(office):
    assert await code(office, "ada", "makeReady") == "NOT_LOGGED_IN"
    await office.done("ada", "logIn")
    assert await code(office, "ada", "makeMrdReady", mrdId="chat") == "WRONG_STATE"
    await office.done("ada", "makeReady")
    assert (await agent(office)).mrd_state("chat") == "READY"
    await office.done("ada", "makeMrdNotReady", mrdId="chat", reason="lunch")
    assert (await agent(office)).mrd_state("chat") == "NOT_READY"
    await office.done("ada", "makeMrdReady", mrdId="chat")
    assert await code(office, "ada", "makeMrdReady", mrdId="fax") == "NOT_FOUND"
    await office.done("ada", "makeNotReady", reason="lunch")
    assert (await agent(office)).state == "NOT_READY"
    await office.done("ada", "logOut")
    assert (await agent(office)).state == "LOGOUT"
    assert (await agent(office, GRACE)).state == "LOGOUT"


async def test_work(office):
    conversation, task = await talking(office)
    assert await code(office, "grace", "acceptTask", taskId=task) == "OFFER_GONE"
    assert (
        await code(office, "grace", "postMessage", conversationId=conversation, messageId="x", text="me too")
        == "NOT_IN_CONVERSATION"
    )
    assert await code(office, "ada", "postMessage", conversationId=conversation, messageId="x") == "INVALID"
    attachment = {
        "mediaUrl": "https://files.example.org/1.png",
        "mimeType": "image/png",
        "sizeBytes": 7,
        "name": "1.png",
    }
    await office.done(
        "ada", "postMessage", conversationId=conversation, messageId="f", type="IMAGE", attachment=attachment
    )
    await office.done(
        "ada", "postMessage", conversationId=conversation, messageId="d", type="CUSTOM", data=[1, {"a": 2}]
    )
    await office.done(
        "ada", "setConversationData", conversationId=conversation, data=[{"key": "order", "value": "4711"}]
    )
    assert (await office.world.conversation(conversation)).data == {"order": "4711"}
    customer = (await office.world.conversation(conversation)).customer_id
    await office.done("ada", "renameCustomer", customerId=customer, name="John Doe")
    assert (await office.world.centre.store.load(Customer, customer)).name == "John Doe"
    assert await code(office, "ada", "finishWrapUp", taskId=task) == "WRONG_STATE"
    assert await code(office, "grace", "applyWrapUp", taskId=task, codes=[]) == "NOT_YOUR_TASK"
    assert await code(office, "ada", "applyWrapUp", taskId=task, codes=list("abcdef")) == "INVALID"
    await office.done("ada", "leaveConversation", conversationId=conversation, reason="bye")
    assert ADA not in (await office.world.conversation(conversation)).agents


async def test_typing_is_heard_and_not_kept(office):
    conversation, _ = await talking(office)
    head = await office.world.log.head()
    async with office.bus.subscribe(typing_in(conversation)) as notes:
        await office.done("ada", "setTyping", conversationId=conversation, isTyping=True)
        note = decode(await asyncio.wait_for(anext(notes), 1))
    assert (note.who, note.is_typing, note.id, note.name) == ("AGENT", True, ADA, "Ada")
    assert await code(office, "grace", "setTyping", conversationId=conversation, isTyping=True) == "NOT_FOUND"
    assert await office.world.log.head() == head


async def test_an_agent_touches_nothing_that_is_not_theirs(office):
    conversation, _ = await talking(office)
    customer = (await office.world.conversation(conversation)).customer_id
    data = [{"key": "a", "value": "b"}]
    assert await code(office, "grace", "setConversationData", conversationId=conversation, data=data) == "NOT_FOUND"
    assert await code(office, "ada", "setConversationData", conversationId="made up", data=data) == "NOT_FOUND"
    assert await code(office, "sam", "setConversationData", conversationId="made up", data=data) == "NOT_FOUND"
    assert await code(office, "grace", "renameCustomer", customerId=customer, name="x") == "NOT_FOUND"
    assert await code(office, "grace", "endConversation", conversationId=conversation) == "NOT_IN_CONVERSATION"


async def test_supervision(office):
    conversation, _ = await talking(office)
    await office.done("sam", "setConversationData", conversationId=conversation, data=[{"key": "vip", "value": "yes"}])
    await office.done("sam", "requestAgent", conversationId=conversation)
    assert await code(office, "sam", "requestAgent", conversationId="made up") == "NOT_FOUND"
    await office.done("ada", "makeNotReady", reason="lunch")
    await office.done("sam", "makeAgentReady", agentId=ADA)
    assert (await agent(office)).state == "READY"
    await office.done("sam", "forceLogOut", agentId=ADA)
    assert (await agent(office)).state == "LOGOUT"
    assert await code(office, "sam", "makeAgentReady", agentId=GRACE) == "NOT_LOGGED_IN"


async def test_an_agent_ends_the_talk_and_wraps_up(office):
    conversation, task = await talking(office)
    await office.done("ada", "applyWrapUp", taskId=task, codes=["sale"])
    await office.done("ada", "endConversation", conversationId=conversation)

    async def wrapping_up():
        return (await office.world.centre.store.load(Task, task)).wrap_up

    await office.until(wrapping_up)
    await office.done("ada", "finishWrapUp", taskId=task)
    assert (await office.world.centre.store.load(Task, task)).closed == "WRAP_UP_APPLIED"


async def test_people(office):
    newcomer = {"id": "u-1", "username": "linus", "name": "Linus", "roles": ["AGENT"]}
    await office.done("root", "createUser", password=PASSWORD, **newcomer)
    assert await code(office, "root", "createUser", password="short", **newcomer) == "INVALID"
    assert await code(office, "root", "createUser", password=PASSWORD, **{**newcomer, "id": "u-2"}) == "USERNAME_TAKEN"
    assert (await office.users.authenticate("linus", PASSWORD)).subject == "u-1"
    assert await code(office, "root", "grantMrd", agentId="u-1", mrdId="chat") == "NOT_FOUND"
    await office.done("root", "registerAgent", agentId="u-1", username="linus", name="Linus")
    await office.done("root", "assignAttribute", agentId="u-1", attributeId="english")
    assert await code(office, "root", "assignAttribute", agentId="u-1", attributeId="english", value=7) == "INVALID"
    assert await code(office, "root", "assignAttribute", agentId="u-1", attributeId="latin") == "NOT_FOUND"
    await office.done("root", "grantMrd", agentId="u-1", mrdId="chat", tasksMax=2)
    linus = await agent(office, "u-1")
    assert (linus.attributes, linus.mrds["chat"].tasks_max) == ({"english": 1}, 2)
    await office.done("root", "withdrawAttribute", agentId="u-1", attributeId="english")
    assert (await agent(office, "u-1")).attributes == {}


async def test_configuration(office):
    do = office.done
    await do("root", "configureAttribute", id="latin", name="Latin", type="PROFICIENCY_LEVEL", defaultValue=3)
    await do("root", "configureMediaRoutingDomain", id="mail", name="E-mail", maxRequests=10, wrapUpHoldsSlot=False)
    await do("root", "configureChannelType", id="mailtype", name="E-mail", mrdId="mail", isInteractive=False)
    await do("root", "configureBot", id="oracle", name="Oracle", settings=[{"key": "tone", "value": "dark"}])
    await do("root", "configureReasonCode", id="lunch", name="Lunch", kind="NOT_READY")
    term = {"attributeId": "latin", "operator": "GE", "value": 5}
    steps = [{"timeoutS": 10, "expressions": [{"terms": [term, {**term, "operator": "HAS", "junction": "OR"}]}]}, {}]
    await do("root", "configureQueue", id="scholars", name="Scholars", mrdId="mail", steps=steps)
    channel = {"id": "info", "name": "Info", "channelTypeId": "mailtype", "connector": "mail", "botId": "oracle"}
    await do("root", "configureChannel", **channel, routing={"queueId": "scholars"})
    catalog = office.world.centre.catalog
    assert [len(step.expressions) for step in catalog.queues["scholars"].steps] == [1, 0]
    assert catalog.bots["oracle"].settings == {"tone": "dark"}
    assert catalog.channels["info"].routing.queue_id == "scholars"
    assert await code(office, "root", "retire", kind="QUEUE", id="scholars") == "IN_USE"
    assert await code(office, "root", "retire", kind="BOT", id="nobody") == "NOT_FOUND"
    await do("root", "retire", kind="CHANNEL", id="info")
    await do("root", "retire", kind="QUEUE", id="scholars")
    assert "scholars" not in office.world.centre.catalog.queues


async def test_what_people_hold_is_not_taken_out_under_them(office):  # routing 63
    latin = {"id": "latin", "name": "Latin", "type": "PROFICIENCY_LEVEL", "defaultValue": 3}
    await office.done("root", "configureAttribute", **latin)
    await office.done("root", "configureMediaRoutingDomain", id="mail", name="E-mail")
    await office.done("root", "assignAttribute", agentId=ADA, attributeId="latin", value=7)
    await office.done("root", "grantMrd", agentId=ADA, mrdId="mail")
    for kind, id_ in (("ATTRIBUTE", "latin"), ("MEDIA_ROUTING_DOMAIN", "mail")):
        (error,) = (await office.do("root", "retire", kind=kind, id=id_))["errors"]
        assert error["code"] == "IN_USE"
        assert "held by 1 agent: " in error["message"]
    yes_or_no = {**latin, "type": "BOOLEAN", "defaultValue": 1}
    (error,) = (await office.do("root", "configureAttribute", **yes_or_no))["errors"]
    assert (error["code"], error["field"]) == ("IN_USE", "type")
    await office.done("root", "assignAttribute", agentId=ADA, attributeId="latin", value=1)
    await office.done("root", "configureAttribute", **yes_or_no)
    await office.done("root", "withdrawAttribute", agentId=ADA, attributeId="latin")
    await office.done("root", "grantMrd", agentId=ADA, mrdId="mail", tasksMax=0)
    await office.done("root", "retire", kind="ATTRIBUTE", id="latin")
    await office.done("root", "retire", kind="MEDIA_ROUTING_DOMAIN", id="mail")


async def test_who_has_what_rings_at_them_accepted(office):  # routing 22
    await office.done("ada", "switchAutoAnswer", on=True)
    await office.done("root", "switchAutoAnswer", agentId=GRACE, on=True)
    assert await code(office, "ada", "switchAutoAnswer", agentId=GRACE, on=False) == "NOT_FOUND"
    told = "query($id: ID!) { agent(id: $id) { isAutoAnswering } }"
    at = await office.done("root", "switchAutoAnswer", agentId=ADA, on=False)
    for agent, on in ((ADA, False), (GRACE, True)):
        asked = told.replace("$id)", "$id, waitFor: $at)").replace("$id: ID!", "$id: ID!, $at: Cursor")
        assert (await office.ask("sam", asked, id=agent, at=at))["agent"] == {"isAutoAnswering": on}


async def test_forms_calendars_and_lists(office):
    do = office.done
    await do("root", "configureReasonCode", id="sold", name="Sold", kind="WRAP_UP")
    sale = {"id": "sale", "name": "Sale", "categories": [{"name": "End", "codes": ["sold"]}], "maxCodes": 1}
    await do("root", "configureWrapUpForm", **sale)
    assert await code(office, "root", "configureWrapUpForm", **{**sale, "maxCodes": 6}) == "INVALID"
    hours = [{"opens": "22:00:00", "closes": "06:00:00"}]
    weekly = [{"days": ["SATURDAY"], "hours": hours, "first": "2026-01-01"}]
    holiday = [{"name": "New Year", "first": "2028-01-01"}]
    shop = {"id": "shop", "name": "Shop", "timeZone": "Europe/Berlin", "weekly": weekly, "exceptions": holiday}
    await do("root", "configureBusinessCalendar", **shop)
    assert await code(office, "root", "configureBusinessCalendar", **{**shop, "timeZone": "Mars"}) == "INVALID"
    await do("root", "configureRoutingList", id="backlog", name="Backlog", mrdId="chat")
    pull = {"mode": "PULL", "listId": "backlog"}
    door = {"id": "door", "name": "Door", "channelTypeId": "webtype", "connector": "x", "mode": "AGENT"}
    await do("root", "configureChannel", **door, routing=pull)
    asked = [
        {"field": "order", "operator": "GE", "value": "9"},
        {"field": "channel.type", "operator": "HAS", "junction": "OR"},
    ]
    unless = [{"measure": "AVAILABLE", "operator": "EQ"}, {"measure": "OLDEST_WAIT_S", "operator": "GT", "value": 9}]
    steps = [{"skipIf": "NONE_READY", "considerIf": asked}, {"skipWhen": unless}, {}]
    await do("root", "configureQueue", id="vip", name="VIP", mrdId="chat", steps=steps, wrapUpFormId="sale")
    catalog = office.world.centre.catalog
    first, second, _ = catalog.queues["vip"].steps
    asked_of = ({"order": "10"}, {"channel.type": "web"}, {"order": "8"})
    assert [first.is_for(data) for data in asked_of] == [True, True, False]  # routing 9
    assert second.skip_when == read("available == 0 AND oldest_wait_s > 9")  # routing 8
    wrong = [{"skipWhen": [{"measure": "READY", "operator": "GE", "value": 0}]}, {}]
    (error,) = (await office.do("root", "configureQueue", id="vip", name="VIP", mrdId="chat", steps=wrong))["errors"]
    assert (error["code"], error["field"]) == ("INVALID", "steps[0].skipWhen[0].value")
    assert catalog.channels["door"].routing.list_id == "backlog"
    assert await code(office, "root", "retire", kind="WRAP_UP_FORM", id="sale") == "IN_USE"
    assert await code(office, "root", "retire", kind="ROUTING_LIST", id="backlog") == "IN_USE"
    await do("root", "retire", kind="BUSINESS_CALENDAR", id="shop")
    assert catalog.calendars != office.world.centre.catalog.calendars == {}


async def test_what_routing_needs_is_not_changed_under_it(office):  # routing 63
    await office.done("root", "configureMediaRoutingDomain", id="mail", name="E-mail")
    payload = await office.do("root", "configureChannelType", id="webtype", name="Web", mrdId="mail")
    assert payload["errors"][0] == {**payload["errors"][0], "code": "IN_USE", "field": "mrdId"}


async def test_a_refusal_names_the_field_as_the_client_spells_it(office):
    channel = {"id": "info", "name": "Info", "channelTypeId": "webtype", "connector": "x", "mode": "AGENT"}
    payload = await office.do("root", "configureChannel", **channel)
    assert payload["errors"][0]["field"] == "routing.queueId"
    payload = await office.do("root", "configureQueue", id="q", name="Q", mrdId="fax")
    assert payload["errors"][0]["field"] == "mrdId"


async def test_a_repeat_with_the_same_id_takes_effect_once(office):
    conversation, _ = await talking(office)
    again = {"conversationId": conversation, "clientMutationId": "one"}
    first = await office.do("ada", "setConversationData", data=[{"key": "n", "value": "1"}], **again)
    await office.done("ada", "setConversationData", conversationId=conversation, data=[{"key": "n", "value": "2"}])
    await office.do("ada", "setConversationData", data=[{"key": "n", "value": "1"}], **again)
    assert first["clientMutationId"] == "one"
    assert (await office.world.conversation(conversation)).data == {"n": "2"}


async def test_the_same_id_of_somebody_else_is_something_else(office):
    for who in ("ada", "grace"):
        await office.done(who, "logIn", clientMutationId="morning")
    assert (await agent(office, GRACE)).logged_in
    await office.done("ada", "logOut", clientMutationId="morning")
    assert not (await agent(office)).logged_in


async def test_a_store_that_is_away_is_said_as_data(office, monkeypatch):
    async def away(*_):
        raise Unavailable

    monkeypatch.setattr(office.world.log, "append", away)
    payload = await office.do("ada", "logIn")
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("UNAVAILABLE", None)]


async def test_facts_name_who_asked(office):
    await office.done("ada", "logIn")
    assert (await office.world.log.read(f"agent-{ADA}"))[-1].cause.actor == ADA


async def test_roles_are_asked_before_anything_else(office):
    mutation = 'mutation { forceLogOut(input: {agentId: "x"}) { position } }'
    assert await office.refused("ada", mutation) == "FORBIDDEN"
    assert await office.refused("sam", 'mutation { retire(input: {kind: BOT, id: "x"}) { position } }') == "FORBIDDEN"
    answer = await office.http.post("/graphql", json={"query": "{ me { subject } }"})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


def test_every_mutation_is_walked_here():
    walked = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in core_of(build_schema()).mutation_type.fields if f'"{name}"' not in walked] == []
