"""Is what was set up shown as it is read, with who serves and what may not be meant?"""

import pytest

from commands.agents import GrantMrd
from tests.api.schema.test_mutations import ADA

pytestmark = pytest.mark.anyio

MEMBERS = 'query($at: Cursor) { queue(id: "q", waitFor: $at) { members { agentId username matchedStep } warnings } }'
SAVE = "mutation($input: ConfigureQueueInput!) { configureQueue(input: $input) { warnings errors { code } } }"
QUEUE = """{ queueSettings { id wrapUpFormId warnings
  steps { skipIf skipWhen { measure operator value junction } considerIf { field operator value junction } expressions { parsed } } } }"""
CALENDAR = """query($at: DateTime!) { businessCalendars { id timeZone isOpen(at: $at) nextEdgeAt(at: $at)
  weekly { days hours { opens closes } first last } exceptions { name first last hours { opens } } } }"""
DIVERSIONS = """query { queueSettings { id opening { calendarId closed { ...how } atClosing { ...how } }
  overflow { condition threshold diversion { ...how } } } }
  fragment how on Diversion { action queueId message }"""


def term(attribute: str, operator: str, value: int = 0, junction: str = "AND") -> dict[str, object]:
    return {"attributeId": attribute, "operator": operator, "value": value, "junction": junction}


async def queue(office, *steps: dict) -> str:
    await office.done("root", "configureAttribute", id="latin", name="Latin", type="PROFICIENCY_LEVEL", defaultValue=5)
    return await office.done("root", "configureQueue", id="q", name="Q", mrdId="chat", steps=list(steps))


async def test_members_are_whoever_matches_now(office):
    latin = {"expressions": [{"terms": [term("latin", "GE", 5)]}]}
    at = await queue(office, latin, {})
    told = (await office.ask("sam", MEMBERS, at=at))["queue"]
    assert [(it["username"], it["matchedStep"]) for it in told["members"]] == [("ada", 1), ("grace", 1)]
    assert told["warnings"] == ["steps[0]: no agent matches it"]
    at = await office.done("root", "assignAttribute", agentId=ADA, attributeId="latin", value=9)
    told = (await office.ask("root", MEMBERS, at=at))["queue"]
    assert [(it["username"], it["matchedStep"]) for it in told["members"]] == [("ada", 0), ("grace", 1)]
    assert told["warnings"] == []
    await office.world.send(GrantMrd(ADA, "chat", 0))
    at = await office.done("root", "assignAttribute", agentId=ADA, attributeId="latin", value=8)
    told = (await office.ask("quinn", MEMBERS, at=at))["queue"]
    assert [it["username"] for it in told["members"]] == ["grace"]


async def test_a_step_that_nobody_matches_is_told_as_soon_as_it_is_saved(office):
    await queue(office, {})
    steps = [{"expressions": [{"terms": [term("latin", "GE", 5)]}]}, {}]
    given = {"id": "q", "name": "Q", "mrdId": "chat", "steps": steps}
    saved = (await office.ask("root", SAVE, input=given))["configureQueue"]
    assert saved == {"errors": [], "warnings": ["steps[0]: no agent matches it"]}


async def test_agents_see_themselves_alone_among_the_members(office):
    at = await queue(office, {})
    told = (await office.ask("grace", MEMBERS, at=at))["queue"]
    assert [it["username"] for it in told["members"]] == ["grace"]


async def test_a_mixed_expression_is_shown_as_it_is_read(office):  # routing 5
    terms = [term("latin", "GE", 5), term("english", "EQ", 1, "OR"), term("latin", "HAS", junction="AND")]
    vip = {"field": "segment", "operator": "EQ", "value": "vip", "junction": "OR"}
    full = {"measure": "AVAILABLE", "operator": "EQ", "value": 0, "junction": "AND"}
    first = {"expressions": [{"terms": terms}], "skipIf": "NONE_READY", "considerIf": [vip]}
    await queue(office, first, {"skipWhen": [full]}, {})
    told = next(it for it in (await office.ask("sam", QUEUE))["queueSettings"] if it["id"] == "q")
    assert [it["skipWhen"] for it in told["steps"]] == [[], [full], []]
    assert told["steps"][0] == {
        "skipWhen": [],
        "skipIf": "NONE_READY",
        "considerIf": [vip],
        "expressions": [{"parsed": "(latin >= 5 OR english == 1) AND has latin"}],
    }
    assert "left to right" in told["warnings"][0]
    steps = [{"expressions": [{"terms": terms}]}]
    given = {"id": "q", "name": "Q", "mrdId": "chat", "steps": steps}
    assert await office.ask("root", SAVE, input=given) == {
        "configureQueue": {"warnings": [*told["warnings"], "steps[0]: no agent matches it"], "errors": []}
    }


async def test_what_becomes_of_requests_that_do_not_wait_is_shown_as_it_was_set(office):  # routing 57, 58
    await office.done("root", "configureBusinessCalendar", id="shop", name="Shop", timeZone="Europe/Berlin", weekly=[])
    await office.done("root", "configureQueue", id="night", name="Night", mrdId="chat")
    night = {"action": "OTHER_QUEUE", "queueId": "night", "message": ""}
    bot = {"action": "BOT", "queueId": None, "message": "Nobody is here."}
    opening = {"calendarId": "shop", "closed": bot, "atClosing": night}
    overflow = [{"condition": "OLDEST_WAIT", "threshold": 60, "diversion": night}]
    await office.done("root", "configureQueue", id="day", name="Day", mrdId="chat", opening=opening, overflow=overflow)
    told = next(it for it in (await office.ask("sam", DIVERSIONS))["queueSettings"] if it["id"] == "day")
    assert (told["opening"], told["overflow"]) == (opening, overflow)
    payload = await office.do(
        "root", "configureQueue", id="night", name="Night", mrdId="chat", overflow=[{**overflow[0], "diversion": night}]
    )
    assert payload["errors"][0]["field"] == "overflow[0].diversion.queueId"


async def test_a_calendar_says_whether_it_is_open_and_until_when(office):
    hours = [{"opens": "22:00:00", "closes": "06:00:00"}]
    weekly = [{"days": ["SATURDAY"], "hours": hours, "first": "2026-01-01", "last": None}]
    holiday = [{"name": "New Year", "first": "2028-01-01"}]
    shop = {"id": "shop", "name": "Shop", "timeZone": "Europe/Berlin", "weekly": weekly, "exceptions": holiday}
    await office.done("root", "configureBusinessCalendar", **shop)
    (told,) = (await office.ask("ada", CALENDAR, at="2026-03-28T22:00:00+01:00"))["businessCalendars"]
    assert (told["isOpen"], told["nextEdgeAt"]) == (True, "2026-03-29T04:00:00+00:00")  # a short night
    for never in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"):
        assert await office.refused("ada", CALENDAR, at=never) == "INVALID"
    assert told["weekly"] == weekly
    assert told["exceptions"] == [{**holiday[0], "last": None, "hours": []}]


async def test_forms_and_lists_can_be_asked_as_they_were(office):
    ask = "query($as: AsOf) { wrapUpForms(asOf: $as) { id maxCodes categories { name codes } } routingLists(asOf: $as) { id name mrdId } }"
    await office.done("root", "configureReasonCode", id="sold", name="Sold", kind="WRAP_UP")
    form = {"id": "sale", "maxCodes": 5, "categories": [{"name": "End", "codes": ["sold"]}]}
    before = await office.done("root", "configureWrapUpForm", name="Sale", **form)
    await office.done("root", "configureRoutingList", id="backlog", name="Backlog", mrdId="chat")
    backlog = {"id": "backlog", "name": "Backlog", "mrdId": "chat"}
    assert await office.ask("ada", ask) == {"wrapUpForms": [form], "routingLists": [backlog]}
    assert await office.ask("ada", ask, **{"as": {"cursor": before}}) == {"wrapUpForms": [form], "routingLists": []}
