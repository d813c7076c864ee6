"""What is said of every setting: it has a name, it is within bounds."""

from domain.kernel import Invalid


def named(name: str, field_name: str = "name") -> None:
    if not name.strip():
        raise Invalid("A name is needed.", field_name)


def within(value: int, low: int, high: int, field_name: str) -> None:
    if not low <= value <= high:
        raise Invalid(f"Must be from {low} to {high}.", field_name)
