"""Who holds what an administrator is about to take out or to change? It is taken from people first (routing 63)."""

from collections.abc import Iterable, Mapping

from domain.agents.agent import Agent
from domain.configuration.catalog import Catalog, InUse
from domain.configuration.settings import AttributeType
from domain.ids import AgentId, AttributeId, MrdId

NAMES_MAX = 3
Agents = Mapping[AgentId, Agent]


def holders(category: str, subject: str, agents: Agents) -> list[AgentId]:
    """Whoever has the attribute, or does work in the domain."""
    match category:
        case "attribute":
            return [id_ for id_, agent in agents.items() if subject in agent.attributes]
        case "mrd":
            mrd_id = MrdId(subject)
            return [id_ for id_, agent in agents.items() if mrd_id in agent.mrds and agent.mrds[mrd_id].tasks_max]
        case _:
            return []


def check_unheld(category: str, subject: str, agents: Agents) -> None:
    """May it be retired, as far as people go? Raises `InUse` naming some who hold it."""
    if held := holders(category, subject, agents):
        who = counted(_name(id_, agents[id_]) for id_ in held)
        todo = "Withdraw it from them first." if category == "attribute" else "Grant them no tasks there first."
        raise InUse(f"It is held by {who}. {todo}", "id")


def values(attribute_id: AttributeId, agents: Agents) -> list[tuple[str, int]]:
    """What people are worth in an attribute, with their names."""
    return [
        (_name(id_, it), it.attributes[attribute_id]) for id_, it in agents.items() if attribute_id in it.attributes
    ]


def check_values(type_: AttributeType, held: Iterable[tuple[str, int]]) -> None:
    """May an attribute that people hold be of this type? Raises `InUse` naming some whose values it does not have."""
    unfit = [f"{name} ({value})" for name, value in held if not type_.accepts(value)]
    if unfit:
        todo = "Withdraw it from them, or give them one that fits both, first."
        raise InUse(f"Values that are none of a {type_} attribute are held by {counted(unfit)}. {todo}", "type")


def outlived(agent: Agent, attribute_id: AttributeId, catalog: Catalog) -> bool:
    """Does the agent hold an attribute that is gone, or a value that it does not have any more?"""
    value, attribute = agent.attributes.get(attribute_id), catalog.attributes.get(attribute_id)
    return value is not None and (attribute is None or not attribute.type.accepts(value))


def counted(names: Iterable[str]) -> str:
    """How many they are, and some of their names, always the same ones."""
    known = sorted(names)
    more = f" and {len(known) - NAMES_MAX} more" if len(known) > NAMES_MAX else ""
    return f"{len(known)} {'agent' if len(known) == 1 else 'agents'}: {', '.join(known[:NAMES_MAX])}{more}"


def _name(id_: AgentId, agent: Agent) -> str:
    return agent.name or agent.username or id_
