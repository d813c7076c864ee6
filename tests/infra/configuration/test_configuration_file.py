"""Is a configuration file read as it is meant, and is every fault named with its place?"""

from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from commands.agents import SwitchAutoAnswer, WithdrawAttribute
from commands.configuration import Configure
from domain.agents.agent import Agent
from domain.agents.facts import AgentRegistered, AttributeAssigned, MrdGranted
from domain.configuration.catalog import Catalog
from domain.configuration.settings import AttributeType, Settings
from domain.ids import AgentId, AttributeId
from domain.kernel import replace, replay
from infra.configuration_change import Change, Kind, changes, check, warnings
from infra.configuration_file import SECTIONS, BadConfiguration, Configuration, configured, parse, plain, write
from tests.domain.configuration.situations import BUSINESS, catalog

ADA = AgentId("1")
FACTS = (
    AgentRegistered("ada", "Ada"),
    AttributeAssigned("spanish", 7),
    AttributeAssigned("retired long ago", 7),
    MrdGranted("chat", 3),
    MrdGranted("email", 0),
)
AGENTS = {ADA: replay(Agent(), iter(FACTS)), AgentId("2"): Agent()}
PEOPLE = {"ada": ADA}
NOW = configured(catalog(), AGENTS)


def diff(text: str, *, prune: bool = False, over: Catalog | None = None) -> tuple[Change, ...]:
    now, wanted = (NOW if over is None else configured(over, {})), parse(text)
    check(wanted, catalog() if over is None else over, PEOPLE, now.agents, prune=prune)
    return changes(now, wanted, PEOPLE, prune=prune)


def refused(text: str, *, prune: bool = False) -> str:
    with pytest.raises(BadConfiguration) as bad:
        diff(text, prune=prune)
    return bad.value.text("file.yaml")


def test_what_was_exported_changes_nothing_when_it_is_imported() -> None:
    text = write(NOW)
    assert diff(text) == diff(text, prune=True) == ()
    assert write(parse(text)) == text


def test_every_kind_has_a_section() -> None:
    kinds = Settings.__args__  # type: ignore[attr-defined]
    assert set(SECTIONS.values()) == set(kinds)


def test_it_reads_as_an_administrator_thinks() -> None:
    text = write(NOW)
    assert "- spanish >= 5\n" in text
    assert "  ada:\n    name: Ada\n    attributes:\n      spanish: 7\n    mrds:\n      chat: 3\n" in text
    assert "retired" not in text
    assert text.index("attributes:") < text.index("queues:") < text.index("channels:") < text.index("agents:")


@given(st.permutations(list(BUSINESS)))
def test_the_same_configuration_always_gives_the_same_text(order: list[str]) -> None:
    assert write(configured(catalog({id_: BUSINESS[id_] for id_ in order}), AGENTS)) == write(NOW)


def test_an_empty_business_is_an_empty_file() -> None:
    assert write(configured(Catalog(), {})) == ""
    assert diff("") == diff("# nothing\n") == ()


def test_a_file_sets_up_a_business_from_nothing() -> None:
    made = diff(write(configured(catalog(), {})), over=Catalog())
    assert {change.kind for change in made} == {Kind.ADDED}
    assert len(made) == len(BUSINESS)
    sections = [change.section for change in made]
    assert sections == sorted(sections, key=list(SECTIONS).index)


def test_a_change_shows_the_values_before_and_after() -> None:
    text = write(NOW).replace("spanish >= 5", "spanish >= 8").replace("spanish: 7", "spanish: 8")
    queue, ada = diff(text)
    assert list(queue.lines()) == ["~ queues sales", "    steps[0].expressions[0]: spanish >= 5 → spanish >= 8"]
    assert list(ada.lines()) == ["~ agents ada", "    attributes.spanish: 7 → 8"]


def test_an_emptied_text_is_written_where_it_means_something() -> None:
    silent = replace(BUSINESS["chat"], interruption_message="")
    assert plain(silent)["interruption_message"] == ""
    assert "description" not in plain(silent)


def test_what_the_file_lacks_stays_unless_it_is_pruned() -> None:
    assert diff("reason_codes:\n  tea: {name: Tea, kind: NOT_READY}\n")[0].kind is Kind.ADDED
    text = write(NOW).replace("  lunch:\n    name: Lunch\n    kind: NOT_READY\n    reroutes_work: false\n", "")
    assert diff(text) == ()
    (gone,) = diff(text, prune=True)
    assert list(gone.lines()) == ["- reason_codes lunch"]


def test_things_are_retired_after_what_needs_them() -> None:
    ada, *others = diff("", prune=True)
    assert ada.section == "agents", "nobody holds what is retired after it"
    gone = [change.section for change in others]
    assert gone == sorted(gone, key=list(SECTIONS).index, reverse=True)
    assert len(gone) == len(BUSINESS)


def test_an_agent_loses_what_their_entry_lacks() -> None:
    (change,) = diff("agents:\n  ada: {name: Ada}\n")
    assert list(change.lines()) == ["~ agents ada", "    attributes.spanish: 7 → nothing", "    mrds.chat: 3 → nothing"]
    assert len(change.commands) == 2


def test_whoever_the_file_does_not_name_loses_what_is_pruned_and_the_diff_says_so() -> None:  # routing 63
    assert diff(write(NOW).partition("agents:")[0], prune=True) == (), "what stays is theirs"
    ada, *gone = diff("media_routing_domains:\n  chat: {name: Chat}\n", prune=True)
    assert list(ada.lines()) == ["~ agents ada", "    attributes.spanish: 7 → nothing"]
    assert ada.commands == (WithdrawAttribute(ADA, AttributeId("spanish")),)
    assert gone[-1].entity == "spanish"


YES_OR_NO = """
attributes:
  spanish: {name: Spanish, type: BOOLEAN, default_value: 1}
queues:
  sales: {name: Sales, mrd_id: chat}
"""


def test_an_attribute_does_not_change_under_the_values_of_whom_the_file_does_not_name() -> None:  # routing 63
    assert "file.yaml:3: attributes spanish: type: Values that are none of a BOOLEAN attribute are held by" in refused(
        YES_OR_NO
    )
    assert "1 agent: Ada (7)" in refused(YES_OR_NO)
    assert [it.section for it in diff(YES_OR_NO + "agents:\n  ada: {attributes: {spanish: 1}}\n")][-1] == "agents"
    assert diff(YES_OR_NO + "agents:\n  ada: {name: Ada}\n"), "without it, too"
    assert "7 is no value of a BOOLEAN" in refused(YES_OR_NO + "agents:\n  ada: {attributes: {spanish: 7}}\n")


FAULTS = {
    "queues:\n  sales:\n    name: Sales\n    mrd_id: fax\n": "file.yaml:4: queues sales: mrd_id: There is no media routing domain 'fax'; there are ",
    "queues:\n  q:\n    name: Q\n    mrd_id: chat\n    steps:\n    - timeout_s: soon\n": (
        "file.yaml:6: queues q: steps[0].timeout_s: It is a whole number, not a text."
    ),
    "queues:\n  q:\n    name: Q\n    mrd_id: chat\n    steps:\n    - expressions:\n      - spanish 5\n": (
        "file.yaml:7: queues q: steps[0].expressions[0]: A comparison is written like"
    ),
    "queues:\n  q: {name: Q, mrd_id: chat, steps: [{expresions: []}]}\n": "steps[0].expresions: There is no such",
    "queues:\n  q: {name: Q, mrd_id: chat, priority: 11}\n": "file.yaml:2: queues q: priority: Must be from 1 to 10, not 11.",
    "attributes:\n  a: {name: A, type: YESNO}\n": (
        "file.yaml:2: attributes a: type: There is no 'YESNO'; there are BOOLEAN, PROFICIENCY_LEVEL."
    ),
    "channels:\n  c: {name: C, channel_type_id: webchat, connector: webchat, routing: {mode: TUG, queue_id: q}}\n": (
        "routing.mode: There is no 'TUG'; there are PUSH, PULL, EXTERNAL."
    ),
    "queues:\n  q: {nam: Q}\n": "file.yaml:2: queues q: nam: There is no such setting.",
    "queues:\n  q: {mrd_id: chat}\n": "file.yaml:2: queues q: `name` is missing",
    "queues:\n  q: [1]\n": "queues q: It holds settings by their names.",
    "queues: [1]\n": "file.yaml:1: queues: It holds things by their ids.",
    "queue: {}\n": "file.yaml:1: queue: There is no such section; there are attributes,",
    "reason_codes:\n  1: {name: One, kind: LOGOUT}\n": "file.yaml:2: reason_codes 1: An id is a text",
    "- 1\n": "file.yaml:1: It holds sections",
    "queues:\n  a: {}\nqueues:\n  b: {}\n": "file.yaml:3: queues: It is there twice.",
    "queues: [\n": "file.yaml:2: It is no YAML",
    "channels:\n  web-chat: {name: W, channel_type_id: web, connector: w, routing: {queue: a}}\n": (
        "file.yaml:2: channels web-chat: routing.queue: There is no such setting."
    ),
    "calendars:\n  c: {name: C, time_zone: Mars, weekly: []}\n": "calendars c: time_zone: There is no time zone 'Mars'",
    "calendars:\n  c:\n    name: C\n    time_zone: UTC\n    exceptions:\n    - {name: X, first: soon}\n": (
        "file.yaml:6: calendars c: exceptions[0].first: Invalid RFC3339 encoded date."
    ),
    "calendars:\n  c: {name: C, time_zone: UTC, exceptions: [{name: X, frist: 1}]}\n": "exceptions[0].frist: There is no",
    "queues:\n  q: {name: Q, mrd_id: chat, steps: [{consider_if: [vip]}, {}]}\n": "steps[0].consider_if[0]: A condition",
    "queues:\n  q: {name: Q, mrd_id: chat, steps: [{skip_if: free == 0}, {}]}\n": "steps[0].skip_if: 'free' is not known",
    "queues:\n  q: {name: Q, mrd_id: chat, steps: [{skip_if: ready < 0}, {}]}\n": "steps[0].skip_when[0].value: ready < 0",
    "queues:\n  q: {name: Q, mrd_id: chat, steps: [{consider_if: [has request.mood]}, {}]}\n": "There is no 'request.mood'",
    "agents:\n  bob: {name: Bob}\n": "file.yaml:2: agents bob: Nobody signs in with this username",
    "agents:\n  ada: {attributes: {latin: 1}}\n": "agents ada: attributes.latin: There is no attribute 'latin'; the only one is spanish.",
    "agents:\n  ada:\n    attributes:\n      spanish: 11\n": "file.yaml:4: agents ada: attributes.spanish: 11 is no value",
    "agents:\n  ada: {mrds: {chat: 1000}}\n": "agents ada: mrds.chat: An agent may have 0 to 100 tasks at once.",
}


@pytest.mark.parametrize(("text", "fault"), FAULTS.items(), ids=range(len(FAULTS)))
def test_a_fault_is_named_with_its_place(text: str, fault: str) -> None:
    assert fault in refused(text)


def test_all_faults_are_told_at_once() -> None:
    told = refused("queues:\n  a: {name: '', mrd_id: chat}\n  b: {name: B, mrd_id: fax}\nagents:\n  bob: {}\n")
    assert [line.split(":")[1] for line in told.splitlines()] == ["2", "3", "5"]


def test_pruning_what_is_needed_is_a_fault() -> None:
    text = write(NOW)
    start, end = text.index("bots:"), text.index("channels:", text.index("bots:"))
    assert "channels web-chat: bot_id: There is no bot 'greeter', and no other" in refused(
        text[:start] + text[end:], prune=True
    )


def test_domains_are_changed_together() -> None:  # routing 63
    text = write(NOW).replace("mrd_id: chat", "mrd_id: email")
    assert {change.section for change in diff(text)} == {"queues", "channel_types"}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
       lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["queues", "agents", "steps", "q", "name", "expressions"]), inner, max_size=3), max_leaves=8))  # fmt: skip
def test_any_yaml_is_read_or_refused(value: object) -> None:
    with suppress(BadConfiguration):
        parse(yaml.safe_dump(value))


def test_mixed_junctions_are_shown_as_they_are_read() -> None:  # routing 5
    text = write(NOW).replace("- spanish >= 5", "- spanish == 1 OR spanish >= 5 AND has spanish")
    (warning,) = (it for it in warnings(parse(text), NOW) if "mixed" in it)
    assert warning.startswith("queues sales: steps[0].expressions[0]: AND and OR are mixed")
    assert warning.endswith("(spanish == 1 OR spanish >= 5) AND has spanish")


def test_a_step_that_nobody_matches_is_told_before_it_is_in_force() -> None:
    """Those whom the file names are judged as it will have them, all others as they are."""
    steps = "queues:\n  q: {name: Q, mrd_id: chat, steps: [{expressions: [spanish >= 9]}, {}]}\n"
    assert list(warnings(parse(steps), NOW)) == ["queues q: steps[0]: no agent matches it"]
    better = steps + "agents:\n  ada: {attributes: {spanish: 9}, mrds: {chat: 1}}\n"
    assert list(warnings(parse(better), NOW)) == []


def test_a_value_of_another_type_is_not_written_for_it_could_not_be_read() -> None:
    spanish = replace(BUSINESS["spanish"], type=AttributeType.BOOLEAN, default_value=1)
    now = configured(catalog({"spanish": spanish}), AGENTS)
    assert [dict(agent.attributes) for agent in now.agents.values()] == [{}]


def test_what_was_wrong_before_stops_no_file_that_does_not_name_it() -> None:
    old = catalog({id_: settings for id_, settings in BUSINESS.items() if id_ != "greeter"})
    assert len(diff("reason_codes:\n  tea: {name: Tea, kind: NOT_READY}\n", over=old)) == 1


def test_hours_and_days_are_written_as_people_write_them() -> None:
    assert "opens: 09:00\n        closes: '17:30'\n      first: '2026-01-01'\n" in write(NOW)
    bare = write(NOW).replace("'17:30'", "17:30")
    assert "closes: 17:30\n" in bare
    assert diff(bare) == ()
    (change,) = diff(write(NOW).replace("09:00", "9:30"))
    assert list(change.lines())[1:] == ["    weekly[0].hours[0].opens: 09:00 → 09:30"]


def test_what_a_request_carries_is_written_in_words() -> None:
    assert "- order >= 100\n" in write(NOW)
    (change,) = diff(write(NOW).replace("order >= 100", "has order"))
    assert list(change.lines())[1:] == ["    steps[0].consider_if[0]: order >= 100 → has order"]


def test_when_a_step_is_left_is_written_in_one_line() -> None:  # routing 8
    assert "skip_if: NONE_READY\n" in write(NOW)
    conditions = "available == 0 OR oldest_wait_s >= 60 AND queue_length > 3"
    (change,) = diff(write(NOW).replace("skip_if: NONE_READY", f"skip_if: {conditions}"))
    assert list(change.lines())[1:] == [f"    steps[0].skip_if: NONE_READY → {conditions}"]
    (queue,) = (it.settings for it in change.commands if isinstance(it, Configure))
    assert f"skip_if: {conditions}\n" in write(Configuration({"queues": {"returns": queue}}))
    text = write(NOW).replace("skip_if: NONE_READY", f"skip_if: {conditions}")
    (mixed,) = (it for it in warnings(parse(text), NOW) if "mixed" in it)
    assert mixed.startswith("queues returns: steps[0].skip_when: AND and OR are mixed")
    assert mixed.endswith("(available == 0 OR oldest_wait_s >= 60) AND queue_length > 3")


def test_what_a_step_is_for_is_joined_line_by_line() -> None:  # routing 9
    text = write(NOW).replace("- order >= 100\n", "- order >= 100\n      - OR segment == vip\n")
    (change,) = diff(text)
    assert list(change.lines())[1:] == ["    steps[0].consider_if[1]: OR segment == vip"]


def test_who_answers_by_themselves_is_written() -> None:  # routing 22
    assert "auto_answer" not in write(NOW)[write(NOW).index("agents:") :]
    (change,) = diff("agents:\n  ada: {name: Ada, attributes: {spanish: 7}, mrds: {chat: 3}, auto_answer: true}\n")
    assert (list(change.lines())[1:], change.commands) == (["    auto_answer: True"], (SwitchAutoAnswer(ADA, True),))


def test_a_word_is_a_text_and_not_a_yes_or_no() -> None:
    (change,) = diff("attributes:\n  no:\n    name: on\n    type: BOOLEAN\n    default_value: 1\n")
    assert (change.entity, change.values[0]) == ("no", "name: on")
