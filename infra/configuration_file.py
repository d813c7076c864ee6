"""How is a whole configuration written for people? As YAML, in the order in which things need each other."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, get_args, get_type_hints

import msgspec
import yaml  # type: ignore[import-untyped]

from domain.agents.agent import Agent
from domain.configuration import request_data, skip_conditions
from domain.configuration import settings as s
from domain.configuration.calendar import BusinessCalendar
from domain.configuration.catalog import FIELD_OF, Catalog
from domain.configuration.entity import ENTITY_OF
from domain.configuration.expressions import read, written_step
from domain.configuration.steps import left_if
from domain.configuration.wrap_up import WrapUpForm
from domain.ids import AgentId, AttributeId, MrdId
from domain.kernel import Invalid

SECTIONS: dict[str, type[s.Settings]] = {
    "attributes": s.RoutingAttribute,
    "media_routing_domains": s.MediaRoutingDomain,
    "reason_codes": s.ReasonCode,
    "wrap_up_forms": WrapUpForm,
    "calendars": BusinessCalendar,
    "queues": s.Queue,
    "lists": s.RoutingList,
    "channel_types": s.ChannelType,
    "bots": s.Bot,
    "channels": s.Channel,
    "desk_policies": s.DeskPolicy,
}
"""Each after what it points at: this is the order in which they are configured."""
AGENTS = "agents"
EMPTY: tuple[Any, ...] = (None, "", [], {})

Place = tuple[str | int, ...]
"""Where in the file: `("queues", "support", "steps", 0)`."""
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What is configured of an agent. `mrds`: how many tasks at once; a domain that is not named is none. `auto_answer`: what
    rings at them is accepted in the same moment (routing 22).
    """

    name: str = ""
    attributes: Mapping[AttributeId, int] = field(default_factory=dict)
    mrds: Mapping[MrdId, int] = field(default_factory=dict)
    auto_answer: bool = False


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that is configured: entities by section and id, agents by username."""

    entities: Mapping[str, Mapping[str, s.Settings]]
    agents: Mapping[str, AgentSettings] = field(default_factory=dict)
    lines: Mapping[Place, int] = field(default_factory=dict)

    def catalog(self, over: Catalog, *, prune: bool) -> Catalog:
        """The catalog that this makes of another: what is not named stays, unless it is pruned."""
        whole: dict[str, Any] = {}
        for section, kind in SECTIONS.items():
            before = {} if prune else over.of(kind)
            whole[FIELD_OF[ENTITY_OF[kind][0].category]] = {**before, **self.entities.get(section, {})}
        return Catalog(over.version, **whole)

    def line(self, place: Place) -> int | None:
        """The line of a place, or of the innermost thing around it that the file names."""
        return next((self.lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self.lines), None)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: `field` is a path inside the entity, like `steps[0].timeout_s`."""

    section: str
    entity: str
    field: str
    message: str
    line: int | None = None

    def text(self, file: str) -> str:
        where = f"{file}:{self.line}" if self.line else file
        what = " ".join(part for part in (self.section, self.entity) if part)
        return ": ".join(part for part in (where, what, self.field, self.message) if part)


class BadConfiguration(Exception):
    """A file that is not carried out; every fault that was found in it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(fault.text("configuration") for fault in faults))
        self.faults = faults

    def text(self, file: str) -> str:
        return "\n".join(fault.text(file) for fault in self.faults)


def configured(catalog: Catalog, agents: Mapping[AgentId, Agent]) -> Configuration:
    """What is in force. Of agents only what still exists: attributes and domains that were retired are left out, and values
    that an attribute has accepted only while it was of another type.
    """
    entities = {section: dict(sorted(catalog.of(kind).items())) for section, kind in SECTIONS.items()}
    people = sorted((agent for agent in agents.values() if agent.username), key=lambda agent: agent.username)
    return Configuration(entities, {agent.username: _agent(agent, catalog) for agent in people})


def _agent(agent: Agent, catalog: Catalog) -> AgentSettings:
    return AgentSettings(
        agent.name,
        {id_: value for id_, value in sorted(agent.attributes.items()) if _accepted(catalog, id_, value)},
        {id_: mrd.tasks_max for id_, mrd in sorted(agent.mrds.items()) if id_ in catalog.mrds and mrd.tasks_max},
        agent.auto_answers,
    )


def _accepted(catalog: Catalog, id_: AttributeId, value: int) -> bool:
    return id_ in catalog.attributes and catalog.attributes[id_].type.accepts(value)


def write(configuration: Configuration) -> str:
    """The same configuration always gives the same text."""
    whole = {
        section: {id_: plain(settings) for id_, settings in sorted(those.items())}
        for section, those in configuration.entities.items()
        if those
    }
    if configuration.agents:
        whole[AGENTS] = {name: plain(agent) for name, agent in sorted(configuration.agents.items())}
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=120) if whole else ""


def plain(settings: s.Settings | AgentSettings) -> Plain:
    """Settings as the file shows them: expressions in words, and nothing that is empty anyway."""
    shown: Plain = msgspec.json.decode(msgspec.json.encode(settings))
    if isinstance(settings, s.Queue):
        for step, given in zip(shown["steps"], settings.steps, strict=True):
            step["expressions"] = written_step(given)
            step["consider_if"] = request_data.written_lines(given.consider_if)
            if given.skip_when:
                step["skip_if"], step["skip_when"] = skip_conditions.written(given.skip_when), []
    if isinstance(settings, AgentSettings):
        shown["auto_answer"] = settings.auto_answer or None
    if isinstance(settings, BusinessCalendar):
        shown = _with_times(shown, lambda text: text.removesuffix(":00") if text.count(":") == 2 else text)
    return _without_empty(settings, shown)


def _without_empty(settings: Any, shown: Plain) -> Plain:
    kept = {}
    for it in fields(settings):
        value, what = shown[it.name], getattr(settings, it.name)
        if isinstance(value, dict) and is_dataclass(what):
            value = _without_empty(what, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            value = [_without_empty(inner, one) for inner, one in zip(what, value, strict=True)]
        if value not in EMPTY or (it.default_factory is MISSING and what != it.default):
            kept[it.name] = value
    return kept


def _with_times(given: Any, change: Callable[[str], str]) -> Any:
    """The same, with every time of the day written in another way."""
    if isinstance(given, dict):
        times = {key: change(it) for key, it in given.items() if key in ("opens", "closes") and isinstance(it, str)}
        return {**{key: _with_times(it, change) for key, it in given.items()}, **times}
    return [_with_times(it, change) for it in given] if isinstance(given, list) else given


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML as people expect it since 1.2: `no` is a text, 17:00 is no number of minutes, a date is a text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


def parse(text: str) -> Configuration:
    """A configuration from YAML. Raises `BadConfiguration` with everything that cannot be read in it."""
    lines: dict[Place, int] = {}
    try:
        node = yaml.compose(text, Loader=_Loader)
        faults = list(_note(node, (), lines)) if node is not None else []
        whole = yaml.load(text, _Loader) if not faults else {}  # noqa: S506 - a safe loader, see its bases
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise BadConfiguration([Fault("", "", "", f"It is no YAML: {error.problem}.", line)]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise BadConfiguration([Fault("", "", "", f"It is no YAML: {error}.")]) from None
    if faults:
        raise BadConfiguration(faults)
    return _Reading(lines).whole({} if whole is None else whole)


def _note(node: Any, place: Place, lines: dict[Place, int]) -> Iterator[Fault]:
    """Notes the line of everything; finds keys that are there twice, for YAML takes the last without a word."""
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _note(item, (*place, number), lines)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            if inner in lines:
                yield Fault("", "", ".".join(map(str, inner)), "It is there twice.", key.start_mark.line + 1)
            lines[inner] = key.start_mark.line + 1
            yield from _note(value, inner, lines)


class _Reading:
    """Reads on after a fault, so that all of them are told at once."""

    def __init__(self, lines: Mapping[Place, int]) -> None:
        self._lines, self._faults = lines, list[Fault]()

    def whole(self, whole: Any) -> Configuration:
        if not isinstance(whole, dict):
            raise BadConfiguration(
                [Fault("", "", "", "It holds sections like `queues:`, and things by id in them.", 1)]
            )
        for section in whole.keys() - {*SECTIONS, AGENTS}:
            known = ", ".join((*SECTIONS, AGENTS))
            self._fault((str(section),), "", f"There is no such section; there are {known}.")
        entities = {section: self._section(section, kind, whole.get(section)) for section, kind in SECTIONS.items()}
        agents = self._section(AGENTS, AgentSettings, whole.get(AGENTS))
        if self._faults:
            raise BadConfiguration(sorted(self._faults, key=lambda fault: fault.line or 0))
        return Configuration(entities, agents, self._lines)

    def _section(self, section: str, kind: Any, those: Any) -> dict[str, Any]:
        if not isinstance(those, dict):
            if those is not None:
                self._fault((section,), "", "It holds things by their ids.")
            return {}
        read = {id_: self._entity(section, id_, kind, given) for id_, given in those.items()}
        return {id_: settings for id_, settings in read.items() if settings is not None}

    def _entity(self, section: str, id_: Any, kind: Any, given: Any) -> Any:
        if not isinstance(id_, str):
            return self._fault((section, str(id_)), "", "An id is a text: put it in quotes.")
        if not isinstance(given, dict):
            return self._fault((section, id_), "", "It holds settings by their names.")
        if unknown := next(_unknown(kind, given, ""), None):
            return self._fault((section, id_), unknown, "There is no such setting.")
        try:
            return msgspec.convert(_taken_apart(kind, given), kind)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$")
            path = path.rstrip("`").removeprefix(".")
            return self._fault((section, id_), path, _for_people(message, kind, path))
        except Invalid as no:
            return self._fault((section, id_), no.field or "", no.detail)

    def _fault(self, place: Place, path: str, message: str) -> None:
        section, *entity = map(str, place)
        self._faults.append(fault(Configuration({}, {}, self._lines), section, " ".join(entity), path, message))


def _for_people(message: str, kind: Any, path: str) -> str:
    """What the reader of the types found, without the names of types."""
    if other := re.fullmatch(r"Invalid enum value '(.*)'", message):
        return f"There is no '{other[1]}'; there are {', '.join(_words_at(kind, path))}."
    if missing := re.fullmatch(r"Object missing required field (`\w+`)", message):
        return f"{missing[1]} is missing, and has no default."
    if other := re.fullmatch(r"Expected `(.+)`, got `(.+)`", message):
        wanted = " or ".join(WORDS_OF.get(it, it) for it in other[1].split(" | "))
        return f"It is {wanted}, not {WORDS_OF.get(other[2], other[2])}."
    return f"{message}."


WORDS_OF = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "array": "a list",
    "object": "settings by their names",
    "null": "nothing",
}


def _unknown(kind: Any, given: Plain, path: str) -> Iterator[str]:
    """The paths of settings that a kind does not have, at any depth."""
    hints = get_type_hints(kind)
    for key, value in given.items():
        inner = f"{path}.{key}" if path else str(key)
        if key not in hints:
            yield inner
        elif isinstance(value, dict) and (nested := next(filter(is_dataclass, _kinds(hints[key])), None)):
            yield from _unknown(nested, value, inner)
        elif isinstance(value, list) and get_args(hints[key]) and is_dataclass(one := get_args(hints[key])[0]):
            for number, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _unknown(one, item, f"{inner}[{number}]")


def _words_at(kind: Any, path: str) -> list[str]:
    """The words of which one may stand there."""
    for name in re.sub(r"\[[^]]*\]", "", path).split("."):
        if not is_dataclass(kind):
            break
        kind = get_type_hints(kind).get(name)
        while not is_dataclass(kind) and get_args(kind):  # of a list, or of what may also be none
            kind = get_args(kind)[0]
    return [str(word.value) for word in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []


def _kinds(hint: Any) -> tuple[Any, ...]:
    """A kind that may also be none is two."""
    return get_args(hint) if isinstance(hint, UnionType) else (hint,)


def _taken_apart(kind: Any, given: Plain) -> Plain:
    """Settings with what is written in words taken apart. Raises `Invalid`."""
    if kind is BusinessCalendar:
        padded: Plain = _with_times(given, lambda text: re.sub(r"^(\d\d?:\d\d)$", r"\1:00", text).rjust(8, "0"))
        return padded
    if kind is s.Queue and isinstance(given.get("steps"), list):
        return {**given, "steps": [_step(step, f"steps[{number}]") for number, step in enumerate(given["steps"])]}
    return given


def _step(step: Any, path: str) -> Any:
    if not isinstance(step, dict):
        return step
    apart: dict[str, Callable[[str], Any]] = {"expressions": read, "consider_if": request_data.read}
    return {
        **step,
        **(_left_if(step["skip_if"], f"{path}.skip_if") if isinstance(step.get("skip_if"), str) else {}),
        **{
            name: _lines(step[name], one, f"{path}.{name}") for name, one in apart.items() if step.get(name) is not None
        },
    }


def _left_if(text: str, path: str) -> Plain:
    """A word, or conditions in one line."""
    try:
        word, conditions = left_if(text)
    except Invalid as no:
        raise Invalid(no.detail, path) from None
    return {"skip_if": word} | ({"skip_when": msgspec.to_builtins(conditions)} if conditions else {})


def _lines(lines: Any, one: Callable[[str], Any], path: str) -> list[Any]:
    if not isinstance(lines, list):
        raise Invalid("It is a list, each on a line of its own behind a dash.", path)
    apart = []
    for number, text in enumerate(lines):
        try:
            apart.append(msgspec.to_builtins(one(str(text))))
        except Invalid as no:
            raise Invalid(no.detail, f"{path}[{number}]") from None
    return apart


def fault(configuration: Configuration, section: str, entity: str, path: str, message: str) -> Fault:
    """A fault with its line: `path` is written like `steps[0].timeout_s`."""
    inner = [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", path)]
    return Fault(section, entity, path, message, configuration.line((section, *([entity] if entity else []), *inner)))
