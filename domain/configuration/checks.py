"""What is said of every setting: it has a name, it is within bounds."""

from collections.abc import Iterable

from domain.kernel import Invalid

KNOWN_TOLD_MAX = 10


def named(name: str, field_name: str = "name") -> None:
    if not name.strip():
        raise Invalid("A name is needed.", field_name)


def within(value: int, low: int, high: int, field_name: str) -> None:
    if not low <= value <= high:
        raise Invalid(f"Must be from {low} to {high}, not {value}.", field_name)


def written(text: str, shortest: int, longest: int, field_name: str) -> None:
    if not shortest <= len(text) <= longest:
        raise Invalid(f"A text of {shortest} to {longest} characters, not {len(text)}.", field_name)


def missing(what: str, id_: str, known: Iterable[str]) -> str:
    """What is said of an id that nothing has: which there are, so that a slip of the pen is seen at once."""
    ids = sorted(known)
    if not ids:
        return f"There is no {what} {id_!r}, and no other: set it up first."
    more = f" and {len(ids) - KNOWN_TOLD_MAX} more" if len(ids) > KNOWN_TOLD_MAX else ""
    those = f"the only one is {ids[0]}" if len(ids) == 1 else f"there are {', '.join(ids[:KNOWN_TOLD_MAX])}{more}"
    return f"There is no {what} {id_!r}; {those}."
