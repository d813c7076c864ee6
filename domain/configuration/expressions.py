"""How do people write an expression? `english == 1 AND billing >= 5`, strictly from left to right (routing 5)."""

import json
import re

from domain.configuration.operators import grouped
from domain.configuration.settings import Expression, Junction, RelationalOperator, Step, Term
from domain.ids import AttributeId
from domain.kernel import Invalid

TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|==|!=|>=|<=|[<>()]|[^\s"=<>!()]+)')
BARE = re.compile(r'[^\s"=<>!()]+')
WORDS = {*Junction, "HAS"}


def written(expression: Expression) -> str:
    """One line that `read` takes back. The junction of the first term does not count, and is not written."""
    first, *others = expression.terms
    return " ".join([_term(first), *(f"{term.junction} {_term(term)}" for term in others)])


def written_step(step: Step) -> list[str]:
    """A step's expressions, each but the first with the junction that joins it to those before."""
    return [f"{it.junction} {written(it)}" if number else written(it) for number, it in enumerate(step.expressions)]


def understood(expression: Expression) -> str:
    """The parsed form: each junction with parentheses around all that stands left of it."""
    return grouped([(term.junction, _term(term)) for term in expression.terms])


def understood_step(step: Step) -> str:
    """The same of all expressions of a step."""
    parts = [(it.junction, f"({understood(it)})" if len(it.terms) > 1 else understood(it)) for it in step.expressions]
    return grouped(parts)


def read(text: str) -> Expression:
    """The expression that somebody wrote, `AND` or `OR` in front of it included. Raises `Invalid`."""
    words = _words(text)
    junction = Junction(words.pop(0)) if words[:1] and words[0] in set(Junction) else Junction.AND
    terms = [_read_term(words, text, Junction.AND)]
    while words:
        joined = words.pop(0)
        if joined not in set(Junction):
            raise Invalid(f"{joined!r} stands where AND or OR belongs in {text!r}; nothing is put in parentheses.")
        terms.append(_read_term(words, text, Junction(joined)))
    return Expression(tuple(terms), junction)


def _term(term: Term) -> str:
    id_: str = term.attribute_id
    name = id_ if BARE.fullmatch(id_) and id_.upper() not in WORDS else json.dumps(id_, ensure_ascii=False)
    return f"has {name}" if term.operator is RelationalOperator.HAS else f"{name} {term.operator} {term.value}"


def _words(text: str) -> list[str]:
    words, at = [], 0
    while text[at:].strip():
        found = TOKEN.match(text, at)
        if found is None:
            raise Invalid(f"{text[at:].strip()!r} cannot be read in {text!r}.")
        words.append(found[1])
        at = found.end()
    return words


def _read_term(words: list[str], text: str, junction: Junction) -> Term:
    if words[:1] == ["has"] and len(words) > 1:
        _, name = words.pop(0), words.pop(0)
        return Term(_name(name, text), RelationalOperator.HAS, junction=junction)
    if len(words) < 3 or words[1] not in set(RelationalOperator) - {RelationalOperator.HAS}:
        raise Invalid(f"A comparison is written like `english >= 5`, or `has english`: {text!r}.")
    name, operator, value = words.pop(0), words.pop(0), words.pop(0)
    if not re.fullmatch(r"-?\d{1,9}", value):
        raise Invalid(f"{value!r} is no whole number in {text!r}.")
    return Term(_name(name, text), RelationalOperator(operator), int(value), junction)


def _name(word: str, text: str) -> AttributeId:
    if word.startswith('"'):
        try:
            return AttributeId(json.loads(word, strict=False))
        except ValueError:
            raise Invalid(f"{word} cannot be read in {text!r}.") from None
    if not BARE.fullmatch(word) or word.upper() in WORDS:
        raise Invalid(f"{word!r} stands where an attribute belongs in {text!r}.")
    return AttributeId(word)
