"""Which codes may an agent choose from after a talk, and how many (routing 51)?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.configuration.checks import named, within
from domain.ids import ReasonId
from domain.kernel import Invalid

CODES_MAX = 5


@dataclass(frozen=True, slots=True)
class WrapUpCategory:
    """`codes` are reason codes of the kind WRAP_UP."""

    name: str
    codes: tuple[ReasonId, ...]


@dataclass(frozen=True, slots=True)
class WrapUpForm:
    name: str
    categories: tuple[WrapUpCategory, ...]
    max_codes: int = CODES_MAX

    def check(self) -> None:
        named(self.name)
        within(self.max_codes, 1, CODES_MAX, "max_codes")
        if not self.categories:
            raise Invalid("A form has at least one category.", "categories")
        for number, category in enumerate(self.categories):
            named(category.name, f"categories[{number}].name")
            if not category.codes:
                raise Invalid("A category has at least one code.", f"categories[{number}].codes")
        for number, code in enumerate(codes := list(self.codes())):
            if code in codes[:number]:
                raise Invalid(f"{code!r} is there twice.", "categories")

    def check_choice(self, codes: Sequence[str], field_name: str) -> None:
        """May an agent choose these? Raises `Invalid`."""
        known = set(self.codes())
        if foreign := [code for code in codes if code not in known]:
            raise Invalid(f"{foreign[0]!r} is not in the form {self.name!r}.", field_name)
        if len(codes) > self.max_codes:
            raise Invalid(f"At most {self.max_codes} codes are chosen in the form {self.name!r}.", field_name)

    def codes(self) -> Iterator[ReasonId]:
        return (code for category in self.categories for code in category.codes)
