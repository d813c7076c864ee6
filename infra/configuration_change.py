"""What does a configuration file change? Everything is checked together first; then each change is a command."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any

from commands.agents import AssignAttribute, GrantMrd, RegisterAgent, SwitchAutoAnswer, WithdrawAttribute
from commands.bus import Command
from commands.configuration import Configure, Retire, check_id
from domain.agents.agent import TASKS_MAX
from domain.configuration.catalog import Catalog
from domain.configuration.checks import missing
from domain.configuration.fit import warnings as queue_warnings
from domain.configuration.loops import senders_first
from domain.configuration.membership import deserted
from domain.configuration.settings import Queue, Settings
from domain.ids import AgentId
from domain.kernel import Invalid
from infra.configuration_file import (
    AGENTS,
    SECTIONS,
    AgentSettings,
    BadConfiguration,
    Configuration,
    Fault,
    Plain,
    fault,
    plain,
)


class Kind(StrEnum):
    ADDED = "+"
    CHANGED = "~"
    REMOVED = "-"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a diff, the values that differ, and the commands that make it so."""

    kind: Kind
    section: str
    entity: str
    values: tuple[str, ...]
    commands: tuple[Command, ...]

    def lines(self) -> Iterator[str]:
        yield f"{self.kind} {self.section} {self.entity}"
        yield from (f"    {value}" for value in self.values)


def check(wanted: Configuration, catalog: Catalog, people: Mapping[str, AgentId], *, prune: bool) -> None:
    """Would all of it hold together? Raises `BadConfiguration` with every fault.

    `catalog`: what is in force. `people`: who can be an agent, by username.
    """
    result = wanted.catalog(catalog, prune=prune)
    faults = [*_faults(wanted, result, catalog), *_agent_faults(wanted, result, people)]
    if faults:
        raise BadConfiguration(faults)


def _faults(wanted: Configuration, result: Catalog, before: Catalog) -> Iterator[Fault]:
    """What is wrong already, from before today's rules, is left alone unless the file names it."""
    for section, kind in SECTIONS.items():
        for id_, settings in sorted(result.of(kind).items()):
            no = _refusal(result, id_, settings)
            if no and (id_ in wanted.entities.get(section, {}) or not _refusal(before, id_, settings)):
                yield fault(wanted, section, id_, no.field or "", no.detail)


def _refusal(catalog: Catalog, id_: str, settings: Settings) -> Invalid | None:
    try:
        check_id(id_, settings)
        settings.check()
        catalog.check(settings)
        catalog.check_loops(id_, settings)
    except Invalid as no:
        return no
    return None


def warnings(wanted: Configuration, now: Configuration) -> Iterator[str]:
    """What may be carried out, and perhaps is not meant."""
    everybody = [(agent.attributes, agent.mrds) for agent in {**now.agents, **wanted.agents}.values()]
    for id_, queue in wanted.entities.get("queues", {}).items():
        if isinstance(queue, Queue):
            unmeant = chain(queue_warnings(queue), deserted(queue, everybody))
            yield from (f"queues {id_}: {warning}" for warning in unmeant)


def _agent_faults(wanted: Configuration, result: Catalog, people: Mapping[str, AgentId]) -> Iterator[Fault]:
    for username, agent in wanted.agents.items():
        if username not in people:
            message = "Nobody signs in with this username: create the person first (createUser, registerAgent)."
            yield fault(wanted, AGENTS, username, "", message)
        for id_, value in agent.attributes.items():
            path = f"attributes.{id_}"
            if id_ not in result.attributes:
                yield fault(wanted, AGENTS, username, path, missing("attribute", id_, result.attributes))
            elif not (type_ := result.attributes[id_].type).accepts(value):
                yield fault(wanted, AGENTS, username, path, type_.refusal(value))
        for mrd_id, tasks_max in agent.mrds.items():
            path = f"mrds.{mrd_id}"
            if mrd_id not in result.mrds:
                yield fault(wanted, AGENTS, username, path, missing("media routing domain", mrd_id, result.mrds))
            elif not 0 <= tasks_max <= TASKS_MAX:
                yield fault(wanted, AGENTS, username, path, f"An agent may have 0 to {TASKS_MAX} tasks at once.")


def changes(
    now: Configuration, wanted: Configuration, people: Mapping[str, AgentId], *, prune: bool
) -> tuple[Change, ...]:
    """What makes of the configuration in force the one that is wanted, in an order in which each finds what it needs."""
    set_up = chain.from_iterable(_section_changes(now, wanted, section) for section in SECTIONS)
    agents = _agent_changes(now, wanted, people)
    gone = chain.from_iterable(_removals(now, wanted, section) for section in reversed(SECTIONS)) if prune else ()
    return (*set_up, *agents, *gone)


def _section_changes(now: Configuration, wanted: Configuration, section: str) -> Iterator[Change]:
    before = now.entities.get(section, {})
    for id_, settings in wanted.entities.get(section, {}).items():
        new, old = plain(settings), plain(before[id_]) if id_ in before else None
        if new != old:
            kind = Kind.ADDED if old is None else Kind.CHANGED
            command = Configure(id_, settings, checked_as_a_whole=True)
            yield Change(kind, section, id_, tuple(_differences(old or {}, new)), (command,))


def _removals(now: Configuration, wanted: Configuration, section: str) -> Iterator[Change]:
    before = now.entities.get(section, {})
    gone = before.keys() - wanted.entities.get(section, {}).keys()
    for id_ in senders_first({id_: before[id_] for id_ in gone}):
        yield Change(Kind.REMOVED, section, id_, (), (Retire(SECTIONS[section], id_),))


def _agent_changes(now: Configuration, wanted: Configuration, people: Mapping[str, AgentId]) -> Iterator[Change]:
    for username, agent in wanted.agents.items():
        before = now.agents.get(username)
        commands = tuple(_agent_commands(people[username], username, before or AgentSettings(), agent))
        if commands:
            values = tuple(_differences(plain(before) if before else {}, plain(agent)))
            yield Change(Kind.CHANGED if before else Kind.ADDED, AGENTS, username, values, commands)


def _agent_commands(id_: AgentId, username: str, before: AgentSettings, after: AgentSettings) -> Iterator[Command]:
    name = after.name or before.name or username
    if name != before.name:
        yield RegisterAgent(id_, username, name)
    for attribute, value in after.attributes.items():
        if before.attributes.get(attribute) != value:
            yield AssignAttribute(id_, attribute, value)
    for attribute in before.attributes.keys() - after.attributes.keys():
        yield WithdrawAttribute(id_, attribute)
    if after.auto_answer is not before.auto_answer:
        yield SwitchAutoAnswer(id_, after.auto_answer)
    for mrd in {**before.mrds, **after.mrds}:
        if before.mrds.get(mrd, 0) != after.mrds.get(mrd, 0):
            yield GrantMrd(id_, mrd, after.mrds.get(mrd, 0))


def _differences(old: Plain, new: Plain) -> Iterator[str]:
    before, after = dict(_flat(old, "")), dict(_flat(new, ""))
    for path in dict.fromkeys((*before, *after)):
        if path not in before:
            yield f"{path}: {after[path]}"
        elif path not in after:
            yield f"{path}: {before[path]} → nothing"
        elif before[path] != after[path]:
            yield f"{path}: {before[path]} → {after[path]}"


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{number}]")
    else:
        yield path, value
