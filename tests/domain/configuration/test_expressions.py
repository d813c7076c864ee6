"""Which agents does a step mean? routing 5, 6: strictly from left to right, and who lacks an attribute fails its term."""

from hypothesis import given
from hypothesis import strategies as st

from domain.configuration.settings import AttributeType, Expression, Junction, RelationalOperator, Step, Term
from domain.ids import AttributeId

AND, OR = Junction
EQ, NE, GT, GE, LT, LE, HAS = RelationalOperator
NAMES = [AttributeId(name) for name in ("english", "spanish", "sales")]

terms = st.builds(
    Term, st.sampled_from(NAMES), st.sampled_from(RelationalOperator), st.integers(0, 10), st.sampled_from(Junction)
)
expressions = st.builds(Expression, st.lists(terms, min_size=1, max_size=5).map(tuple), st.sampled_from(Junction))
steps = st.builds(Step, st.lists(expressions, max_size=4).map(tuple))
skills = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 10))

PYTHON = {EQ: "==", NE: "!=", GT: ">", GE: ">=", LT: "<", LE: "<="}


def naive(term: Term, has: dict[AttributeId, int]) -> bool:
    if term.attribute_id not in has:
        return False
    return term.operator is HAS or eval(f"{has[term.attribute_id]} {PYTHON[term.operator]} {term.value}")


def from_left(parts: list[tuple[Junction, bool]]) -> bool:
    """((a ∘ b) ∘ c) …, with every bracket written down."""
    if not parts:
        return True
    formula = str(parts[0][1])
    for junction, value in parts[1:]:
        formula = f"({formula} {junction.lower()} {value})"
    return eval(formula)


@given(terms, skills)
def test_a_term_compares_what_the_agent_has(term, has) -> None:
    assert term.matches(has) is naive(term, has)


@given(expressions, skills)
def test_an_expression_is_read_from_left_to_right(expression, has) -> None:
    assert expression.matches(has) is from_left([(term.junction, naive(term, has)) for term in expression.terms])


@given(steps, skills)
def test_a_step_is_read_from_left_to_right(step, has) -> None:
    assert step.matches(has) is from_left([(it.junction, it.matches(has)) for it in step.expressions])


def test_and_does_not_bind_more_than_or() -> None:  # routing 5
    a, b, c = (Term(name, HAS, junction=junction) for name, junction in zip(NAMES, (AND, OR, AND), strict=True))
    assert not Expression((a, b, c)).matches({"english": 1})  # (a or b) and c, not a or (b and c)


def test_the_junction_of_the_first_term_does_not_count() -> None:
    assert Expression((Term(NAMES[0], HAS, junction=OR),)).matches({"english": 1})
    assert not Expression((Term(NAMES[0], HAS, junction=OR),)).matches({})


def test_whoever_lacks_an_attribute_is_not_unequal_to_it_either() -> None:  # routing 6
    assert not Term(NAMES[0], NE, 5).matches({})
    assert Term(NAMES[0], NE, 5).matches({"english": 4})


def test_having_an_attribute_is_a_question_of_its_own() -> None:  # routing 6
    assert Term(NAMES[0], HAS).matches({"english": 0})


def test_a_step_without_expressions_is_everybody() -> None:
    assert Step().matches({})


def test_a_step_names_the_attributes_that_it_asks_for() -> None:
    both = Step((Expression((Term(NAMES[0], HAS), Term(NAMES[1], GT, 3))), Expression((Term(NAMES[2], HAS),))))
    assert list(both.attribute_ids()) == NAMES


def test_a_boolean_is_0_or_1_and_a_proficiency_1_to_10() -> None:  # routing 6
    assert [v for v in range(-1, 12) if AttributeType.BOOLEAN.accepts(v)] == [0, 1]
    assert [v for v in range(-1, 12) if AttributeType.PROFICIENCY_LEVEL.accepts(v)] == list(range(1, 11))
