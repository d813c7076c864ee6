"""How do agents come, rest, idle and go, and who says so? routing 25, 29, 30, 31, 34, 37, 40."""

import pytest
from graphql import get_named_type

from api import policy
from api.auth import Role
from api.schema.build import build_schema, core_of
from tests.api.schema.test_mutations import ADA, agent, code

pytestmark = pytest.mark.anyio


async def test_what_holds_at_every_desk_is_configured_and_read(office):  # routing 37, 39, 40
    query = "{ deskPolicy { id name logout disconnectGraceS idleLogoutS lastMrdOff severalDesks } }"
    usual = {"id": "centre", "name": "Desks", "logout": "REROUTE", "disconnectGraceS": 120}
    rest = {"idleLogoutS": 0, "lastMrdOff": False, "severalDesks": False}
    assert await office.ask("ada", query) == {"deskPolicy": {**usual, **rest}}
    settings = {
        "logout": "REFUSE",
        "disconnectGraceS": 30,
        "idleLogoutS": 600,
        "lastMrdOff": True,
        "severalDesks": True,
    }
    await office.done("root", "configureDeskPolicy", name="Ours", **settings)
    assert await office.ask("ada", query) == {"deskPolicy": {"id": "centre", "name": "Ours", **settings}}
    assert await code(office, "root", "configureDeskPolicy", idleLogoutS=10) == "INVALID"
    await office.done("root", "retire", kind="DESK_POLICY", id="centre")
    assert await office.ask("ada", query) == {"deskPolicy": {**usual, **rest}}


async def test_what_a_domain_does_to_its_agents_is_configured_and_read(office):  # routing 25, 31, 34, 36
    settings = {"ronaAction": "COOL_DOWN", "ronaAfter": 2, "coolDownS": 90, "interruptible": True}
    more = {"interruptionAction": "HOLD", "autoSync": False, "managed": False}
    await office.done("root", "configureMediaRoutingDomain", id="calls", name="Calls", **settings, **more)
    asked = "id ronaAction ronaAfter coolDownS isInterruptible interruptionAction isSynced isManaged"
    found = (await office.ask("sam", f"{{ mediaRoutingDomains {{ {asked} }} }}"))["mediaRoutingDomains"]
    assert found[0] == {
        "id": "calls",
        "ronaAction": "COOL_DOWN",
        "ronaAfter": 2,
        "coolDownS": 90,
        "isInterruptible": True,
        "interruptionAction": "HOLD",
        "isSynced": False,
        "isManaged": False,
    }
    await office.done("root", "configureReasonCode", id="back", name="B", kind="NOT_READY", reroutesWork=True)
    assert {"id": "back", "reroutesWork": True} in (await office.ask("ada", "{ reasonCodes { id reroutesWork } }"))[
        "reasonCodes"
    ]


async def test_a_supervisor_gives_breaks_and_doubts(office):  # routing 29, 31
    assert await code(office, "sam", "makeAgentNotReady", agentId=ADA, reason="lunch") == "NOT_LOGGED_IN"
    await office.done("ada", "logIn")
    await office.done("sam", "makeAgentReady", agentId=ADA)
    await office.done("sam", "makeAgentNotReady", agentId=ADA, reason="lunch")
    assert ((await agent(office)).state, (await agent(office)).reason) == ("NOT_READY", "lunch")
    await office.done("sam", "loseAgentState", agentId=ADA, reason="crash")
    assert (await agent(office)).state == "UNKNOWN"
    await office.done("ada", "makeReady")
    assert (await agent(office)).state == "READY"


async def test_another_system_tells_how_agents_stand_with_it(office):  # routing 34
    await office.hire("telephony", Role.CONNECTOR)
    await office.done("root", "configureMediaRoutingDomain", id="calls", name="Calls", managed=False)
    await office.done("root", "grantMrd", agentId=ADA, mrdId="calls")
    await office.done("ada", "logIn")
    await office.done("telephony", "mirrorMrd", agentId=ADA, mrdId="calls", state="BUSY")
    assert (await agent(office)).mrd_state("calls") == "BUSY"
    assert await code(office, "ada", "makeMrdReady", mrdId="calls") == "NOT_MANAGED"
    assert await code(office, "telephony", "mirrorMrd", agentId=ADA, mrdId="chat", state="BUSY") == "INVALID"


async def test_whoever_is_there_says_so(office):  # routing 40
    assert await code(office, "ada", "stayLoggedIn") == "NOT_LOGGED_IN"
    await office.done("root", "configureDeskPolicy", idleLogoutS=600)
    await office.done("ada", "logIn")
    due = (await agent(office)).idle_due
    await office.done("ada", "stayLoggedIn")
    assert (await agent(office)).idle_due >= due


async def test_supervisors_have_routing_attributes_like_agents(office):
    await office.done("root", "registerAgent", agentId="boss", username="boss", name="Boss")
    await office.done("sam", "assignAttribute", agentId="boss", attributeId="english")
    assert (await agent(office, "boss")).attributes == {"english": 1}


def test_no_agent_says_that_they_are_busy_or_interrupted():  # routing 34
    fields = core_of(build_schema()).mutation_type.fields
    agents = [name for name in fields if Role.AGENT in policy.POLICY[f"Mutation.{name}"]]
    for name in agents:
        inputs = get_named_type(fields[name].args["input"].type).fields
        assert not [it for it in inputs.values() if get_named_type(it.type).name == "MrdState"], name
