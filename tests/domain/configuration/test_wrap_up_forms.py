"""What may an agent choose after a talk? routing 51."""

import pytest

from domain.configuration.wrap_up import WrapUpCategory, WrapUpForm
from domain.kernel import Invalid
from tests.domain.configuration.situations import catalog

FORM = WrapUpForm("Sale", (WrapUpCategory("End", ("sold", "later")), WrapUpCategory("Mood", ("glad",))), 2)


@pytest.mark.parametrize("codes", [(), ("sold",), ("later", "glad")])
def test_codes_of_the_form_are_chosen(codes: tuple[str, ...]) -> None:
    FORM.check_choice(codes, "codes")


@pytest.mark.parametrize("codes", [("lunch",), ("sold", "later", "glad")])
def test_other_codes_and_too_many_are_refused(codes: tuple[str, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        FORM.check_choice(codes, "codes")
    assert refused.value.field == "codes"


def test_a_queue_names_its_form() -> None:
    assert catalog().form_of("returns").name == "After a sale"
    assert catalog().form_of("sales") is None
    assert catalog().form_of("nowhere") is None
